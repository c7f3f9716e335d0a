"""A regime that began not long ago, as the product watches for it."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from models.value import Rhythm
from streams.detector import Remembering
from streams.detectors import _change_point
from streams.detectors._finding import Finding
from streams.detectors.shift import SEASON
from streams.series import Bucket

WARM: Final[dict[Rhythm, int]] = {"day": 28, "week": 12, "month": 24, "quarter": 12}
"""Buckets before anything is said."""


class ChangePoint(Remembering):
    """News where mean or variance changed a few buckets ago, almost surely.

    What it looks at, its source and its limits stand in :mod:`streams.detectors._change_point`.
    Meant for steps between regimes, as when people begin to work elsewhere from one day to the
    next; a series that wanders by itself (autocorrelation 0.6) is one change after another to it.
    """

    family = "level"
    rhythms = ("day", "week", "month", "quarter")
    false_alarm_rate = _change_point.ChangePoint.false_alarm_rate
    Memory: ClassVar = _change_point.ChangePoint

    def start(self, rhythm: Rhythm) -> _change_point.ChangePoint:
        """A new series with the season of its rhythm."""
        return _change_point.ChangePoint(SEASON.get(rhythm, 1), WARM.get(rhythm, 28))

    def look(self, bucket: Bucket, memory: Any) -> Finding | None:
        """Learn a bucket, and judge how old its regime is; the onset in ms."""
        found: Finding | None = memory.look(bucket.start, bucket.value)
        return found

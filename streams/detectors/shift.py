"""A lasting change of level, as the product watches for it."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from models.value import Rhythm
from streams.detector import Remembering
from streams.detectors import _shift
from streams.detectors._finding import Finding
from streams.series import Bucket

SEASON: Final[dict[Rhythm, int]] = {"day": 7, "week": 1, "month": 12, "quarter": 4}
"""Buckets in a season, over which means are taken whole."""


class Shift(Remembering):
    """News where the mean of a span left the mean of the span before as it hardly ever did.

    What it looks at, its source and its limits stand in :mod:`streams.detectors._shift`. It
    dates the change back to where two levels fit best.
    """

    family = "level"
    rhythms = ("day", "week", "month", "quarter")
    false_alarm_rate = _shift.Shift.false_alarm_rate
    Memory: ClassVar = _shift.Shift

    def start(self, rhythm: Rhythm) -> _shift.Shift:
        """A new series with the season of its rhythm."""
        return _shift.Shift(SEASON.get(rhythm, 1))

    def look(self, bucket: Bucket, memory: Any) -> Finding | None:
        """Learn a bucket, and judge what the newest spans say; the onset in ms."""
        found: Finding | None = memory.look(bucket.start, bucket.value)
        return found

"""What a series of hours never did before, as the product watches for it."""

from __future__ import annotations

from typing import Any, ClassVar

from models.value import Rhythm
from streams.detector import Remembering
from streams.detectors import _novelty
from streams.detectors._finding import Finding
from streams.series import Bucket


class Novelty(Remembering):
    """News where a series goes well beyond all that it did in its past.

    What it looks at, its source and its limits stand in :mod:`streams.detectors._novelty`. Its
    seasons are the day and the week.
    """

    family = "point"
    rhythms = ("hour",)
    false_alarm_rate = _novelty.Novelty.false_alarm_rate
    Memory: ClassVar = _novelty.Novelty

    def start(self, rhythm: Rhythm) -> _novelty.Novelty:
        """A new series of hours."""
        del rhythm
        return _novelty.Novelty.of(24, 168)

    def look(self, bucket: Bucket, memory: Any) -> Finding | None:
        """Judge an hour by those before it; the onset in ms."""
        found: Finding | None = memory.look(
            bucket.start, bucket.value, (bucket.slot % 24, bucket.slot)
        )
        return found

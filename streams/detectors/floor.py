"""A share that falls through its floor."""

from __future__ import annotations

from typing import ClassVar

from streams.detector import Expecting
from streams.expectation import Expectation
from streams.series import Bucket


class Floor(Expecting):
    """News where a share is below its lower goalpost, which it hardly ever was in years.

    What it takes stands in :mod:`streams.floor`. The declared rate is a bound: a series that was
    below in no more than a fiftieth of its past. One whose past is well above has none at all.
    """

    family = "point"
    rhythms = ("day", "week", "month", "quarter")
    false_alarm_rate: ClassVar[float] = 0.02

    def score(self, bucket: Bucket, expected: Expectation, memory: list[float]) -> float | None:
        """Scales below the floor; None where the bucket did not fall through it."""
        del memory
        if bucket.value >= expected.floor:
            return None
        return (bucket.value - expected.floor) / expected.scale

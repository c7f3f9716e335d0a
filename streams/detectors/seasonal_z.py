"""The seasonal robust detector."""

from __future__ import annotations

from typing import ClassVar

from streams.detector import Expecting
from streams.expectation import WIDE, Expectation
from streams.series import Bucket


class SeasonalZ(Expecting):
    """News where a bucket is four robust standard deviations beyond the season.

    The distance counts from the middle of the bucket's slot or, where this time of last year
    went further, from there. The threshold is one for all series: the smallest half that keeps
    the declared rate on simulated noise (independent, autocorrelated 0.3, weekly and yearly
    season); the rates measured stand in tests/unit/test_seasonal_z.py.
    """

    family = "point"
    rhythms = ("day", "week", "month", "quarter")
    false_alarm_rate = 1e-3
    threshold: ClassVar[float] = 4.0

    def score(self, bucket: Bucket, expected: Expectation, memory: list[float]) -> float | None:
        """Distance in scales, signed; None below the threshold."""
        del memory
        z = self.distance(bucket, expected)
        return z if abs(z) >= self.threshold else None

    @staticmethod
    def distance(bucket: Bucket, expected: Expectation) -> float:
        """Scales beyond what the season explains; 0 inside it."""
        z = (bucket.value - expected.expected) / expected.scale
        if z >= 0:
            beyond = (bucket.value - expected.high) / expected.scale + WIDE
            return min(z, max(beyond, 0.0))
        beyond = (bucket.value - expected.low) / expected.scale - WIDE
        return max(z, min(beyond, 0.0))

"""The seasonal robust detector."""

from __future__ import annotations

from typing import ClassVar

from streams.detector import Detector
from streams.expectation import Expectation
from streams.series import Bucket


class SeasonalZ(Detector):
    """News where a bucket is five robust standard deviations from the middle of its slot.

    Five, and not three, because the scale is read from some sixty residuals and real noise has
    heavy tails. The threshold is one for all series and was not fitted to any.
    """

    false_alarm_rate = 1e-3
    threshold: ClassVar[float] = 5.0

    def score(self, bucket: Bucket, expected: Expectation) -> float | None:
        """Distance from the expected value in scales."""
        z = (bucket.value - expected.expected) / expected.scale
        return z if abs(z) >= self.threshold else None

"""The cumulative sum of what lies beyond the season."""

from __future__ import annotations

from typing import ClassVar

from streams.detector import Expecting
from streams.detectors.seasonal_z import SeasonalZ
from streams.expectation import Expectation
from streams.series import Bucket


class Cusum(Expecting):
    """News where small steps in one direction add up: a shift no single bucket would show.

    Each bucket adds its distance from the season less ``slack`` (in robust standard deviations),
    upwards and downwards apart; a sum beyond ``limit`` is news, and both start again from 0. A
    shift of two standard deviations is seen after some four buckets. Source: Page 1954; limits
    after Siegmund's formula: one-sided in-control run length 15,000 on independent noise.
    """

    family = "sum"
    rhythms = ("day", "week", "month", "quarter")
    false_alarm_rate = 1e-3
    slack: ClassVar[float] = 1.0
    limit: ClassVar[float] = 4.0

    def score(self, bucket: Bucket, expected: Expectation, memory: list[float]) -> float | None:
        """The sum that crossed the limit, signed; None where none did."""
        up, down = memory or (0.0, 0.0)
        z = SeasonalZ.distance(bucket, expected)
        up, down = max(up + z - self.slack, 0.0), max(down - z - self.slack, 0.0)
        found = max(up, down)
        memory[:] = (0.0, 0.0) if found >= self.limit else (up, down)
        if found < self.limit:
            return None
        return up if up >= down else -down

"""The recent buckets of one cell, as detection needs them."""

from __future__ import annotations

import msgspec

from models.alert import AlertState, Severity
from models.value import Rhythm

KEPT: dict[Rhythm, int] = {"hour": 1512, "day": 420, "week": 112, "month": 60, "quarter": 24}
"""Buckets kept: nine weeks of hours, fourteen months of days, two years of weeks …"""


class Bucket(msgspec.Struct, frozen=True):
    """One closed bucket; times in ms."""

    number: int
    start: int
    end: int
    value: float
    n: int
    slot: int
    """Place in the season; -1 on a public holiday."""


class Episode(msgspec.Struct):
    """A stretch in which a series is away from what was expected; its baseline is frozen."""

    alert: str
    opened: int
    since: int
    """Start of its first bucket, ms."""
    direction: str
    severity: Severity
    state: AlertState
    transition: int
    told: bool
    quiet: int = 0
    """Buckets in a row that were back."""
    buckets: int = 0
    worst: float = 0.0


class Series(msgspec.Struct):
    """History in columns, oldest first, and where the series stands.

    ``residuals`` are those of buckets that were learned, in the unit of the value.
    """

    numbers: list[int] = []
    values: list[float] = []
    slots: list[int] = []
    residuals: list[float] = []
    run: int = 0
    """Buckets in a row that were far off in one direction."""
    run_direction: str = ""
    run_since: int = 0
    run_signals: int = 0
    episode: Episode | None = None

    def learn(self, bucket: Bucket, residual: float | None, kept: int) -> None:
        """Take a bucket into the history; the oldest falls out."""
        self.numbers.append(bucket.number)
        self.values.append(bucket.value)
        self.slots.append(bucket.slot)
        if residual is not None:
            self.residuals.append(residual)
            del self.residuals[:-RESIDUALS]
        if len(self.numbers) > kept:
            del self.numbers[0], self.values[0], self.slots[0]

    def forget(self) -> None:
        """Start anew: a new level holds."""
        for column in (self.numbers, self.values, self.slots, self.residuals):
            column.clear()


RESIDUALS = 63
"""Residuals that the scale is read from: nine weeks of days."""

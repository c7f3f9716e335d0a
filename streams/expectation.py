"""What a bucket was expected to hold.

The middle of the last eight buckets of the same slot (hour of week, weekday) that were not
part of an episode; for weeks and longer, of the last eight buckets. Holidays are compared with
holidays. The scale is robust too: 1.4826 times the median absolute residual of the last nine
weeks, and never less than what counting alone makes uncertain. Causal: a bucket's expectation
uses nothing of the bucket or after it, and while an episode lasts nothing of the episode.
"""

from __future__ import annotations

from math import sqrt
from statistics import median
from typing import Literal, NamedTuple

from models.value import Rhythm
from streams.series import Bucket, Series

SAME = 8
"""Values of the same slot that the middle is taken of."""

FEWEST: dict[Rhythm, int] = {"hour": 4, "day": 4, "week": 8, "month": 8, "quarter": 8}
"""Values of the same slot below which nothing is expected: the warm-up."""

WARM: dict[Rhythm, int] = {"hour": 168, "day": 28, "week": 4, "month": 4, "quarter": 4}
"""Residuals below which the scale is not trusted: the second part of the warm-up."""

NORMAL = 1.4826
"""Median absolute deviation to standard deviation, for normal noise."""

WIDE = 3.0
"""Half-width of the expected interval, in scales."""

SMALLEST = 0.02
"""The scale is at least this share of the expected value: nothing real is steadier."""

Quantity = Literal["count", "share", "level"]


class Expectation(NamedTuple):
    """``low`` and ``high`` bound what is usual (expected ± 3 scales)."""

    expected: float
    low: float
    high: float
    scale: float


def center(series: Series, bucket: Bucket, rhythm: Rhythm) -> float | None:
    """The expected value; None before the warm-up is over."""
    seasonal = rhythm in ("hour", "day")
    found: list[float] = []
    for value, slot in zip(reversed(series.values), reversed(series.slots), strict=True):
        if not seasonal or slot == bucket.slot:
            found.append(value)
            if len(found) == SAME:
                break
    return median(found) if len(found) >= FEWEST[rhythm] else None


def expect(
    series: Series, bucket: Bucket, rhythm: Rhythm, quantity: Quantity
) -> Expectation | None:
    """What the bucket should hold, or None while there is too little to say so."""
    middle = center(series, bucket, rhythm)
    if middle is None or len(series.residuals) < WARM[rhythm]:
        return None
    spread = NORMAL * median(abs(residual) for residual in series.residuals)
    scale = max(spread, _counting(middle, bucket.n, quantity), SMALLEST * abs(middle), 1e-9)
    low, high = middle - WIDE * scale, middle + WIDE * scale
    if quantity == "share":
        low, high = max(low, 0.0), min(high, 1.0)
    elif quantity == "count":
        low = max(low, 0.0)
    return Expectation(middle, low, high, scale)


def _counting(middle: float, n: int, quantity: Quantity) -> float:
    """The standard deviation that comes from counting alone: Poisson, or binomial."""
    if quantity == "count":
        return sqrt(max(middle, 1.0))
    if quantity == "share":
        p = min(max(middle, 1 / (n + 2)), 1 - 1 / (n + 2))
        return sqrt(p * (1 - p) / max(n, 1))
    return 0.0

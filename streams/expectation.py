"""What a bucket was expected to hold.

- The **middle**: the median of the last eight buckets of the same slot (hour of week, weekday)
  that were not part of an episode; for weeks and longer, of the last eight buckets. Holidays
  are compared with holidays.
- The **scale**: 1.4826 times the median absolute residual of the last 56 buckets, pooled over
  slots in units of their own noise (square root of the middle for counts, of p(1 - p) for
  shares), and never less than what counting alone makes uncertain, nor than 2 % of the middle.
- The **interval**: three scales about the middle; for counts and levels widened by what this
  time of the year did a year ago, whether or not that was an alert then: a tax peak that comes
  every June lifts the upper end in June, a week of Christmas lowers the lower one. Of last
  year's excursion two scales are taken for noise, and what lasted over four weeks was no
  season. Shares get no such allowance: a service that failed last June may not fail again.

Causal: nothing of the bucket or after it is used, and while an episode lasts nothing of the
episode. Silent until the middle has four values of the slot (eight buckets for weeks and
longer) and the scale 28 residuals (four): eight weeks of days, a year of months.

The year's trend needs no factor: the middle is at most nine weeks old and follows it. (The ratio
to last year, multiplied onto a middle that has already followed, counts the trend twice.)
"""

from __future__ import annotations

from math import sqrt
from statistics import median
from typing import Literal, NamedTuple

from models.value import Rhythm
from streams.series import AWAY, Bucket, Series

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

SMALLEST_LEVEL = 0.5
"""The scale of a level is at least half a per cent point."""

YEAR: dict[Rhythm, tuple[int, int]] = {"day": (364, 7), "week": (52, 1), "month": (12, 0)}
"""How many buckets ago this time of the year was, and how many about it belong to it."""

SEASON = 28
"""An excursion of more buckets than this was a shock, which next year does not excuse."""

NOISE = 2.0
"""Scales of last year's excursion that are taken for noise."""

ANY = 0x100
"""The season of buckets that are compared with all others."""

Quantity = Literal["count", "share", "level"]


class Expectation(NamedTuple):
    """``low`` and ``high`` bound what is usual."""

    expected: float
    low: float
    high: float
    scale: float


def season(rhythm: Rhythm, slot: int) -> int:
    """The part of a slot that the middle depends on: all of it for hours and days, else none."""
    return slot if rhythm in ("hour", "day") else ANY


def center(series: Series, bucket: Bucket, rhythm: Rhythm) -> float | None:
    """The expected value; None before the warm-up is over."""
    return _middle(series, season(rhythm, bucket.slot), rhythm)


def frozen(series: Series, rhythm: Rhythm, before: int) -> dict[int, float]:
    """What is expected of each season (see :func:`season`) from a place of the history on."""
    if rhythm == "hour":
        plain = set(series.slots)
    else:
        plain = {slot & ~AWAY if slot < 0xFE else -1 for slot in series.slots}
    seasons = {season(rhythm, slot) for slot in plain}
    found = {one: _middle(series, one, rhythm, before) for one in sorted(seasons)}
    return {one: middle for one, middle in found.items() if middle is not None}


def doubt(series: Series, rhythm: Rhythm, quantity: Quantity, before: int) -> float:
    """Standard error of what is expected over a whole season, as a share of it.

    A median of k values has that of their mean, 1.2533 times (normal noise); seasons add up as
    independent. Levels are in per cent points: a hundred are one.
    """
    errors, middles = [], []
    for one, middle in frozen(series, rhythm, before).items():
        found = series.recent(None if one == ANY else one, SAME, before)
        spread = NORMAL * median(abs(value - middle) for value in found)
        errors.append(1.2533 * spread / sqrt(len(found)))
        middles.append(abs(middle))
    if not errors:
        return 0.0
    whole = 100.0 * len(errors) if quantity == "level" else sum(middles)
    return sqrt(sum(error * error for error in errors)) / whole if whole else 0.0


def _middle(series: Series, slot: int, rhythm: Rhythm, before: int | None = None) -> float | None:
    found = series.recent(None if slot == ANY else slot, SAME, before)
    return median(found) if len(found) >= FEWEST[rhythm] else None


def expect(
    series: Series, bucket: Bucket, rhythm: Rhythm, quantity: Quantity
) -> Expectation | None:
    """What the bucket should hold, or None while there is too little to say so."""
    middle = center(series, bucket, rhythm)
    residuals = series.residuals()
    if middle is None or len(residuals) < min(WARM[rhythm], 56):
        return None
    scale = _scale(residuals, middle, bucket.n, quantity)
    fell, rose = _last_year(series, bucket, rhythm, quantity)
    low = middle + min(fell + NOISE * scale, 0.0) - WIDE * scale
    high = middle + max(rose - NOISE * scale, 0.0) + WIDE * scale
    if quantity == "share":
        low, high = max(low, 0.0), min(high, 1.0)
    elif quantity == "count":
        low = max(low, 0.0)
    return Expectation(middle, low, high, scale)


def _scale(
    residuals: list[tuple[float, float]], middle: float, n: int, quantity: Quantity
) -> float:
    """The standard deviation of a bucket in control about its middle."""
    if quantity == "level":
        spread = NORMAL * median(abs(miss) for miss, _ in residuals)
        return max(spread, SMALLEST * abs(middle), SMALLEST_LEVEL)
    if quantity == "count":
        spread = NORMAL * median(abs(miss) / max(about, 1.0) for miss, about in residuals)
        counting = median(1.0 / max(about, 1.0) for _, about in residuals)
        beyond = max(spread * spread - counting, SMALLEST * SMALLEST)
        mean = max(middle, 1.0)
        return sqrt(mean + beyond * mean * mean)
    spread = NORMAL * median(abs(miss) / sqrt(_spread(about, 50)) for miss, about in residuals)
    mine = _spread(middle, n)
    return max(spread * sqrt(mine), sqrt(mine / max(n, 1)), SMALLEST * abs(middle))


def _spread(share: float, n: int) -> float:
    """p(1 - p), of a share that n cases could not tell from 0 or 1."""
    p = min(max(share, 1 / (n + 2)), 1 - 1 / (n + 2))
    return p * (1 - p)


def _last_year(
    series: Series, bucket: Bucket, rhythm: Rhythm, quantity: Quantity
) -> tuple[float, float]:
    """How far this time of last year went below and above what was its middle then.

    In the unit of the value; counts in proportion to today's middle. Zeros without a last year.
    """
    if rhythm not in YEAR or quantity == "share":
        return 0.0, 0.0
    ago, about = YEAR[rhythm]
    places = series.between(bucket.number - ago - about, bucket.number - ago + about)
    moves: list[float] = []
    middles: dict[int | None, float | None] = {}
    today = center(series, bucket, rhythm) or 0.0
    for place in places:
        if series.away(place) > SEASON or series.slots[place] == 0xFE:
            continue
        slot = _slot(series.slots[place]) if rhythm == "day" else None
        if slot not in middles:
            before = series.recent(slot, SAME, places.start)
            middles[slot] = median(before) if len(before) >= FEWEST[rhythm] else None
        middle = middles[slot]
        if middle is None or (quantity == "count" and middle <= 0):
            continue
        move = series.value(place) - middle
        moves.append(move * today / middle if quantity == "count" else move)
    return min(moves, default=0.0), max(moves, default=0.0)


def _slot(kept: int) -> int:
    """The slot of a bucket, set aside or not."""
    return kept if kept == 0xFF else kept & ~AWAY

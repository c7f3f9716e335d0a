"""The curve of Q: a series against what was expected of it when something began.

A curve is read in runs of as many buckets as a recovery takes (five days, two weeks, two
months). It *fell* where the mean of a run lies a tenth below 1 and outside three standard
deviations of such a mean, *rose* where it lies as far above, and *held* where neither happened.
One bucket alone says nothing: of thirty weeks of a small service one is a tenth off by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import sqrt
from statistics import median
from typing import Final, Literal, NamedTuple

import msgspec
import numpy as np

from models.calendar import Calendar
from models.value import Rhythm
from streams.expectation import NORMAL, WIDE, Quantity, season
from streams.resilience import IN_A_ROW, Point
from streams.season import NONE, Weights
from streams.series import AWAY, CLOSED, RESIDUALS, Bucket, Series

OFF: Final = 0.10
"""How far the mean of a run must lie from 1 at least."""

Course = Literal["", "fell", "rose", "held"]


class Curve(msgspec.Struct):
    """Points of Q, and what they are taken against."""

    direction: Literal["up", "down"]
    """Which way is bad."""
    frozen: dict[int, float]
    """What was expected of each slot at the onset, of a weight of 1; -1 is a public holiday."""
    weigh: Weights = NONE
    points: list[Point] = []

    def see(self, bucket: Bucket, rhythm: Rhythm, quantity: Quantity) -> Point | None:
        """Add a bucket; one that was never expected, was planned, or was seen is left out."""
        if bucket.plan:
            return None
        expected = self.frozen.get(season(rhythm, bucket.slot))
        if expected is not None:
            expected *= self.weigh.of(bucket.slot, bucket.days)
        if expected is None or (self.points and bucket.start < self.points[-1].end):
            return None
        q = quality(bucket.value, expected, self.direction, quantity)
        self.points.append(Point(bucket.start, bucket.end, q))
        return self.points[-1]


class Standing(NamedTuple):
    """What became of a curve; ``level`` is the mean of the run that says so."""

    course: Course
    """Empty while there are too few points."""
    level: float | None


def standing(
    points: Sequence[Point], rhythm: Rhythm, noise: float = 0.0, until: int | None = None
) -> Standing:
    """Whether a curve fell, rose or held before ``until`` (ms); ``noise`` is that of one point."""
    many = IN_A_ROW[rhythm]
    inside = len(points) if until is None else sum(one.start < until for one in points)
    runs = means(points[: max(inside, many)], many)
    if not runs:
        return Standing("", None)
    low, high = min(runs), max(runs)
    limit = max(OFF, WIDE * noise / sqrt(many))
    if 1 - low > limit and 1 - low >= high - 1:
        return Standing("fell", round(low, 4))
    held = high - 1 <= limit
    return Standing("held", round(low, 4)) if held else Standing("rose", round(high, 4))


def lowest(points: Sequence[Point], rhythm: Rhythm) -> float:
    """Mean Q of the worst run; of all points while they are fewer."""
    many = min(IN_A_ROW[rhythm], len(points))
    return round(min(means(points, many)), 4)


def means(points: Sequence[Point], many: int) -> list[float]:
    """Mean Q of every run of so many points; empty where there are fewer."""
    sums = [0.0, *accumulate(one.q for one in points)]
    return [(last - first) / many for first, last in zip(sums, sums[many:], strict=False)]


def quality(value: float, expected: float, direction: str, quantity: Quantity) -> float:
    """Q: actual / expected, or expected / actual where it is off upwards; 1 is as expected.

    Levels are in per cent points already: a hundred of them are one.
    """
    if quantity == "level":
        off = value - expected if direction == "up" else expected - value
        return 1 - off / 100
    above, below = (expected, value) if direction == "up" else (value, expected)
    if below <= 0:
        return 1.0 if above <= 0 else 2.0
    return above / below


def buckets(series: Series, calendar: Calendar, rhythm: Rhythm, since: int) -> list[Bucket]:
    """The buckets of a history from the one that holds ``since`` (ms) on, closures left out."""
    places = behind(series, calendar, rhythm, since)
    found = []
    for number, place in zip(series.numbers(places), places, strict=True):
        bucket = Bucket.of(calendar, rhythm, number, series.value(place))
        if series.days:
            # As many working days as it was judged by.
            bucket = msgspec.structs.replace(bucket, days=series.days[place])
        if series.slots[place] != CLOSED & 0xFF:
            found.append(bucket)
    return found


def behind(series: Series, calendar: Calendar, rhythm: Rhythm, since: int) -> range:
    """The places of these buckets; before them lies what was expected then."""
    first = int(calendar.bucket(rhythm, np.array([since], np.int64))[0])
    return series.between(first, series.last)


def noise(series: Series, curve: Curve, rhythm: Rhythm, before: int) -> float:
    """Standard deviation of Q about 1 in the last buckets before a place of the history."""
    found: list[float] = []
    for place in range(before - 1, max(before - 2 * RESIDUALS, 0) - 1, -1):
        slot = series.slots[place]
        expected = curve.frozen.get(season(rhythm, slot)) if slot < AWAY else None
        if expected and len(found) < RESIDUALS:
            expected *= curve.weigh.at(series, place)
            found.append(abs(series.value(place) / expected - 1))
    return NORMAL * median(found) if found else 0.0

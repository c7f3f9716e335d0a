"""What a bucket was expected to hold.

- The **middle**: the median of the last eight buckets of the same slot (hour of week, weekday)
  that were not part of an episode; for weeks and longer, of the last eight buckets. Months and
  quarters are compared by working day, and by what their slot of the year weighs, where that
  explains their past better (:mod:`streams.season`).
  Public holidays, and holidays and closures that an agency marked (:mod:`streams.planned`), are
  neither learned from nor judged; its deadlines and campaigns are compared with earlier ones of
  their kind (:mod:`streams.lift`).
- The **scale**: 1.4826 times the median absolute residual of the last 56 buckets, pooled over
  slots in units of their own noise (square root of the middle for counts, of p(1 - p) for
  shares), and never less than what counting alone makes uncertain, nor than 2 % of the middle.
- The **interval**: three scales about the middle; for counts and levels widened by what this
  time of the year did a year ago, whether or not that was an alert then: a tax peak that comes
  every June lifts the upper end in June, a week of Christmas lowers the lower one. Of last
  year's excursion two scales are taken for noise, and what lasted over four weeks was no
  season unless the year before had the like, nor is there any such allowance where the year
  has its weights. Shares get none, but for those of channels: a service that failed last June
  may not fail again.
  Months and quarters that follow a steady trend leave room for it to go on.

Causal: nothing of the bucket or after it is used, and while an episode lasts nothing of the
episode. Silent until the middle has three values of the slot (eight weeks or months, four
quarters) and the scale 28 residuals of days (four of weeks, twelve of months, four of quarters):
the warm-up is four weeks of days, twelve weeks, a year of months or of quarters. A young scale
is widened; that of days is read from the distances of each to the other days of its slot. Of
twelve weeks, months or quarters and fewer it is the standard deviation, since the median of so few
says little, and Student's t makes it wider.

Odd input:

- *Fewer buckets than the warm-up*: nothing is expected, however far they jump.
- *All equal*: the scale is what counting alone makes uncertain, and 2 % of the middle at least.
- *All zero*: zero is expected of counts, and a case or three may be chance, as if one were usual;
  a jump from there is wholly off (depth 1), until it has lasted so long that it is the level.
- *Missing buckets* are no values: they are neither judged nor learned, what follows is compared
  with what came before them, and this time of last year is found by its number, not by counting.
- *Days of 23 and 25 hours* are days. Hours are compared by their local hour: an hour that is
  lived twice is expected twice, and one that is left out is missed by nobody.
- *A 53rd week* is a week: this time of last year is 51 to 53 weeks ago, which holds both the same
  date and the same place in the year.
- *The same count again* counts once; a correction in time is judged as corrected. One that comes
  after its bucket closed restates the value, and changes nothing of what was expected or decided:
  the history goes on with what was known then.

The trend of days and weeks needs no factor: the middle is at most nine weeks old and follows it.
(The ratio to last year, multiplied onto a middle that has already followed, counts it twice.)
"""

from __future__ import annotations

from itertools import combinations
from math import sqrt
from statistics import median
from typing import Literal, NamedTuple

from models.value import Rhythm
from streams.season import NONE, PACED, SHOWN, Weights, weights
from streams.series import AWAY, CLOSED, RESIDUALS, Bucket, Series

SAME = 8
"""Values of the same slot that the middle is taken of."""

FEWEST: dict[Rhythm, int] = {"hour": 3, "day": 3, "week": 8, "month": 8, "quarter": 4}
"""Values of the same slot below which nothing is expected: the warm-up."""

WARM: dict[Rhythm, int] = {"hour": 84, "day": 28, "week": 4, "month": 12, "quarter": 4}
"""Residuals below which the scale is not trusted: the second part of the warm-up."""

READY: dict[Rhythm, int] = {"hour": 504, "day": 28, "week": 12, "month": 12, "quarter": 4}
"""Buckets that make up both parts of the warm-up where none is missing."""

NORMAL = 1.4826
"""Median absolute deviation to standard deviation, for normal noise."""

WIDE = 3.0
"""Half-width of the expected interval, in scales."""

SMALLEST = 0.02
"""The scale is at least this share of the expected value: nothing real is steadier."""

SMALLEST_LEVEL = 0.5
"""The scale of a level, and of a share, is at least half a per cent point."""

YEAR: dict[Rhythm, tuple[int, int]] = {"day": (364, 7), "week": (52, 1), "month": (12, 0)}
"""How many buckets ago this time of the year was, and how many about it belong to it."""

EARLY = 2
"""Values of a slot from which residuals are learned, before anything is expected."""

SEASON: dict[Rhythm, int] = {"day": 28, "week": 4, "month": 1}
"""An excursion of more buckets than this was a shock, which next year does not excuse; two years
of the like are a season, which the third does."""

YOUNG = 3.0
"""By this over the number of residuals the scale is widened: of few, the median is unsure."""

STUDENT = {4: 3.44, 5: 2.42, 6: 1.98, 7: 1.75, 8: 1.60, 9: 1.50, 10: 1.43, 11: 1.38, 12: 1.34}
"""Of so few values, how many standard deviations make what three are of many: Student's t at
the same chance, over three, times that their mean is unsure too (the root of 1 + 1 / n)."""

NOISE = 2.0
"""Scales of last year's excursion that are taken for noise."""

HOLIDAYS = frozenset({0xFE, 0xFF, CLOSED & 0xFF})
"""Slots of holidays and closures, which are not judged and excuse nothing."""

ANY = 0x100
"""The season of buckets that are compared with all others."""

Quantity = Literal["count", "share", "level", "mix"]
"""What a value is; ``mix`` is a share of which neither side is better (module ``streams.mix``)."""


class Expectation(NamedTuple):
    """``low`` and ``high`` bound what is usual."""

    expected: float
    low: float
    high: float
    scale: float
    is_open: bool = False
    """Nothing is too much: ``high`` is no limit (a first campaign, module ``streams.lift``)."""
    floor: float = 0.0
    """The goalpost that ``low`` was lifted to (module ``streams.floor``); 0 where there is none."""


class Past(NamedTuple):
    """A history up to a place of it (None: all of it), and what its buckets weigh."""

    series: Series
    rhythm: Rhythm
    before: int | None
    weigh: Weights

    @classmethod
    def of(cls, series: Series, rhythm: Rhythm, before: int | None = None) -> Past:
        """The past of a series of buckets of this length."""
        return cls(series, rhythm, before, weights(series, rhythm, before))


def season(rhythm: Rhythm, slot: int) -> int:
    """The part of a slot that the middle depends on: all of it for hours and days, else none."""
    return slot if rhythm in ("hour", "day") else ANY


def center(series: Series, bucket: Bucket, rhythm: Rhythm) -> float | None:
    """The expected value; None before the warm-up is over."""
    return _typical(Past.of(series, rhythm), bucket, FEWEST[rhythm])


def known(series: Series, rhythm: Rhythm) -> int:
    """Buckets that something usual was learned from, to be compared with :data:`READY`."""
    return len(series) if rhythm == "hour" else len(series.recent(None, len(series)))


def learned(series: Series, bucket: Bucket, rhythm: Rhythm) -> float | None:
    """Value less middle, to learn the scale from; None where the middle is mere chance yet."""
    early = EARLY if rhythm in ("hour", "day") else FEWEST[rhythm]
    middle = _typical(Past.of(series, rhythm), bucket, early)
    return None if middle is None else bucket.value - middle


def _typical(past: Past, bucket: Bucket, fewest: int) -> float | None:
    """The middle of this bucket's season, for what it weighs."""
    middle = _middle(past, season(past.rhythm, bucket.slot), fewest)
    return middle if middle is None else middle * past.weigh.of(bucket.slot, bucket.days)


def frozen(past: Past) -> dict[int, float]:
    """What is expected of each season (see :func:`season`) from the end of a past on.

    Of a weight of 1 (:mod:`streams.season`) where buckets have one.
    """
    rhythm, slots = past.rhythm, past.series.slots
    if rhythm == "hour":
        plain = set(slots)
    else:
        plain = {slot & ~AWAY if slot < 0xFE else -1 for slot in slots}
    seasons = {season(rhythm, slot) for slot in plain}
    found = {one: _middle(past, one, FEWEST[rhythm]) for one in sorted(seasons)}
    return {one: middle for one, middle in found.items() if middle is not None}


def doubt(past: Past, quantity: Quantity) -> float:
    """Standard error of what is expected over a whole season, as a share of it.

    A median of k values has that of their mean, 1.2533 times (normal noise); seasons add up as
    independent. Levels are in per cent points: a hundred are one.
    """
    errors, middles = [], []
    for one, middle in frozen(past).items():
        found = _values(past, one)
        spread = NORMAL * median(abs(value - middle) for value in found)
        errors.append(1.2533 * spread / sqrt(len(found)))
        middles.append(abs(middle))
    if not errors:
        return 0.0
    whole = 100.0 * len(errors) if quantity == "level" else sum(middles)
    return sqrt(sum(error * error for error in errors)) / whole if whole else 0.0


def _values(past: Past, slot: int) -> list[float]:
    series = past.series
    places = series.recent(None if slot == ANY else slot, SAME, past.before)
    if past.weigh is NONE:
        return [series.value(place) for place in places]
    return [series.value(place) / past.weigh.at(series, place) for place in places]


def _middle(past: Past, slot: int, fewest: int) -> float | None:
    found = _values(past, slot)
    return median(found) if len(found) >= fewest else None


def expect(
    series: Series, bucket: Bucket, rhythm: Rhythm, quantity: Quantity
) -> Expectation | None:
    """What the bucket should hold, or None while there is too little to say so."""
    past = Past.of(series, rhythm)
    middle = _typical(past, bucket, FEWEST[rhythm])
    residuals = _known(past, bucket)
    if middle is None or len(residuals) < min(WARM[rhythm], RESIDUALS):
        return None
    scale = _scale(residuals, middle, bucket.n, quantity)
    if len(residuals) not in STUDENT:
        scale *= 1 + YOUNG / len(residuals)
    fell = rose = 0.0
    if not past.weigh.slots and quantity != "share":
        fell, rose = _last_year(past, bucket, middle, quantity)
    drift = _drift(past, bucket)
    low = middle + min(fell + NOISE * scale, drift, 0.0) - WIDE * scale
    high = middle + max(rose - NOISE * scale, drift, 0.0) + WIDE * scale
    if quantity in ("share", "mix"):
        low, high = max(low, 0.0), min(high, 1.0)
    elif quantity == "count":
        low = max(low, 0.0)
    return Expectation(middle, low, high, scale)


def _drift(past: Past, bucket: Bucket) -> float:
    """How far a steady trend of months or quarters has gone since the middle of what is known.

    That middle is months to a year old. The slope is Theil and Sen's; 0 where Mann and Kendall's
    test (5 %, continuity-corrected) sees no trend, as in four values it never does.
    """
    if not bucket.days:
        return 0.0
    series, weigh = past.series, past.weigh
    places = sorted(series.recent(None, SAME))
    if len(places) < FEWEST["quarter"]:
        return 0.0
    values = [series.value(at) / weigh.at(series, at) for at in places]
    span = range(places[0], len(series))
    numbers = dict(zip(span, series.numbers(span), strict=True))
    times = [numbers[at] for at in places]
    pairs = list(combinations(zip(times, values, strict=True), 2))
    steps = [(later - before) / (b - a) for (a, before), (b, later) in pairs]
    agree, many = sum((step > 0) - (step < 0) for step in steps), len(values)
    if abs(agree) - 1 < 1.96 * sqrt(many * (many - 1) * (2 * many + 5) / 18):
        return 0.0
    ahead = bucket.number - sum(times) / many
    return median(steps) * ahead * weigh.of(bucket.slot, bucket.days)


def _known(past: Past, bucket: Bucket) -> list[tuple[float, float]]:
    """Residuals that the scale is read from."""
    if bucket.days:
        return _few(past, bucket)
    residuals = past.series.residuals()
    is_young = past.rhythm == "day" and len(residuals) < RESIDUALS
    return _young(past.series) if is_young else residuals


def _young(series: Series) -> list[tuple[float, float]]:
    """Residuals of a young series of days: of each day to the median of its slot's others.

    What was learned one by one began with middles of two values, which one carnival spoils.
    """
    found: list[tuple[float, float]] = []
    for slot in sorted({kept for kept in series.slots if kept < AWAY}):
        values = [series.value(place) for place in series.recent(slot, SAME)]
        for place, value in enumerate(values):
            others = values[:place] + values[place + 1 :]
            if others:
                middle = median(others)
                found.append((value - middle, middle))
    return found


def _few(past: Past, bucket: Bucket) -> list[tuple[float, float]]:
    """Residuals of months and quarters, which are too few to be learned one by one.

    The last twelve buckets about their own median, as this bucket's weight would have it; with a
    season the last that had no part in its weights.
    """
    series, rhythm, weigh = past.series, past.rhythm, past.weigh
    places = series.recent(None, SHOWN[rhythm] if weigh.slots else PACED)
    mine = weigh.of(bucket.slot, bucket.days)
    held = [series.value(at) * mine / weigh.at(series, at, early=True) for at in places]
    middle = median(held) if held else 0.0
    return [(value - middle, middle) for value in held]


def _scale(
    residuals: list[tuple[float, float]], middle: float, n: int, quantity: Quantity
) -> float:
    """The standard deviation of a bucket in control about its middle."""
    if quantity == "level":
        spread = _deviation([miss for miss, _ in residuals])
        return max(spread, SMALLEST * abs(middle), SMALLEST_LEVEL)
    if quantity == "count":
        spread = _deviation([miss / max(about, 1.0) for miss, about in residuals])
        counting = median(1.0 / max(about, 1.0) for _, about in residuals)
        beyond = max(spread * spread - counting, SMALLEST * SMALLEST)
        mean = max(middle, 1.0)
        return sqrt(mean + beyond * mean * mean)
    spread = _deviation([miss / sqrt(_spread(about, 50)) for miss, about in residuals])
    mine = _spread(middle, n)
    counting = sqrt(mine / max(n, 1))
    return max(spread * sqrt(mine), counting, SMALLEST * abs(middle), SMALLEST_LEVEL / 100)


def _deviation(residuals: list[float]) -> float:
    """Their standard deviation, robust where there are enough to be."""
    many = len(residuals)
    if many not in STUDENT:
        return NORMAL * median(map(abs, residuals))
    return STUDENT[many] * sqrt(sum(one * one for one in residuals) / (many - 1))


def _spread(share: float, n: int) -> float:
    """p(1 - p), of a share that n cases could not tell from 0 or 1."""
    p = min(max(share, 1 / (n + 2)), 1 - 1 / (n + 2))
    return p * (1 - p)


def _last_year(past: Past, bucket: Bucket, today: float, quantity: Quantity) -> tuple[float, float]:
    """How far this time of last year went below and above what was its middle then.

    In the unit of the value; counts in proportion to ``today``, the bucket's own middle. Zeros
    without a last year.
    """
    series, rhythm = past.series, past.rhythm
    if rhythm not in YEAR:
        return 0.0, 0.0
    places = _this_time(past, bucket, 1)
    shock = _long(past, places)
    if shock and _long(past, _this_time(past, bucket, 2)):
        # What lasted as long in both years comes every year.
        shock.clear()
    moves: list[float] = []
    middles: dict[int | None, float | None] = {}
    before = past._replace(before=places.start)
    for place in places:
        if place in shock or series.slots[place] in HOLIDAYS:
            continue
        slot = _slot(series.slots[place]) if rhythm == "day" else None
        if slot not in middles:
            middles[slot] = _middle(before, ANY if slot is None else slot, FEWEST[rhythm])
        middle = middles[slot]
        if middle is None or (quantity == "count" and middle <= 0):
            continue
        usual = middle * past.weigh.at(series, place)
        move = series.value(place) - usual
        moves.append(move * today / usual if quantity == "count" else move)
    return min(moves, default=0.0), max(moves, default=0.0)


def _this_time(past: Past, bucket: Bucket, years: int) -> range:
    """The places of this time of the year, so many years ago."""
    ago, about = YEAR[past.rhythm]
    number = bucket.number - years * ago
    return past.series.between(number - about, number + about)


def _long(past: Past, places: range) -> set[int]:
    """Those of these places that lie in an excursion longer than a season's."""
    return {place for place in places if past.series.away(place) > SEASON[past.rhythm]}


def _slot(kept: int) -> int:
    """The slot of a bucket, set aside or not."""
    return kept if kept == 0xFF else kept & ~AWAY

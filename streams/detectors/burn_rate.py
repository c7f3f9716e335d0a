"""How fast the error budget of an objective burns."""

from __future__ import annotations

from math import exp, lgamma, log, log1p
from typing import Any, ClassVar, Final, Literal, NamedTuple

import msgspec

from models.value import Rhythm
from streams.detector import Deciding
from streams.detectors._finding import Judgement
from streams.expectation import Expectation
from streams.series import Bucket


class Tier(NamedTuple):
    """News where ``rate`` times the budget burned over ``long`` buckets and over ``short`` ones."""

    severity: Literal["critical", "warning"]
    rate: float
    long: int
    short: int


TIERS: Final[dict[str, tuple[Tier, ...]]] = {
    "hour": (
        Tier("critical", 14.4, 1, 1),
        Tier("critical", 6.0, 6, 1),
        Tier("warning", 1.0, 72, 6),
    ),
    "day": (Tier("critical", 6.0, 1, 1), Tier("warning", 1.0, 3, 1)),
}
"""The worst first. Over an hour 14.4 is 2 % of what thirty days may burn, 6 over six hours 5 %,
1 over three days 10 %; 6 over a day is 20 %."""

CHANCE: Final = 3e-4
"""What fails over the long window must be less likely than this if the objective is just kept."""

OUTAGE: Final = 10
"""So many tried and none that came about is an outage, whatever the objective."""

_ALL: Final = -1
"""Place of an outage among the tiers."""
_NONE: Final = 99
"""Place behind all of them."""


class Budget(msgspec.Struct):
    """What is kept of a series: three days of counts."""

    rhythm: Rhythm
    counts: list[tuple[int, int, int, int]] = []
    """Of each bucket: its number, its start (ms), how many failed, how many were tried."""
    first: int = _NONE
    """Place of the tier that began what stands."""
    worst: int = _NONE
    """Place of the worst that is reached since."""
    since: int = 0
    over: int = -(1 << 40)
    """Number of the newest bucket of what stood last; what failed by then is not told again."""


class BurnRate(Deciding):
    """News where failures use up what an objective allows, much faster than it allows.

    The budget of an objective of 99.5 % is 0.5 % of all that is tried; a burn rate of 1 uses it
    up in the very time that it is for. A tier is reached where its rate is, over its long
    window, so that it matters, and over its short one, so that it still goes on. It ends when
    the short window is back below, of the tier that began it and of the worst that followed;
    what failed by then counts no more for milder ones. Hours: 14.4 over one hour, 6 over six hours and the last
    one (both critical), 1 over three days and the last six hours (warning). Days, where counts
    come by the day: 6 over the day (critical), 1 over three days and the last (warning). Where
    all of at least ten failed, it is critical at once.

    Source: *The Site Reliability Workbook* (2018), chapter 5, "Multiwindow, multi-burn-rate
    alerts": 14.4 over 1 h and 5 min, 6 over 6 h and 30 min, 1 over 3 d and 6 h. An hour is the
    shortest bucket here, so it stands for 5 and for 30 minutes; what lasts for less is seen
    when its hour closes. That chapter warns of services with little traffic, where one failure
    is a high rate: so what failed over the long window must also be more than chance gives a
    service that just keeps its objective (binomial, 3e-4 for each tier). From that comes the
    declared rate, for any traffic and any objective. What fails together (an outage) is no
    chance, and is meant to be told.
    """

    family = "budget"
    rhythms = ("hour", "day")
    quantities = ("share",)
    false_alarm_rate = 3 * CHANCE
    aims = True
    relearns = False
    Memory: ClassVar = Budget

    def start(self, rhythm: Rhythm) -> Budget:
        """A series of which nothing was tried yet."""
        return Budget(rhythm)

    def judge(self, bucket: Bucket, memory: Any, objective: float | None) -> Judgement | None:
        """Add up the windows that end with this bucket; which tiers stand."""
        held: Budget = memory
        if objective is None or bucket.n <= 0:
            return None
        failed = bucket.n - round(bucket.value * bucket.n)
        tiers = TIERS[held.rhythm]
        first = bucket.number - max(tier.long for tier in tiers)
        held.counts = [one for one in held.counts if first < one[0] < bucket.number]
        held.counts.append((bucket.number, bucket.start, failed, bucket.n))
        budget = 1 - objective
        usual = Expectation(objective, objective, 1.0, budget)
        reached = _reached(held, tiers, budget)
        stood = held.worst
        if stood < _NONE and not any(
            _goes_on(held, tiers, place, budget) for place in (held.first, held.worst, reached)
        ):
            held.first, held.worst, held.over = _NONE, _NONE, bucket.number - 1
            return Judgement(usual=usual)
        held.worst = min(held.worst, reached)
        if held.worst == _NONE:
            return Judgement(usual=usual)
        fresh = stood == _NONE or (_grave(tiers, held.worst) and not _grave(tiers, stood))
        if stood == _NONE:
            held.first = held.worst
            held.since = _since(held, bucket, budget, tiers[max(held.first, 0)].long)
        return self._told(held, usual, fresh=fresh)

    def _told(self, held: Budget, usual: Expectation, *, fresh: bool) -> Judgement:
        """The worst tier that was reached, and since when it burns."""
        tiers, budget = TIERS[held.rhythm], 1 - usual.expected
        tier = tiers[max(held.worst, 0)]
        failed, tried = _sums(held, tier.long)
        rate = failed / tried / budget
        return Judgement(
            usual=usual,
            severity="critical" if _grave(tiers, held.worst) else "warning",
            direction="down",
            since=held.since,
            score=rate,
            fresh=fresh,
            why=f"{failed:,} of {tried:,} failed in {_span(tier.long, held.rhythm)}, {rate:,.1f} "
            f"times what the objective of {usual.expected:.2%} allows",
        )


def _grave(tiers: tuple[Tier, ...], place: int) -> bool:
    return place < 0 or (place < len(tiers) and tiers[place].severity == "critical")


def _reached(held: Budget, tiers: tuple[Tier, ...], budget: float) -> int:
    """Place of the worst tier that is reached, if it is worse than what stands."""
    _, _, failed, tried = held.counts[-1]
    if failed == tried >= OUTAGE:
        return _ALL
    for place, tier in enumerate(tiers[: max(held.worst, 0)]):
        sums = _sums(held, tier.long)
        if (
            _burns(held, tier.short, tier.rate * budget)
            and _burns(held, tier.long, tier.rate * budget)
            and by_chance(*sums, budget) < CHANCE
        ):
            return place
    return _NONE


def _goes_on(held: Budget, tiers: tuple[Tier, ...], place: int, budget: float) -> bool:
    """Whether a tier that was reached is not over: its short window still burns."""
    if place == _ALL:
        _, _, failed, tried = held.counts[-1]
        return failed == tried
    return place < _NONE and _burns(held, tiers[place].short, tiers[place].rate * budget)


def _sums(held: Budget, span: int) -> tuple[int, int]:
    """How many failed and how many were tried in the newest ``span`` buckets of time."""
    first = max(held.counts[-1][0] - span, held.over)
    mine = [one for one in held.counts if one[0] > first]
    return sum(one[2] for one in mine), sum(one[3] for one in mine)


def _burns(held: Budget, span: int, share: float) -> bool:
    """Whether this share failed or more; 3 % is 3 %, whatever floating point makes of it."""
    failed, tried = _sums(held, span)
    return failed >= share * tried * (1 - 1e-9)


def _since(held: Budget, bucket: Bucket, budget: float, span: int) -> int:
    """Start of the first bucket of the window that burned more than it may, ms."""
    first = max(bucket.number - span, held.over)
    return next(
        (start for number, start, bad, n in held.counts if number > first and bad > budget * n),
        bucket.start,
    )


def _span(buckets: int, rhythm: Rhythm) -> str:
    return f"the last {rhythm}" if buckets == 1 else f"the last {buckets} {rhythm}s"


def by_chance(failed: int, tried: int, budget: float) -> float:
    """The chance of at least so many failures where each is as likely as the budget says."""
    if failed <= budget * tried:
        return 1.0
    ways = lgamma(tried + 1) - lgamma(failed + 1) - lgamma(tried - failed + 1)
    term = exp(ways + failed * log(budget) + (tried - failed) * log1p(-budget))
    total, odds = 0.0, budget / (1 - budget)
    for k in range(failed, tried + 1):
        total += term
        term *= odds * (tried - k) / (k + 1)
        if term < total * 1e-12:
            break
    return min(total, 1.0)

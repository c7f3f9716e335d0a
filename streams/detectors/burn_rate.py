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
"""Place of the outage among the tiers that stand."""


class Budget(msgspec.Struct):
    """What is kept of a series: three days of counts."""

    rhythm: Rhythm
    counts: list[tuple[int, int, int, int]] = []
    """Of each bucket: its number, its start (ms), how many failed, how many were tried."""
    on: list[int] = []
    """Tiers that stand."""
    since: int = 0
    severity: str = ""
    over: int = 0
    """Number of the newest bucket of what stood last; it is told no second time."""


class BurnRate(Deciding):
    """News where failures use up what an objective allows, much faster than it allows.

    The budget of an objective of 99.5 % is 0.5 % of all that is tried; a burn rate of 1 uses it
    up in the very time that it is for. A tier stands once its rate is reached over its long
    window, so that it matters, and over its short one, so that it still goes on; it ends when
    its short window is back below. Hours: 14.4 over one hour, 6 over six hours and the last
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
        held.on = [place for place in range(len(tiers)) if _stands(held, tiers, place, budget)]
        if failed == bucket.n and (bucket.n >= OUTAGE or _ALL in held.on):
            held.on.insert(0, _ALL)
        usual = Expectation(objective, objective, 1.0, budget)
        return self._told(bucket, held, usual) if held.on else _calm(held, usual)

    def _told(self, bucket: Bucket, held: Budget, usual: Expectation) -> Judgement:
        """The worst tier that stands, and since when it burns."""
        tiers, budget, place = TIERS[held.rhythm], 1 - usual.expected, held.on[0]
        tier = tiers[max(place, 0)]
        severity: Literal["critical", "warning"] = "critical" if place < 0 else tier.severity
        if not held.severity:
            held.since = _since(held, bucket, budget, tier.long)
        fresh = (severity, held.severity) in (
            ("warning", ""),
            ("critical", ""),
            ("critical", "warning"),
        )
        held.severity, held.over = severity, bucket.number
        failed, tried = _sums(held, tier.long)
        rate = failed / tried / budget
        return Judgement(
            usual=usual,
            severity=severity,
            direction="down",
            since=held.since,
            score=rate,
            fresh=fresh,
            why=f"{failed:,} of {tried:,} failed in {_span(tier.long, held.rhythm)}, {rate:,.1f} "
            f"times what the objective of {usual.expected:.2%} allows",
        )


def _stands(held: Budget, tiers: tuple[Tier, ...], place: int, budget: float) -> bool:
    """Whether a tier is reached, or goes on: what stands asks for its short window alone."""
    tier = tiers[place]
    if _rate(held, tier.short, budget) < tier.rate:
        return False
    if place in held.on:
        return True
    failed, tried = _sums(held, tier.long)
    return failed >= tier.rate * budget * tried and by_chance(failed, tried, budget) < CHANCE


def _calm(held: Budget, usual: Expectation) -> Judgement:
    held.severity = ""
    return Judgement(usual=usual)


def _sums(held: Budget, span: int) -> tuple[int, int]:
    """How many failed and how many were tried in the newest ``span`` buckets of time."""
    first = held.counts[-1][0] - span
    mine = [one for one in held.counts if one[0] > first]
    return sum(one[2] for one in mine), sum(one[3] for one in mine)


def _rate(held: Budget, span: int, budget: float) -> float:
    failed, tried = _sums(held, span)
    return failed / tried / budget


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

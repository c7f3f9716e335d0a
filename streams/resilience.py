"""Resilience: from a curve of Q to depth, times, loss and what became of it.

Q is actual / expected, expected / actual where more is worse; 1 is as expected. The rules:

1. *Absorbing* until the running minimum has stood for three buckets, then *recovering*; a new
   minimum goes back to absorbing.
2. *Recovered* at the first of enough buckets in a row, itself back at 0.95, whose mean is at
   least 0.95 (each for itself would be asking noise for a favour). Two buckets in a row below
   0.90, begun within twice as many buckets, are a relapse: the same shock goes on. So is, while
   it is followed, a stretch of at least as many buckets of which none is back, whose mean lies a
   tenth below 1 and outside three standard deviations of such a mean. What has a case file of
   its own is none.
3. Ninety days after recovery exactly one of *thriving* (the interval of the mean gain lies
   above 0 and no guard got worse), *degraded* (it lies below 0) or *restored*. Gains first pay
   back what was lost, or catching up would look like thriving.
4. Of *context* (demand) no way is better: nothing is lost, it relapses only where an alert stands
   (what was expected is frozen, and seasons are not), and it ends *over*, with how far it is above
   or below what it was.

The interval is a moving-block bootstrap, since neighbouring buckets are alike, widened by how
sure the baseline is: a few weeks before the shock say only so much. Sources: Bruneau
et al. 2003 (robustness, rapidity, loss area); Poulin & Kane 2021 (curves of different shocks
are never averaged); Künsch 1989 (block bootstrap). Figures and limits are our own.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot, sqrt
from random import Random
from typing import Final, Literal, NamedTuple

import numpy as np

from models.shock import ShockState
from models.value import Rhythm
from streams.expectation import WIDE

DAY_MS: Final = 86_400_000

DISRUPTED: Final = 0.90
"""Q below which a bucket is disrupted."""

BACK: Final = 0.95
"""Q from which a bucket is back."""

SETTLED: Final = 3
"""Buckets for which the running minimum must stand."""

FOLLOWED_MS: Final = 90 * DAY_MS
"""How long a recovered service is followed, and over how long its loss is summed."""

IN_A_ROW: dict[Rhythm, int] = {"hour": 24, "day": 5, "week": 2, "month": 2, "quarter": 2}
"""Buckets that must be back in a row."""

BLOCK: dict[Rhythm, int] = {"hour": 24, "day": 7, "week": 4, "month": 2, "quarter": 1}
"""Length of a block of the bootstrap, in buckets."""

FEWEST: Final = 3
"""Buckets after recovery below which no gain is claimed."""

DRAWS: Final = 1000

FAR: Final = 2**62
"""A time that never comes, ms."""

NOTHING: Final = 1e-9
"""A gain of no more than this is arithmetic."""


class Point(NamedTuple):
    """One bucket of the curve; ``start`` and ``end`` in ms."""

    start: int
    end: int
    q: float


class Gain(NamedTuple):
    """Mean of Q - 1 after recovery, loss paid back, with its 95 % interval.

    Of context: mean of actual / expected - 1, whichever way it went.
    """

    mean: float
    low: float
    high: float
    n: int


class Resilience(NamedTuple):
    """What a curve says; times in ms, None where they have not come."""

    state: ShockState
    depth: float
    trough: int
    absorbed: int | None
    adapted: int | None
    recovered: int | None
    loss_days: float
    """Service-days lost up to recovery, within the first 90 days."""
    gain: Gain | None


class Terms(NamedTuple):
    """How a curve is to be read."""

    rhythm: Rhythm
    backlog: bool = False
    """What was lost waits and comes later: demand, cases."""
    guarded: bool = True
    """No guard of the indicator is worse than it was."""
    doubt: float = 0.0
    """Standard error of what was expected, as a share of it; widens the interval of the gain."""
    seed: str = ""
    """Of the bootstrap: the same curve gives the same interval."""
    earliest: int = -FAR
    """No recovery begins before this, ms."""
    noise: float | None = None
    """Standard deviation of Q about 1 before the onset; None: only what comes soon is a relapse."""
    another: int = FAR
    """What comes from here on has a case of its own, ms."""
    context: Literal["", "up", "down"] = ""
    """Of context, the way it went off."""
    alerts: Sequence[tuple[int, int]] = ()
    """Of context, when alerts stood: since, until, ms."""
    level: bool = False
    """Q is counted in points, not as a ratio."""


def read(points: Sequence[Point], terms: Terms) -> Resilience:
    """Read a curve that begins at the onset; at least one point."""
    after, points = points, [one for one in points if one.start < terms.another] or points[:1]
    lowest = min(range(len(points)), key=lambda i: (points[i].q, i))
    at = _recovery(points, terms)
    trough = lowest if at is None else min(range(at + 1), key=lambda i: (points[i].q, i))
    worst = points[trough]
    over = at is not None
    settled = over or len(points) - 1 - trough >= SETTLED
    state: ShockState = "recovering" if settled else "absorbing"
    if len(points) < 2:
        state = "disrupted"
    gain = None
    if at is not None:
        state = "recovered"
        since = points[at].start
        if after[-1].end >= since + FOLLOWED_MS:
            after = [one for one in after[at:] if one.end <= since + FOLLOWED_MS]
            owed = _lost(points[:at]) if terms.backlog and not terms.context else 0.0
            gain = _gain(_as_it_went(after, terms), owed, terms)
            state = "over" if terms.context else _outcome(gain, guarded=terms.guarded)
    early = [p for p in points[:at] if p.start < points[0].start + FOLLOWED_MS]
    return Resilience(
        state=state,
        depth=max(1 - worst.q, 0.0),
        trough=worst.start,
        absorbed=worst.end if settled else None,
        adapted=next((one.start for one in points[trough:] if one.q >= BACK), None),
        recovered=None if at is None else points[at].start,
        loss_days=0.0 if terms.context else _lost(early),
        gain=gain,
    )


def _recovery(points: Sequence[Point], terms: Terms) -> int | None:
    """The place of the first of enough buckets in a row that are back, relapses left out."""
    many = IN_A_ROW[terms.rhythm]
    found = None
    away, off = 0, 0.0
    for i, one in enumerate(points):
        # Buckets in a row that are not back, and how far they lie below in all.
        away, off = (away + 1, off + 1 - one.q) if one.q < BACK else (0, 0.0)
        first = i - many + 1
        may = found is None and first >= 0 and points[first].start >= terms.earliest
        if may and points[first].q >= BACK:
            mean = sum(p.q for p in points[first : i + 1]) / many
            found = first if mean >= BACK and one.q >= DISRUPTED else None
        elif found is not None:
            soon = i <= found + 2 * many and _relapses(points, i, terms)
            followed = one.end <= points[found].start + FOLLOWED_MS
            if soon or (followed and away >= many and _stays_away(away, off, terms)):
                found = None
    return found


def _relapses(points: Sequence[Point], at: int, terms: Terms) -> bool:
    before, now = points[at - 1], points[at]
    told = any(since <= before.start and now.start < until for since, until in terms.alerts)
    return before.q < DISRUPTED and now.q < DISRUPTED and (told or not terms.context)


def _stays_away(many: int, off: float, terms: Terms) -> bool:
    """Whether so many buckets, so far below 1 in all, are no chance."""
    if terms.noise is None or terms.context:
        return False
    return off / many > max(1 - DISRUPTED, WIDE * terms.noise / sqrt(many))


def _as_it_went(points: Sequence[Point], terms: Terms) -> list[Point]:
    """Of context, points of actual / expected until another case begins; else as they are."""
    if terms.context:
        points = [one for one in points if one.start < terms.another]
    if terms.context != "up":
        return [*points]
    if terms.level:
        return [one._replace(q=2 - one.q) for one in points]
    return [one._replace(q=1 / one.q) for one in points if one.q > 0]


def _lost(points: Sequence[Point]) -> float:
    """Service-days: the area between the curve and 1, where it lies below."""
    return sum(max(1 - one.q, 0.0) * (one.end - one.start) for one in points) / DAY_MS


def _gain(after: Sequence[Point], owed: float, terms: Terms) -> Gain | None:
    if len(after) < FEWEST:
        return None
    days = np.array([(one.end - one.start) / DAY_MS for one in after])
    above = np.array([one.q - 1 for one in after])
    net = float(above @ days)
    above = above - min(owed, max(net, 0.0)) / days.sum()
    block = min(BLOCK[terms.rhythm], len(after))
    chance = Random(terms.seed)  # noqa: S311 (repeatable, no secret)
    pieces = -(-len(after) // block)
    starts = np.array(
        [[chance.randrange(len(after) - block + 1) for _ in range(pieces)] for _ in range(DRAWS)]
    )
    rows = (starts[:, :, None] + np.arange(block)).reshape(DRAWS, -1)[:, : len(after)]
    means = np.sort(above[rows].mean(axis=1))
    low, high = float(means[int(0.025 * DRAWS)]), float(means[int(0.975 * DRAWS)])
    mean = float(above.mean())
    return Gain(
        mean,
        mean - hypot(mean - low, 1.96 * terms.doubt),
        mean + hypot(high - mean, 1.96 * terms.doubt),
        len(after),
    )


def _outcome(gain: Gain | None, *, guarded: bool) -> ShockState:
    if gain is None:
        return "restored"
    if gain.low > NOTHING and guarded:
        return "thriving"
    return "degraded" if gain.high < -NOTHING else "restored"


def gained(gain: Gain | None, *, context: bool = False) -> dict[str, float | int | bool | None]:
    """A gain as it stands in the evidence of a case file; of context it is a mere change."""
    if context:
        return {**gained(None), "context": True, **_named("change", gain)}
    return _named("gain", gain)


def _named(name: str, gain: Gain | None) -> dict[str, float | int | None]:
    figures = (None, None, None) if gain is None else gain[:3]
    rounded = [None if one is None else round(one, 6) for one in figures]
    names = (name, f"{name}_low", f"{name}_high")
    count = {f"{name}_n": 0 if gain is None else gain.n}
    return {**dict(zip(names, rounded, strict=True)), **count}

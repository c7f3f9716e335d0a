"""The chart of rare events: the time between them."""

from __future__ import annotations

from math import comb
from typing import Any, ClassVar, Final

import msgspec

from models.value import Rhythm
from streams.detector import Deciding
from streams.detectors._finding import Judgement
from streams.expectation import Expectation
from streams.series import Bucket

ORDERS: Final = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
"""Over how many gaps, the newest ones, events may be too close together."""

WARM: Final = 12
"""Gaps behind those that are looked at before anything is said: thirteen events and more."""

BASE: Final = 60
"""Gaps that the usual rate is read from."""

SIDE: Final = 1e-4
"""Declared chance of news per quiet bucket: that events are too close, that they are too far."""

MOST: Final = 0.05
"""Chance per event that is never exceeded, however rare events are."""

GRAVE: Final = 1e-3
"""By how much less likely than the limit what is critical must be."""

CALM: Final = 3
"""Gaps that took as long as usual end a cluster."""

MANY: Final = ORDERS[-1]
TOGETHER: Final = 3
"""The orders overlap: at a third of the limit each they keep it together, as measured."""


class Past(msgspec.Struct):
    """What is kept of a series: about a hundred numbers."""

    rhythm: Rhythm
    gaps: list[int] = []
    """Buckets from one event to the next, the oldest first; 0 within a bucket."""
    starts: list[int] = []
    """Start of the bucket of each of the newest events, ms."""
    last: int = -1
    """Number of the bucket of the newest event; -1 before the first."""
    scale: float = 1.0
    """The value of a bucket with one event."""
    severity: str = ""
    """Of the cluster that stands; its gaps are no part of ``gaps``."""
    since: int = 0
    count: int = 0
    """Events of the cluster."""
    newest: list[int] = []
    """Its last gaps."""
    free: int = 0
    """Gaps since the last cluster: only these are looked at, so that no event is told twice."""
    told: bool = False
    """The present gap is known to be too long."""


class GChart(Deciding):
    """News where rare events come too close together, or stay away for too long.

    Of events that come by chance at a steady rate, the time r of them take and the time that m
    gaps before took are in a ratio that depends on no rate: S(r) / (S(r) + S(m)) is of the
    distribution Beta(r, m). Too close: the newest 1, 2, 3, 4, 6 … 32 gaps are so short a part that
    its chance is below the limit, ties counted as whole buckets. Too far apart: nothing for so
    long that its chance is, told once a gap. The limit is the same for every series: a chance
    of 1e-4 a bucket on each side, whatever the usual rate.

    Silent for the first twelve gaps, and for what is looked at besides; the usual rate is that
    of the last sixty gaps, without clusters. A cluster is over when three gaps took as long as
    usual, or one gap lasted for a usual one and some whole bucket. For more than a few events
    a bucket the other detectors see more.

    Source: Benneyan 2001, *Number-between g-type statistical quality control charts for
    monitoring adverse events*, and the g- and t-charts of NHS practice; several gaps together
    after Xie, Goh and Ranjan 2002. Limits for an estimated rate are exact for exponential gaps,
    and on the safe side for geometric ones.
    """

    family = "gap"
    quantities = ("rare", "count")
    false_alarm_rate = 2.5e-4
    Memory: ClassVar = Past

    def start(self, rhythm: Rhythm) -> Past:
        """A series without an event."""
        return Past(rhythm)

    def judge(self, bucket: Bucket, memory: Any, objective: float | None) -> Judgement | None:
        """Take in the events of a bucket; whether they are too close, or too far from the last."""
        del objective
        held: Past = memory
        stood = bool(held.severity) or held.told
        if bucket.n > 0:
            self._take(bucket, held)
        if len(held.gaps) < WARM:
            return None
        if held.severity:
            found = self._cluster(bucket, held)
        else:
            found = self._close(held) if bucket.n > 0 else self._far(bucket, held)
        return Judgement(usual=_usual(held)) if found is None and stood else found

    def _take(self, bucket: Bucket, held: Past) -> None:
        """Learn the events of a bucket; more than can be looked at are as many as can."""
        many = min(bucket.n, MANY + 1)
        gaps = [0] * (many - 1)
        if held.last >= 0:
            gaps = [bucket.number - held.last, *gaps]
        held.scale = bucket.value / bucket.n
        held.last, held.told = bucket.number, False
        held.starts = (held.starts + [bucket.start] * many)[-MANY - 1 :]
        if held.severity:
            held.count += bucket.n
            held.newest = (held.newest + gaps)[-CALM:]
        else:
            held.gaps = (held.gaps + gaps)[-BASE - MANY :]
            held.free += len(gaps)

    def _close(self, held: Past) -> Judgement | None:
        """Whether the newest events are too close together; where it began is the least likely."""
        if min((_chance(held, r) for r in ORDERS), default=1.0) >= 1:
            return None
        chance, order = min((_chance(held, r), r) for r in range(1, MANY + 1))
        span, base = sum(held.gaps[-order:]) + 1, held.gaps[:-order][-BASE:]
        held.since = held.starts[-order - 1]
        held.newest, held.count = held.gaps[-order:][-CALM:], order + 1
        del held.gaps[-order:]
        held.severity = "critical" if chance < GRAVE else "warning"
        return _cluster(held, span, order / span * _mean(base), fresh=True)

    def _cluster(self, bucket: Bucket, held: Past) -> Judgement | None:
        """Whether the cluster goes on, and whether it got worse."""
        mean = _mean(held.gaps)
        slow = len(held.newest) == CALM and sum(held.newest) >= CALM * mean
        if slow or bucket.number - held.last > max(mean, 1.0):
            held.severity, held.count, held.newest, held.free = "", 0, [], 0
            return None
        span = max(1, round((bucket.end - held.since) / (bucket.end - bucket.start)))
        many, base = min(held.count - 1, MANY), held.gaps[-BASE:]
        was = held.severity
        if tail(many, len(base), span, sum(base)) * TOGETHER < GRAVE * _limit(base):
            held.severity = "critical"
        return _cluster(held, span, many / span * mean, fresh=was != held.severity)

    def _far(self, bucket: Bucket, held: Past) -> Judgement | None:
        """Whether nothing has come for too long."""
        quiet, base = bucket.number - held.last, held.gaps[-BASE:]
        total, fresh = sum(base), False
        if not held.told:
            held.told = fresh = (total / (total + quiet)) ** len(base) < _limit(base)
        if not held.told:
            return None
        return Judgement(
            usual=_usual(held),
            severity="warning",
            direction="down",
            since=held.starts[-1],
            score=quiet / max(_mean(base), 1e-3),
            fresh=fresh,
            why=f"none for {_many(quiet, held.rhythm)}, {_often(held)}",
        )


def _chance(held: Past, r: int) -> float:
    """The chance that the newest r gaps are so short, over what it may be; 1 where unknown."""
    base = held.gaps[:-r][-BASE:]
    if len(base) < WARM or r > held.free:
        return 1.0
    return tail(r, len(base), sum(held.gaps[-r:]) + 1, sum(base)) * TOGETHER / _limit(base)


def _cluster(held: Past, span: int, ratio: float, *, fresh: bool) -> Judgement:
    return Judgement(
        usual=_usual(held),
        severity="critical" if held.severity == "critical" else "warning",
        direction="up",
        since=held.since,
        score=ratio,
        fresh=fresh,
        why=f"{held.count:,} in {_many(span, held.rhythm)}, {_often(held)}",
    )


def tail(r: int, m: int, took: int, before: int) -> float:
    """The chance that r gaps take so little of the time that they and m gaps before took.

    That of Beta(r, m) up to their part, which for whole numbers is a binomial's upper tail.
    """
    if not before:
        return 1.0
    many, odds = r + m - 1, took / before
    term = comb(many, r) * (took / (took + before)) ** r * (before / (took + before)) ** (m - 1)
    total = 0.0
    for k in range(r, many + 1):
        total += term
        term *= odds * (many - k) / (k + 1)
    return min(total, 1.0)


def _limit(base: list[int]) -> float:
    """The chance that an event may have: a bucket's, over how many buckets have events."""
    return min(SIDE * (1 + _mean(base)), MOST)


def _usual(held: Past) -> Expectation:
    """A bucket at the usual rate; up to ``high`` it would be no news by itself."""
    base = held.gaps[-BASE:]
    many, limit = 1, _limit(base) / TOGETHER
    while many < MANY and tail(many, len(base), 1, sum(base)) >= limit:
        many += 1
    rate = len(base) / max(sum(base), 1)
    return Expectation(held.scale * rate, 0.0, held.scale * many, held.scale)


def _mean(gaps: list[int]) -> float:
    return sum(gaps) / len(gaps)


def _many(buckets: int, rhythm: Rhythm) -> str:
    return f"one {rhythm}" if buckets == 1 else f"{buckets:,} {rhythm}s"


def _often(held: Past) -> str:
    mean = _mean(held.gaps[-BASE:])
    if mean >= 1.5:
        return f"one in {mean:,.0f} {held.rhythm}s is usual"
    return f"{1 / max(mean, 1e-3):,.1f} a {held.rhythm} are usual"

"""One shock of a whole organisation: the services of an agency that fell together.

1. Cases of one agency, of one kind and direction, belong together if the same declared crisis
   covers them; without a crisis, if their onsets lie within 14 days (of months or quarters:
   within one). A service or unit counts once, by the first of its cases. From three services
   on they are a shock of the organisation, with a case file of its own.
2. Its curve is the mean of their Q, weighted by volume (what was expected a day of the demand
   for each service at the onset), or evenly where not all have one. It begins at the earliest
   onset: a service that fell later counts by what it did before. Each goes on until the whole
   is over, also when its own case has ended. Buckets are those of the slowest rhythm; one is
   taken when all services passed it (none is waited for longer than :data:`PATIENCE`) and is
   left out where less than half of the weight is there. From five services on, P10 and P90 of
   the services stand beside it.
3. It is read as every curve is (``resilience``), and recovered only once services that hold
   90 % of the weight have recovered. Curves of different shocks are never averaged: another
   shock of the same services is another file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from math import hypot
from statistics import fmean, median, quantiles
from typing import Any, Final, Literal, NamedTuple
from uuid import uuid5

import msgspec
import numpy as np

from models.calendar import Calendar
from models.shock import OVER, Quality, Shock, ShockKind, ShockState
from models.value import RHYTHMS, Cell, Rhythm
from streams.crisis import NAMESPACE
from streams.curve import Curve
from streams.expectation import Quantity
from streams.look import Key
from streams.resilience import FAR, Point, Resilience, Terms, gained, read
from streams.series import Bucket

DAY_MS: Final = 86_400_000

FEWEST: Final = 3
"""Services below which there is no organisation to speak of."""

FAN: Final = 5
"""Services from which the spread among them is shown."""

MOST_WEIGHT: Final = 0.9
"""Share of the weight that must have recovered."""

LONGEST_MS: Final = 400 * DAY_MS
"""What has not recovered by then ends without a recovery."""

TOGETHER_MS: dict[Rhythm, int] = {
    "hour": 14 * DAY_MS,
    "day": 14 * DAY_MS,
    "week": 14 * DAY_MS,
    "month": 31 * DAY_MS,
    "quarter": 92 * DAY_MS,
}
"""Onsets that lie no further apart began together."""

PATIENCE: dict[Rhythm, int] = {"hour": 24, "day": 7, "week": 2, "month": 1, "quarter": 1}
"""So many buckets behind the newest service, one that brings no news is not waited for."""


class Joining(NamedTuple):
    """What a case brings along; ``volume`` is a day's, None where nobody counted it."""

    case: str
    key: Key
    kind: ShockKind
    declared: str
    onset: int
    volume: float | None
    doubt: float
    quantity: Quantity
    context: bool = False


class Member(Curve, kw_only=True):
    """A service of it, followed by itself from the onset of the whole."""

    case: str
    key: Key
    onset: int
    volume: float | None
    doubt: float
    quantity: Quantity
    context: bool = False
    """No way is better."""
    recovered: int | None = None
    state: str = ""
    until: int = 0
    """End of the last bucket that it saw, ms."""
    left: bool = False
    """What is counted there has changed: it weighs nothing any more."""

    @property
    def rhythm(self) -> Rhythm:
        """Of its series."""
        return RHYTHMS[self.key[1]]

    def take(self, bucket: Bucket) -> None:
        """Take in a bucket."""
        if bucket.start >= self.until and self.see(bucket, self.rhythm, self.quantity):
            self.until = bucket.end


class Organisation(msgspec.Struct, kw_only=True):
    """A file that is still open; before it has :data:`FEWEST` members nothing is told of it."""

    id: str
    kind: ShockKind
    direction: Literal["up", "down"]
    declared: str
    onset: int
    last_onset: int
    members: list[Member] = []
    rhythm: Rhythm | None = None
    """Set when the third service joins."""
    by_volume: bool = False
    next: int = 0
    """Number of the bucket that comes next."""
    points: list[Point] = []
    answered: int | None = None
    over: bool = False
    fresh: bool = False
    """Something has come that its state has not taken in."""
    told: bytes = b""
    transition: int = 0

    def takes(self, one: Joining, direction: str) -> bool:
        """Whether a case belongs to it."""
        if (self.kind, self.direction, self.declared) != (one.kind, direction, one.declared):
            return False
        span = TOGETHER_MS[RHYTHMS[max(one.key[1], *(m.key[1] for m in self.members))]]
        first, last = min(self.onset, one.onset), max(self.last_onset, one.onset)
        return bool(self.declared) or last - first <= span

    def join(self, member: Member, calendar: Calendar) -> list[Member]:
        """Take a service in; those whose buckets since the onset are to be taken in now.

        The third one founds the file; until then nobody is followed.
        """
        self.members.append(member)
        self.last_onset = max(self.last_onset, member.onset)
        if self.rhythm is not None:
            return [member]
        self.onset = min(self.onset, member.onset)
        if len(self.members) < FEWEST:
            return []
        self.rhythm = RHYTHMS[max(m.key[1] for m in self.members)]
        self.by_volume = all(m.volume for m in self.members)
        self.next = _number(calendar, self.rhythm, self.onset)
        return self.members

    def follow(self, member: Member, bucket: Bucket, calendar: Calendar) -> Iterator[Quality]:
        """Take in a bucket of a member, and what the whole gains by it."""
        if self.rhythm is not None:
            member.take(bucket)
            yield from self._advance(calendar, self.rhythm)

    def answer(self, decisions: Sequence[int]) -> None:
        """Look for the first crisis decision between the onset and the end of the curve."""
        if self.points:
            until = self.points[-1].end
            self.answered = min((d for d in decisions if self.onset <= d < until), default=None)

    def weights(self) -> list[float]:
        """The weight of each member."""
        usual = 1.0
        if self.by_volume:
            usual = median(m.volume for m in self.members if m.volume)
        own = [m.volume if self.by_volume else usual for m in self.members]
        return [
            0.0 if member.left else weight or usual
            for member, weight in zip(self.members, own, strict=True)
        ]

    def _advance(self, calendar: Calendar, rhythm: Rhythm) -> Iterator[Quality]:
        """Take the buckets that all services have passed."""
        horizon = self._horizon(calendar, rhythm)
        while (end := calendar.end(rhythm, self.next)) <= horizon:
            start = calendar.start(rhythm, self.next)
            self.next += 1
            weights = self.weights()
            here = [
                (weight, q)
                for member, weight in zip(self.members, weights, strict=True)
                if (q := _mean(member.points, start, end)) is not None
            ]
            for member in self.members:
                member.points = [one for one in member.points if one.end > end]
            present = sum(weight for weight, _ in here)
            if present * 2 < sum(weights) or not present:
                continue
            level = sum(weight * q for weight, q in here) / present
            self.points.append(Point(start, end, level))
            self.fresh = True
            yield Quality(shock=self.id, start=start, end=end, q=level)
            if len(here) >= FAN:
                tenths = quantiles((q for _, q in here), n=10, method="inclusive")
                for name, q in (("p10", tenths[0]), ("p90", tenths[8])):
                    yield Quality(shock=self.id, series=name, start=start, end=end, q=q)

    def _horizon(self, calendar: Calendar, rhythm: Rhythm) -> int:
        ends = [member.until for member in self.members if not member.left]
        newest = _number(calendar, rhythm, max(ends, default=0))
        return max(min(ends, default=0), calendar.start(rhythm, newest - PATIENCE[rhythm]))

    def read(self) -> Resilience:
        """What its curve says; recovered when 90 % of the weight is, and not before."""
        shares = self._shares()
        back = sorted(
            (FAR if member.recovered is None else member.recovered, share)
            for member, share in zip(self.members, shares, strict=True)
        )
        sums = accumulate(share for _, share in back)
        most = MOST_WEIGHT - 1e-9
        earliest = next((at for (at, _), done in zip(back, sums, strict=True) if done >= most), FAR)
        doubt = hypot(*(s * m.doubt for s, m in zip(shares, self.members, strict=True)))
        guarded = all(member.state != "degraded" for member in self.members)
        rhythm = self.rhythm or "day"
        terms = Terms(
            rhythm,
            guarded=guarded,
            doubt=doubt,
            seed=self.id,
            earliest=earliest,
            context=self.direction if self.context else "",
            level=self.members[0].quantity == "level",
        )
        found = read(self.points, terms)
        late = self.points[-1].end - self.onset > LONGEST_MS and found.recovered is None
        lost = all(m.state in OVER for m in self.members) and earliest == FAR
        ended: ShockState = "over" if self.context else "degraded"
        return found._replace(state=ended) if late or lost else found

    @property
    def context(self) -> bool:
        """Whether no way is better for any of its members."""
        return all(member.context for member in self.members)

    def _shares(self) -> list[float]:
        weights = self.weights()
        return [weight / (sum(weights) or 1.0) for weight in weights]

    def tell(self, agency: str) -> Shock | None:
        """Its new state, or None where nothing changed but the loss."""
        if not self.points:
            self.over = all(member.left or member.state in OVER for member in self.members)
        if not self.points or not self.fresh:
            return None
        self.fresh = False
        found, members = self.read(), self._members()
        self.over = found.state in OVER
        course = (found.state, round(found.depth, 6), found.trough, found.absorbed)
        more = (found.adapted, found.recovered, self.declared, self.answered)
        now = msgspec.msgpack.encode((course, more, members))
        if now == self.told:
            return None
        shock = Shock(
            id=self.id,
            agency=agency,
            indicator="",
            cell=Cell(),
            kind="organisation",
            direction=self.direction,
            state=found.state,
            onset=self.onset,
            trough=found.trough,
            depth=found.depth,
            absorbed=found.absorbed,
            adapted=found.adapted,
            recovered=found.recovered,
            loss_service_days=found.loss_days,
            declared=self.declared,
            evidence=self._evidence()
            | {"members": members}
            | gained(found.gain, context=self.context),
            updated=self.points[-1].end,
            transition=self.transition,
        )
        self.told = now
        self.transition += 1
        return shock

    def _evidence(self) -> dict[str, Any]:
        shares = zip(self.members, self._shares(), strict=True)
        back = sum(share for member, share in shares if member.recovered is not None)
        return {
            "of": self.kind,
            "rhythm": self.rhythm,
            "quantity": self.members[0].quantity,
            "buckets": len(self.points),
            "weighted_by": "volume" if self.by_volume else "none",
            "recovered_weight": round(back, 4),
            "answered": self.answered,
        }

    def _members(self) -> list[dict[str, Any]]:
        return [
            {
                "case": member.case,
                "indicator": member.key[0],
                "unit": member.key[2].unit,
                "service": member.key[2].service,
                "weight": round(share, 4),
                "onset": member.onset,
                "recovered": member.recovered,
                "state": member.state,
            }
            for member, share in zip(self.members, self._shares(), strict=True)
        ]


class Organisations:
    """The shocks of one organisation, and those that may become one."""

    def __init__(self, agency: str, calendar: Calendar) -> None:
        self.agency = agency
        self.calendar = calendar
        self.open: list[Organisation] = []

    def join(self, one: Joining, curve: Curve) -> list[tuple[Organisation, Member]]:
        """Put a case where it belongs, unless its service is there already.

        Those members are given whose buckets since the onset are to be taken in now.
        """
        place = (one.key[2].unit, one.key[2].service)
        member = Member(
            direction=curve.direction,
            frozen=dict(curve.frozen),
            weigh=curve.weigh,
            case=one.case,
            key=one.key,
            onset=one.onset,
            volume=one.volume,
            doubt=one.doubt,
            quantity=one.quantity,
            context=one.context,
        )
        mine = next((o for o in self.open if o.takes(one, curve.direction)), None)
        if mine is None:
            mine = Organisation(
                id=str(uuid5(NAMESPACE, f"organisation {one.case}")),
                kind=one.kind,
                direction=curve.direction,
                declared=one.declared,
                onset=one.onset,
                last_onset=one.onset,
            )
            self.open.append(mine)
        elif place in {(m.key[2].unit, m.key[2].service) for m in mine.members}:
            return []
        return [(mine, one) for one in mine.join(member, self.calendar)]

    def attach(self, crisis: str, cases: Iterable[str]) -> None:
        """A crisis was declared that covers these cases, which are open already."""
        under = set(cases)
        for one in self.open:
            if not one.declared and all(member.case in under for member in one.members):
                one.declared = crisis


def _number(calendar: Calendar, rhythm: Rhythm, at: int) -> int:
    return int(calendar.bucket(rhythm, np.array([at], np.int64))[0])


def _mean(points: list[Point], start: int, end: int) -> float | None:
    """Mean Q of a member in a bucket; None where it has none there."""
    inside = [one.q for one in points if one.start < end and one.end > start]
    return fmean(inside) if inside else None

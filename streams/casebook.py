"""The casebook: the open case files of one agency, and what was declared there."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean
from uuid import uuid5

import msgspec

from models.calendar import Calendar
from models.shock import Quality, Shock
from models.value import RHYTHMS, Rhythm, Value
from streams.beside import Beside, Known, Nature, beside
from streams.crisis import BEFORE_MS, NAMESPACE, READINESS, Crises, Crisis
from streams.curve import Curve, behind, buckets, noise
from streams.expectation import Past, doubt, frozen
from streams.gauge import DAYS
from streams.indicator import Indicator
from streams.look import Key, Look
from streams.organisation import Joining, Member, Organisation, Organisations
from streams.series import Episode, Series
from streams.shock import KINDS, About, Case

WORKING_DAYS = 21 / 30.44
"""Of a calendar day."""


class Casebook:
    """Follows every shock of an agency from its onset to its outcome."""

    def __init__(self, agency: str, calendar: Calendar, series: dict[Key, Series]) -> None:
        self.agency = agency
        self.calendar = calendar
        self.series = series
        """Those of the whole agency: a case looks at the other side of its service."""
        self.cases: dict[Key, list[Case]] = {}
        self.crises = Crises(agency)
        self.organisations = Organisations(agency, calendar)
        self.natures: dict[str, Nature] = {}
        self._curve: list[Quality] = []
        self._beside: dict[Key, list[tuple[Case, Beside]]] = {}
        self._members: dict[Key, list[tuple[Organisation, Member]]] = {}

    def curve(self) -> list[Quality]:
        """The points that cases have gained since this was last asked, each told once."""
        told, self._curve = self._curve, []
        return told

    # --- what is declared -------------------------------------------------------------------

    def decided(self, at: int) -> None:
        """Take in a crisis decision."""
        self.crises.decided(at)

    def declare(self, crisis: Crisis) -> bool:
        """Take in a declared crisis; the first declaration of an id stands. Says if it is new.

        Cases that are open already come under it if they began no more than 14 days before.
        """
        if not self.crises.declare(crisis):
            return False
        for key, cases in self.cases.items():
            for case in cases:
                if case.onset >= crisis.start - BEFORE_MS:
                    # It is still open, so it lasts at least until the crisis begins.
                    until = max(case.points[-1].end, crisis.start + 1)
                    self._put_under(case, [crisis], key, until)
        self.organisations.attach(crisis.id, crisis.cases)
        return True

    def close(self, crisis: str, at: int) -> Crisis | None:
        """A declared crisis is over; what is no end is noted by it (see ``crisis``)."""
        return self.crises.close(crisis, at)

    def ready(self, value: Value) -> None:
        """Take in how ready for remote work a unit or the whole agency is."""
        if value.indicator == READINESS and self.crises.known and value.status == "ok":
            self.crises.ready(value)

    def news(self) -> Iterator[Shock]:
        """New states of declared crises."""
        return self.crises.news()

    def _put_under(self, case: Case, crises: list[Crisis], key: Key, until: int) -> None:
        covering = [c.id for c in crises if c.covers(key[2], case.onset, until)]
        for one in covering:
            self.crises.under(one, case.id, until)
        case.crises = sorted({*case.crises, *covering})
        case.declared = min(case.crises, default="")

    # --- buckets ----------------------------------------------------------------------------

    def look(self, look: Look, *, levels: bool, guarded: bool) -> Iterator[Shock]:
        """Take a closed bucket into the cases of its series, and open one where it is due.

        ``levels`` says that the alert ended because the new level stays; ``guarded`` that no
        guard is worse. The bucket stands in the series already if an alert is open.
        """
        key = look.key
        if key[0] not in self.natures:
            indicator = look.indicator
            self.natures[key[0]] = Nature(indicator.direction, indicator.quantity)
        if look.bucket.end >= self.crises.due:
            self.crises.passed(look.bucket.end)
            yield from self.crises.news()
        if key in self.cases or look.series.episode is not None:
            yield from self._own(look, key, levels=levels, guarded=guarded)
            yield from self.crises.news()
        if key in self._beside:
            yield from self._other(look, key)
        if key in self._members:
            yield from self._whole(look, key)

    def _own(self, look: Look, key: Key, *, levels: bool, guarded: bool) -> Iterator[Shock]:
        """The cases of this very series."""
        indicator, series, bucket, value = look
        mine = self.cases.get(key, [])
        about = self._about(indicator, value)
        known = {case.id: len(case.points) for case in mine}
        for case in mine:
            case.see(bucket, about.rhythm, about.quantity)
            case.level |= levels and not case.recovers
            case.answer(self.crises.decisions)
        episode = series.episode
        # All but the newest case have left what comes to it.
        free = episode is not None and all(
            case.yields(episode.since, bucket.end) for case in mine[-1:]
        )
        if episode is not None and not episode.shock:
            if free:
                mine = [*mine, *self._opened(look, episode, about, mine)]
            else:
                # What began before a shock was over belongs to it, also once it is.
                episode.shock = True
        still = []
        for case in mine:
            new_points = case.points[known.get(case.id, 0) :]
            self._curve += [Quality(shock=case.id, **point._asdict()) for point in new_points]
            found = case.read(guarded=guarded)
            told = case.tell(found)
            if told is not None:
                yield told
            self._note(key, case.id, told)
            if not case.over(found):
                still.append(case)
        if [case.id for case in still] != list(known):
            self._keep(key, still)

    def _opened(self, look: Look, episode: Episode, about: About, mine: list[Case]) -> list[Case]:
        """The case that an alert becomes, if it does; it and the others name each other."""
        new = self._open(look, episode, about)
        if new is None:
            return []
        episode.shock = True
        for other in mine:
            other.others.append(new.id)
            other.leave(new.onset)
            new.others.append(other.id)
        return [new]

    def _other(self, look: Look, key: Key) -> Iterator[Shock]:
        """Cases of the other side of this service, beside which this series runs."""
        for case, one in self._beside[key]:
            point = one.see(look.bucket, look.value.rhythm, one.quantity)
            if point is not None:
                name = one.indicator
                self._curve.append(Quality(shock=case.id, series=name, **point._asdict()))
                # Guards matter only to how a case ends, and none that is open has ended.
                told = case.tell(case.read(guarded=True))
                if told is not None:
                    yield told

    def _whole(self, look: Look, key: Key) -> Iterator[Shock]:
        """Shocks of the organisation of which this series is a part."""
        ended = False
        for one, member in self._members[key]:
            self._curve += one.follow(member, look.bucket, self.calendar)
            one.answer(self.crises.decisions)
            told = one.tell(self.agency)
            if told is not None:
                yield told
            if one.over:
                self.organisations.open.remove(one)
                ended = True
        if ended:
            self._index()

    def drop(self, key: Key) -> Iterator[Shock]:
        """What is counted has changed: the curves of this series can be followed no further."""
        for case in self.cases.get(key, []):
            case.broken = True
            told = case.tell(case.read(guarded=True))
            if told is not None:
                yield told
        for _, member in self._members.get(key, []):
            member.left = True
        for _, one in self._beside.get(key, []):
            one.frozen = {}
        if key in self.cases:
            self._keep(key, [])

    # --- opening ----------------------------------------------------------------------------

    def _about(self, indicator: Indicator, value: Value) -> About:
        kind = "demand" if value.indicator == "demand" else KINDS[indicator.pillar]
        return About(
            self.agency,
            value.indicator,
            kind,
            value.cell,
            indicator.quantity,
            value.rhythm,
            indicator.direction == "context",
        )

    def _open(self, look: Look, episode: Episode, about: About) -> Case | None:
        """A case from an alert that stands at this bucket, if it is a shock."""
        series, rhythm, since = look.series, about.rhythm, episode.since
        before = behind(series, self.calendar, rhythm, since).start
        past = Past.of(series, rhythm, before)
        case = Case(
            id=str(uuid5(NAMESPACE, f"shock {self.agency} {look.name} {since}")),
            about=about,
            onset=since,
            direction="up" if episode.direction == "up" else "down",
            frozen=frozen(past),
            weigh=past.weigh,
        )
        for one in buckets(series, self.calendar, rhythm, since):
            case.see(one, rhythm, about.quantity)
        crises, until = self.crises.known.values(), look.bucket.end
        covered = [one for one in crises if one.covers(about.cell, since, until)]
        if not case.points or not (covered or case.is_deep()):
            return None
        self._put_under(case, covered, look.key, until)
        case.yields(since, until)
        case.noise = noise(series, case, rhythm, before)
        case.doubt = doubt(past, about.quantity)
        case.answer(self.crises.decisions)
        known = Known(self.series, self.natures, self.calendar)
        for other in beside(about.kind, look.key, since, known):
            case.beside.append(other)
            self._curve += [
                Quality(shock=case.id, series=other.indicator, **point._asdict())
                for point in other.points
            ]
        self._join(case, look.key)
        return case

    def _join(self, case: Case, key: Key) -> None:
        """Put a new case among those that fell with it, followed from their common onset."""
        about = case.about
        one = Joining(
            case=case.id,
            key=key,
            kind=about.kind,
            declared=case.declared,
            onset=case.onset,
            volume=_volume(case),
            doubt=case.doubt,
            quantity=about.quantity,
            context=about.context,
        )
        joined = self.organisations.join(one, case)
        for whole, member in joined:
            series, rhythm = self.series[member.key], member.rhythm
            for bucket in buckets(series, self.calendar, rhythm, whole.onset):
                member.take(bucket)
        self._index()

    def _note(self, key: Key, case: str, told: Shock | None) -> None:
        """Let the organisation know how one of its cases stands."""
        if told is None:
            return
        for whole, member in self._members.get(key, []):
            if member.case == case:
                member.recovered, member.state = told.recovered, told.state
                whole.fresh = True

    # --- keeping ----------------------------------------------------------------------------

    def _keep(self, key: Key, cases: list[Case]) -> None:
        if cases:
            self.cases[key] = cases
        else:
            self.cases.pop(key, None)
        self._index()

    def _index(self) -> None:
        """Find out anew who follows which series."""
        self._beside, self._members = {}, {}
        for key, cases in self.cases.items():
            for case in cases:
                for one in case.beside:
                    other = (one.indicator, one.line, key[2])
                    self._beside.setdefault(other, []).append((case, one))
        for whole in self.organisations.open:
            for member in whole.members:
                self._members.setdefault(member.key, []).append((whole, member))

    def dump(self) -> bytes:
        """All of it, as bytes."""
        crises = (self.crises.known, self.crises.decisions)
        held = (list(self.cases.items()), crises, self.organisations.open, self.natures)
        return msgspec.msgpack.encode(held)

    def load(self, body: bytes) -> None:
        """What :meth:`dump` gave."""
        shape = tuple[
            list[tuple[Key, list[Case]]],
            tuple[dict[str, Crisis], list[int]],
            list[Organisation],
            dict[str, Nature],
        ]
        cases, crises, open_, natures = msgspec.msgpack.decode(body, type=shape)
        self.cases, self.natures = dict(cases), natures
        self.crises.known, self.crises.decisions = crises
        self.crises.wait()
        self.organisations.open = open_
        self._index()


def _volume(case: Case) -> float | None:
    """How much was expected of a service's demand in a day at the onset."""
    curves: list[tuple[Curve, Rhythm]] = [
        (one, RHYTHMS[one.line]) for one in case.beside if one.indicator == "demand"
    ]
    if case.about.kind == "demand":
        curves = [(case, case.about.rhythm)]
    for curve, rhythm in curves:
        expected = fmean(curve.frozen.values())
        return expected * WORKING_DAYS if curve.weigh.working else expected / DAYS[rhythm]
    return None

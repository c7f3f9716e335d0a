"""The casebook: the open case files of one agency, and what was declared there."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid5

import msgspec
import numpy as np

from models.calendar import Calendar
from models.shock import Quality, Shock
from models.value import Rhythm, Value
from streams.expectation import Quantity, by_working_day, doubt, frozen
from streams.indicator import Indicator
from streams.look import Key, Look
from streams.series import CLOSED, Bucket, Episode, Series
from streams.shock import KINDS, LONGEST_MS, About, Case, Crisis

NAMESPACE = UUID("7c8e43a5-52c1-4d0c-8ac1-5b5a0a0e6c7e")
"""Of the ids of shocks, so that a replay gives the same."""


class Casebook:
    """Follows every shock of an agency from its onset to its outcome."""

    def __init__(self, agency: str, calendar: Calendar) -> None:
        self.agency = agency
        self.calendar = calendar
        self.cases: dict[Key, list[Case]] = {}
        self.crises: dict[str, Crisis] = {}
        self.decisions: list[int] = []
        """When crisis decisions were made, ms, as they were told."""
        self._curve: list[Quality] = []

    def curve(self) -> list[Quality]:
        """The points that cases have gained since this was last asked, each told once."""
        told, self._curve = self._curve, []
        return told

    def decided(self, at: int) -> None:
        """Take in a crisis decision."""
        self.decisions = [one for one in self.decisions if one > at - LONGEST_MS] + [at]

    def declare(self, crisis: Crisis) -> bool:
        """Take in a declared crisis; the first declaration of an id stands. Says if it is new."""
        return self.crises.setdefault(crisis.id, crisis) is crisis

    def close(self, crisis: str, at: int) -> Crisis | None:
        """A declared crisis is over; an end before its beginning is none, nor is a second one."""
        known = self.crises.get(crisis)
        if known is None or known.end is not None or at < known.start:
            return None
        known.end = at
        return known

    def look(self, look: Look, *, levels: bool, guarded: bool) -> Iterator[Shock]:
        """Take a closed bucket into the cases of its series, and open one where it is due.

        ``levels`` says that the alert ended because the new level stays; ``guarded`` that no
        guard is worse. The bucket stands in the series already if an alert is open.
        """
        indicator, series, bucket, value = look
        mine = self.cases.get(look.key, [])
        if not mine and series.episode is None:
            return
        about = self._about(indicator, value)
        known = {case.id: len(case.points) for case in mine}
        for case in mine:
            case.see(bucket, about)
            case.level |= levels and not case.recovers(about)
            case.answer(self.decisions)
        episode = series.episode
        fresh = episode is not None and not episode.shock
        if episode is not None and fresh and all(case.recovers(about) for case in mine):
            new = self._case(look, episode, about)
            if new is not None:
                episode.shock = True
                for other in mine:
                    other.others.append(new.id)
                    new.others.append(other.id)
                new.answer(self.decisions)
                mine = [*mine, new]
        still = []
        for case in mine:
            new_points = case.points[known.get(case.id, 0) :]
            self._curve += [Quality(shock=case.id, **point._asdict()) for point in new_points]
            found = case.read(about, guarded=guarded)
            told = case.tell(about, found)
            if told is not None:
                yield told
            if not case.over(found):
                still.append(case)
        if still:
            self.cases[look.key] = still
        else:
            self.cases.pop(look.key, None)

    def drop(self, key: Key) -> None:
        """What is counted has changed: the cases of this series can be followed no further."""
        self.cases.pop(key, None)

    def _about(self, indicator: Indicator, value: Value) -> About:
        quantity: Quantity = indicator.detect or "count"
        kind = "demand" if value.indicator == "demand" else KINDS[indicator.pillar]
        return About(self.agency, value.indicator, kind, value.cell, quantity, value.rhythm)

    def _case(self, look: Look, episode: Episode, about: About) -> Case | None:
        """A case from an alert that stands at this bucket, if it is a shock."""
        series = look.series
        first = np.array([episode.since], np.int64)
        number = int(self.calendar.bucket(about.rhythm, first)[0])
        places = series.between(number, series.last)
        history = [
            self._bucket(series, about.rhythm, one, place)
            for one, place in zip(series.numbers(places), places, strict=True)
            if series.slots[place] != CLOSED & 0xFF
        ]
        case = Case(
            id=str(uuid5(NAMESPACE, f"shock {self.agency} {look.name} {episode.since}")),
            onset=episode.since,
            direction="up" if episode.direction == "up" else "down",
            frozen=frozen(series, about.rhythm, places.start),
            working=by_working_day(series, places.start),
        )
        for one in history:
            case.see(one, about)
        since, until = episode.since, look.bucket.end
        covering = [c.id for c in self.crises.values() if c.covers(about.cell, since, until)]
        case.declared = min(covering, default="")
        if not case.points or not (case.declared or case.is_deep()):
            return None
        case.doubt = doubt(series, about.rhythm, about.quantity, places.start)
        return case

    def _bucket(self, series: Series, rhythm: Rhythm, number: int, place: int) -> Bucket:
        """A bucket of the history, with as many working days as it was judged by."""
        bucket = Bucket.of(self.calendar, rhythm, number, series.value(place))
        if not series.days:
            return bucket
        return msgspec.structs.replace(bucket, days=series.days[place])

    def dump(self) -> bytes:
        """All of it, as bytes."""
        return msgspec.msgpack.encode((list(self.cases.items()), self.crises, self.decisions))

    def load(self, body: bytes) -> None:
        """What :meth:`dump` gave."""
        shape = tuple[list[tuple[Key, list[Case]]], dict[str, Crisis], list[int]]
        cases, self.crises, self.decisions = msgspec.msgpack.decode(body, type=shape)
        self.cases = dict(cases)

"""Facts: what a batch of arrivals says about items, as columns, by what it does to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import repeat
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
import xxhash
from numpy.typing import NDArray

from models.calendar import Calendar
from models.value import RHYTHMS
from streams.arrivals import TYPES, Arrivals, milliseconds
from streams.items import NEVER, Bands, Facts
from streams.kinds import ABSENT, ACTS, KINDS, MILLI, Act

I64 = NDArray[np.int64]


class Prepared(NamedTuple):
    """One act on one kind of item; ``rows`` are event numbers, rising."""

    act: Act
    rows: I64
    facts: Facts
    times: I64

    def between(self, start: int, stop: int) -> Prepared | None:
        """The part said by events start … stop - 1."""
        low, high = np.searchsorted(self.rows, (start, stop)).tolist()
        if low == high:
            return None
        if low == 0 and high == len(self.rows):
            return self
        part = slice(low, high)
        columns = {name: column[part] for name, column in self.facts.columns.items()}
        facts = Facts(
            self.facts.keys[part], self.act.step, self.act.rank, columns, self.facts.bands[part]
        )
        return Prepared(self.act, self.rows[part], facts, self.times[part])


def prepare(
    arrivals: Arrivals, kinds: set[str], place: Callable[[str, str, str], int], standards: Standards
) -> Iterator[Prepared]:
    """Every act of every type on the kinds that somebody reads, best rank first."""
    for code in np.unique(arrivals.types).tolist():
        rows = np.flatnonzero(arrivals.types == code)
        for act in ACTS.get(TYPES[code], ()):
            if act.kind in kinds:
                yield _act(act, arrivals, rows, place, standards)


Standards = Callable[[str], int | None]
"""Of a service: how many ms after opening a request is due, if it has a standard."""


def _act(
    act: Act,
    arrivals: Arrivals,
    rows: I64,
    place: Callable[[str, str, str], int],
    standards: Standards,
) -> Prepared:
    events = arrivals.events
    data = [events[i].data for i in rows.tolist()]
    names: list[str]
    if act.field:
        names = list(map(attrgetter(act.field), data))
    else:
        named = [act.keys(one) for one in data]
        again = np.repeat(np.arange(len(rows)), [len(some) for some in named])
        rows, data = rows[again], [data[i] for i in again.tolist()]
        names = [name for some in named for name in some]
    digest = xxhash.xxh3_64_intdigest
    keys = [digest(name) for name in map(str.encode, names)]
    times = arrivals.times[rows]
    columns = {
        "known": times,
        "stamp": arrivals.stamps[rows],
        "place": _places(act, data, place),
    }
    if act.step:
        columns["at"] = _moments(act, data, times)
    _add_marks(act, data, columns, standards)
    for name in KINDS[act.kind].names:
        columns[name] = _hashes(map(attrgetter(name), data))
    bands = _add_counts(act, data, columns)
    return Prepared(act, rows, Facts(keys, act.step, act.rank, columns, bands), times)


def _places(act: Act, data: list[Any], place: Callable[[str, str, str], int]) -> I64:
    """Codes of (unit, service, stratum); a dimension that a type does not have is ""."""
    if not data:
        return np.zeros(0, np.int64)
    if "custom" in data[0].__struct_fields__:
        data = [one if one.custom is None else one.custom for one in data]
        return np.array([place(*_place(one, act.stratum)) for one in data], np.int64)
    have = data[0].__struct_fields__
    columns = [
        map(attrgetter(name), data) if name in have else repeat("")
        for name in ("unit", "service", act.stratum)
    ]
    named = list(zip(*columns, strict=False))
    codes = {key: place(*key) for key in dict.fromkeys(named)}
    return np.array([codes[key] for key in named], np.int64)


def _place(one: Any, stratum: str) -> tuple[str, ...]:
    return tuple(getattr(one, name, "") if name else "" for name in ("unit", "service", stratum))


def _moments(act: Act, data: list[Any], times: I64) -> I64:
    if act.at is None:
        return times
    told = [act.at(one) for one in data]
    return np.array(
        [
            t if moment is None else _ms(moment)
            for t, moment in zip(times.tolist(), told, strict=True)
        ],
        np.int64,
    )


def _add_marks(act: Act, data: list[Any], columns: dict[str, I64], standards: Standards) -> None:
    for mark in KINDS[act.kind].marks:
        if not data or mark not in data[0].__struct_fields__:
            continue
        given = list(map(attrgetter(mark), data))
        columns[mark] = _optional(given)
        if mark == "due" and act.kind == "request":
            for row in np.flatnonzero(columns[mark] == NEVER).tolist():
                allowed = standards(data[row].service)
                if allowed is not None:
                    columns[mark][row] = columns["at"][row] + allowed


def _hashes(names: Iterable[str]) -> I64:
    """Names as numbers below :data:`NEVER`, by which alike ones are found."""
    return np.array([xxhash.xxh3_64_intdigest(name.encode()) >> 2 for name in names], np.int64)


def _optional(given: list[datetime | None]) -> I64:
    """Moments as ms; NEVER where there is none."""
    some = [moment for moment in given if moment is not None]
    if len(some) == len(given):
        return milliseconds(some, len(some))
    column = np.full(len(given), NEVER, np.int64)
    column[[moment is not None for moment in given]] = milliseconds(some, len(some))
    return column


def _add_counts(act: Act, data: list[Any], columns: dict[str, I64]) -> list[Bands]:
    kind = KINDS[act.kind]
    if kind.steps:
        return []
    columns["start"] = milliseconds(map(attrgetter("start"), data), len(data))
    columns["end"] = milliseconds(map(attrgetter("end"), data), len(data))
    lengths = zip(columns["start"].tolist(), columns["end"].tolist(), strict=True)
    columns["rhythm"] = np.array(
        [RHYTHMS.index(Calendar.rhythm_of(start, end)) for start, end in lengths], np.int64
    )
    for name in kind.counts:
        columns[name] = np.array([_whole(getattr(one, name)) for one in data], np.int64)
    if not kind.bands:
        return []
    return [
        tuple(
            (b.at_least_s, ABSENT if b.below_s is None else b.below_s, b.count) for b in one.bands
        )
        for one in data
    ]


def _whole(number: float | None) -> int:
    if number is None:
        return ABSENT
    return number if isinstance(number, int) else round(number * MILLI)


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)

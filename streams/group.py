"""Stage two: groups of agencies, from the summaries of their closed buckets.

The same rules again, one level up: a bucket of a group closes when every agency that takes
part, and is not silent, has closed it; parts are merged, never averaged; a summary that comes
again replaces the one before, and restates the group's value if that was given already.

An agency takes part in a bucket if it had begun by then: so one that joins later changes
nothing about the years before, and in the end every bucket shows the same, whichever agency
was heard first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
import numpy as np
import zstandard

from models.calendar import Calendar
from models.mark import Mark
from models.settings import Settings
from models.value import GROUP, RHYTHMS, Cell, Rhythm, Value
from streams.gauge import Measured
from streams.indicator import Indicator
from streams.judge import Frame, values
from streams.marks import composition_mark
from streams.roster import NEW, Plain, Report, Roster
from streams.summary import Hush, Summary

HOT = 16
"""Buckets of a line whose summaries are at hand; older ones lie packed until one comes late."""

DAY_MS = 86_400_000

PATIENCE_DAYS = 100
"""An agency this far behind the newest is not waited for; what it brings later restates.

One that has stopped reporting would hold the group back for ever. A quarter, and some days.
"""


class Line:
    """One indicator of one group in one rhythm."""

    def __init__(self) -> None:
        self.buckets: dict[int, dict[tuple[str, Cell], Summary]] = {}
        self.packed: dict[int, bytes] = {}
        self.first: dict[str, int] = {}
        """The bucket in which each agency began."""
        self.reached: dict[str, int] = {}
        self.closed: int | None = None
        self.roster = Roster()
        """Which agencies reported, bucket by bucket."""
        self.forgotten: int | None = None
        """Last bucket whose summaries are gone: its value stands as it is."""

    def __contains__(self, number: int) -> bool:
        return number in self.buckets or number in self.packed

    def take_in(self, one: Summary) -> bool:
        """Remember a summary in place of the one that its agency gave before.

        Says whether the agency is new to the bucket, which then covers more in every cell.
        """
        bucket = self.bucket(one.number)
        joins = all(agency != one.agency for agency, _ in bucket)
        bucket[one.agency, one.cell] = one
        self.first[one.agency] = min(self.first.get(one.agency, one.number), one.number)
        return joins

    def bucket(self, number: int) -> dict[tuple[str, Cell], Summary]:
        """The summaries of a bucket, unpacked where they lay packed."""
        if number not in self.buckets:
            body = self.packed.pop(number, None)
            some = [] if body is None else _UNPACK.decode(zstandard.decompress(body))
            self.buckets[number] = {(one.agency, one.cell): one for one in some}
        return self.buckets[number]

    def pack(self) -> None:
        """Pack what is no longer at hand."""
        for number in sorted(self.buckets)[: max(len(self.buckets) - HOT, 0)]:
            some = list(self.buckets.pop(number).values())
            self.packed[number] = _pack(some)

    def forget(self, horizon: int) -> None:
        """Forget closed buckets up to ``horizon``."""
        horizon = min(horizon, self.closed if self.closed is not None else horizon)
        for number in [*self.packed, *self.buckets]:
            if number <= horizon:
                self.packed.pop(number, None)
                self.buckets.pop(number, None)
                self.forgotten = max(number, number if self.forgotten is None else self.forgotten)


def _pack(some: list[Summary]) -> bytes:
    return zstandard.ZstdCompressor(level=1).compress(msgspec.msgpack.encode(some))


_UNPACK = msgspec.msgpack.Decoder(list[Summary])


class Groups:
    """The state of stage two.

    It forgets what lies behind retention, unless somebody else says when (``forgets`` is false).
    """

    def __init__(
        self, settings: Settings, catalogue: dict[str, Indicator], *, forgets: bool = True
    ) -> None:
        self.settings = settings
        self.catalogue = catalogue
        self.forgets = forgets
        organisation = settings.organisation
        self.calendar = Calendar(organisation.timezone, organisation.holidays)
        self.lines: dict[tuple[str, str, int], Line] = {}
        self.silent: set[tuple[str, str]] = set()
        self._marks: list[Mark] = []

    def marks(self) -> list[Mark]:
        """Agencies that joined or left since this was last asked, as marks on their groups."""
        told, self._marks = self._marks, []
        return told

    def apply(self, news: Iterable[Summary | Hush]) -> tuple[list[Value], list[Value]]:
        """Take in news, in order; gives first values and values given anew."""
        made: list[Value] = []
        restated: list[Value] = []
        for one in news:
            if isinstance(one, Hush):
                made += self._hush(one)
                continue
            if one.indicator not in self.catalogue:
                continue
            key = (self.settings.agency(one.agency).group, one.indicator, one.line)
            line = self.lines.setdefault(key, Line())
            if line.forgotten is not None and one.number <= line.forgotten:
                # Its other members are gone: what they said may not be replaced by a part.
                continue
            began = line.first.get(one.agency)
            joins = line.take_in(one)
            if line.closed is not None and one.number <= line.closed:
                only = None if joins else one.cell
                restated += self._read(key, line, one.number, one.recorded, only)
                if began is None or one.number < began:
                    through = line.closed if began is None else min(line.closed, began - 1)
                    restated += self._lacking(key, line, one, through)
            if one.last:
                made += self._advance(key, line, one)
        return made, restated

    def _hush(self, one: Hush) -> Iterator[Value]:
        """Whoever falls silent is not waited for: what waited for it alone closes."""
        place = (one.agency, one.indicator)
        (self.silent.add if one.silent else self.silent.discard)(place)
        for key, line in self.lines.items():
            if one.silent and key[1] == one.indicator and one.agency in line.reached:
                yield from self._close(key, line, max(line.reached.values()))

    def _advance(self, key: tuple[str, str, int], line: Line, one: Summary) -> Iterator[Value]:
        line.reached[one.agency] = max(line.reached.get(one.agency, one.number), one.number)
        yield from self._close(key, line, one.number, one.recorded)

    def _close(
        self, key: tuple[str, str, int], line: Line, alone: int, recorded: int = 0
    ) -> Iterator[Value]:
        """Close what all have closed who are waited for; up to ``alone`` where nobody is."""
        newest = max(line.reached.values())
        late = self._at(RHYTHMS[key[2]], newest, PATIENCE_DAYS)
        live = [
            number
            for agency, number in line.reached.items()
            if number >= late and (agency, key[1]) not in self.silent
        ]
        through = min(live, default=alone)
        first = min(line.first.values()) if line.closed is None else line.closed + 1
        for number in range(first, through + 1):
            line.closed = number
            if number in line:
                self._marks += self._members(key, line, number)
                at = recorded or max(one.recorded for one in line.bucket(number).values())
                yield from self._read(key, line, number, at)
        if len(line.buckets) > 2 * HOT:
            line.pack()
            if self.forgets:
                line.forget(self.horizon(key, newest))

    def horizon(self, key: tuple[str, str, int], newest: int) -> int:
        """The last bucket that lies behind retention, seen from the newest one of a line."""
        return self._at(RHYTHMS[key[2]], newest, self.settings.retention.days) - 1

    def _lacking(
        self, key: tuple[str, str, int], line: Line, one: Summary, through: int
    ) -> Iterator[Value]:
        """Closed buckets in which an agency is missed from now on, as it turns out to have begun."""
        for number in range(one.number + 1, through + 1):
            if number in line and all(agency != one.agency for agency, _ in line.bucket(number)):
                yield from self._read(key, line, number, one.recorded)

    def _members(self, key: tuple[str, str, int], line: Line, number: int) -> Iterator[Mark]:
        """Who joined or left a group by a bucket that closes.

        An agency whose history was loaded later has joined when its own history begins.
        """
        group, indicator, code = key
        rhythm = RHYTHMS[code]
        whole = [one for (_, cell), one in line.bucket(number).items() if cell == Cell()]
        here = {Cell(unit=one.agency): Report([1]) for one in whole if one.parts is not None}
        news = line.roster.see(number, here, rhythm)
        early = min(line.first.values()) + NEW[rhythm]
        joined = [(one.cell.unit, line.first[one.cell.unit]) for one in news.joined]
        left = [(one.cell.unit, one.since) for one in news.left]
        sides = {"joined": [one for one in joined if one[1] >= early], "left": left}
        for side, told in sides.items():
            for since in sorted({at for _, at in told}):
                evidence = {
                    "rhythm": rhythm,
                    side: sorted(name for name, at in told if at == since),
                    "seen": self.calendar.end(rhythm, number),
                }
                start = self.calendar.start(rhythm, since)
                yield composition_mark(GROUP + group, indicator, Cell(), start, evidence)

    def _at(self, rhythm: Rhythm, newest: int, days: int) -> int:
        """The bucket so many days before the end of the newest."""
        at = self.calendar.end(rhythm, newest) - days * DAY_MS
        return int(self.calendar.bucket(rhythm, np.array([at], np.int64))[0])

    def _read(
        self,
        key: tuple[str, str, int],
        line: Line,
        number: int,
        recorded: int,
        only: Cell | None = None,
    ) -> Iterator[Value]:
        group, name, code = key
        indicator = self.catalogue[name]
        by_cell: dict[Cell, list[Summary]] = {}
        for (_, cell), summary in sorted(line.bucket(number).items()):
            if only is None or cell == only:
                by_cell.setdefault(cell, []).append(summary)
        members = sum(first <= number for first in line.first.values())
        for cell, some in by_cell.items():
            merged = _merge(indicator, cell, some)
            rhythm = RHYTHMS[code]
            bounds = (self.calendar.start(rhythm, number), self.calendar.end(rhythm, number))
            covered = sum(one.coverage for one in some) / max(members, len(some))
            frame = Frame(
                agency=GROUP + group,
                rhythm=rhythm,
                window_start=bounds[1] - merged.exposure[0],
                start=bounds[0],
                end=bounds[1],
                live=covered,
                recorded=recorded,
            )
            yield from values(indicator, frame, merged, "")

    def dump(self) -> bytes:
        """The state as bytes."""
        lines = [
            (
                key,
                (line.closed, line.forgotten),
                (line.first, line.reached, line.roster.plain()),
                [list(b.values()) for b in line.buckets.values()],
                line.packed,
            )
            for key, line in self.lines.items()
        ]
        return msgspec.msgpack.encode((lines, sorted(self.silent)))

    def load(self, body: bytes) -> None:
        """The state of :meth:`dump`."""
        shape = tuple[
            list[
                tuple[
                    tuple[str, str, int],
                    tuple[int | None, int | None],
                    tuple[dict[str, int], dict[str, int], Plain],
                    list[list[Summary]],
                    dict[int, bytes],
                ]
            ],
            list[tuple[str, str]],
        ]
        lines, silent = msgspec.msgpack.decode(body, type=shape)
        self.silent = set(silent)
        for key, closed, members, buckets, line_packed in lines:
            line = self.lines[key] = Line()
            (line.closed, line.forgotten), (line.first, line.reached, roster) = closed, members
            line.roster = Roster.of(roster)
            line.packed = line_packed
            for some in buckets:
                line.buckets[some[0].number] = {(one.agency, one.cell): one for one in some}


def _merge(indicator: Indicator, cell: Cell, some: list[Summary]) -> Measured:
    parts = [indicator.thaw(one.parts) for one in some if one.parts is not None]
    usage: dict[str, int] = {}
    for one in some:
        for word, count in one.usage.items():
            usage[word] = usage.get(word, 0) + count
    exposure = max(one.exposure for one in some)
    merged = indicator.merge(parts) if parts else None
    return Measured(cell, merged, None, (exposure, 0), usage, 1.0)

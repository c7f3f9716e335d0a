"""Stage two: groups of agencies, from the summaries of their closed buckets.

The same rules again, one level up: a bucket of a group closes when every agency that takes
part, and is not silent, has closed it; parts are merged, never averaged; a summary that comes
again replaces the one before, and restates the group's value if that was given already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from models.calendar import Calendar
from models.settings import Settings
from models.value import RHYTHMS, Cell, Value
from streams.gauge import Measured
from streams.indicator import Indicator
from streams.judge import Frame, values
from streams.summary import Hush, Summary

KEPT = 400
"""Buckets of a line for which summaries are kept, so that a late one can restate."""

PREFIX = "group:"
"""What marks a group's name where an agency's could stand."""


class Line:
    """One indicator of one group in one rhythm."""

    def __init__(self) -> None:
        self.buckets: dict[int, dict[tuple[str, Cell], Summary]] = {}
        self.reached: dict[str, int] = {}
        self.closed: int | None = None
        self.forgotten: int | None = None
        """Last bucket whose summaries are gone: its value stands as it is."""


class Groups:
    """The state of stage two."""

    def __init__(self, settings: Settings, catalogue: dict[str, Indicator]) -> None:
        self.settings = settings
        self.catalogue = catalogue
        organisation = settings.organisation
        self.calendar = Calendar(organisation.timezone, organisation.holidays)
        self.lines: dict[tuple[str, str, int], Line] = {}
        self.silent: set[tuple[str, str]] = set()

    def apply(self, news: Iterable[Summary | Hush]) -> tuple[list[Value], list[Value]]:
        """Take in news, in order; gives first values and values given anew."""
        made: list[Value] = []
        restated: list[Value] = []
        for one in news:
            if isinstance(one, Hush):
                (self.silent.add if one.silent else self.silent.discard)(
                    (one.agency, one.indicator)
                )
                continue
            if one.indicator not in self.catalogue:
                continue
            key = (self.settings.agency(one.agency).group, one.indicator, one.line)
            line = self.lines.setdefault(key, Line())
            if line.forgotten is not None and one.number <= line.forgotten:
                # Its other members are gone: what they said may not be replaced by a part.
                continue
            line.buckets.setdefault(one.number, {})[one.agency, one.cell] = one
            if line.closed is not None and one.number <= line.closed:
                restated += self._read(key, line, one.number, one.recorded, only=one.cell)
            if one.last:
                made += self._advance(key, line, one)
        return made, restated

    def _advance(self, key: tuple[str, str, int], line: Line, one: Summary) -> Iterator[Value]:
        line.reached[one.agency] = max(line.reached.get(one.agency, one.number), one.number)
        live = [
            number for agency, number in line.reached.items() if (agency, key[1]) not in self.silent
        ]
        through = min(live, default=one.number)
        first = min(line.buckets) if line.closed is None else line.closed + 1
        for number in range(first, through + 1):
            line.closed = number
            if number in line.buckets:
                yield from self._read(key, line, number, one.recorded)
        while len(line.buckets) > KEPT and min(line.buckets) <= (line.closed or 0):
            line.forgotten = min(line.buckets)
            del line.buckets[line.forgotten]

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
        for (_, cell), summary in sorted(line.buckets[number].items()):
            if only is None or cell == only:
                by_cell.setdefault(cell, []).append(summary)
        members = len(line.reached)
        for cell, some in by_cell.items():
            merged = _merge(indicator, cell, some)
            rhythm = RHYTHMS[code]
            bounds = (self.calendar.start(rhythm, number), self.calendar.end(rhythm, number))
            covered = sum(one.coverage for one in some) / max(members, len(some))
            frame = Frame(
                agency=PREFIX + group,
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
                line.reached,
                [list(b.values()) for b in line.buckets.values()],
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
                    dict[str, int],
                    list[list[Summary]],
                ]
            ],
            list[tuple[str, str]],
        ]
        lines, silent = msgspec.msgpack.decode(body, type=shape)
        self.silent = set(silent)
        for key, closed, reached, buckets in lines:
            line = self.lines[key] = Line()
            (line.closed, line.forgotten), line.reached = closed, reached
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
    return Measured(cell, merged, None, (exposure, exposure), usage, 1.0)

"""Composition: totals whose parts change hold something else than before, and are no fall.

Looked at when a bucket closes, once for each total: an agency of its services or units, a
service of its channels. A part that joined or left is marked on the total, with what it changed.
Where a total is watched, and what changed is more than noise, its series begins anew, and while
a part may have left or may just be coming its buckets are not judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

from models.mark import Mark
from models.value import RHYTHMS, Cell
from streams.alert import depth
from streams.gauge import Gauge
from streams.indicator import Tally
from streams.look import Key
from streams.marks import composition_mark
from streams.roster import News, Plain, Report, Roster, Turn

MATTERS: Final = 0.02
"""Change of a total, as a share of it, below which its series can go on: nothing is steadier."""

SEEN: Final = 0.001
"""Change by a channel that no figure shows: a clinic's three video calls a month are no break."""


class Changed(NamedTuple):
    """What closing a bucket says: marks, series that begin anew, series not to be judged."""

    marks: list[Mark]
    broken: set[Key]
    doubtful: set[Key]


class Composition:
    """Who reports into the totals of one agency."""

    def __init__(self, agency: str) -> None:
        self.agency = agency
        self.rosters: dict[Key, Roster] = {}

    def look(self, gauge: Gauge, line: int, number: int) -> Changed:
        """Take in who reported in a bucket that closed just now."""
        found = Changed([], set(), set())
        if not isinstance(gauge.indicator, Tally):
            return found
        by_total: dict[Cell, dict[Cell, Report]] = {}
        numbers: dict[Cell, list[int]] = {}
        for cell, report in gauge.reports(line, number):
            numbers[cell] = report.numbers
            total = _total(cell)
            if total is not None:
                by_total.setdefault(total, {})[cell] = report
        for total, here in by_total.items():
            if total not in numbers:
                # Two parts may be known together that nobody keeps a total of.
                continue
            key = (gauge.indicator.id, line, total)
            roster = self.rosters.setdefault(key, Roster())
            news = roster.see(number, here, RHYTHMS[line])
            if any(news):
                self._tell(_Bucket(gauge, line, number, total, numbers[total]), roster, news, found)
        return found

    def _tell(self, bucket: _Bucket, roster: Roster, news: News, found: Changed) -> None:
        key = (bucket.gauge.indicator.id, bucket.line, bucket.total)
        late = [one for one in news.left if bucket.came_late(one, roster)]
        left = [one for one in news.left if one not in late]
        for side, turns in (("joined", news.joined), ("left", left)):
            starts = sorted({one.since for one in turns})
            for since in starts:
                mine = [one for one in turns if one.since == since]
                effect = bucket.effect(mine, joined=side == "joined")
                if mine[0].cell.stratum and abs(effect) < SEEN:
                    continue
                found.marks.append(self._mark(bucket, side, mine, effect))
                if abs(effect) >= MATTERS:
                    found.broken.add(key)
        missing = [*news.missing, *late]
        moved = abs(bucket.effect(news.coming, joined=True)) + abs(bucket.effect(missing))
        if moved >= MATTERS:
            found.doubtful.add(key)

    def _mark(self, bucket: _Bucket, side: str, turns: Sequence[Turn], effect: float) -> Mark:
        gauge, rhythm = bucket.gauge, RHYTHMS[bucket.line]
        return composition_mark(
            self.agency,
            gauge.indicator.id,
            bucket.total,
            gauge.calendar.start(rhythm, turns[0].since),
            {
                "rhythm": rhythm,
                side: [_name(one.cell) for one in turns],
                "effect": round(effect, 4),
                "seen": gauge.calendar.end(rhythm, bucket.number),
            },
        )

    def dump(self) -> list[tuple[Key, Plain]]:
        """All of it, plainly."""
        return [(key, self.rosters[key].plain()) for key in sorted(self.rosters)]

    def load(self, held: list[tuple[Key, Plain]]) -> None:
        """What :meth:`dump` gave."""
        self.rosters = {key: Roster.of(plain) for key, plain in held}


class _Bucket(NamedTuple):
    """One total in the bucket that closed."""

    gauge: Gauge
    line: int
    number: int
    total: Cell
    numbers: list[int]

    def effect(self, turns: Sequence[Turn], *, joined: bool = False) -> float:
        """How much the total changed by some parts, as a share of what it was without them.

        Positive where it is more now; a share counts in hundreds of points.
        """
        indicator = self.gauge.indicator
        if not turns or not isinstance(indicator, Tally):
            return 0.0
        columns = zip(*(one.report.numbers for one in turns), strict=True)
        parts = [sum(column) for column in columns]
        sign = -1 if joined else 1
        other = [a + sign * b for a, b in zip(self.numbers, parts, strict=True)]
        before, now = self._value(other), self._value(self.numbers)
        if before is None or now is None:
            return 1.0
        return depth(now, before, "up", indicator.quantity)

    def _value(self, numbers: list[int]) -> float | None:
        rhythm, calendar = RHYTHMS[self.line], self.gauge.calendar
        length = calendar.end(rhythm, self.number) - calendar.start(rhythm, self.number)
        width = self.gauge.indicator.width  # type: ignore[attr-defined]
        return self.gauge.indicator.read(numbers[:width], length).value

    def came_late(self, turn: Turn, roster: Roster) -> bool:
        """Whether a part reported after all, when the bucket was closed already."""
        last = self.gauge.last_report(self.line, turn.cell, turn.since, self.number)
        if last is not None:
            roster.back(turn.cell, last)
        return last is not None


@cache
def _total(cell: Cell) -> Cell | None:
    """The total that a cell is a part of."""
    if cell.stratum:
        return Cell(unit=cell.unit, service=cell.service)
    if cell.service:
        return Cell(unit=cell.unit)
    return Cell() if cell.unit else None


def _name(cell: Cell) -> str:
    """What a part is called within its total."""
    return cell.stratum or cell.service or cell.unit

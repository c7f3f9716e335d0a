"""A gauge: one indicator of one agency; its panes, which buckets are closed, what to restate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.calendar import Calendar
from models.value import RHYTHMS, Cell, Rhythm
from streams.indicator import PENDING, USED, Found, Indicator, Lifetime, Scan, Tally
from streams.items import BLANK, NEVER, View
from streams.panes import FAR, Cells, Panes
from streams.roster import Report

I64 = NDArray[np.int64]

DAYS = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 30.44, "quarter": 91.31}


class Measured(NamedTuple):
    """One cell of one bucket, ready to be read; ``parts`` None where nothing was counted."""

    cell: Cell
    window: Any
    bucket: Any
    exposure: tuple[int, int]
    """Milliseconds of the window and of the bucket; 0 where the bucket is not shown apart."""
    usage: dict[str, int]
    lived: float
    """Share of the window since the cell's first fact."""


class Gauge:
    """Folds items into panes and measures closed buckets.

    A gauge keeps one line of buckets for each rhythm in which its facts come: its own step for
    single events, the coarser of step and period for reported counts.
    """

    def __init__(self, indicator: Indicator, calendar: Calendar, places: list[Cell]) -> None:
        self.indicator = indicator
        self.calendar = calendar
        self.places = places
        self.step = RHYTHMS.index(indicator.step)
        self.cells = Cells(indicator.grains, indicator.unseen)
        self.panes: dict[int, Panes] = {}
        self.first: dict[int, int] = {}
        self.closed: dict[int, int] = {}
        self.dirty: dict[int, tuple[int, int]] = {}

    def window(self, rhythm: int) -> int:
        """How many buckets of this rhythm a shown value covers."""
        if rhythm == self.step:
            return self.indicator.window
        days = self.indicator.window * DAYS[self.indicator.step]
        return max(1, round(days / DAYS[RHYTHMS[rhythm]]))

    def absorb(self, kind: str, before: View, after: View, times: I64, first: I64) -> None:
        """Take in how some items changed.

        ``times`` are those of the events that did it (all of them), ``first`` the number of
        one event for each item.
        """
        rhythms = np.unique(after.rhythm).tolist()
        for rhythm in rhythms:
            line = max(rhythm, self.step)
            name: Rhythm = RHYTHMS[line]
            mine = times if len(rhythms) == 1 else times[first[after.rhythm == rhythm]]
            low = int(self.calendar.bucket(name, np.array([mine.min()]))[0])
            self.first[line] = min(self.first.get(line, FAR), low)
            if isinstance(self.indicator, Scan):
                self._spoil(line, low, FAR)
        if isinstance(self.indicator, Tally):
            self._tally(self.indicator, kind, before, after)

    def _tally(self, indicator: Tally, kind: str, before: View, after: View) -> None:
        old, new = indicator.cases(kind, before), indicator.cases(kind, after)
        was = (before.place > BLANK) & (old.reason >= USED)
        now = (after.place > BLANK) & (new.reason >= USED)
        same = was & now & (old.at == new.at) & (old.reason == new.reason)
        same &= (before.place == after.place) & (before.rhythm == after.rhythm)
        for a, b in zip(old.parts, new.parts, strict=True):
            same &= a == b
        for cases, view, rows, sign in (
            (old, before, was & ~same, -1),
            (new, after, now & ~same, 1),
        ):
            if not rows.any():
                continue
            picked = np.flatnonzero(rows)
            values = self._values(indicator, cases.reason[picked], [p[picked] for p in cases.parts])
            lines = np.maximum(view.rhythm[picked], self.step)
            for line in np.unique(lines).tolist():
                on = lines == line
                at = self.calendar.bucket(RHYTHMS[line], cases.at[picked][on])
                single = view.rhythm[picked][on] < 0
                self._add(line, at, view.place[picked][on], values[on] * sign, single)

    def _values(self, indicator: Tally, reason: I64, parts: Sequence[I64]) -> I64:
        used = reason == USED
        columns = [np.where(used, part, 0) for part in parts]
        columns += [(reason == r).astype(np.int64) for r in range(len(indicator.excluded) + 1)]
        return np.stack(columns, axis=1)

    def _add(self, line: int, at: I64, place: I64, values: I64, single: NDArray[np.bool_]) -> None:
        panes = self.panes.get(line)
        if panes is None:
            panes = self.panes[line] = Panes(values.shape[1])
        table = self.cells.of(self.places)
        late = at <= self.closed.get(line, -FAR)
        last = int(at[late].max()) if late.any() else -FAR
        for grain in range(table.shape[1]):
            cells = table[place, grain]
            on = cells >= 0
            if on.any():
                old = on & late
                last = max(last, panes.began(cells[old], at[old]))
                panes.add(at[on], cells[on], values[on])
                last = max(last, panes.alone(cells[old & single], at[old & single]))
                panes.alone(cells[on & single], at[on & single])
        if late.any():
            self._spoil(line, int(at[late].min()), last + self.window(line) - 1)

    def _spoil(self, line: int, low: int, high: int) -> None:
        if low <= self.closed.get(line, -FAR):
            was = self.dirty.get(line, (low, high))
            self.dirty[line] = (min(was[0], low), max(was[1], high))

    def frontier(self) -> int:
        """The end of what is closed, ms."""
        ends = [self.calendar.end(RHYTHMS[line], number) for line, number in self.closed.items()]
        return max(ends, default=-NEVER)

    def next_end(self, line: int) -> int:
        """When the next bucket of this line ends, ms."""
        number = self.closed.get(line, self.first[line] - 1) + 1
        return self.calendar.end(RHYTHMS[line], number)

    def due(self, watermark: int) -> Iterator[tuple[int, int]]:
        """Lines and buckets that ended by ``watermark``, each handed out once, in order."""
        for line in sorted(self.first):
            while self.next_end(line) <= watermark:
                self.closed[line] = self.closed.get(line, self.first[line] - 1) + 1
                yield line, self.closed[line]

    def spoiled(self) -> Iterator[tuple[int, int]]:
        """Closed buckets that late arrivals touched, each handed out once."""
        dirty, self.dirty = self.dirty, {}
        for line, (low, high) in sorted(dirty.items()):
            for number in range(low, min(high, self.closed[line]) + 1):
                yield line, number

    def measure(self, line: int, number: int, items: Mapping[str, View]) -> list[Measured]:
        """Every cell that had its first fact by the end of this bucket."""
        if isinstance(self.indicator, Tally):
            return self._measure_tally(self.indicator, line, number)
        if isinstance(self.indicator, Scan):
            return self._measure_scan(self.indicator, line, number, items)
        raise TypeError(self.indicator)

    def _span(self, line: int, number: int) -> tuple[int, int, int]:
        name = RHYTHMS[line]
        low = number - self.window(line) + 1
        start, stop = self.calendar.start(name, low), self.calendar.end(name, number)
        return start, self.calendar.start(name, number), stop

    def _measure_tally(self, indicator: Tally, line: int, number: int) -> list[Measured]:
        panes = self.panes.get(line)
        if panes is None:
            return []
        length = self.window(line)
        start, last, stop = self._span(line, number)
        shown = panes.window(number - length + 1, number + 1)
        bucket = shown if length == 1 else panes.window(number, number + 1)
        width = indicator.width
        found = []
        for cell in np.flatnonzero(panes.first <= number).tolist():
            if cell in self.cells.unseen:
                continue
            counted = [int(x) for x in shown[cell]]
            own = [int(x) for x in bucket[cell]]
            known = indicator.zero and int(panes.single[cell]) <= number
            usage = {"used": counted[width]}
            usage |= dict(zip(indicator.excluded, counted[width + 1 :], strict=True))
            lived = min(1.0, (number - int(panes.first[cell]) + 1) / length)
            since = max(start, self.calendar.start(RHYTHMS[line], int(panes.first[cell])))
            found.append(
                Measured(
                    self.cells.names[cell],
                    counted[:width] if known or counted[width] else None,
                    own[:width] if known or own[width] else None,
                    (stop - since, stop - last),
                    {reason: count for reason, count in usage.items() if count},
                    lived,
                )
            )
        return found

    def reports(self, line: int, number: int) -> Iterator[tuple[Cell, Report]]:
        """The cells in which a fact was used in one bucket, unseen ones too."""
        panes = self.panes.get(line)
        if panes is None:
            return
        width = self.indicator.width  # type: ignore[attr-defined]
        sums = panes.window(number, number + 1)
        for cell in np.flatnonzero(sums[:, width] > 0).tolist():
            single = int(panes.single[cell]) <= number
            yield self.cells.names[cell], Report(sums[cell, : width + 1].tolist(), single)

    def last_report(self, line: int, cell: Cell, low: int, high: int) -> int | None:
        """The last of the buckets low … high in which a fact of a cell was used."""
        panes, width = self.panes[line], self.indicator.width  # type: ignore[attr-defined]
        code = self.cells.code(cell)
        for number in range(high, low - 1, -1):
            if panes.window(number, number + 1)[code, width] > 0:
                return number
        return None

    def _measure_scan(
        self, indicator: Scan, line: int, number: int, items: Mapping[str, View]
    ) -> list[Measured]:
        start, last, stop = self._span(line, number)
        mine = {kind: self._on(view, line) for kind, view in items.items()}
        place, reason, gather = indicator.scan(mine, start, stop, line == self.step)
        rows = np.flatnonzero((reason != PENDING) & (place > BLANK))
        known = np.concatenate(
            [v.place[(v.known < stop) & (v.place > BLANK)] for v in mine.values()]
        )
        table = self.cells.of(self.places)
        lives = indicator.lives(mine, last, stop) if isinstance(indicator, Lifetime) else None
        found = []
        for grain in range(table.shape[1]):
            cells = table[place[rows], grain]
            every = table[known, grain]
            for cell in np.unique(every[every >= 0]).tolist():
                inside = rows[cells == cell]
                used = inside[reason[inside] == USED]
                usage = {"used": len(used)}
                for code, word in enumerate(indicator.excluded, 1):
                    usage[word] = int((reason[inside] == code).sum())
                found.append(
                    Measured(
                        self.cells.names[cell],
                        gather(used) if len(used) else None,
                        lives and _gathered(lives, table[:, grain], cell),
                        (stop - start, stop - last),
                        {word: count for word, count in usage.items() if count},
                        min(1.0, (number - self.first[line] + 1) / self.window(line)),
                    )
                )
        return found

    def _on(self, view: View, line: int) -> View:
        """The rows whose facts belong on this line."""
        on = np.maximum(view.rhythm, self.step) == line
        if on.all():
            return view
        columns = {name: column[on] for name, column in view.columns.items()}
        bands = [view.bands[i] for i in np.flatnonzero(on).tolist()] if view.bands else []
        return View(columns, bands, view.places)


def _gathered(found: Found, cells: I64, cell: int) -> Any:
    """What was found of one cell of a grain, whose ``cells`` are codes by place; None for nothing."""
    used = np.flatnonzero((found.reason == USED) & (found.place > BLANK))
    mine = used[cells[found.place[used]] == cell]
    return found.gather(mine) if len(mine) else None

"""Who reports into a total: parts that joined, parts that left, and parts that may have left.

A total is made of parts: the services of an agency, the channels of a service, the members of
a group. Time counts in buckets in which at least one part reported, so a holiday of all of them
is no absence of any.

- A part **joins** when it has reported often enough since it first came. What was there while
  the total itself was new has always been there.
- A part **leaves** when it has been away longer than it ever was, by as many buckets as make a
  gap; of single events by more than chance (module ``streams.pause``). A part that sends single
  events joins and leaves only where it is usually so large that nothing at all is no chance.
- Until that is sure, a part that is away longer than ever, and one that is just coming, is **in
  doubt**: the total holds something else than before, and is not to be judged.

A part that comes and goes (a tax that is paid once a year) has long pauses and never leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Final, NamedTuple

import msgspec

from models.value import Cell, Rhythm
from streams.pause import FEWEST, patience

AWAY: dict[Rhythm, int] = {"hour": 24, "day": 3, "week": 2, "month": 2, "quarter": 2}
"""Missing buckets of a part that reports counts after which it has left; so many make it join."""

NEW: dict[Rhythm, int] = {"hour": 168, "day": 28, "week": 8, "month": 3, "quarter": 2}
"""Buckets in which a total itself is new: what comes then was always there."""


USUAL: Final = 8
"""Buckets that say how large a part usually is."""

EXPECTED: Final = 20.0
"""Single events a bucket below which none may well be chance."""


class Report(NamedTuple):
    """What a part said in a bucket: its whole numbers, and whether single events did."""

    numbers: list[int]
    """The last of them is how many facts they are of."""
    single: bool = False


class Turn(NamedTuple):
    """A part that changed: since which bucket, and what it said last."""

    cell: Cell
    since: int
    report: Report


class News(NamedTuple):
    """What a bucket says about the parts of a total."""

    joined: list[Turn]
    left: list[Turn]
    coming: list[Turn]
    """Parts that are new and have not joined yet."""
    missing: list[Turn]
    """Parts that are away longer than ever and have not left yet."""


class Part(msgspec.Struct, array_like=True):
    """One part; turns count the buckets in which any part reported."""

    since: int
    """First bucket of its present stay."""
    came: int
    """The turn in which it came last."""
    member: bool
    said: Report
    """What it said last, as far as it went away."""
    count: int = 0
    """Reports before the turn in which it came last."""
    stay: int = 0
    """Those of its present stay."""
    longest: int = 1
    """Longest pause, in turns, that was not a departure."""
    last: int = 0
    """The turn of its last report, as far as it went away."""
    number: int = 0
    """The bucket of that."""
    usual: float = 0.0
    """How many facts a bucket it had until then."""


Plain = tuple[
    int,
    int,
    list[tuple[Cell, Report]],
    list[list[tuple[Cell, int]]],
    list[tuple[Cell, Part]],
    list[Cell],
    list[Cell],
]
"""A roster as it is kept."""


class Roster:
    """The parts of one total."""

    def __init__(self) -> None:
        self.turn = 0
        self.number = 0
        """The bucket of the present turn."""
        self.here: dict[Cell, Report] = {}
        """What was said in it."""
        self.parts: dict[Cell, Part] = {}
        self.past: list[dict[Cell, int]] = []
        """How many single events came from each part in the last turns."""
        self.away: set[Cell] = set()
        """Parts that may yet come back."""
        self.joining: set[Cell] = set()

    def see(self, number: int, here: Mapping[Cell, Report], rhythm: Rhythm) -> News:
        """Take in who reported in a bucket."""
        if not here:
            return News([], [], [], [])
        self.turn += 1
        for cell in self.here.keys() - here.keys():
            self._goes(cell)
        for cell in here.keys() - self.here.keys():
            self._comes(cell, number, here[cell], rhythm)
        self.number, self.here = number, dict(here)
        counts = {cell: report.numbers[-1] for cell, report in here.items() if report.single}
        self.past = [*self.past[-USUAL + 1 :], counts]
        joined, coming = self._joins(rhythm)
        left, missing = self._leaves(rhythm)
        return News(joined, left, coming, missing)

    def back(self, cell: Cell, number: int) -> None:
        """A report of a bucket that is over came late: the part was not away until then."""
        part = self.parts[cell]
        part.last, part.number = self.turn, number
        if not part.member:
            part.member = True
            self.away.add(cell)

    def _goes(self, cell: Cell) -> None:
        part = self.parts[cell]
        many = self.turn - part.came
        part.count, part.stay = part.count + many, part.stay + many
        part.last, part.number, part.said = self.turn - 1, self.number, self.here[cell]
        part.usual = self._usual(cell)
        self.away.add(cell)

    def _usual(self, cell: Cell) -> float:
        return float(median(counts.get(cell, 0) for counts in self.past))

    def _comes(self, cell: Cell, number: int, report: Report, rhythm: Rhythm) -> None:
        part = self.parts.get(cell)
        if part is None:
            member = self.turn <= NEW[rhythm]
            self.parts[cell] = Part(number, self.turn, member, report)
            if not member:
                self.joining.add(cell)
            return
        if part.member or cell in self.joining:
            part.longest = max(part.longest, self.turn - part.last)
        else:
            part.since, part.stay = number, 0
            self.joining.add(cell)
        part.came = self.turn
        self.away.discard(cell)

    def _joins(self, rhythm: Rhythm) -> tuple[list[Turn], list[Turn]]:
        joined, coming = [], []
        for cell in sorted(self.joining & self.here.keys()):
            part, report = self.parts[cell], self.here[cell]
            stay = part.stay + self.turn - part.came + 1
            turn = Turn(cell, part.since, report)
            if report.single and self._usual(cell) < EXPECTED:
                continue
            if stay < (FEWEST if report.single else AWAY[rhythm]):
                coming.append(turn)
                continue
            part.member = True
            self.joining.discard(cell)
            joined.append(turn)
        return joined, coming

    def _leaves(self, rhythm: Rhythm) -> tuple[list[Turn], list[Turn]]:
        left, missing = [], []
        for cell in sorted(self.away):
            part = self.parts[cell]
            pause = self.turn - part.last
            most = self._most(part, rhythm)
            if pause < part.longest or most is None:
                continue
            turn = Turn(cell, part.number + 1, part.said)
            if pause <= most:
                missing.append(turn)
                continue
            self.away.discard(cell)
            if part.member:
                left.append(turn)
            part.member = False
            self.joining.discard(cell)
        return left, [one for one in missing if self.parts[one.cell].member]

    def _most(self, part: Part, rhythm: Rhythm) -> int | None:
        """Missing turns up to which it has not left; None where that cannot be said yet."""
        if not part.said.single:
            # Of one report nobody knows whether it comes every month or once a year.
            return part.longest + AWAY[rhythm] - 2 if part.count >= AWAY[rhythm] else None
        if part.usual < EXPECTED:
            return None
        most = patience(part.count, part.longest)
        return None if most is None else most - 1

    def plain(self) -> Plain:
        """All of it, in an order of its own."""
        here = sorted(self.here.items())
        parts = [(cell, self.parts[cell]) for cell in sorted(self.parts)]
        past = [sorted(counts.items()) for counts in self.past]
        return self.turn, self.number, here, past, parts, sorted(self.away), sorted(self.joining)

    @classmethod
    def of(cls, plain: Plain) -> Roster:
        """The roster of :meth:`plain`."""
        roster = cls()
        roster.turn, roster.number, here, past, parts, away, joining = plain
        roster.here, roster.parts = dict(here), dict(parts)
        roster.past = [dict(counts) for counts in past]
        roster.away, roster.joining = set(away), set(joining)
        return roster

"""Rhythms: reports that come for longer or shorter periods than before, or in another way.

A source's counts of one type have a rhythm: that of their periods. It has changed when two
periods of another length were told behind the last one of the present length, and the latest of
them ends more than two present lengths later. Daily and monthly counts side by side are no
change: the days go on.

Single events come over the day, or all at once. Where they came in at least six different hours
of a day and come within one hour now, for a week, they are sent in bulk; and the other way
round. Their own times stay what they are, so that changes no number, and is only marked.
"""

from __future__ import annotations

from statistics import median
from typing import Final, NamedTuple

import msgspec

DAY_MS: Final = 86_400_000

LENGTH_MS: Final = (3_600_000, DAY_MS, 7 * DAY_MS, 31 * DAY_MS, 92 * DAY_MS)
"""Longest period of each rhythm, by its code."""

SPREAD, WEEK, BEFORE = 6, 7, 21
"""Hours of a day that are many; days that must agree; days that say what was usual."""

ENOUGH: Final = 8
"""Events of a day below which nothing is said of how they came."""


class Period(NamedTuple):
    """One period of a count: the code of its rhythm, its bounds in ms."""

    rhythm: int
    start: int
    end: int


class Switch(NamedTuple):
    """Another rhythm from ``start`` on, sure at ``end`` (ms)."""

    before: int
    now: int
    start: int
    end: int


class Periods(msgspec.Struct, array_like=True):
    """The rhythm of one type of counts from one source."""

    rhythm: int
    end: int
    """End of the latest period of this rhythm, ms."""
    others: dict[str, tuple[int, int, int, int]] = {}
    """Of each other rhythm, by its code: bounds of the first and of the last period told behind that."""

    def see(self, one: Period) -> Switch | None:
        """Take in a period, new or told before; the change that it makes sure."""
        if one.rhythm == self.rhythm:
            self.end = max(self.end, one.end)
            for code, (_, first_end, start, end) in list(self.others.items()):
                if end <= self.end:
                    del self.others[code]
                elif first_end <= self.end:
                    self.others[code] = (start, end, start, end)
            return None
        if one.end <= self.end:
            return None
        kept = self.others.get(str(one.rhythm), (one.start, one.end, one.start, one.end))
        first, last = min(kept[:2], one[1:]), max(kept[2:], one[1:])
        self.others[str(one.rhythm)] = (*first, *last)
        if first == last or last[1] - self.end <= 2 * LENGTH_MS[self.rhythm]:
            return None
        switch = Switch(self.rhythm, one.rhythm, first[0], last[1])
        self.rhythm, self.end, self.others = one.rhythm, last[1], {}
        return switch


class Arriving(msgspec.Struct, array_like=True):
    """In how many hours of each day the events of one source came."""

    day: int = -1
    many: int = 0
    hours: set[int] = set()
    past: list[int] = []
    bulk: bool = False

    def see(self, day: int, many: int, hours: set[int]) -> int | None:
        """Take in events of a day; since which day they come in another way, once that is sure."""
        since = None
        if day > self.day:
            if self.many >= ENOUGH:
                self.past = [*self.past[-WEEK - BEFORE + 1 :], len(self.hours)]
                since = self._changed()
            self.day, self.many, self.hours = day, 0, set()
        self.many += many
        self.hours |= hours
        return since

    def _changed(self) -> int | None:
        if len(self.past) < WEEK + BEFORE:
            return None
        usual, lately = median(self.past[:BEFORE]), self.past[BEFORE:]
        bulk = usual >= SPREAD and max(lately) <= 1
        if not bulk and not (usual <= 1 and min(lately) >= SPREAD):
            return None
        self.past, self.bulk = [], bulk
        return self.day - WEEK + 1

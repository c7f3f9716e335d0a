"""Case files that began together, and the fan of their curves; nothing is averaged."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from statistics import median, quantiles
from typing import Any, NamedTuple

Row = Mapping[str, Any]

DAY_MS = 86_400_000

TOGETHER_MS = 14 * DAY_MS
"""Cases whose onsets lie no further apart began together."""

FEWEST = 5
"""Cases below which there is no fan."""


class Course(NamedTuple):
    """A case file and its curve: rows with start, end (ms) and q, in order of time."""

    case: Row
    points: Sequence[Row]

    @property
    def is_context(self) -> bool:
        """Demand explains what happened to services; it is no service that failed."""
        return bool(self.case["kind"] == "demand")

    def day(self, ms: int) -> float:
        """Days since the onset."""
        return float((ms - self.case["onset"]) / DAY_MS)


class Spread(NamedTuple):
    """One day of a fan."""

    day: int
    low: float
    middle: float
    high: float
    cases: int


def together(courses: Sequence[Course]) -> list[list[Course]]:
    """Groups of at least five that begin within 14 days, then all that stand alone; none empty.

    Groups are found from the earliest onset on, so a later case never splits an earlier group.
    """
    left = sorted(courses, key=lambda one: (one.case["onset"], one.case["id"]))
    groups: list[list[Course]] = []
    alone: list[Course] = []
    while left:
        until = left[0].case["onset"] + TOGETHER_MS
        near = [one for one in left if one.case["onset"] <= until]
        if len(near) >= FEWEST:
            groups.append(near)
            left = left[len(near) :]
        else:
            alone.append(left.pop(0))
    groups.reverse()
    return [*groups, alone] if alone else groups


def fan(courses: Sequence[Course]) -> list[Spread]:
    """P10, median and P90 of Q by day since each onset, where at least five curves reach.

    Demand is left out. A curve stands at its latest bucket until the next one. Cases that did
    not begin together are other shocks: they have no fan.
    """
    curves = [
        ([one.day(point["start"]) for point in one.points], one)
        for one in courses
        if one.points and not one.is_context
    ]
    onsets = [one.case["onset"] for _, one in curves]
    if len(curves) < FEWEST or max(onsets) - min(onsets) > TOGETHER_MS:
        return []
    last = max(one.day(one.points[-1]["end"]) for _, one in curves)
    found = []
    for day in range(int(last) + 1):
        here = [q for starts, one in curves if (q := _at(starts, one, day)) is not None]
        if len(here) >= FEWEST:
            tenths = quantiles(here, n=10, method="inclusive")
            found.append(Spread(day, tenths[0], tenths[4], tenths[8], len(here)))
    return found


def _at(starts: Sequence[float], course: Course, day: int) -> float | None:
    # Noon: where clocks change, days begin an hour earlier or later after the onset.
    noon = day + 0.5
    place = bisect_right(starts, noon) - 1
    if place < 0 or noon >= course.day(course.points[-1]["end"]):
        return None
    return float(course.points[place]["q"])


def smooth(points: Sequence[Row], *, demand: bool) -> bool:
    """Whether a curve is drawn as its running median: demand by day or hour."""
    return demand and points[0]["end"] - points[0]["start"] <= 2 * DAY_MS


def running(levels: Sequence[float]) -> list[float]:
    """The median of each level and its six neighbours."""
    return [median(levels[max(at - 3, 0) : at + 4]) for at in range(len(levels))]

"""A control chart as people read it: limits, marked points, and two icons that sum it up.

The same limits and rules as the detector ``xmr``, over a series as it stands restated: all
points of a run are marked, also those before it could be seen, as NHSRplotthedots does. A
stretch begins at each new baseline or changed definition; runs do not reach over it.

The **variation** icon is the class of the last point: ``common``, or a special cause that is an
``improvement``, a ``concern``, or ``neutral`` where no direction is better. A point is high or
low by its side of the mean; one that is marked as part of a trend, by where the trend goes.

The **assurance** icon sets a target against the limits (R/ptd_calculate_assurance_type.R):
``pass`` where all common variation meets it, ``fail`` where none does, else ``hit or miss``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from models.chart import (
    BASELINE,
    RUN,
    Assurance,
    Begin,
    Chart,
    Dot,
    Reading,
    Stretch,
    Variation,
    Way,
)
from streams.detectors._control import RULES, Cause, Limits, ending, limits

Direction = Literal["up", "down", "context"]


def chart(
    readings: Sequence[Reading],
    direction: Direction,
    begins: Sequence[Begin] = (),
    target: float | None = None,
    *,
    shares: bool = False,
) -> Chart | None:
    """The chart of a series in order of time; None while no two points give any limits.

    Of ``shares`` no limit lies below 0 or above 1: one that would is none, nothing is beyond it.
    """
    dots: list[Dot] = []
    stretches: list[Stretch] = []
    for part in _cut(readings, begins):
        baseline = [one.value for one in part[:BASELINE]]
        within = limits(baseline)
        dots += _dots(part, within, direction)
        if within is not None:
            mean, width = within
            low, high = mean - width, mean + width
            bounds = (mean, possible(low), possible(high)) if shares else (mean, low, high)
            trial = len(baseline) < BASELINE
            times = (part[0].start, part[-1].end)
            stretches.append(Stretch(*times, *bounds, len(baseline), trial))
    if not stretches:
        return None
    now = stretches[-1] if stretches[-1].end == dots[-1].reading.end else None
    return Chart(dots, stretches, now, _assurance(now, direction, target), target)


def possible(share: float) -> float:
    """A share, or the end of all shares that it lies behind."""
    return min(max(share, 0.0), 1.0)


def _cut(readings: Sequence[Reading], begins: Sequence[Begin]) -> list[list[Reading]]:
    parts: list[list[Reading]] = []
    left = sorted(begins)
    for one in readings:
        begun = [b for b in left if (one.start >= b.at if b.whole else one.end > b.at)]
        if begun or not parts:
            parts.append([])
            left = [b for b in left if b not in begun]
        parts[-1].append(one)
    return parts


def _dots(part: Sequence[Reading], within: Limits | None, direction: Direction) -> Iterator[Dot]:
    marked = {} if within is None else marks([one.value for one in part], within)
    for at, one in enumerate(part):
        why = marked.get(at)
        if why is None:
            yield Dot(one, "", "", "common")
        else:
            yield Dot(one, why.rule, why.way, _variation(why.way, direction))


def marks(values: Sequence[float], within: Limits) -> dict[int, Cause]:
    """Of each place that a rule marks, in the whole stretch: the first rule in their order."""
    found: dict[int, Cause] = {}
    for at in range(len(values)):
        for cause in ending(values[max(0, at - RUN + 1) : at + 1], within):
            for place in cause.places:
                known = found.setdefault(at + place, cause)
                if RULES.index(cause.rule) < RULES.index(known.rule):
                    found[at + place] = cause
    return found


def _variation(way: Way, direction: Direction) -> Variation:
    if direction == "context":
        return "neutral"
    return "improvement" if way == direction else "concern"


def _assurance(now: Stretch | None, direction: Direction, target: float | None) -> Assurance:
    if now is None or target is None or direction == "context" or now.low == now.high:
        return ""
    if now.low <= target <= now.high:
        return "hit or miss"
    return "pass" if (target < now.low) == (direction == "up") else "fail"

"""The chart of single values and moving ranges, one bucket after the other."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from models.chart import BASELINE, RUN
from streams.detectors._control import Cause, Limits, Past, ending, limits
from streams.detectors._finding import Finding


class Xmr(msgspec.Struct):
    """News where one of the four rules begins to hold, against limits that stay.

    The limits are those of the first twelve buckets and hold until somebody begins a new
    baseline; before the thirteenth nothing is said. A run may reach back into the baseline and
    is dated at its first bucket; one that was there when the limits were set is no news. So is
    a rule that goes on holding: a level that stays changed is told once by each rule.
    """

    past: Past = msgspec.field(default_factory=Past)
    baseline: list[float] = []
    seen: int = 0
    """Buckets since the baseline began."""
    held: list[tuple[str, str]] = []
    """Rule and direction of what held at the last bucket."""

    false_alarm_rate: ClassVar[float] = 0.04

    def look(self, start: int, value: float) -> Finding | None:
        """Learn a bucket, and say whether a rule begins to hold with it."""
        self.past.add(start, value, 0)
        self.seen += 1
        if self.seen <= BASELINE:
            self.baseline.append(value)
        within = limits(self.baseline)
        if within is None or self.seen < BASELINE:
            return None
        recent = self.past.newest(min(RUN, self.seen))
        causes = list(ending([one[1] for one in recent], within))
        before, self.held = self.held, [(one.rule, one.way) for one in causes]
        begun = [one for one in causes if (one.rule, one.way) not in before]
        if not begun or self.seen == BASELINE:
            return None
        starts = [one[0] for one in recent]
        return _finding(begun, starts, value, within)

    def since(self, at: int) -> Xmr:
        """As if it had begun at this moment (ms), by what it remembers."""
        made = Xmr()
        for start, value, _ in self.past.since(at):
            made.look(start, value)
        return made


def _finding(begun: list[Cause], starts: list[int], value: float, within: Limits) -> Finding:
    """The first of these rules in their order, dated at the first bucket that any marks."""
    first = begun[0]
    same = [one for one in begun if one.way == first.way]
    onset = min(starts[place - 1] for one in same for place in one.places)
    beyond = abs(value - within.mean) / within.width if first.rule == "outside" else 1.0
    bounds = (within.mean, within.mean - within.width, within.mean + within.width)
    return Finding(beyond, first.way, onset, bounds)

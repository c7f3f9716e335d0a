"""Presence."""

from __future__ import annotations

import numpy as np

from streams.estimators.estimate import Estimate
from streams.estimators.level import Level
from streams.indicator import USED, Cases, K, Tally
from streams.items import View
from streams.kinds import ABSENT, MILLI


class Presence(Tally):
    """How far presence at workplaces is from its baseline, over the units that report."""

    title = "Presence"
    pillar = "Remote"
    unit = "% change"
    direction = "context"
    formula = "mean over units of the reported change from baseline, in per cent"
    source = "Own definition, after Google's Community Mobility Reports"
    pitfalls = "Single holidays look like shocks; a unit counts as one, whatever its size."
    step = "day"
    window = 1
    min_n = 1
    privacy = "workforce"
    detect = "level"
    # People change how they work from one day to the next.
    detectors = ("seasonal_z", "cusum", "shift", "change_point")
    grains = ((), ("unit",))
    reads = ("presence",)
    width = 4

    def cases(self, kind: str, items: View) -> Cases:
        """One reading: its number, its value in thousandths, the square of that, and posts."""
        del kind
        reading = items.change_from_baseline
        ones = np.ones(len(items), np.int64)
        # A reading that names no posts is about a place and not about a group of staff.
        posts = np.where(items.posts == ABSENT, K["workforce"], items.posts)
        parts = (ones, reading, reading * reading, posts)
        return Cases(items.start, np.full(len(items), USED), parts)

    def group_size(self, parts: list[int], n: int) -> int:
        """The posts of the units that report."""
        del n
        return parts[3]

    def read(self, parts: list[int], exposure_ms: int) -> Estimate:
        """The mean with Student's interval."""
        del exposure_ms
        return Level(MILLI).read(parts[:3])

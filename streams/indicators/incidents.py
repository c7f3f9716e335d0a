"""Incidents."""

from __future__ import annotations

import numpy as np

from streams.estimators.estimate import Estimate
from streams.estimators.rate import Rate
from streams.indicator import PENDING, USED, Cases, Tally
from streams.items import NEVER, View

WEEK = 7 * 86_400_000


class Incidents(Tally):
    """How often services stop working as they should, in incidents found or reported a week."""

    title = "Incidents"
    pillar = "Exploit"
    unit = "a week"
    direction = "down"
    formula = "distinct incidents detected or reported / weeks, over four weeks"
    source = "DORA, instability; own definition, as CDEvents tells incidents and not their weight"
    pitfalls = (
        "Who stops reporting has none: look at releases beside it. Small ones count as one too."
    )
    step = "day"
    window = 28
    # None at all is no small sample of incidents, but what one hopes for.
    min_n = 0
    guards = ("deployment_frequency",)
    goalposts = (0.0, 7.0)
    detect = "rare"
    detectors = ("g_chart",)
    reads = ("incident",)
    width = 1
    zero = True

    def cases(self, kind: str, items: View) -> Cases:
        """One an incident, when it was first told to have begun."""
        del kind
        at = items.detected
        return Cases(at, np.where(at < NEVER, USED, PENDING), (np.ones(len(items), np.int64),))

    def read(self, parts: list[int], exposure_ms: int) -> Estimate:
        """Incidents a week, with the interval of a Poisson rate."""
        return Rate(WEEK).read(parts, exposure_ms)

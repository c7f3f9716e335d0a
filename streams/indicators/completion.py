"""Completion."""

from __future__ import annotations

import numpy as np

from streams.estimators.estimate import Estimate
from streams.estimators.share import Share
from streams.indicator import USED, Cases, Tally
from streams.items import View


class Completion(Tally):
    """Share of started transactions that were completed."""

    title = "Completion"
    pillar = "Service"
    unit = "share"
    direction = "up"
    formula = "transactions completed / started, attributed to the period of the start"
    source = "GDS design notes, 13 August 2015: completion rate"
    pitfalls = "Save-and-return and bots count as started; 'not eligible' is a completed outcome."
    step = "week"
    window = 1
    min_n = 100
    guards = ("demand",)
    goalposts = (0.4, 1.0)
    privacy = "citizen"
    detect = "share"
    detectors = ("seasonal_z", "cusum", "shift", "floor", "xmr", "p_prime")
    strata = "channel"
    grains = ((), ("service",), ("service", "stratum"))
    reads = ("transactions",)
    width = 2

    def cases(self, kind: str, items: View) -> Cases:
        """Both numbers come from the same count."""
        del kind
        reason = np.full(len(items), USED)
        return Cases(items.start, reason, (items.completed, items.started))

    def read(self, parts: list[int], exposure_ms: int) -> Estimate:
        """The share with its Wilson interval."""
        del exposure_ms
        return Share().read(parts)

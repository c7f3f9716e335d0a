"""Remote availability."""

from __future__ import annotations

import numpy as np

from streams.estimators.estimate import Estimate
from streams.estimators.share import Share
from streams.indicator import USED, Cases, Tally
from streams.items import View


class RemoteAvailability(Tally):
    """Share of the remote sessions that were tried and came about."""

    title = "Remote availability"
    pillar = "Remote"
    unit = "share"
    direction = "up"
    formula = "sessions succeeded / sessions attempted, over four weeks"
    source = "The Site Reliability Workbook, availability by requests; own definition of a session"
    pitfalls = "Who cannot even try is not counted, and a mistyped password may count as a failure."
    step = "hour"
    window = 672
    min_n = 100
    guards = ("remote_readiness",)
    goalposts = (0.95, 1.0)
    privacy = "workforce"
    detect = "share"
    detectors = ("burn_rate",)
    objective = 0.995
    grains = ((), ("unit",))
    reads = ("sessions",)
    width = 2

    def cases(self, kind: str, items: View) -> Cases:
        """A count stands in the bucket of its period, or in that of its hour."""
        del kind
        reason = np.full(len(items), USED)
        return Cases(items.start, reason, (items.succeeded, items.attempted))

    def read(self, parts: list[int], exposure_ms: int) -> Estimate:
        """The share with its Wilson interval."""
        del exposure_ms
        return Share().read(parts)

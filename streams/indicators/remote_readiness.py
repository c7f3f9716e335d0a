"""Remote readiness."""

from __future__ import annotations

import numpy as np

from streams.estimators.estimate import Estimate
from streams.estimators.share import Share
from streams.indicator import USED, Cases, Tally
from streams.items import View


class RemoteReadiness(Tally):
    """Share of posts that could be done elsewhere and are equipped for it."""

    title = "Remote readiness"
    pillar = "Remote"
    unit = "share"
    direction = "up"
    formula = (
        "posts ready (device, secure access, strong sign-in, applications) / teleworkable posts"
    )
    source = "JRC, technical teleworkability; own definition of ready"
    pitfalls = "The denominator is teleworkable posts, not all staff; equipped is not used."
    step = "week"
    window = 1
    min_n = 10
    headline = True
    guards = ("presence",)
    goalposts = (0.2, 1.0)
    privacy = "workforce"
    detect = "share"
    # People change how they work from one day to the next.
    detectors = ("seasonal_z", "cusum", "shift", "change_point", "floor", "xmr")
    grains = ((), ("unit",))
    reads = ("readiness",)
    width = 2

    def cases(self, kind: str, items: View) -> Cases:
        """A unit's count stands in the bucket of its period."""
        del kind
        reason = np.full(len(items), USED)
        return Cases(items.start, reason, (items.ready, items.posts_teleworkable))

    def read(self, parts: list[int], exposure_ms: int) -> Estimate:
        """The share with its Wilson interval."""
        del exposure_ms
        return Share().read(parts)

"""Demand."""

from __future__ import annotations

import numpy as np

from streams.estimators.estimate import Estimate
from streams.estimators.rate import Rate
from streams.indicator import PENDING, USED, Cases, Tally
from streams.items import NEVER, View


class Demand(Tally):
    """How many requests and transactions people began in each bucket."""

    title = "Demand"
    pillar = "Service"
    unit = "cases"
    direction = "context"
    formula = "requests opened + transactions started, in the bucket of their own time"
    source = "Own definition; context for every service indicator"
    pitfalls = "Follows seasons, holidays and campaigns: a fall is no failure of the service."
    step = "day"
    window = 1
    # None at all is no small sample of demand, but all of it, and the deepest fall there is.
    min_n = 0
    privacy = "open"
    detect = "count"
    strata = "channel"
    mixed = True
    grains = ((), ("service",), ("service", "stratum"))
    reads = ("request", "transactions")
    width = 1
    zero = True

    def cases(self, kind: str, items: View) -> Cases:
        """One for a request, the number started for a count."""
        if kind == "request":
            began = items.opened
            return Cases(
                began, np.where(began < NEVER, USED, PENDING), (np.ones(len(items), np.int64),)
            )
        return Cases(items.start, np.full(len(items), USED), (items.started,))

    def read(self, parts: list[int], exposure_ms: int) -> Estimate:
        """The count, with the interval of a Poisson mean."""
        return Rate(exposure_ms).read(parts, exposure_ms)

"""Digital take-up."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from streams.estimators.estimate import Estimate
from streams.estimators.share import Share
from streams.indicator import PENDING, USED, Cases, Tally
from streams.items import NEVER, View

NO_CHANNEL = 1


class DigitalTakeUp(Tally):
    """Share of completed cases that went through a digital channel, assisted ones included."""

    title = "Digital take-up"
    pillar = "Service"
    unit = "share"
    direction = "up"
    formula = (
        "completed by web, app or assisted digital / completed by any channel, over four weeks"
    )
    source = "GOV.UK Service Manual, digital take-up"
    pitfalls = "Paper that nobody counts makes it 100 %; look at the waits of the other channels."
    step = "week"
    window = 4
    min_n = 100
    guards = ("waiting",)
    goalposts = (0.2, 0.95)
    privacy = "citizen"
    detect = "share"
    detectors = ("seasonal_z", "cusum", "shift", "floor", "xmr", "p_prime")
    unseen = (("service", "stratum"),)
    reads = ("request", "transactions")
    excluded = ("no_channel",)
    width = 2

    digital: ClassVar[frozenset[str]] = frozenset({"web", "app", "assisted"})

    def cases(self, kind: str, items: View) -> Cases:
        """A case counts where it was completed; its channel says on which side."""
        digital = items.stratum_in(self.digital)
        known = ~items.stratum_in(("",))
        if kind == "transactions":
            at, number = items.start, items.completed
            reason = np.where(known, USED, NO_CHANNEL)
        else:
            at, number = items.closed, np.ones(len(items), np.int64)
            reason = np.where(at < NEVER, np.where(known, USED, NO_CHANNEL), PENDING)
        return Cases(at, reason, (np.where(digital, number, 0), number))

    def read(self, parts: list[int], exposure_ms: int) -> Estimate:
        """The share with its Wilson interval."""
        del exposure_ms
        return Share().read(parts)

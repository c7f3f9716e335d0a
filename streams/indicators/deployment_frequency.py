"""Deployment frequency."""

from __future__ import annotations

import numpy as np

from streams.estimators.estimate import Estimate
from streams.estimators.rate import Rate
from streams.indicator import PENDING, USED, Cases, Tally
from streams.items import NEVER, View

WEEK = 7 * 86_400_000


class DeploymentFrequency(Tally):
    """How often new versions reach their users, a week."""

    title = "Deployment frequency"
    pillar = "Exploit"
    unit = "a week"
    direction = "up"
    formula = "distinct deployments / weeks, over 13 weeks"
    source = "DORA, throughput"
    pitfalls = "Never rank teams by it. A deployment told twice under one id counts once."
    step = "week"
    window = 13
    min_n = 10
    guards = ("change_lead_time",)
    goalposts = (0.0, 25.0)
    detect = "count"
    reads = ("deployment",)
    width = 1
    zero = True

    def cases(self, kind: str, items: View) -> Cases:
        """One a deployment, at its first report."""
        del kind
        at = items.deployed
        return Cases(at, np.where(at < NEVER, USED, PENDING), (np.ones(len(items), np.int64),))

    def read(self, parts: list[int], exposure_ms: int) -> Estimate:
        """Deployments a week, with the interval of a Poisson rate."""
        return Rate(WEEK).read(parts, exposure_ms)

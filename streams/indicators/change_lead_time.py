"""Change lead time."""

from __future__ import annotations

from streams.indicator import Lifetime


class ChangeLeadTime(Lifetime):
    """Hours from a change's first commit to its deployment."""

    title = "Change lead time"
    pillar = "Exploit"
    unit = "hours"
    direction = "down"
    formula = "period Kaplan–Meier median of deployed - created, over 13 weeks"
    source = "DORA, throughput; Kaplan & Meier 1958"
    pitfalls = "A change is known from its merge: time before it counts, but not as time at risk."
    step = "week"
    window = 13
    min_n = 10
    guards = ("deployment_frequency",)
    goalposts = (1.0, 720.0)
    reads = ("change",)
    kind = "change"
    start = "created"
    finish = "deployed"
    stops = ("abandoned",)
    ms = 3_600_000

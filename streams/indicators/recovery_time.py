"""Recovery time."""

from __future__ import annotations

from streams.indicator import Lifetime


class RecoveryTime(Lifetime):
    """Hours from finding that a service does not work as it should to having it back."""

    title = "Recovery time"
    pillar = "Exploit"
    unit = "hours"
    direction = "down"
    formula = "period Kaplan–Meier median of incident resolved - detected, over 13 weeks"
    source = "DORA, instability (failed deployment recovery time); Kaplan & Meier 1958"
    pitfalls = (
        "Of all incidents, whether a release caused them or not; who closes them early looks fast."
    )
    step = "week"
    window = 13
    min_n = 10
    guards = ("incidents",)
    goalposts = (1.0, 168.0)
    reads = ("incident",)
    kind = "incident"
    start = "detected"
    finish = "resolved"
    ms = 3_600_000

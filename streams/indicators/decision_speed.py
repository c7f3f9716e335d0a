"""Decision speed."""

from __future__ import annotations

from streams.indicator import Lifetime


class DecisionSpeed(Lifetime):
    """Hours from asking for a decision to having it, by class of decision."""

    title = "Decision speed"
    pillar = "Data & decisions"
    unit = "hours"
    direction = "down"
    formula = "period Kaplan–Meier median of decision made - requested, over 13 weeks"
    source = "Bain, decision effectiveness; Kaplan & Meier 1958"
    pitfalls = "Speed alone rewards rash decisions; committees' calendars make it lumpy."
    step = "week"
    window = 13
    min_n = 15
    guards = ("ageing_work",)
    goalposts = (8.0, 1440.0)
    strata = "class of decision"
    grains = ((), ("stratum",))
    reads = ("decision",)
    kind = "decision"
    start = "requested"
    finish = "made"
    stops = ("withdrawn",)
    ms = 3_600_000

"""Alerts over a line: spans that never overlap, each in the colour of the worst."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from dashboards.drawing import Context
from dashboards.panel import Scope
from dashboards.standing import spans
from dashboards.words import Clock

DAY = 86_400_000
SINCE, UNTIL = 100 * DAY, 200 * DAY
CONTEXT = Context(Scope(since=SINCE, until=UNTIL), {}, {}, ["parks"], Clock("UTC"), {}, 0)


def alert(opened: int, closed: int | None, severity: str = "warning", name: str = "") -> Any:
    """An alert that stands from the one day to the other."""
    until = None if closed is None else closed * DAY
    return {"opened": opened * DAY, "closed": until, "severity": severity, "reason": f"{name}."}


def shown(*alerts: Any) -> list[tuple[int, int, str, str]]:
    """First and last day, severity and words of each span."""
    return [
        (round(one["t"] / DAY), round(one["t2"] / DAY), one["severity"], one["reason"])
        for one in spans(alerts, CONTEXT)
    ]


def test_one_is_as_it_is() -> None:
    """Cut to what is shown; one that is open lasts to the end, and says so."""
    assert shown(alert(90, 110, name="a"), alert(150, None, name="b")) == [
        (100, 110, "warning", "a."),
        (150, 200, "warning", "b."),
    ]
    first, last = spans([alert(90, 110), alert(150, None)], CONTEXT)
    said = [one["when"].replace("\xa0", " ") for one in (first, last)]
    assert said == ["1 Apr 1970 to 21 Apr 1970", "31 May 1970 still open"]


def test_the_worst_of_each_time_has_the_colour() -> None:
    """And all that stand in a span are named, the worst first."""
    assert shown(alert(110, 150, name="a"), alert(120, 130, "critical", "b")) == [
        (110, 120, "warning", "a."),
        (120, 130, "critical", "b. a."),
        (130, 150, "warning", "a."),
    ]


def test_many_are_one_layer_and_counted() -> None:
    """Those that follow or overlap each other with one severity are one span."""
    many = [alert(110 + nth, 150 + nth, name=f"unit {nth}") for nth in range(17)]
    assert shown(*many) == [(110, 166, "warning", "unit 0. unit 1. unit 2. And 14 more.")]


def test_one_that_opened_just_now_is_there() -> None:
    """A line at the end of what is shown."""
    assert shown(alert(200, None, name="now")) == [(200, 200, "warning", "now.")]
    assert shown() == []


@pytest.mark.parametrize("seed", range(20))
def test_no_two_overlap_and_no_time_is_lost(seed: int) -> None:
    """Every instant of every alert lies in just one span, whose colour is the worst then."""
    random = Random(seed)
    severities = ("critical", "warning", "info")
    alerts = []
    for _ in range(random.randrange(1, 12)):
        opened = random.randrange(90, 200)
        closed = random.choice((None, random.randrange(opened + 1, 220)))
        alerts.append(alert(opened, closed, random.choice(severities)))
    found = shown(*alerts)
    for day in range(100, 200):
        here = [
            one["severity"]
            for one in alerts
            if one["opened"] <= day * DAY and (one["closed"] or UNTIL + 1) > day * DAY
        ]
        over = [severity for start, stop, severity, _ in found if start <= day < stop]
        assert over == ([min(here, key=severities.index)] if here else [])

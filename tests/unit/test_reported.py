"""How sources report, lived through the engine: other rhythms, and types that stop."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from tests.unit.engine_run import Run, assert_same, cut, singly, whole
from tests.unit.events_made import BEGIN, DAY, HOUR, Made, day_count, iso, line, records

_COUNTED = "headwind.service.transactions.counted.v1"
_OPENED = "headwind.service.request.opened.v1"
_CLOSED = "headwind.service.request.closed.v1"


def counted(first: int, last: int, length: int, level: Sequence[int] = (500,)) -> list[Made]:
    """Counts of so many days each, from the one day to the other, told when they are over."""
    made = []
    for day in range(first, last, length):
        at, end = BEGIN + day * DAY, BEGIN + (day + length) * DAY
        number = level[min(day, len(level) - 1)] * length + Random(day).randrange(20)
        told = day_count(at, number) | {"to": iso(end)}
        body = line(_COUNTED, f"{length} {day}", "crm", at, **told)
        made.append(Made(end, "water", "crm", at, body))
    return made


def ticked(made: list[Made], days: int) -> list[Made]:
    """With the clock written once a day."""
    ticks = [Made(BEGIN + day * DAY + HOUR) for day in range(days)]
    return sorted([*made, *ticks], key=lambda one: one.arrival)


def marks(run: Run, indicator: str = "demand") -> list[tuple[str, int]]:
    """What marks of a rhythm say of an indicator, and since which day."""
    return [
        (mark.label, round((mark.start - BEGIN) / DAY))
        for mark in run.marks
        if mark.kind == "rhythm" and mark.indicator == indicator
    ]


@pytest.fixture(scope="module")
def weekly() -> list[Made]:
    """Ninety days of days, then twenty weeks of weeks."""
    return ticked([*counted(0, 91, 1), *counted(91, 231, 7)], 235)


def test_days_that_become_weeks_are_a_break(weekly: list[Made]) -> None:
    """Marked from the first week; the days end, and nothing vanishes, falls or is a shock."""
    run = whole(records(weekly))
    assert marks(run) == [("transactions.counted from crm: each week, was day", 91)]
    assert not run.shocks
    names = {one.alertname for one in run.alerts}
    assert names == {"SourceStale"}
    watch = run.engine.watches["water"]
    assert {line for name, line, _ in watch.series if name == "demand"} == {2}


def test_a_source_of_weeks_is_stale_no_more_than_twice(weekly: list[Made]) -> None:
    """Until the change is sure; after that a week of silence is usual, and three are not."""
    run = whole(records(weekly))
    assert sum(one.transition == 0 for one in run.alerts) <= 2
    later = BEGIN + (231 + 15) * DAY
    run.apply(records([Made(later)]))
    assert [one.alertname for one in run.alerts if one.state == "open"][-1] == "SourceStale"
    assert run.alerts[-1].opened == later


def test_what_stood_in_the_old_rhythm_is_closed() -> None:
    """An alert of days ends with them, and says why; its shock is followed no further."""
    level = [500] * 85 + [200] * 20
    run = whole(records(ticked([*counted(0, 98, 1, level), *counted(98, 161, 7, [200])], 165)))
    demand = [one for one in run.alerts if one.indicator == "demand"]
    assert [one.state for one in demand][-1] == "closed"
    assert "told each week since" in demand[-1].reason
    shocks = {shock.id for shock in run.shocks}
    assert len(shocks) == 1
    assert all(shock.state != "thriving" for shock in run.shocks)
    assert not run.engine.watches["water"].casebook.cases


def test_months_beside_days_are_no_break() -> None:
    """The days go on."""
    made = sorted([*counted(0, 150, 1), *counted(0, 150, 30)], key=lambda one: one.arrival)
    assert not marks(whole(records(made)))


def requests(days: int, stops: tuple[int, int]) -> list[Made]:
    """Requests opened and closed each day; none is opened from the one day to the other."""
    made = []
    for day in range(days):
        for n in range(6):
            at = BEGIN + day * DAY + n * HOUR
            for kind in (_OPENED, _CLOSED):
                if kind == _OPENED and stops[0] <= day < stops[1]:
                    continue
                name = f"{kind} {day} {n}"
                facts = {"request": f"r{day} {n}", "service": "permits"}
                body = line(kind, name, "crm", at, **facts)
                made.append(Made(at + HOUR, "water", "crm", at, body))
    return made


def test_a_type_that_stops_while_its_source_speaks_is_told() -> None:
    """Once, with source and type, and closed when it comes again."""
    run = whole(records(requests(90, (50, 70))))
    opened, closed = [one for one in run.alerts if one.alertname == "EventsVanished"]
    assert (opened.state, opened.indicator) == ("open", "")
    assert (opened.evidence["source"], opened.evidence["type"]) == ("crm", _OPENED)
    assert round((opened.evidence["since"] - BEGIN) / DAY) == 50
    assert BEGIN + 57 * DAY <= opened.opened <= BEGIN + 58 * DAY
    assert (closed.id, closed.state, closed.transition) == (opened.id, "closed", 1)
    assert [notice.alert for notice in run.notices if notice.alert.id == opened.id] == [
        opened,
        closed,
    ]
    assert not run.shocks


def test_events_that_come_at_night_are_marked() -> None:
    """From day 60 on they are received once a day, each with its own time."""
    made = []
    for day in range(80):
        for n in range(12):
            at = BEGIN + day * DAY + n * HOUR
            facts = {"request": f"r{day} {n}", "service": "permits"}
            arrival = at if day < 60 else BEGIN + (day + 1) * DAY
            made.append(
                Made(arrival, "water", "crm", at, line(_OPENED, f"{day} {n}", "crm", at, **facts))
            )
    run = whole(records(sorted(made, key=lambda one: one.arrival)))
    assert marks(run, "") == [("crm sends once a day", 60)]


@pytest.mark.parametrize("restart", [0.0, 0.3])
def test_however_the_log_is_cut(weekly: list[Made], restart: float) -> None:
    """Event by event, whole, in pieces and with restarts: the same marks and alerts."""
    for made in (weekly, requests(70, (50, 66))):
        told = records(made)
        one = singly(told)
        assert_same(one, whole(told))
        assert_same(one, cut(told, Random(2), restart=restart))
        assert one.alerts

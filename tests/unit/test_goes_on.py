"""Work that goes on, watched in the engine: slow work is an alert, lost events and silence are not."""

from __future__ import annotations

from random import Random

import pytest

from models.alert import Alert
from models.settings import Settings
from tests.unit.engine_run import Run, assert_same, cut, singly, whole
from tests.unit.events_made import BEGIN, DAY, Made, line, records

HOUR = DAY // 24
WEEK = 7 * DAY
WEEKS, TURN = 44, 36
ASKED, DECIDED = (f"headwind.project.decision.{step}.v1" for step in ("requested", "made"))
SEEN = "headwind.project.opportunity.identified.v1"
OPENED, CLOSED = (f"headwind.service.request.{step}.v1" for step in ("opened", "closed"))


def told(kind: str, name: str, at: int, **data: object) -> Made:
    """An event that arrives when it happens."""
    return Made(at, "parks", "crm", at, line(kind, name, "crm", at, **data))


def decided(slower: float, weeks: int = WEEKS, a_week: int = 30) -> list[Made]:
    """Decisions that take two days, and from a week on so many times as long, in order of time."""
    random, made = Random(4), []
    for number in range(weeks * a_week):
        asked = BEGIN + int(random.uniform(0, weeks * WEEK))
        took = random.expovariate(1 / (2 * DAY))
        turn = max(asked, BEGIN + TURN * WEEK)
        end = asked + took if asked + took < turn else turn + (asked + took - turn) * slower
        said: dict[str, object] = {"decision": f"d{number}", "class": "tactical"}
        made.append(told(ASKED, f"a{number}", asked, **said))
        made.append(told(DECIDED, f"b{number}", int(end), **said))
    last = BEGIN + weeks * WEEK + HOUR
    beats = [
        told(SEEN, f"beat{day}", BEGIN + day * DAY + 1, opportunity=f"x{day}")
        for day in range(weeks * 7)
    ]
    return sorted(
        (one for one in [*made, *beats] if one.arrival < last), key=lambda one: one.arrival
    )


def opened(run: Run, indicator: str = "decision_speed") -> list[Alert]:
    """The alerts that were opened of an indicator."""
    return [one for one in run.alerts if one.indicator == indicator and not one.transition]


@pytest.fixture(scope="module")
def slow() -> list[Made]:
    """Decisions that take four times as long from week 36 on."""
    return decided(4.0)


def test_slow_work_is_an_alert_before_it_is_done(slow: list[Made]) -> None:
    """Dated near the turn, in words, with what half of the work usually takes; no case file."""
    run = whole(records(slow))
    (alert,) = opened(run)
    assert alert.alertname == "Decision speed off"
    assert alert.cell.service == alert.cell.stratum == ""
    weeks = (alert.opened - BEGIN) / WEEK - TURN
    assert 0 < weeks <= 4
    assert abs(alert.evidence["since"] - BEGIN - TURN * WEEK) <= 2 * WEEK
    assert alert.evidence["detector"] == "pace"
    assert "times as slowly as usual for its age, since 20" in alert.reason
    assert alert.evidence["low"] < alert.evidence["expected"] < alert.evidence["high"]
    assert not run.shocks
    assert not [one for one in run.values if one[0] == "decision_speed" and one[6] == "bucket"]


def test_steady_work_is_none() -> None:
    """The same without a turn."""
    assert not opened(whole(records(decided(1.0))))


def test_however_the_log_is_cut_and_wherever_it_stops(slow: list[Made]) -> None:
    """Event by event, in one transaction, and restarted in between: the same alert."""
    log = records(slow)
    one = whole(log)
    assert opened(one)
    assert_same(one, cut(log, Random(5), restart=0.3))
    assert_same(one, singly(log))


def test_a_silent_source_ends_nothing_and_slows_nothing(slow: list[Made]) -> None:
    """While only another source speaks what was open stays so: unknown, and no alert of its own."""
    stop = BEGIN + (TURN - 2) * WEEK
    other = [
        Made(one.arrival, "parks", "bus", one.time, one.line.replace(b'"crm"', b'"bus"'))
        for one in slow
        if one.arrival >= stop and one.line.find(b"beat") > 0
    ]
    ticks = [Made(stop + day * DAY) for day in range(1, 60)]
    made = [one for one in slow if one.arrival < stop]
    run = whole(records([*made, *sorted([*other, *ticks], key=lambda one: one.arrival)]))
    assert {one.alertname for one in run.alerts if one.state == "open"} >= {"SourceStale"}
    assert not opened(run)


def test_work_that_stops_is_told(slow: list[Made]) -> None:
    """Beside the type of event that vanishes: of one service among others only this would be."""
    stop = BEGIN + (TURN - 2) * WEEK + DAY
    made = [one for one in slow if one.arrival < stop or DECIDED.encode() not in one.line]
    run = whole(records(made))
    assert {one.alertname for one in run.alerts} == {"Decision speed off", "EventsVanished"}
    assert "nothing has ended" in opened(run)[0].reason


def test_a_source_that_feeds_nothing_here_may_be_silent(slow: list[Made]) -> None:
    """It holds back its agency's alerts, and what is known of the pace goes on."""
    body = line(SEEN, "old", "bus", BEGIN, opportunity="old")
    ticks = [Made(BEGIN + day * DAY + 2) for day in range(1, WEEKS * 7)]
    made = sorted(
        [Made(BEGIN, "parks", "bus", BEGIN, body), *ticks, *slow], key=lambda x: x.arrival
    )
    run = whole(records(made))
    (alert,) = opened(run)
    assert alert.state == "inhibited"
    assert "times as slowly" in alert.reason


def test_fewer_than_may_be_shown_are_not_watched() -> None:
    """Of people's requests five must be at risk in a bucket; whatever becomes of four."""
    made = []
    for week in range(60):
        for number in range(4):
            at = BEGIN + week * WEEK + DAY + number * HOUR
            said = {"request": f"r{week}-{number}", "service": "permit"}
            made.append(told(OPENED, f"o{week}-{number}", at, **said))
            made.append(
                told(CLOSED, f"c{week}-{number}", at + (DAY if week < 40 else 6 * DAY), **said)
            )
    run = Run(Settings.of({"organisation": {"timezone": "UTC"}}))
    run.apply(records(sorted(made, key=lambda one: one.arrival)))
    assert not [key for key in run.engine.watches["parks"].series if key[0] == "waiting"]

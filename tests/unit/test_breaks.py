"""Breaks and gaps: what is no fall is told as what it is, and learned anew."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from models.alert import Alert
from models.event import Event, decode_lines
from streams.gap import EVENTS_VANISHED
from streams.watch import Watch
from tests.unit.engine_run import assert_same, cut, singly, whole
from tests.unit.events_made import BEGIN, DAY, Made, day_count, iso, line, records
from tests.unit.watched import Watched, stub

_DECLARED = "headwind.context.shock.declared.v1"
_OVER = "headwind.context.shock.closed.v1"
_CHANGED = "headwind.context.definition.changed.v1"
_OPENED, _CLOSED = (f"headwind.service.request.{step}.v1" for step in ("opened", "closed"))
_COUNTED = "headwind.service.transactions.counted.v1"


def quiet(many: int = 100) -> Watched:
    """A series in control at about 100 a day."""
    watched = Watched(stub("context"))
    watched.feed_all([100.0 + day % 5 for day in range(many)])
    return watched


def gaps(watched: Watched) -> list[Alert]:
    """Every state of every gap."""
    return [one for one in watched.alerts if one.alertname == EVENTS_VANISHED]


def test_nothing_at_all_is_a_gap_and_no_fall() -> None:
    """From the third empty day on a gap is told, once; nothing is called a fall or a shock."""
    watched = quiet()
    watched.feed_all([0.0] * 30)
    (gap,) = gaps(watched)
    assert watched.alerts == [gap]
    assert (gap.state, gap.severity) == ("open", "warning")
    assert gap.evidence["since"] == watched.calendar.start("day", watched.next - 30)
    assert gap.opened == watched.end(watched.next - 28)
    assert not watched.signals
    assert not watched.made.shocks
    assert [notice.alert for notice in watched.notices] == [gap]


def test_a_gap_ends_when_events_come_again() -> None:
    """A stray one does not end it; it closes once, is told, and the series goes on as it was."""
    watched = quiet()
    watched.feed_all([0.0] * 15)
    watched.feed_all([2.0, 0.0, 9.0])
    watched.feed_all([0.0] * 12)
    watched.feed_all([101.0] * 10)
    assert [one.state for one in gaps(watched)] == ["open", "closed"]
    assert len({one.id for one in gaps(watched)}) == 1
    assert len(watched.notices) == 2
    assert len(watched.alerts) == 2


def test_two_empty_days_are_no_gap() -> None:
    """They are not judged at all."""
    watched = quiet()
    watched.feed_all([0.0, 0.0, 100.0, 0.0, 0.0, 101.0])
    assert not watched.alerts


def test_nothing_where_little_is_expected_is_no_gap() -> None:
    """Two requests a day may well be none for a while."""
    watched = Watched(stub("context"))
    watched.feed_all([float(day % 4) for day in range(100)])
    watched.feed_all([0.0] * 10)
    assert not gaps(watched)


def test_a_gap_survives_a_restart() -> None:
    """Its closing has the id of its opening."""
    watched = quiet()
    watched.feed_all([0.0] * 5)
    body = watched.watch.dump()
    watched.watch = Watch(watched.watch.agency, watched.calendar)
    watched.watch.load(body)
    watched.feed(100.0)
    assert [one.state for one in gaps(watched)] == ["open", "closed"]
    assert len({one.id for one in gaps(watched)}) == 1


def heard(kind: str, **data: str) -> Event:
    """One event of context."""
    return decode_lines(line(kind, "e", "office", BEGIN, **data))[0]


@pytest.mark.parametrize(
    ("indicator", "service", "breaks"),
    [("", "", True), ("stub", "permits", True), ("", "parks", False), ("waiting", "", False)],
)
def test_a_changed_definition_is_learned_anew(indicator: str, service: str, breaks: bool) -> None:
    """What it touches starts its warm-up again: the new level is neither news nor an alert."""
    watched = quiet()
    what = {"what": "closed now includes duplicates", "indicator": indicator, "service": service}
    watched.watch.told(heard(_CHANGED, **what), BEGIN, watched.made)
    watched.feed_all([50.0 + day % 5 for day in range(60)])
    assert bool(watched.alerts) != breaks
    (mark,) = watched.made.marks
    assert (mark.kind, mark.label) == ("definition", "closed now includes duplicates")


def test_a_changed_definition_closes_what_stands() -> None:
    """An open alert ends, and says why; its shock is followed no further."""
    watched = quiet()
    watched.feed_all([50.0] * 10)
    assert watched.made.shocks
    watched.watch.told(heard(_CHANGED, what="another form"), BEGIN, watched.made)
    before = len(watched.made.shocks)
    watched.feed_all([50.0] * 30)
    assert [one.state for one in watched.alerts] == ["open", "closed"]
    assert "counted in another way" in watched.alerts[-1].reason
    assert [one.state for one in watched.made.shocks[before:]] == ["broken"]


def _context() -> list[Made]:
    """Ninety quiet days, a declared flood, half the cases for three weeks, and its end."""
    days = [(day, 500 + day % 7) for day in range(90)]
    days += [(day, 250 + day % 7) for day in range(90, 111)]
    days += [(day, 500 + day % 7) for day in range(111, 150)]
    made = []
    for day, count in days:
        at = BEGIN + day * DAY
        body = line(_COUNTED, f"d{day}", "crm", at, **day_count(at, count), recorded=at + DAY)
        made.append(Made(at + DAY, "parks", "crm", at, body))
    for day, kind, data in (
        (90, _DECLARED, {"shock": "flood", "kind": "flood"}),
        (92, "headwind.project.decision.made.v1", {"decision": "d", "class": "crisis"}),
        (111, _OVER, {"shock": "flood"}),
        (130, _CHANGED, {"what": "another form"}),
    ):
        at = BEGIN + day * DAY + 7
        made.append(Made(at, "parks", "crm", at, line(kind, kind, "crm", at, **data)))
    return sorted(made, key=lambda one: one.arrival)


def test_what_is_heard_is_heard_at_its_place_however_the_log_is_cut() -> None:
    """Crises, decisions and definitions work in one transaction as event by event."""
    one, other = singly(records(_context())), whole(records(_context()))
    assert_same(one, other)
    last = {shock.id: shock for shock in one.shocks if shock.kind != "crisis"}
    assert {shock.declared for shock in last.values()} == {"flood"}
    answered = [shock.evidence["answered"] for shock in last.values()]
    assert answered == [BEGIN + 92 * DAY + 7] * len(last)
    assert len({iso(shock.onset) for shock in last.values()}) == 1


def test_a_type_that_vanishes_is_over_in_the_same_words_after_a_restart() -> None:
    """To the last byte, the order of its evidence too."""
    made = []
    for day in range(150):
        at = BEGIN + day * DAY
        for number in range(3):
            said = {"request": f"{day}-{number}", "service": "permits"}
            made.append(
                Made(at, "parks", "crm", at, line(_OPENED, f"o{day}-{number}", "crm", at, **said))
            )
            if not 80 <= day < 110:
                body = line(_CLOSED, f"c{day}-{number}", "crm", at + 1, **said)
                made.append(Made(at + 1, "parks", "crm", at + 1, body))
    log = records(sorted(made, key=lambda one: one.arrival))
    one = whole(log)
    vanished = [alert.state for alert in one.alerts if alert.alertname == "EventsVanished"]
    assert vanished == ["open", "closed"]
    assert_same(one, cut(log, Random(1), restart=1.0))


def test_a_crisis_is_marked_once() -> None:
    """Declared twice and closed twice: one mark with its beginning and its end."""
    made = _context()
    again = [
        replace(one, line=one.line.replace(b'"id":"head', b'"id":"again-head')) for one in made
    ]
    run = whole(records(sorted(made + again, key=lambda one: one.arrival)))
    crises = [mark for mark in run.marks if mark.kind == "crisis"]
    assert [(mark.transition, mark.end is None) for mark in crises] == [(0, True), (1, False)]

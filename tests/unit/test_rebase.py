"""A new baseline: only a human begins one, it is in the log, and a replay gives the same."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import msgspec
import numpy as np
import pytest

from models.calendar import Calendar
from models.check import check
from models.event import Event, decode_lines
from models.value import Cell
from streams.rebase import first
from streams.watch import Watch
from tests.unit.engine_run import assert_same, cut, singly, whole
from tests.unit.events_made import BEGIN, DAY, Made, iso, line, record, records
from tests.unit.watched import Watched, stub

_REBASED = "headwind.context.baseline.rebased.v1"
_COUNTED = "headwind.service.transactions.counted.v1"
CHAIN = ("seasonal_z", "cusum", "shift", "xmr", "p_prime")
WEEK = 7 * DAY


def heard(at: int, **data: str) -> Event:
    """Somebody begins a new baseline."""
    said = {"indicator": "stub", "why": "two crews instead of one"} | data
    return decode_lines(line(_REBASED, "e", "headwind rebase", at, **said))[0]


def stepped(many: int = 20, rhythm: str = "week") -> tuple[Watched, int]:
    """Forty weeks at 0.8, so many at 0.7; and when the first of these began."""
    watched = Watched(stub("up", "share", detectors=CHAIN), rhythm)  # type: ignore[arg-type]
    random = np.random.default_rng(1)
    watched.feed_all((0.8 + 0.01 * random.standard_normal(40)).tolist())
    at = watched.calendar.start(watched.rhythm, watched.next)
    watched.feed_all((0.7 + 0.01 * random.standard_normal(many)).tolist())
    return watched, at


def test_limits_and_expectation_begin_at_the_moment_named() -> None:
    """The alert closes with the next bucket; what came since is the new usual, at once."""
    watched, at = stepped()
    watched.watch.told(heard(at), at, watched.made)
    watched.feed(0.7)
    assert [alert.state for alert in watched.alerts[-2:]] == ["open", "closed"]
    assert "new baseline" in watched.alerts[-1].reason
    (series,) = watched.watch.series.values()
    chart = series.memory["xmr"]
    assert (chart.seen, len(chart.baseline)) == (21, 12)
    assert sum(chart.baseline) / 12 == pytest.approx(0.7, abs=0.01)
    assert series.memory["p_prime"].seen == 21
    assert len(series) == 21
    before = len(watched.signals)
    watched.feed_all([0.69, 0.71] * 3)
    assert len(watched.signals) == before
    watched.feed_all([0.5] * 3)
    assert watched.alerts[-1].state == "open"
    assert watched.alerts[-1].evidence["expected"] == pytest.approx(0.7, abs=0.01)


def test_where_nothing_came_since_everything_is_learned_anew() -> None:
    """As after a changed definition: silent until the warm-up is over."""
    watched, _ = stepped(0)
    at = watched.calendar.start("week", watched.next)
    watched.watch.told(heard(at), at, watched.made)
    watched.feed_all([0.5] * 10)
    assert not watched.alerts
    (series,) = watched.watch.series.values()
    assert series.memory["xmr"].seen == len(series) == 10


@pytest.mark.parametrize(
    ("data", "touched"),
    [
        ({}, True),
        ({"service": "permits"}, True),
        ({"service": "parks"}, False),
        ({"unit": "north"}, False),
        ({"indicator": "waiting"}, False),
    ],
)
def test_only_the_series_named_is_touched(data: dict[str, str], touched: bool) -> None:
    """By indicator, service and unit; nothing named means all of them."""
    watched, at = stepped()
    watched.watch.told(heard(at, **data), at, watched.made)
    watched.feed(0.7)
    assert (watched.alerts[-1].state == "closed") == touched
    (mark,) = watched.made.marks
    assert (mark.kind, mark.start, mark.label) == ("rebase", at, "two crews instead of one")
    assert mark.cell == Cell(data.get("unit", ""), data.get("service", ""))


def test_a_changed_definition_outweighs_a_new_baseline() -> None:
    """What is counted is another thing: nothing from before it may be learned."""
    watched, at = stepped()
    watched.watch.told(heard(at), at, watched.made)
    changed = line("headwind.context.definition.changed.v1", "d", "office", at, what="other form")
    watched.watch.told(decode_lines(changed)[0], at, watched.made)
    watched.feed(0.7)
    (series,) = watched.watch.series.values()
    assert len(series) == 1


def test_it_survives_a_restart_before_the_next_bucket() -> None:
    """What was heard is kept until it is done."""
    one, at = stepped()
    other, _ = stepped()
    for watched in (one, other):
        watched.watch.told(heard(at), at, watched.made)
    body = other.watch.dump()
    other.watch = Watch("parks", other.calendar)
    other.watch.load(body)
    for watched in (one, other):
        watched.feed_all([0.7, 0.72] * 10 + [0.5] * 4)
    assert one.alerts == other.alerts
    assert one.signals == other.signals
    assert one.watch.dump() == other.watch.dump()


def test_days_with_holidays_are_learned_again() -> None:
    """The history of a daily series goes through the same way as when it was lived."""
    calendar = Calendar("Europe/Brussels", "BE")
    watched = Watched(stub("context", detectors=CHAIN), "day", calendar)
    lived = Watched(stub("context", detectors=CHAIN), "day", calendar)
    counts = np.random.default_rng(2).poisson(100, 120).astype(float).tolist()
    watched.feed_all(counts[:40])
    at = calendar.start("day", watched.next)
    lived.next = watched.next
    watched.feed_all(counts[40:])
    lived.feed_all(counts[40:])
    watched.watch.told(heard(at), at, watched.made)
    watched.feed(100.0)
    lived.feed(100.0)
    (mine,), (theirs,) = watched.watch.series.values(), lived.watch.series.values()
    for name in ("packed", "slots", "misses"):
        assert getattr(mine, name) == getattr(theirs, name), name


def test_the_first_whole_bucket() -> None:
    """A week that has begun already is not whole."""
    calendar = Calendar("UTC", "")
    monday = calendar.start("week", 2600)
    assert first(calendar, "week", monday) == 2600
    assert first(calendar, "week", monday + 1) == 2601
    assert first(calendar, "week", monday - 1) == 2600


# --- in the engine --------------------------------------------------------------------------------


def _weeks() -> list[Made]:
    """Sixty weeks of counts whose share of completions steps after thirty; then a new baseline."""
    random = Random(4)
    made = []
    for week in range(60):
        at = BEGIN + DAY + week * WEEK
        started = random.randrange(900, 1100)
        completed = round(started * (0.8 if week < 30 else 0.6) + random.randrange(-15, 15))
        data = {"from": iso(at), "to": iso(at + WEEK), "service": "permits", "channel": "web"}
        data |= {"started": started, "completed": completed}  # type: ignore[dict-item]
        body = line(_COUNTED, f"w{week}", "crm", at, **data, recorded=at + WEEK)
        made.append(Made(at + WEEK, "parks", "crm", at, body))
    at = BEGIN + DAY + 30 * WEEK
    said = {"indicator": "completion", "service": "permits", "why": "paper forms end"}
    body = line(_REBASED, "r", "headwind rebase", at, **said)
    made.append(Made(at + 8 * WEEK, "parks", "headwind rebase", at, body))
    return sorted(made, key=lambda one: one.arrival)


def test_it_is_heard_at_its_place_however_the_log_is_cut() -> None:
    """Event by event, in one transaction, in pieces with a restart after each: the same."""
    told = records(_weeks())
    one, other = singly(told), whole(told)
    assert_same(one, other)
    assert_same(one, cut(told, Random(5), restart=1.0))
    assert [mark.kind for mark in one.marks] == ["rebase"]
    closed = [alert for alert in one.alerts if "new baseline" in alert.reason]
    assert closed
    plain = whole(records([made for made in _weeks() if made.source == "crm"]))
    assert [alert.reason for alert in plain.alerts if "new baseline" in alert.reason] == []


def test_who_rebases_is_no_feed() -> None:
    """Its silence is no silence, and it holds no bucket back."""
    run = whole(records(_weeks()))
    values = len(run.values)
    run.apply([record([Made(BEGIN + 62 * WEEK + 10 * DAY)])])
    silent = [alert.evidence["source"] for alert in run.alerts if alert.alertname == "SourceStale"]
    assert silent == ["crm"]
    assert run.engine.agencies["parks"].sources["headwind rebase"].by_hand
    assert not run.engine.agencies["parks"].sources["crm"].by_hand
    assert len(run.values) == values


def test_words_about_a_person_do_not_pass() -> None:
    """``why`` is short, and refused where it holds what may be a person's."""
    sent = [
        line(_REBASED, str(at), "office", BEGIN, indicator="completion", why=why)
        for at, why in enumerate(("ask ann@example.org", "x" * 129, "", "new forms"))
    ]
    checked = check(sent, agency="parks", families=None, received=BEGIN + DAY)
    assert [event.id for event in checked.events] == ["3"]
    told = {one.row: {problem.code for problem in one.problems} for one in checked.refused}
    assert told == {0: {"person_like"}, 1: {"out_of_range"}, 2: {"out_of_range"}}
    assert all(b"ann@" not in msgspec.json.encode(one) for one in checked.refused)


def test_a_repeat_changes_nothing() -> None:
    """The same event again is dropped; the same said once more gives no second mark."""
    made = _weeks()
    again = [replace(one, arrival=one.arrival + DAY) for one in made if one.source != "crm"]
    one, other = whole(records(made)), whole(records(sorted(made + again, key=lambda x: x.arrival)))
    assert [mark.id for mark in one.marks] == [mark.id for mark in other.marks]
    assert one.alerts == other.alerts

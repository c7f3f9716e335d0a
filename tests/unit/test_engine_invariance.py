"""The engine's promises: the same answer however the log is cut, mixed, stopped or shuffled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.record import Record
from tests.unit.engine_run import Run, assert_same, cut, decisions, singly, whole
from tests.unit.events_made import (
    AGENCIES,
    BEGIN,
    DAY,
    HOUR,
    LATENESS,
    Made,
    Plan,
    history,
    iso,
    line,
    record,
    records,
)

_FEW = settings(
    max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
_OPENED = "headwind.service.request.opened.v1"
_CLOSED = "headwind.service.request.closed.v1"
_COUNTED = "headwind.service.transactions.counted.v1"
_BEAT = "headwind.context.source.heartbeat.v1"

SEED = st.integers(0, 2**32)


def plans(**fixed: object) -> st.SearchStrategy[Plan]:
    """Histories with everything in them that may go wrong, unless fixed."""
    shares = dict.fromkeys(("late", "again", "odd", "bad"), st.sampled_from((0.0, 0.1, 0.3)))
    choices = {
        **shares,
        "seed": SEED,
        "size": st.integers(1, 70),
        "days": st.sampled_from((20, 75, 120)),
        "tick": st.sampled_from((0, 1, 4)),
        "quiet": st.booleans(),
        "hour": st.sampled_from((HOUR, DAY)),
    }
    return st.builds(Plan, **(choices | {name: st.just(one) for name, one in fixed.items()}))


# --- (a) however the log is cut -------------------------------------------------------------------


@_FEW
@given(plans())
def test_one_transaction_gives_what_event_by_event_gives(plan: Plan) -> None:
    """Values with revisions and receipts, signals, alerts, refusals and sources are the same."""
    told = records(history(plan))
    assert_same(singly(told), whole(told))


@_FEW
@given(plans(), SEED)
def test_other_records_and_transactions_change_nothing(plan: Plan, seed: int) -> None:
    """The same events, with the same receipts, in other records and other transactions."""
    made = history(plan)
    assert_same(singly(records(made)), cut(records(made, Random(seed)), Random(seed)))


@_FEW
@given(plans(agencies=AGENCIES[:2], size=40), SEED)
def test_groups_do_not_see_transactions(plan: Plan, seed: int) -> None:
    """Stage two gives the same rows for any transactions over the same records."""
    told = records(history(plan))
    one, other = whole(told), cut(told, Random(seed), restart=0.3)
    assert one.table(groups=True) == other.table(groups=True)
    assert one.table(groups=True) or not one.table()


# --- (b) however agencies are interleaved ---------------------------------------------------------


@_FEW
@given(plans(agencies=AGENCIES, size=30, tick=0), SEED)
def test_agencies_do_not_see_each_other(plan: Plan, seed: int) -> None:
    """Other interleavings change nothing in an agency, and not what a group shows in the end.

    The end is when every member has closed the same buckets: until then a group waits for them.
    """
    made = history(plan)
    told = records(made)
    mixed = interleaved(told, Random(seed))
    one, other = whole(told), cut(mixed, Random(seed))
    assert_same(one, other)
    for run in (one, other):
        run.apply(records(complete(max(one.arrival for one in made) + 40 * DAY)))
    ours, theirs = one.latest(groups=True), other.latest(groups=True)
    assert set(ours) == set(theirs)
    for name, row in ours.items():
        assert row == theirs[name], name


def complete(at: int) -> list[Made]:
    """Every source of every agency says that all has been told."""
    return [
        Made(at, agency, source, at, line(_BEAT, "end", source, at, complete_to=iso(at)))
        for agency in AGENCIES
        for source in LATENESS
    ]


def interleaved(told: Sequence[Record], random: Random) -> list[Record]:
    """The records of each agency in their order, the agencies mixed anew."""
    queues: dict[str, list[Record]] = {}
    for one in told:
        queues.setdefault(one.agency, []).append(one)
    mixed = []
    while queues:
        name = random.choice(sorted(queues))
        mixed.append(queues[name].pop(0))
        if not queues[name]:
            del queues[name]
    return [msgspec.structs.replace(one, position=at) for at, one in enumerate(mixed, 1)]


# --- (c) in whatever order events arrive within the allowance -------------------------------------


def preamble() -> list[Made]:
    """Every type of every source once, in a bucket of its own long before the rest."""
    kinds: list[tuple[str, dict[str, Any]]] = [
        (_OPENED, {"request": "first", "service": "permits"}),
        (_CLOSED, {"request": "first", "service": "permits"}),
        (_COUNTED, _count(BEGIN - 60 * DAY, 5)),
    ]
    return [
        Made(BEGIN, "parks", source, BEGIN - 60 * DAY, line(kind, f"p{n}", source, at, **data))
        for source in LATENESS
        for n, (kind, data) in enumerate(kinds)
        for at in (BEGIN - 60 * DAY,)
    ]


def _count(start: int, number: int) -> dict[str, object]:
    told = {"from": iso(start), "to": iso(start + DAY), "service": "permits", "channel": "web"}
    return told | {"started": 2 * number, "completed": number}


def within_allowance(random: Random) -> tuple[list[Made], list[Made]]:
    """Events in order of their time, and so delayed that each comes within its allowance."""
    straight = []
    for n in range(random.randrange(1, 120)):
        source = random.choice(("bus", "sheet"))
        time = BEGIN + random.randrange(40 * 24) * HOUR
        facts: dict[str, Any] = {"request": f"r{random.randrange(60)}"}
        facts["service"] = random.choice(("permits", "x"))
        kind = random.choice((_OPENED, _CLOSED, _COUNTED))
        if kind == _COUNTED:
            time -= time % DAY
            facts = _count(time, random.randrange(100)) | {"recorded": time + DAY + n}
        elif kind == _OPENED:
            facts["request"] = f"r{n}"
        straight.append(
            Made(time, "parks", source, time, line(kind, f"e{n}", source, time, **facts))
        )
    straight.sort(key=lambda one: (one.time, one.line))
    delay = {one.line: random.randrange(LATENESS[one.source]) for one in straight}
    shuffled = sorted(straight, key=lambda one: one.time + delay[one.line])
    last = BEGIN + 60 * DAY
    return [replace(one, arrival=last) for one in straight], [
        replace(one, arrival=last) for one in shuffled
    ]


@_FEW
@given(SEED)
def test_order_within_the_allowance_changes_nothing(seed: int) -> None:
    """First values, decisions and all that stands are those of events in order of time."""
    straight, shuffled = within_allowance(Random(seed))
    one, other = whole(records(preamble() + straight)), whole(records(preamble() + shuffled))
    assert one.table() == other.table()
    assert decisions(one) == decisions(other)


# --- (d) wherever it is stopped -------------------------------------------------------------------


@_FEW
@given(plans(agencies=AGENCIES[:2], size=30), SEED)
def test_a_snapshot_at_every_transaction_changes_nothing(plan: Plan, seed: int) -> None:
    """State taken through its stored form goes on as if nothing had been."""
    told = records(history(plan), Random(seed))
    one, other = cut(told, Random(seed)), cut(told, Random(seed), restart=1.0)
    assert_same(one, other)
    assert one.table(groups=True) == other.table(groups=True)


# --- (e) repeats, used ids, wrong clocks ----------------------------------------------------------


def _open(n: int, at: int, name: str = "", **more: object) -> Made:
    facts = {"request": f"r{n}", "service": "permits", **more}
    return Made(at, "parks", "crm", at, line(_OPENED, name or f"e{n}", "crm", at, **facts))


def _last_codes(run: Run) -> list[str]:
    problems = [msgspec.json.decode(told) for _, told in run.refused.values()]
    return sorted(one["code"] for some in problems for one in some)


@_FEW
@given(plans(again=0.0, bad=0.0, size=30, days=20), SEED)
def test_a_log_sent_twice_counts_once(plan: Plan, seed: int) -> None:
    """Every repeat is dropped, wherever it comes, and counted as a repeat."""
    made = history(replace(plan, tick=0))
    random = Random(seed)
    end = made[-1].arrival
    twice = made + [replace(one, arrival=end) for one in random.sample(made, len(made) // 2)]
    one, other = whole(records(made)), whole(records(twice))
    assert one.table() == other.table()
    assert decisions(one) == decisions(other)
    repeats = [
        traffic.repeats
        for source in other.engine.agencies["parks"].sources.values()
        for traffic in source.traffic.values()
    ]
    assert sum(repeats) == len(made) // 2
    assert not other.refused


def test_a_used_id_is_refused_and_the_first_event_stands() -> None:
    """Another event under a used id is refused as id_reused, in one batch and in two."""
    made = [_open(1, BEGIN), replace(_open(2, BEGIN, "e1"), arrival=BEGIN + HOUR), _open(3, BEGIN)]
    for run in (whole(records(made)), singly(records(made))):
        assert _last_codes(run) == ["id_reused"]
        assert len(run.engine.agencies["parks"].items["request"]) == 2


def test_an_id_may_be_used_by_two_sources() -> None:
    """The identity of an event is its source and its id."""
    other = line(_OPENED, "e1", "bus", BEGIN, request="r9", service="permits")
    run = whole(records([_open(1, BEGIN), Made(BEGIN, "parks", "bus", BEGIN, other)]))
    assert not run.refused


def test_ids_are_forgotten_at_the_same_event_however_the_log_is_cut() -> None:
    """An id is free again after retention, whether its second use comes in the same batch or not."""
    made = [_open(1, BEGIN), _open(2, BEGIN + 70 * DAY), _open(3, BEGIN + 100 * DAY)]
    made.append(_open(4, BEGIN + 101 * DAY, "e1"))
    one, other = singly(records(made)), whole([msgspec.structs.replace(r) for r in records(made)])
    assert_same(one, other)
    assert _last_codes(one) == []


def test_a_wrong_clock_cannot_run_time_forward() -> None:
    """An event from the future is refused, and closes nothing; so is one beyond retention."""
    early = replace(_open(1, BEGIN + 9 * DAY), arrival=BEGIN)
    made = [_open(2, BEGIN), early, _open(3, BEGIN + HOUR), _open(4, BEGIN - 61 * DAY)]
    run = whole(records(sorted(made, key=lambda one: one.arrival)))
    assert _last_codes(run) == ["future"]
    run.apply(records([replace(_open(5, BEGIN - 61 * DAY), arrival=BEGIN + HOUR)]))
    assert _last_codes(run) == ["beyond_retention", "future"]
    assert {one[-1] for one in run.table() if one[-1] > BEGIN + HOUR} == set()
    assert len(run.engine.agencies["parks"].items["request"]) == 3


def test_a_heartbeat_cannot_run_time_forward() -> None:
    """Complete to a day that has not come closes nothing that is still to come."""
    beat = line(_BEAT, "b", "crm", BEGIN, complete_to=iso(BEGIN + 900 * DAY))
    made = [_open(1, BEGIN), Made(BEGIN, "parks", "crm", BEGIN, beat), _open(2, BEGIN + 3 * DAY)]
    run = whole(records(made))
    ends = {one[-1] for one in run.table() if one[0] == "demand"}
    assert max(ends) <= BEGIN + 3 * DAY


def test_a_source_whose_events_are_all_refused_may_fall_silent() -> None:
    """Its silence is told; there is no last event to name."""
    wrong = replace(_open(1, BEGIN + 9 * DAY), arrival=BEGIN)
    run = whole([*records([wrong]), record([Made(BEGIN + 30 * DAY)])])
    assert [one.alertname for one in run.alerts] == ["SourceStale"]


# --- (f) corrections ------------------------------------------------------------------------------


def _daily(day: int, number: int, name: str = "", **more: object) -> Made:
    start = BEGIN + day * DAY
    data = _count(start, number) | {"recorded": start + DAY} | more
    body = line(_COUNTED, name or f"d{day}", "crm", start, **data)
    return Made(start + DAY, "parks", "crm", start, body)


def _decided() -> Run:
    """Ninety quiet days and a fall: signals and an alert stand."""
    days = [_daily(day, 500 + day % 7) for day in range(90)]
    days += [_daily(day, 5) for day in range(90, 96)]
    return whole(records(days))


def test_a_correction_restates_and_decides_nothing_anew() -> None:
    """The value gets a revision, the old row stays, signals and alerts are what they were."""
    run = _decided()
    before = decisions(run)
    assert run.signals
    assert any(one.alertname != "SourceStale" for one in run.alerts)
    late = replace(_daily(91, 600, "again", recorded=BEGIN + 99 * DAY), arrival=BEGIN + 97 * DAY)
    run.apply(records([late]))
    run.apply([record([Made(BEGIN + 97 * DAY)])])
    demand = {
        one[-1]: rows for one, rows in run.table().items() if one[:4] == ("demand", "parks", "", "")
    }
    changed = [rows for rows in demand.values() if len(rows) > 1]
    assert [[row.value for row in rows] for rows in changed] == [[10.0, 1200.0]]
    assert [row.revision for row in changed[0]] == [0, 1]
    assert decisions(run) == before


def test_an_older_correction_does_not_win() -> None:
    """Of two corrections the one recorded later stands, in whatever order they come."""
    newer = _daily(1, 70, "newer", recorded=BEGIN + 9 * DAY)
    older = _daily(1, 60, "older", recorded=BEGIN + 8 * DAY)
    for made in ([_daily(1, 50), newer, older], [older, newer, _daily(1, 50)]):
        later = [replace(one, arrival=BEGIN + 5 * DAY) for one in made]
        run = whole(records([*later, replace(_daily(4, 1), arrival=BEGIN + 5 * DAY)]))
        shown = {one[-1]: rows[-1].value for one, rows in run.table().items() if one[0] == "demand"}
        assert 140.0 in shown.values()


# --- (g) absence is never zero --------------------------------------------------------------------


def test_a_silent_source_is_stale_and_not_zero() -> None:
    """Its cells have no value, SourceStale opens and closes, and nothing waits for it."""
    run = Run()
    other = [
        Made(
            at,
            "parks",
            "bus",
            at,
            line(_OPENED, f"b{at}", "bus", at, request=f"q{at}", service="x"),
        )
        for at in range(BEGIN, BEGIN + 20 * DAY, DAY)
    ]
    run.apply(records(sorted([_open(1, BEGIN), *other[:8]], key=lambda one: one.arrival)))
    ends = {one[-1] for one in run.table() if one[0] == "demand"}
    assert max(ends, default=0) <= BEGIN + DAY
    run.apply([record([Made(BEGIN + 8 * DAY)])])
    assert [(one.alertname, one.state) for one in run.alerts] == [("SourceStale", "open")]
    assert {one[-1] for one in run.table() if one[0] == "demand"} == ends
    run.apply(records(other[8:]))
    cells = {one: rows[-1] for one, rows in run.table().items() if one[0] == "demand"}
    silent = [
        row for one, row in cells.items() if one[3] == "permits" and one[-1] > BEGIN + 2 * DAY
    ]
    assert len(silent) > 5
    assert {(row.status, row.value, row.n) for row in silent} == {("stale", None, None)}
    assert max(one[-1] for one in cells) > BEGIN + 15 * DAY
    run.apply(records([_open(2, BEGIN + 21 * DAY)]))
    assert [one.state for one in run.alerts] == ["open", "closed"]
    assert len({one.id for one in run.alerts}) == 1


def test_silence_later_on_takes_no_value_back() -> None:
    """Late news of one service leave another's old values as they were, though it is silent now."""
    run = Run()
    made = [_open(n, BEGIN + n * DAY) for n in range(8)]
    made += [
        Made(
            at,
            "parks",
            "bus",
            at,
            line(_OPENED, f"b{at}", "bus", at, request=f"q{at}", service="x"),
        )
        for at in range(BEGIN, BEGIN + 30 * DAY, DAY)
    ]
    run.apply(records(sorted(made, key=lambda one: one.arrival)))
    run.apply([record([Made(BEGIN + 30 * DAY)])])
    before = {k: rows[-1] for k, rows in run.table().items() if k[3] == "permits"}
    assert any(row.value for row in before.values())
    at = BEGIN + DAY
    late = line(_OPENED, "late", "bus", at, request="late", service="x")
    run.apply(records([Made(BEGIN + 30 * DAY, "parks", "bus", at, late)]))
    run.apply([record([Made(BEGIN + 31 * DAY)])])
    for name, row in before.items():
        if name[0] == "demand" and name[-1] <= BEGIN + 7 * DAY:
            assert run.table()[name][-1] == row


@_FEW
@given(plans(tick=0), st.integers(1, 400))
def test_ticks_close_nothing(plan: Plan, days: int) -> None:
    """The clock alone never gives a first value, whatever it says."""
    made = history(plan)
    run = whole(records(made))
    before = set(run.table())
    first = run.apply([record([Made(made[-1].arrival + n * DAY)]) for n in (1, days)]).values
    assert not first
    assert {one[-1] for one in run.table()} == {one[-1] for one in before}


@_FEW
@given(plans(late=0.3, size=40, days=40, again=0.0, odd=0.0, bad=0.0, quiet=False, tick=0))
def test_what_stands_in_the_end_is_what_in_order_would_have_given(plan: Plan) -> None:
    """Late arrivals restate until every figure is that of the same events in order of time."""
    made = history(plan)
    end = made[-1].arrival + DAY
    run = whole(records(made))
    run.apply([record([Made(end)])])
    straight = sorted(made, key=lambda one: one.time)
    other = whole(records([replace(one, arrival=end) for one in straight]))
    other.apply([record([Made(end)])])
    ours, theirs = run.table(), other.table()
    for name in set(ours) & set(theirs):
        mine, yours = ours[name][-1], theirs[name][-1]
        assert (mine.value, mine.n) == (yours.value, yours.n), name

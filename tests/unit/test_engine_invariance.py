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
from models.settings import RetentionSettings
from tests.unit.engine_run import Run, assert_same, cut, decisions, singly, whole
from tests.unit.events_made import (
    AGENCIES,
    BEGIN,
    DAY,
    HOUR,
    LATENESS,
    SETTINGS,
    Made,
    Plan,
    day_count,
    history,
    iso,
    line,
    record,
    records,
)

_FEW = settings(
    max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
_KEPT = msgspec.structs.replace(SETTINGS, retention=RetentionSettings(days=400))
"""Retention longer than any history made here."""

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
    """Other interleavings change nothing in an agency."""
    told = records(history(plan))
    assert_same(whole(told), cut(interleaved(told, Random(seed)), Random(seed)))


@_FEW
@given(plans(agencies=AGENCIES, size=30, tick=0, days=20, bad=0.0), SEED)
def test_groups_show_the_same_in_the_end(plan: Plan, seed: int) -> None:
    """Within retention, a group shows the same whichever agency was heard first.

    The end is when every member has closed the same buckets: until then a group waits for them.
    """
    made = history(plan)
    told = records(made)
    one, other = Run(_KEPT), Run(_KEPT)
    one.apply(told)
    mixed = interleaved(told, Random(seed))
    for at in range(0, len(mixed), 7):
        other.apply(mixed[at : at + 7])
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
        (_COUNTED, day_count(BEGIN - 60 * DAY, 5)),
    ]
    return [
        Made(BEGIN, "parks", source, BEGIN - 60 * DAY, line(kind, f"p{n}", source, at, **data))
        for source in LATENESS
        for n, (kind, data) in enumerate(kinds)
        for at in (BEGIN - 60 * DAY,)
    ]


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
            facts = day_count(time, random.randrange(100)) | {"recorded": time + DAY + n}
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


# --- (e) whatever comes again, late or not at all -------------------------------------------------


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


@_FEW
@given(plans(tick=0), st.integers(1, 400))
def test_ticks_close_nothing(plan: Plan, days: int) -> None:
    """The clock alone closes no bucket and gives no first value, whatever it says.

    What came late for buckets that are closed is published then, and is no news of the clock.
    """
    made = history(plan)
    run = whole(records(made))
    before = closed(run)
    end = made[-1].arrival if made else BEGIN
    first = run.apply([record([Made(end + n * DAY)]) for n in (1, days)]).values
    assert not first
    assert closed(run) == before


def closed(run: Run) -> dict[tuple[str, str], dict[int, int]]:
    """The last closed bucket of every line of every gauge."""
    return {
        (agency.name, gauge.indicator.id): dict(gauge.closed)
        for agency in run.engine.agencies.values()
        for gauge in agency.gauges.values()
    }


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

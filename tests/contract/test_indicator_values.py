"""What every indicator must give: sums that add up, intervals, and never a number for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.value import RHYTHMS, Cell, Value
from streams.agency import Agency
from streams.catalogue import catalogue
from streams.gauge import Gauge, Measured
from streams.indicator import USED, Indicator, K, Lifetime, Scan
from streams.items import Items, View
from streams.judge import Frame, values
from streams.kinds import ACTS, KINDS
from streams.snapshot import parts
from streams.summary import Summary
from tests.unit.engine_run import Run, whole
from tests.unit.events_made import BEGIN, DAY, Made, Plan, history, records

EACH = pytest.mark.parametrize("one", catalogue().values(), ids=lambda one: one.id)
READS = pytest.mark.parametrize(
    ("one", "kind"),
    [
        pytest.param(one, kind, id=f"{one.id}/{kind}")
        for one in catalogue().values()
        for kind in one.reads
    ],
)
BOUNDED_FROM = 8
"""So few waits in bands bound their median on one side; of fewer, no rank surely lies beyond it."""

RICH = Plan(seed=0, size=600, late=0.05, again=0.05, odd=0.1, tick=2)
"""A history with a value of every indicator in it."""


@cache
def poor() -> list[Made]:
    """The history of another agency, in which most numbers are small."""
    return history(Plan(seed=1, size=200, agencies=("water",), tick=2))


@cache
def made() -> list[Made]:
    """Both histories."""
    return sorted([*history(RICH), *poor()], key=lambda event: event.arrival)


class Lived(NamedTuple):
    """What a history gave, by indicator."""

    values: dict[str, list[Value]]
    news: dict[str, list[Summary]]
    """The parts behind the values of agencies."""


@cache
def lived() -> Lived:
    """All that the rich history gives."""
    run, found = Run(), Lived({}, {})
    for one in run.apply(records(made())).news:
        if isinstance(one, Summary) and one.parts is not None:
            found.news.setdefault(one.indicator, []).append(one)
    for name, rows in run.values.items():
        found.values.setdefault(name[0], []).extend(rows)
    return found


def of(one: Indicator, run: Run) -> list[Value]:
    """All values of an indicator that an agency was given."""
    return [row for name, rows in run.table().items() if name[0] == one.id for row in rows]


def kinds(event: Made) -> set[str]:
    """The kinds of item that an event changes."""
    name = msgspec.json.decode(event.line)["type"] if event.line else ""
    return {act.kind for act in ACTS.get(name, ())}


# --- what it reads --------------------------------------------------------------------------------


@READS
def test_it_uses_every_kind_it_reads(one: Indicator, kind: str) -> None:
    """From the events on one kind alone it counts something.

    Where it does not, it need not read that kind, or tests/unit/events_made.py makes none of it.
    """
    run = whole(records([event for event in made() if not event.line or kind in kinds(event)]))
    assert any(msgspec.json.decode(row.detail).get("used") for row in of(one, run))


@EACH
def test_where_nothing_is_there_to_read_it_gives_nothing(one: Indicator) -> None:
    """An empty store, a running clock, and events of all other kinds: no row at all, no 0."""
    clock = [event for event in poor() if not event.line]
    others = [event for event in poor() if not kinds(event) & set(one.reads)]
    assert len(others) > len(clock) > 0
    for log in ([], clock, others):
        assert of(one, whole(records(log))) == []


@EACH
def test_no_parts_are_no_value(one: Indicator) -> None:
    """A bucket in which nothing counted is undefined, says so, and has neither value nor ends."""
    frame = Frame("parks", "week", BEGIN, BEGIN, BEGIN + 7 * DAY, 1.0, 0)
    for row in values(one, frame, Measured(Cell(), None, None, (7 * DAY, 7 * DAY), {}, 1.0), ""):
        assert (row.value, row.low, row.high) == (None, None, None)
        assert row.status == "undefined"
        assert row.reason == "nothing was counted in this window"


# --- how sure it is -------------------------------------------------------------------------------


def growing(one: Indicator) -> Iterator[Value]:
    """What is shown of each of the indicator's parts alone, then of ever more of them merged."""
    frame = Frame("parks", one.step, BEGIN, BEGIN, BEGIN + DAY, 1.0, 0)
    told = [(one.thaw(each.parts), each.exposure) for each in lived().news[one.id]]
    sums: list[tuple[Any, int]] = told[:1]
    while len(sums) < len(told) and one.read(*sums[-1]).n < 4 * one.min_n:
        sums.append((one.merge([sums[-1][0], told[len(sums)][0]]), told[0][1]))
    for merged, exposure in told + sums:
        yield from values(one, frame, Measured(Cell(), merged, None, (exposure, 0), {}, 1), "")


@EACH
def test_below_its_minimum_it_is_low_n_with_an_interval(one: Indicator) -> None:
    """A number of too few says of how many, and how unsure it is; from the minimum on it is ok."""
    rows = list(growing(one))
    for row in rows:
        if row.status == "low_n":
            assert row.value is not None
            assert row.n is not None
            assert row.n < one.min_n
            assert row.reason == f"n {row.n} below {one.min_n}"
            assert row.n < BOUNDED_FROM or (row.low, row.high) != (None, None)
        elif row.status == "ok":
            assert (row.n or 0) >= one.min_n
        else:
            assert row.value is None
    seen = {row.status for row in rows}
    assert "ok" in seen
    assert "low_n" in seen or one.min_n <= max(1, K[one.privacy])


@EACH
def test_its_value_lies_in_its_interval(one: Indicator) -> None:
    """Low, value, high; a share and its ends lie from 0 to 1; nothing is infinite."""
    numbers = [row for row in (*lived().values[one.id], *growing(one)) if row.value is not None]
    assert numbers
    for row in numbers:
        ends = [end for end in (row.low, row.value, row.high) if end is not None]
        assert ends == sorted(ends)
        assert np.isfinite(ends).all()
        assert one.unit != "share" or 0 <= ends[0] <= ends[-1] <= 1
        assert one.unit == "% change" or ends[0] >= 0


@EACH
def test_too_small_a_group_is_not_shown(one: Indicator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where its privacy class asks for more than stand behind it, no figure is given at all.

    Nobody is no group: a true zero tells nothing of anybody.
    """
    monkeypatch.setitem(K, one.privacy, 1 << 60)
    rows = [row for row in growing(one) if row.n != 0 or row.value != 0]
    assert {row.status for row in rows} <= {"suppressed", "undefined"}
    hidden = [row for row in rows if row.status == "suppressed"]
    assert hidden
    for row in hidden:
        assert (row.value, row.n, row.low, row.high) == (None, None, None, None)
        assert row.detail == "{}"


# --- that it adds up ------------------------------------------------------------------------------


@cache
def folded(plan: Plan) -> Agency:
    """An agency after a history."""
    return whole(records(history(plan))).engine.agencies["parks"]


def views(one: Indicator, agency: Agency, half: Random | None = None) -> list[dict[str, View]]:
    """The items it reads, as they are or as two halves."""
    every = {kind: agency.items[kind].all() for kind in one.reads}
    if half is None:
        return [every]
    sides = {
        kind: np.array([half.random() < 0.5 for _ in range(len(v))]) for kind, v in every.items()
    }
    return [
        {kind: picked(view, sides[kind] == side) for kind, view in every.items()}
        for side in (False, True)
    ]


def picked(view: View, on: NDArray[np.bool_]) -> View:
    columns = {name: column[on] for name, column in view.columns.items()}
    bands = [view.bands[row] for row in np.flatnonzero(on).tolist()] if view.bands else []
    return View(columns, bands, view.places)


def measured(
    one: Indicator, agency: Agency, items: dict[str, View]
) -> dict[tuple[int, int, Cell], Any]:
    """The parts of every bucket and cell, folded from these items alone."""
    gauge = Gauge(one, agency.calendar, agency.places)
    for kind, view in items.items():
        if len(view):
            blank = Items(KINDS[kind], agency.places)
            before = blank.view(blank.rows(range(len(view))))
            gauge.absorb(kind, before, view, view.known, np.arange(len(view)))
    return {
        (line, number, cell.cell): cell.window
        for line in gauge.first
        for number in range(gauge.first[line], 1 + last(agency, line))
        for cell in gauge.measure(line, number, items)
        if cell.window is not None
    }


def last(agency: Agency, line: int) -> int:
    """The bucket in which the history ends."""
    end = np.array([agency.front], np.int64)
    return int(agency.calendar.bucket(RHYTHMS[line], end)[0])


PLANS = st.builds(Plan, seed=st.integers(0, 2**32), size=st.integers(20, 80), odd=st.just(0.2))
FEW = settings(
    max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


@EACH
@FEW
@given(PLANS, st.integers(0, 2**32))
@example(RICH, 1)
def test_halves_make_the_whole(one: Indicator, plan: Plan, seed: int) -> None:
    """Items parted at random and folded apart give, merged in any order, what all of them give."""
    agency = folded(plan)
    (items,) = views(one, agency)
    if isinstance(one, Scan) and not isinstance(one, Lifetime):
        return halves_of_a_scan(one, agency, items, Random(seed))
    together = measured(one, agency, items)
    apart = [measured(one, agency, half) for half in views(one, agency, Random(seed))]
    for key, expected in together.items():
        some = [half[key] for half in apart if key in half]
        for order in (some, some[::-1]):
            assert one.freeze(one.merge(order)) == one.freeze(expected), key
    assert set(together) == set(apart[0]) | set(apart[1])
    assert together or plan != RICH
    return None


def halves_of_a_scan(one: Scan, agency: Agency, items: dict[str, View], random: Random) -> None:
    """Where items are compared with each other, what is found may be gathered in halves."""
    line = RHYTHMS.index(one.step)
    stop = agency.calendar.end(one.step, last(agency, line))
    start = agency.calendar.start(one.step, last(agency, line) - one.window + 1)
    found = one.scan(items, start, stop, own=True)
    used = np.flatnonzero(found.reason == USED)
    side = np.array([random.random() < 0.5 for _ in used], bool)
    some = [found.gather(used[side]), found.gather(used[~side])]
    for order in (some, some[::-1]):
        assert one.freeze(one.merge(order)) == one.freeze(found.gather(used))


@EACH
def test_nothing_added_changes_nothing(one: Indicator) -> None:
    """Parts merged alone are what they were, and a part that is read is not changed by it."""
    for summary in lived().news[one.id][-20:]:
        some = one.thaw(summary.parts)
        one.read(some, summary.exposure)
        one.detail(some)
        assert one.freeze(one.merge([some])) == one.freeze(one.thaw(summary.parts))


# --- that it travels ------------------------------------------------------------------------------


@EACH
def test_its_parts_travel(one: Indicator) -> None:
    """Frozen, written, read and thawed, parts say what they said, and are the same bytes again."""
    agency = folded(RICH)
    (items,) = views(one, agency)
    told = measured(one, agency, items).values()
    assert told
    for here in told:
        wire = msgspec.msgpack.encode(one.freeze(here))
        there = one.thaw(msgspec.msgpack.decode(wire))
        assert msgspec.msgpack.encode(one.freeze(there)) == wire
        assert one.read(there, DAY) == one.read(here, DAY)
        assert one.detail(there) == one.detail(here)


@cache
def stopped() -> Run:
    """The rich history with a stop in its middle."""
    log = records(made())
    run = Run()
    run.apply(log[: len(log) // 2])
    stored = dict(parts(run.engine, "parks"))
    run = run.restart()
    again = dict(parts(run.engine, "parks"))
    assert [name for name in stored if name != "head" and again.get(name) != stored[name]] == []
    run.apply(log[len(log) // 2 :])
    return run


@EACH
def test_a_stop_in_the_middle_changes_nothing(one: Indicator) -> None:
    """With state taken through a snapshot its rows are those of a run that went on."""
    ours = of(one, stopped())
    theirs = [row for row in lived().values[one.id] if not row.agency.startswith("group:")]
    assert sorted(ours, key=repr) == sorted(theirs, key=repr)
    assert ours


# --- that silence is not zero ---------------------------------------------------------------------

HALF = BEGIN + 40 * DAY

_MOVED = {"service", "unit", "size_class", "channel"}
_RENAMED = {"request", "opportunity", "project", "decision"}


def elsewhere(told: Any) -> Any:
    """The same facts about other items in other places."""
    if isinstance(told, list):
        return [elsewhere(each) for each in told]
    if not isinstance(told, dict):
        return told
    moved = {key: elsewhere(value) for key, value in told.items()}
    moved |= {key: "lost" for key in _MOVED & set(moved) if isinstance(moved[key], str)}
    moved |= {key: f"x-{moved[key]}" for key in _RENAMED & set(moved)}
    if "class" in moved:
        moved["class"] = "tactical"
    if "change_ids" in moved:
        moved["change_ids"] = [f"x-{name}" for name in moved["change_ids"]]
    if "content" in moved:
        moved["id"] = f"x-{moved['id']}"
    return moved


@cache
def silenced() -> Run:
    """Half way, the source of everything elsewhere falls silent, and the other goes on."""
    here = [event for event in history(Plan(seed=3, size=1000, sources=("crm",))) if kinds(event)]
    told = [msgspec.json.decode(event.line) for event in here if event.arrival < HALF]
    moved = [
        one | {"id": f"x-{one['id']}", "source": "bus", "data": elsewhere(one["data"])}
        for one in told
    ]
    there = [
        replace(event, source="bus", line=msgspec.json.encode(one))
        for event, one in zip(here, moved, strict=False)
    ]
    clock = [Made(BEGIN + day * DAY) for day in range(100)]
    return whole(records(sorted([*here, *there, *clock], key=lambda one: one.arrival)))


@EACH
def test_a_silent_source_is_stale_and_no_number(one: Indicator) -> None:
    """Cells that it alone feeds have no figure from then on, and say who is silent; others do."""
    rows = [row for row in of(one, silenced()) if row.window_end > HALF]
    mine = [row for row in rows if {"lost", "tactical"} & set(msgspec.structs.astuple(row.cell))]
    assert mine or one.grains == ((),)
    for row in mine:
        assert (row.status, row.reason) == ("stale", "no news from bus")
        assert (row.value, row.n, row.low, row.high, row.detail) == (None, None, None, None, "{}")
    assert not [row for row in rows if row.status == "stale" and row not in mine]
    assert len(rows) > len(mine)

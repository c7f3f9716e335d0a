"""Declared crises: listed from the declaration on, whatever shows, however they are told."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from models.event import Event, decode_lines
from models.shock import Shock
from models.value import Cell, Status, Value
from streams.watch import Watch
from tests.unit.engine_run import assert_same, cut, singly, whole
from tests.unit.events_made import BEGIN, DAY, Made, day_count, iso, line, records
from tests.unit.test_shocks import QUIET, days
from tests.unit.watched import FIRST_DAY, Watched, stub

_DECLARED = "headwind.context.shock.declared.v1"
_OVER = "headwind.context.shock.closed.v1"
_DECIDED = "headwind.project.decision.made.v1"
_READY = "headwind.remote.readiness.counted.v1"
_COUNTED = "headwind.service.transactions.counted.v1"


def _heard(what: str, /, **data: Any) -> Event:
    """One event of context."""
    return decode_lines(line(what, "e", "office", BEGIN, **data))[0]


class Told:
    """A series under watch, and what is declared about it; days count from its first."""

    def __init__(self) -> None:
        self.watched = Watched(stub("up"))

    def at(self, day: int) -> int:
        """When a day begins, ms."""
        return self.watched.calendar.start("day", FIRST_DAY + day)

    def say(self, what: str, day: int, /, **data: Any) -> None:
        """Something is told about a day."""
        self.watched.watch.told(_heard(what, **data), self.at(day), self.watched.made)

    def declare(self, day: int, name: str = "flood", **data: Any) -> None:
        """A crisis is declared."""
        self.say(_DECLARED, day, shock=name, kind="flood", **data)

    def over(self, day: int, name: str = "flood") -> None:
        """It is closed."""
        self.say(_OVER, day, shock=name)

    def decide(self, day: int) -> None:
        """A crisis decision is made."""
        self.say(_DECIDED, day, decision=f"d{day}", **{"class": "crisis"})

    def live(self, many: int, factor: float = 1.0) -> None:
        """So many days pass."""
        done = self.watched.next - FIRST_DAY
        self.watched.feed_all(days(done, many, factor, done))

    def states(self, name: str = "flood") -> list[Shock]:
        """Every state of a crisis."""
        shocks = self.watched.made.shocks
        return [one for one in shocks if one.kind == "crisis" and one.declared == name]

    def now(self, name: str = "flood") -> Shock:
        """How it stands."""
        found = self.states(name)
        assert [one.transition for one in found] == [*range(len(found))]
        assert len({one.id for one in found}) == 1
        return found[-1]

    def ready(self, value: float, day: int, unit: str = "", status: Status = "ok") -> None:
        """A week's readiness is counted, from this day on."""
        made = Value(
            agency="parks",
            indicator="remote_readiness",
            cell=Cell(unit=unit),
            rhythm="week",
            span="window",
            window_start=self.at(day),
            window_end=self.at(day + 7),
            value=value,
            n=100,
            low=None,
            high=None,
            coverage=1.0,
            status=status,
            reason="",
            catalogue_version=1,
        )
        book = self.watched.watch.casebook
        book.ready(made)
        self.watched.made.shocks += book.news()


def test_a_crisis_is_listed_as_soon_as_it_is_declared() -> None:
    """With its beginning, what it requires and its scope, before any number moves."""
    told = Told()
    told.declare(3, scope="permits", required_level=0.8)
    now = told.now()
    assert (now.state, now.onset, now.cell.service) == ("declared", told.at(3), "permits")
    assert now.evidence["required_level"] == 0.8
    assert (now.evidence["crisis"], now.evidence["ended"]) == ("flood", None)
    assert (now.evidence["answered"], now.adapted, now.recovered) == (None, None, None)


def test_a_crisis_that_shows_names_its_cases() -> None:
    """From the first case on it is showing; closed, it is over."""
    told = Told()
    told.live(QUIET)
    told.declare(QUIET)
    told.live(21, 0.6)
    now = told.now()
    cases = {one.id for one in told.watched.made.shocks if one.kind != "crisis"}
    assert now.state == "showing"
    assert set(now.evidence["cases"]) == cases
    assert len(cases) == 1
    told.over(QUIET + 21)
    assert (told.now().state, told.now().evidence["ended"]) == ("over", told.at(QUIET + 21))


def test_a_crisis_that_never_shows_says_so_after_90_days() -> None:
    """To the day, once, whether it was closed meanwhile or not."""
    told = Told()
    told.declare(10)
    told.over(30)
    told.live(99)
    assert told.now().state == "declared"
    told.live(30)
    assert [one.state for one in told.states()] == ["declared", "declared", "unshown"]
    assert told.now().updated == told.at(100)


def test_what_shows_late_still_shows() -> None:
    """A case after 90 days: never showed was what was known by then."""
    told = Told()
    told.declare(10)
    told.live(QUIET)
    assert told.now().state == "unshown"
    told.live(20, 0.6)
    assert told.now().state == "showing"


def test_a_crisis_closed_before_it_began_stays_open() -> None:
    """The closing is noted, and is no end; a later one is."""
    told = Told()
    told.declare(20)
    told.over(5)
    now = told.now()
    assert (now.evidence["ended"], now.evidence["closed_before_it_began"]) == (None, told.at(5))
    told.over(40)
    told.over(50)
    assert told.now().evidence["ended"] == told.at(40)


def test_a_crisis_declared_twice_is_one() -> None:
    """The first declaration stands, the second is noted; one mark, one row."""
    told = Told()
    told.declare(20, required_level=0.8)
    told.declare(25, required_level=0.5, scope="elsewhere")
    now = told.now()
    assert (now.onset, now.evidence["required_level"], now.cell) == (told.at(20), 0.8, Cell())
    assert now.evidence["declared_again"] == [told.at(25)]
    assert len(told.watched.made.marks) == 1


def test_a_crisis_closed_without_being_declared() -> None:
    """It is listed as undeclared, covers nothing, and a later declaration takes it over."""
    told = Told()
    told.live(QUIET)
    told.over(QUIET)
    assert (told.now().state, told.now().onset) == ("undeclared", told.at(QUIET))
    told.live(21, 0.82)
    assert {one.kind for one in told.watched.made.shocks} == {"crisis"}
    told.declare(QUIET - 10)
    now = told.now()
    assert (now.state, now.onset) == ("declared", told.at(QUIET - 10))
    assert now.evidence["ended"] == told.at(QUIET)


def test_a_closing_told_first_and_too_early_is_no_end() -> None:
    """Told before the declaration and dated before it: noted only."""
    told = Told()
    told.over(5)
    told.declare(20)
    now = told.now()
    assert (now.evidence["ended"], now.evidence["closed_before_it_began"]) == (None, told.at(5))


def test_two_crises_at_once_name_each_other_and_share_a_case() -> None:
    """The case is under both and names the first by name; each crisis lists it."""
    told = Told()
    told.live(QUIET)
    told.declare(QUIET, "strike")
    told.declare(QUIET - 2, "flood")
    told.declare(QUIET - 50, "heat")
    told.over(QUIET - 40, "heat")
    told.live(21, 0.82)
    (case,) = {one.id: one for one in told.watched.made.shocks if one.kind != "crisis"}.values()
    assert (case.declared, case.evidence["crises"]) == ("flood", ["flood", "strike"])
    assert told.now("flood").evidence["overlaps"] == ["strike"]
    assert told.now("strike").evidence["overlaps"] == ["flood"]
    assert told.now("heat").evidence["overlaps"] == []
    assert told.now("flood").evidence["cases"] == [case.id]
    assert told.now("strike").evidence["cases"] == [case.id]


def test_the_response_is_the_first_crisis_decision_within_it() -> None:
    """Neither one before it nor one after its end; the earliest, however they are told."""
    told = Told()
    told.decide(5)
    told.declare(10)
    assert told.now().evidence["answered"] is None
    told.decide(30)
    assert told.now().evidence["answered"] == told.at(30)
    told.decide(20)
    assert told.now().evidence["answered"] == told.at(20)
    told.over(15)
    assert told.now().evidence["answered"] is None


def test_a_decision_told_before_the_declaration_counts() -> None:
    """The declaration came late, the decision lies within the crisis."""
    told = Told()
    told.decide(12)
    told.declare(10)
    assert told.now().evidence["answered"] == told.at(12)


def test_adaptation_is_95_per_cent_of_what_is_required() -> None:
    """Of the whole agency, from the week on in which readiness is there; 50 and 80 % beside it."""
    told = Told()
    told.declare(9, required_level=0.8)
    told.ready(0.9, 0)
    told.ready(0.45, 7)
    told.ready(0.99, 14, unit="north")
    told.ready(0.99, 14, status="low_n")
    told.ready(0.7, 14)
    assert told.now().adapted is None
    told.ready(0.76, 21)
    told.ready(0.9, 28)
    now = told.now()
    assert now.adapted == told.at(21)
    assert now.evidence["adapted"] == {"50": told.at(9), "80": told.at(14), "95": told.at(21)}


def test_adaptation_of_a_scope_is_that_of_its_unit() -> None:
    """Others, and the whole, say nothing of it."""
    told = Told()
    told.declare(0, required_level=0.8, scope="north")
    told.ready(0.9, 7)
    told.ready(0.9, 7, unit="south")
    assert told.now().adapted is None
    told.ready(0.8, 14, unit="north")
    assert told.now().adapted == told.at(14)


@pytest.mark.parametrize("required", [None, 0.0])
def test_without_a_required_level_there_is_no_adaptation(required: float | None) -> None:
    """Nothing was asked for, so nothing is reached."""
    told = Told()
    told.declare(0, required_level=required)
    told.ready(1.0, 7)
    assert told.now().adapted is None


def test_after_its_end_nobody_adapts_any_more() -> None:
    """What was not reached within it stays absent."""
    told = Told()
    told.declare(0, required_level=0.8)
    told.over(14)
    told.ready(0.9, 14)
    assert told.now().adapted is None


def test_a_restart_in_an_open_crisis_changes_nothing() -> None:
    """Taken through its stored form before each thing that is told."""
    plain, stored = Told(), Told()
    steps: list[Callable[[Told], None]] = [
        lambda told: told.declare(10, required_level=0.8),
        lambda told: told.decide(12),
        lambda told: told.ready(0.78, 14),
        lambda told: told.live(QUIET),
        lambda told: told.live(20, 0.6),
        lambda told: told.over(QUIET + 20),
        lambda told: told.live(120),
    ]
    for step in steps:
        step(plain)
        step(stored)
        body = stored.watched.watch.dump()
        stored.watched.watch = Watch("parks", stored.watched.calendar)
        stored.watched.watch.load(body)
    assert stored.watched.made.shocks == plain.watched.made.shocks
    states = [one.state for one in plain.states()]
    assert list(dict.fromkeys(states)) == ["declared", "unshown", "showing", "over"]


def _told() -> list[Made]:
    """Two crises, decisions and readiness by week beside counts by day, by two sources."""
    made = []
    for day in range(200):
        at = BEGIN + day * DAY
        data = day_count(at, (500 if day < 90 or day > 110 else 250) + day % 7)
        made.append(
            Made(at + 2 * DAY, "parks", "bus", at, line(_COUNTED, f"c{day}", "bus", at, **data))
        )
    for week in range(25):
        at = BEGIN + (1 + 7 * week) * DAY
        ready = {"posts_teleworkable": 100, "ready": min(40 + 3 * week, 95), "unit": "north"}
        span = {"from": iso(at), "to": iso(at + 7 * DAY)}
        body = line(_READY, f"r{week}", "crm", at, **span, **ready)
        made.append(Made(at + 8 * DAY, "parks", "crm", at, body))
    for day, kind, data in (
        (20, _OVER, {"shock": "storm"}),
        (60, _DECLARED, {"shock": "strike", "kind": "strike"}),
        (91, _DECLARED, {"shock": "flood", "kind": "flood", "required_level": 0.8}),
        (93, _DECIDED, {"decision": "d", "class": "crisis"}),
        (95, _DECLARED, {"shock": "flood", "kind": "flood"}),
        (111, _OVER, {"shock": "flood"}),
    ):
        at = BEGIN + day * DAY + 7
        name = f"{kind}{day}"
        made.append(Made(at, "parks", "crm", at, line(kind, name, "crm", at, **data)))
    return sorted(made, key=lambda one: one.arrival)


def test_however_the_log_is_cut_crises_are_the_same() -> None:
    """Whole, event by event, with restarts; readiness comes from counts of units."""
    told = records(_told())
    one = whole(told)
    last = {shock.declared: shock for shock in one.shocks if shock.kind == "crisis"}
    assert {name: shock.state for name, shock in last.items()} == {
        "flood": "over",
        "strike": "showing",
        "storm": "undeclared",
    }
    assert last["flood"].adapted is not None
    assert len(last["flood"].evidence["declared_again"]) == 1
    assert_same(one, singly(told))
    assert_same(one, cut(told, Random(4), restart=1.0))

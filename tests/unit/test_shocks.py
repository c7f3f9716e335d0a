"""Case files: when a shock is opened, how it is followed, and how it ends."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from models.shock import Shock
from streams.crisis import Crisis
from streams.curve import quality
from streams.expectation import Quantity
from streams.watch import Watch
from tests.unit.watched import DAY_MS, FIRST_DAY, Watched, stub

WEEK = (1.1, 1.05, 1.0, 1.0, 0.95, 0.4, 0.3)
QUIET = 140
DROP = FIRST_DAY + QUIET


def days(seed: int, many: int, factor: float = 1.0, first: int = 0) -> list[float]:
    """Poisson counts about 1000 a day; ``first`` says which day of the week comes first."""
    random = np.random.default_rng(seed)
    means = [1000 * factor * WEEK[(first + day) % 7] for day in range(many)]
    return [float(one) for one in random.poisson(means)]


def lived(factor: float, off: int = 21, after: int = 120, seed: int = 1) -> Watched:
    """Twenty quiet weeks, some days off, and what follows."""
    watched = Watched(stub("up"))
    watched.feed_all(days(seed, QUIET))
    watched.feed_all(days(seed + 1, off, factor, QUIET))
    watched.feed_all(days(seed + 2, after, 1.0, QUIET + off))
    return watched


def last(shocks: Sequence[Shock]) -> dict[str, Shock]:
    """The newest state of each case; declared crises are none."""
    return {one.id: one for one in shocks if one.kind != "crisis"}


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_deep_fall_is_one_case(seed: int) -> None:
    """40 % for three weeks: onset to the day, depth, recovery, and an outcome after 90 days."""
    watched = lived(0.6, seed=seed)
    (shock,) = last(watched.made.shocks).values()
    start = watched.calendar.start("day", DROP)
    assert abs(shock.onset - start) <= DAY_MS
    assert 0.4 <= shock.depth <= 0.55
    assert shock.recovered is not None
    assert abs(shock.recovered - start - 21 * DAY_MS) <= 2 * DAY_MS
    assert shock.state == "restored"
    assert 0.4 * 19 <= shock.loss_service_days <= 0.4 * 24
    states = [one.state for one in watched.made.shocks]
    assert list(dict.fromkeys(states))[-3:] == ["recovering", "recovered", "restored"]
    assert [one.transition for one in watched.made.shocks] == list(range(len(states)))


def test_a_shallow_fall_is_an_alert_and_no_shock() -> None:
    """A fall of 18 % is told, but has no case file."""
    watched = lived(0.82)
    assert watched.alerts
    assert watched.made.shocks == []


def test_a_declared_crisis_makes_a_shock_of_it() -> None:
    """The same fall under a declared crisis has a case that names the crisis."""
    watched = Watched(stub("up"))
    start = watched.calendar.start("day", DROP)
    watched.watch.casebook.declare(Crisis("flood-1", "flood", "", start))
    watched.feed_all(days(1, QUIET))
    watched.feed_all(days(2, 21, 0.82, QUIET))
    (shock,) = last(watched.made.shocks).values()
    assert shock.declared == "flood-1"
    assert shock.depth < 0.3


@pytest.mark.parametrize(("scope", "covered"), [("permits", True), ("parks", False)])
def test_a_crisis_covers_its_scope(scope: str, covered: bool) -> None:
    """A crisis of another service does not touch this one."""
    watched = Watched(stub("up"))
    start = watched.calendar.start("day", DROP)
    watched.watch.casebook.declare(Crisis("flood-1", "flood", scope, start))
    watched.feed_all(days(1, QUIET))
    watched.feed_all(days(2, 21, 0.82, QUIET))
    assert bool(last(watched.made.shocks)) == covered


def test_a_crisis_that_closed_before_it_opened_stays_open() -> None:
    """An end before the beginning is no end."""
    watched = Watched(stub("up"))
    book = watched.watch.casebook
    book.declare(Crisis("flood-1", "flood", "", 1000))
    book.close("flood-1", 500)
    assert book.crises.known["flood-1"].end is None
    book.close("flood-1", 2000)
    assert book.crises.known["flood-1"].end == 2000


def test_a_declared_crisis_that_never_shows_has_no_case() -> None:
    """Where nothing falls, nothing is followed."""
    watched = Watched(stub("up"))
    watched.watch.casebook.declare(Crisis("flood-1", "flood", "", 0))
    watched.feed_all(days(1, QUIET))
    assert last(watched.made.shocks) == {}


def test_a_level_that_stays_ends_the_case() -> None:
    """After 120 days at half the level: degraded, a level shift, and no recovery."""
    watched = Watched(stub("up"))
    watched.feed_all(days(1, QUIET))
    watched.feed_all(days(2, 200, 0.5, QUIET))
    (shock,) = last(watched.made.shocks).values()
    assert (shock.state, shock.recovered) == ("degraded", None)
    assert shock.evidence["level_shift"]


def test_two_shocks_name_each_other() -> None:
    """A second fall a month after recovery is another shock; both say that they overlap."""
    watched = lived(0.6, after=40)
    watched.feed_all(days(5, 14, 0.5, QUIET + 61))
    watched.feed_all(days(6, 120, 1.0, QUIET + 75))
    one, other = last(watched.made.shocks).values()
    assert one.evidence["overlaps"] == [other.id]
    assert other.evidence["overlaps"] == [one.id]
    assert one.recovered is not None
    assert one.recovered < other.onset


def test_a_fall_that_has_no_case_of_its_own_is_a_relapse() -> None:
    """A fall of 18 % a month after recovery has an alert and no case: the file is open again."""
    watched = lived(0.6, after=40)
    watched.feed_all(days(5, 14, 0.82, QUIET + 61))
    watched.feed_all(days(6, 120, 1.0, QUIET + 75))
    (shock,) = last(watched.made.shocks).values()
    start = watched.calendar.start("day", DROP)
    assert shock.recovered is not None
    assert abs(shock.recovered - start - 75 * DAY_MS) <= 2 * DAY_MS
    assert shock.loss_service_days > 0.4 * 19 + 0.18 * 12
    states = list(dict.fromkeys(one.state for one in watched.made.shocks))
    assert states[-2:] == ["recovered", "restored"]


def noisy(seed: int, many: int, factor: float) -> list[float]:
    """Counts about 1000 a day that scatter by 8 %."""
    found = np.random.default_rng(seed).normal(0, 0.08, many)
    return [float(one) for one in np.round(1000 * factor * np.exp(found))]


def surged_twice(level: float, seed: int) -> list[Shock]:
    """A weekend of three times the demand, then a new season at this level, then ten such days."""
    watched = Watched(stub("context"))
    for at, (many, factor) in enumerate(
        ((QUIET, 1.0), (2, 3.0), (6, 1.0), (60, level), (10, 3.0), (100, level))
    ):
        watched.feed_all(noisy(seed + 10 * at, many, factor))
    found = last(watched.made.shocks).values()
    return sorted(found, key=lambda one: one.onset)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_weekend_of_demand_does_not_swallow_what_comes_later(seed: int) -> None:
    """Demand a tenth above is a season: the weekend is over, the second surge has its own file."""
    one, other = surged_twice(1.12, seed)
    assert (one.state, other.state) == ("over", "over")
    assert one.recovered is not None
    assert one.recovered - one.onset < 10 * DAY_MS
    assert one.trough - one.onset < 2 * DAY_MS
    assert other.onset - one.onset == 68 * DAY_MS
    assert one.evidence["overlaps"] == [other.id]
    assert one.evidence["change"] == pytest.approx(0.11, abs=0.03)
    assert one.loss_service_days == 0.0


@pytest.mark.parametrize("seed", [1, 2])
def test_nor_does_one_that_is_never_back(seed: int) -> None:
    """Against a season a fifth higher it has no recovery: its file keeps to its own days."""
    one, other = surged_twice(1.18, seed)
    assert one.recovered is None
    assert one.trough - one.onset < 2 * DAY_MS
    assert other.onset - one.onset == 68 * DAY_MS


def test_a_service_that_begins_has_lost_nothing() -> None:
    """Zeros and then a level: a shock of demand that stays, without verdict or loss."""
    watched = Watched(stub("context"))
    watched.feed_all([0.0] * QUIET)
    watched.feed_all(days(2, 200, 1.0, QUIET))
    (shock,) = last(watched.made.shocks).values()
    assert (shock.state, shock.recovered, shock.evidence["level_shift"]) == ("over", None, True)
    assert (shock.loss_service_days, shock.evidence["gain"]) == (0.0, None)


def test_a_surge_is_a_shock_of_demand() -> None:
    """Four times the usual: Q is expected / actual, so its depth stays below one."""
    watched = Watched(stub("context"))
    watched.feed_all(days(1, QUIET))
    watched.feed_all(days(2, 10, 4.0, QUIET))
    (shock,) = last(watched.made.shocks).values()
    assert shock.direction == "up"
    assert 0.7 < shock.depth < 0.85


def test_a_restart_in_the_middle_changes_nothing() -> None:
    """State taken through its stored form at every bucket gives the same case, bit for bit."""
    plain = lived(0.6)
    stored = Watched(stub("up"))
    values = [
        *days(1, QUIET),
        *days(2, 21, 0.6, QUIET),
        *days(3, 120, 1.0, QUIET + 21),
    ]
    for value in values:
        stored.feed(value)
        body = stored.watch.dump()
        stored.watch = Watch(stored.watch.agency, stored.calendar)
        stored.watch.load(body)
    assert stored.made.shocks == plain.made.shocks


@pytest.mark.parametrize(
    ("value", "expected", "direction", "quantity", "q"),
    [
        (60.0, 100.0, "down", "count", 0.6),
        (200.0, 100.0, "up", "count", 0.5),
        (0.0, 0.0, "down", "count", 1.0),
        (5.0, 0.0, "up", "count", 0.0),
        (5.0, 0.0, "down", "count", 2.0),
        (-40.0, -4.0, "down", "level", 0.64),
        (0.4, 0.8, "down", "share", 0.5),
    ],
)
def test_quality(
    value: float, expected: float, direction: str, quantity: Quantity, q: float
) -> None:
    """Actual / expected downwards, expected / actual upwards; levels by the hundred points."""
    assert quality(value, expected, direction, quantity) == pytest.approx(q)

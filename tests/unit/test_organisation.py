"""A shock of the organisation: which cases it is made of, its curve, and when it is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

import pytest

from models.shock import Shock
from models.value import Cell
from streams.crisis import Crisis
from streams.indicator import Indicator
from streams.watch import Watch
from tests.unit.engine_run import assert_same, cut, singly, whole
from tests.unit.events_made import BEGIN, DAY, Made, day_count, line, records
from tests.unit.watched import DAY_MS, FIRST_DAY, Watched, stub

QUIET = 100
DEMAND = stub("context", id="demand")
WITHIN = stub("up", "share", id="within_standard")
_COUNTED = "headwind.service.transactions.counted.v1"

Fall = tuple[int, int, float]
"""Days after the quiet ones until a service falls, days that it is off, and its Q meanwhile."""


def lived(
    falls: Mapping[str, Fall],
    days: int,
    size: Mapping[str, float] | None = None,
    indicator: Indicator = DEMAND,
) -> Watched:
    """Services of about 1000 cases a day (or of their own size), each with its fall."""
    watched = Watched(indicator)
    feed(watched, falls, range(QUIET + days), size)
    return watched


def feed(
    watched: Watched,
    falls: Mapping[str, Fall],
    days: range,
    size: Mapping[str, float] | None = None,
) -> None:
    """Close these days of every service."""
    for day in days:
        for name, (first, many, q) in falls.items():
            off = first <= day - QUIET < first + many
            level = (size or {}).get(name, 1000.0) * (q if off else 1.0)
            watched.feed(
                level * (1 + day % 5 / 100), cell=Cell(service=name), number=FIRST_DAY + day
            )


def wholes(watched: Watched) -> list[Shock]:
    """Every state of every shock of the organisation."""
    return [one for one in watched.made.shocks if one.kind == "organisation"]


def last(watched: Watched) -> dict[str, Shock]:
    """The newest state of each."""
    return {one.id: one for one in wholes(watched)}


def curve(watched: Watched, shock: str, series: str = "") -> list[float]:
    """Q of a file in order of time."""
    return [p.q for p in watched.made.curve if (p.shock, p.series) == (shock, series)]


def services(shock: Shock) -> list[str]:
    """Its members by name."""
    return [one["service"] for one in shock.evidence["members"]]


def test_its_curve_is_the_mean_by_volume() -> None:
    """Of the services that fell: a large one counts for what it is, day by day."""
    falls = {"a": (0, 20, 0.5), "b": (0, 20, 0.6), "c": (0, 20, 0.7)}
    size = {"a": 3000.0, "b": 1000.0, "c": 1000.0}
    watched = lived(falls, 150, size)
    (shock,) = last(watched).values()
    assert services(shock) == ["a", "b", "c"]
    assert shock.evidence["weighted_by"] == "volume"
    assert [one["weight"] for one in shock.evidence["members"]] == pytest.approx([0.6, 0.2, 0.2])
    q = curve(watched, shock.id)
    assert q[10] == pytest.approx(0.6 * 0.5 + 0.2 * 0.6 + 0.2 * 0.7, abs=0.02)
    assert shock.depth == pytest.approx(1 - min(q[:25]))
    assert shock.recovered == shock.onset + 20 * DAY_MS
    assert (shock.state, shock.evidence["of"]) == ("over", "demand")
    assert (shock.loss_service_days, shock.evidence["gain"]) == (0.0, None)
    assert shock.evidence["change"] == pytest.approx(0.0, abs=0.02)


def test_it_is_no_mean_of_recovery_times() -> None:
    """It is back when services with 90 % of the weight are, whatever the mean of its curve."""
    falls = dict.fromkeys("abcdefgh", (0, 20, 0.6)) | {"slow": (0, 60, 0.7), "last": (0, 90, 0.7)}
    (shock,) = last(lived(falls, 100)).values()
    assert shock.recovered == shock.onset + 60 * DAY_MS
    assert shock.evidence["recovered_weight"] == pytest.approx(1.0)
    (shock,) = last(lived(falls, 62)).values()
    assert shock.recovered is None
    assert shock.state == "recovering"
    assert shock.evidence["recovered_weight"] == pytest.approx(0.8)


def test_most_of_the_weight_back_is_not_enough_while_its_curve_is_low() -> None:
    """Nine of ten tenths are back, but the tenth still pulls the whole under 95 %."""
    falls = dict.fromkeys("abcdefghi", (0, 20, 0.6)) | {"last": (0, 50, 0.2)}
    (shock,) = last(lived(falls, 45)).values()
    assert shock.evidence["recovered_weight"] == pytest.approx(0.9)
    assert shock.recovered is None
    (shock,) = last(lived(falls, 60)).values()
    assert shock.recovered == shock.onset + 50 * DAY_MS


@pytest.mark.parametrize(("apart", "many"), [(14, 1), (16, 0)])
def test_onsets_lie_within_two_weeks(apart: int, many: int) -> None:
    """The third service falls two weeks after the first, or too late."""
    falls = {"a": (0, 40, 0.6), "b": (0, 40, 0.6), "c": (apart, 40, 0.6)}
    assert len(last(lived(falls, 60))) == many


def test_two_services_are_no_organisation() -> None:
    """Nor are three cases of two services."""
    watched = lived({"a": (0, 40, 0.6), "b": (0, 40, 0.6)}, 60)
    assert wholes(watched) == []
    assert len({one.id for one in watched.made.shocks}) == 2


def test_up_and_down_are_two_shocks() -> None:
    """Three services fall and three rise at once: they are never put together."""
    falls = dict.fromkeys("abc", (0, 30, 0.6)) | dict.fromkeys("xyz", (0, 30, 2.0))
    found = last(lived(falls, 60)).values()
    assert sorted((one.direction, services(one)) for one in found) == [
        ("down", ["a", "b", "c"]),
        ("up", ["x", "y", "z"]),
    ]


def test_a_second_shock_of_the_same_services_is_another_file() -> None:
    """Curves of different shocks are never averaged, not even those of the same services."""
    watched = Watched(DEMAND)
    first = dict.fromkeys("abc", (0, 20, 0.6))
    feed(watched, first, range(QUIET + 60))
    feed(watched, dict.fromkeys("abc", (60, 20, 0.5)), range(QUIET + 60, QUIET + 90))
    one, other = last(watched).values()
    assert one.id != other.id
    assert one.onset + 60 * DAY_MS == other.onset
    assert one.recovered == one.onset + 20 * DAY_MS


def test_the_fan_needs_five() -> None:
    """P10 and P90 of the services at each bucket, from five services on."""
    falls = {name: (0, 20, 0.3 + 0.1 * at) for at, name in enumerate("abcde")}
    watched = lived(falls, 60)
    (shock,) = last(watched).values()
    low, high = (curve(watched, shock.id, name) for name in ("p10", "p90"))
    assert (low[10], high[10]) == pytest.approx((0.34, 0.66), abs=0.02)
    falls.pop("e")
    watched = lived(falls, 60)
    (shock,) = last(watched).values()
    assert curve(watched, shock.id, "p10") == []
    assert curve(watched, shock.id)


def test_a_service_that_fell_later_counts_by_what_it_did_before() -> None:
    """The curve begins at the first onset; who had not fallen by then was at 1."""
    falls = {"a": (0, 40, 0.4), "b": (0, 40, 0.4), "c": (8, 40, 0.4)}
    watched = lived(falls, 60)
    (shock,) = last(watched).values()
    q = curve(watched, shock.id)
    assert q[:8] == pytest.approx([0.6] * 8, abs=0.02)
    assert q[8:20] == pytest.approx([0.4] * 12, abs=0.02)


def test_a_service_that_goes_silent_is_not_waited_for() -> None:
    """A week behind the others it is left out of the mean, and the curve goes on."""
    falls = dict.fromkeys("abc", (0, 60, 0.6))
    watched = lived(falls, 20)
    falls.pop("c")
    feed(watched, falls, range(QUIET + 20, QUIET + 40))
    (shock,) = last(watched).values()
    q = curve(watched, shock.id)
    assert len(q) == 33
    assert q[20:] == pytest.approx([0.6] * 13, abs=0.02)


@pytest.mark.parametrize(("course", "state"), [("context", "over"), ("up", "degraded")])
def test_a_level_that_stays_has_no_recovery_of_the_whole(course: str, state: str) -> None:
    """All its cases end without being back: degraded, of context only over; no number of days."""
    falls = dict.fromkeys("abc", (0, 900, 0.5))
    (shock,) = last(lived(falls, 200, indicator=stub(course))).values()
    assert (shock.state, shock.recovered) == (state, None)
    assert (shock.loss_service_days > 0) == (course == "up")


def test_an_organisation_is_open_at_the_end_of_the_records() -> None:
    """What has not come yet is absent."""
    (shock,) = last(lived(dict.fromkeys("abc", (0, 900, 0.5)), 30)).values()
    assert (shock.state, shock.recovered, shock.adapted) == ("recovering", None, None)
    assert {one["state"] for one in shock.evidence["members"]} == {"recovering"}


@pytest.mark.parametrize("scope", ["", "c"])
def test_a_declared_crisis_holds_all_that_it_covers(scope: str) -> None:
    """However far apart; what it does not cover stays out, however near."""
    falls = {"a": (0, 70, 0.6), "b": (20, 50, 0.6), "c": (40, 30, 0.6)}
    watched = Watched(DEMAND)
    start = watched.calendar.start("day", FIRST_DAY + QUIET)
    watched.watch.casebook.declare(Crisis("flood", "flood", scope, start))
    feed(watched, falls, range(QUIET + 80))
    found = [*last(watched).values()]
    assert [services(one) for one in found] == ([["a", "b", "c"]] if not scope else [])
    assert [one.declared for one in found] == ["flood"] * len(found)


def test_a_late_declaration_takes_in_what_is_open() -> None:
    """Declared ten days after the fall: the whole and its cases come under it."""
    falls = dict.fromkeys("abc", (0, 40, 0.6))
    watched = lived(falls, 10)
    (shock,) = last(watched).values()
    assert shock.declared == ""
    start = watched.calendar.start("day", FIRST_DAY + QUIET + 10)
    watched.watch.casebook.declare(Crisis("flood", "flood", "", start))
    feed(watched, falls, range(QUIET + 10, QUIET + 60))
    assert {one.declared for one in last(watched).values()} == {"flood"}
    newest = {one.id: one.declared for one in watched.made.shocks}
    assert set(newest.values()) == {"flood"}


def test_shares_are_weighted_by_the_demand_of_their_service() -> None:
    """Beside the cases of service stands how many people asked."""
    watched = Watched()
    for day in range(QUIET + 30):
        for name, many in (("a", 800.0), ("b", 100.0), ("c", 100.0)):
            level = 0.4 if day >= QUIET else 0.8
            for indicator, value in ((DEMAND, many + day % 5), (WITHIN, level + day % 5 / 100)):
                watched.indicator = indicator
                watched.feed(value, cell=Cell(service=name), number=FIRST_DAY + day)
    (shock,) = last(watched).values()
    assert shock.evidence["weighted_by"] == "volume"
    weights = [one["weight"] for one in shock.evidence["members"]]
    assert weights == pytest.approx([0.8, 0.1, 0.1], abs=0.01)


def test_without_volume_all_count_the_same() -> None:
    """Nobody counted the demand: each service has the same weight, and the file says so."""
    watched = Watched(WITHIN)
    falls = dict.fromkeys("abcd", (0, 40, 0.5))
    feed(watched, falls, range(QUIET + 30), dict.fromkeys("abcd", 0.8))
    (shock,) = last(watched).values()
    assert shock.evidence["weighted_by"] == "none"
    assert [one["weight"] for one in shock.evidence["members"]] == [0.25] * 4


def test_a_changed_definition_takes_a_service_out() -> None:
    """It weighs nothing any more; the others go on by themselves."""
    falls = {"a": (0, 30, 0.6), "b": (0, 30, 0.6), "c": (0, 900, 0.6)}
    watched = lived(falls, 20)
    gone = watched.watch.series[("demand", 1, Cell(service="c"))]
    gone.broken = True
    feed(watched, falls, range(QUIET + 20, QUIET + 60))
    (shock,) = last(watched).values()
    assert [one["weight"] for one in shock.evidence["members"]] == [0.5, 0.5, 0.0]
    assert shock.recovered == shock.onset + 30 * DAY_MS


def test_a_restart_in_an_open_shock_changes_nothing() -> None:
    """State taken through its stored form each day tells the same, to the last bit."""
    falls = {name: (at, 30 + at, 0.5) for at, name in enumerate("abcdef")}
    plain = lived(falls, 140)
    stored = Watched(DEMAND)
    for day in range(QUIET + 140):
        feed(stored, falls, range(day, day + 1))
        body = stored.watch.dump()
        stored.watch = Watch("parks", stored.calendar)
        stored.watch.load(body)
    assert wholes(plain)
    assert stored.made.shocks == plain.made.shocks
    assert stored.made.curve == plain.made.curve


def _told(services: Sequence[str]) -> list[Made]:
    """A count a day and service by three sources: quiet, a third of it for a month, and back."""
    random, made = Random(7), []
    sources = {"crm": 0, "bus": 1, "sheet": 5}
    for day in range(140):
        for at, name in enumerate(services):
            level = 70 if 75 + at <= day < 100 + 2 * at else 200
            start = BEGIN + day * DAY
            data = day_count(start, level + random.randrange(-8, 9)) | {"service": name}
            data["within_standard"] = round(data["completed"] * random.uniform(0.8, 0.9))
            source = [*sources][at % 3]
            body = line(_COUNTED, f"{name}{day}", source, start, **data)
            made.append(Made(start + (1 + sources[source]) * DAY, "parks", source, start, body))
    return sorted(made, key=lambda one: one.arrival)


def test_however_the_log_is_cut_the_whole_is_the_same() -> None:
    """Services of three sources, one of them a week late: whole, singly, with restarts."""
    told = records(_told("abcde"))
    one = whole(told)
    found = {shock.id: shock for shock in one.shocks if shock.kind == "organisation"}
    assert [len(shock.evidence["members"]) for shock in found.values()] == [5]
    assert {point.series for point in one.curve} >= {"", "p10", "p90", "within_standard"}
    assert_same(one, singly(told))
    assert_same(one, cut(told, Random(2), restart=1.0))

"""Two curves a service: what demand did beside a case of service, and service beside demand."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import numpy as np
import pytest

from models.shock import Shock
from streams.curve import lowest, noise, standing
from streams.resilience import Point
from streams.watch import Watch
from tests.unit.engine_run import assert_same, cut, singly, whole
from tests.unit.events_made import BEGIN, DAY, Made, day_count, line, records
from tests.unit.test_shocks import QUIET, days
from tests.unit.watched import DAY_MS, FIRST_DAY, Watched, stub

_COUNTED = "headwind.service.transactions.counted.v1"
DEMAND = stub("context", id="demand")
WITHIN = stub("up", "share", id="within_standard")


class Both:
    """A service whose demand and quality are watched day by day."""

    def __init__(self) -> None:
        self.watched = Watched()
        self.day = FIRST_DAY

    def feed(self, demand: Iterable[float | None], within: Iterable[float | None]) -> None:
        """Close days; None where nothing is known."""
        for asked, done in zip(demand, within, strict=True):
            for indicator, value in ((DEMAND, asked), (WITHIN, done)):
                if value is not None:
                    self.watched.indicator = indicator
                    self.watched.feed(value, number=self.day)
            self.day += 1

    def last(self, indicator: str) -> Shock:
        """The newest state of the only case of an indicator."""
        found = {one.id: one for one in self.watched.made.shocks if one.indicator == indicator}
        (shock,) = found.values()
        return shock


def shares(seed: int, many: int, level: float, n: int = 400) -> list[float]:
    """Shares of so many cases a day."""
    found = np.random.default_rng(seed).binomial(n, level, many) / n
    return [float(one) for one in found]


def begun() -> Both:
    """Twenty quiet weeks."""
    both = Both()
    both.feed(days(1, QUIET), shares(1, QUIET, 0.8))
    return both


def test_a_collapse_of_demand_while_service_holds() -> None:
    """Demand has a case; beside it the service, which has no alert, held."""
    both = begun()
    both.feed(days(2, 40, 0.6, QUIET), shares(2, 40, 0.8))
    shock = both.last("demand")
    (beside,) = shock.evidence["beside"]
    assert (beside["series"], beside["rhythm"], beside["course"]) == (
        "within_standard",
        "day",
        "held",
    )
    assert beside["level"] == pytest.approx(1.0, abs=0.05)
    assert shock.evidence["worst_run"] == pytest.approx(0.6, abs=0.05)
    assert {one.indicator for one in both.watched.made.shocks} == {"demand"}


def test_the_curve_beside_begins_with_the_case() -> None:
    """Every bucket from the onset on, each once, under the case's id and its own series."""
    both = begun()
    both.feed(days(2, 40, 0.6, QUIET), shares(2, 40, 0.8))
    shock = both.last("demand")
    points = [one for one in both.watched.made.curve if one.series]
    assert {(one.shock, one.series) for one in points} == {(shock.id, "within_standard")}
    starts = [one.start for one in points]
    assert starts == list(range(shock.onset, both.watched.calendar.start("day", both.day), DAY_MS))


def test_a_failing_service_while_demand_holds() -> None:
    """The reverse: a case of service, and demand beside it as expected."""
    both = begun()
    both.feed(days(2, 40, 1.0, QUIET), shares(2, 40, 0.45))
    shock = both.last("within_standard")
    assert [(one["series"], one["course"]) for one in shock.evidence["beside"]] == [
        ("demand", "held")
    ]


def test_both_fall_together() -> None:
    """Each has its case, and each says of the other that it fell and how far."""
    both = begun()
    both.feed(days(2, 40, 0.6, QUIET), shares(2, 40, 0.45))
    (beside,) = both.last("demand").evidence["beside"]
    assert beside["course"] == "fell"
    assert beside["level"] == pytest.approx(0.45 / 0.8, abs=0.05)
    (beside,) = both.last("within_standard").evidence["beside"]
    assert (beside["series"], beside["course"]) == ("demand", "fell")


def test_more_demand_is_told_as_more() -> None:
    """Beside a failing service Q of demand is actual / expected: above 1 is more."""
    both = begun()
    both.feed(days(2, 40, 1.8, QUIET), shares(2, 40, 0.45))
    (beside,) = both.last("within_standard").evidence["beside"]
    assert beside["course"] == "rose"
    assert beside["level"] == pytest.approx(1.8, abs=0.1)


def test_a_series_without_expectation_has_no_curve() -> None:
    """A service that nobody counted before the onset is not said to have held."""
    both = Both()
    both.feed(days(1, QUIET), [None] * QUIET)
    both.feed(days(2, 40, 0.6, QUIET), shares(2, 40, 0.8))
    assert both.last("demand").evidence["beside"] == []
    assert not [one for one in both.watched.made.curve if one.series]


def test_beside_means_the_same_service() -> None:
    """The quality of another service says nothing of this one."""
    both = begun()
    both.watched.cell = both.watched.cell.__class__(service="parks")
    both.watched.indicator = DEMAND
    for at, value in enumerate([*days(3, QUIET), *days(4, 20, 0.6, QUIET)]):
        both.watched.feed(value, number=FIRST_DAY + at)
    shock = next(one for one in both.watched.made.shocks if one.cell.service == "parks")
    assert shock.evidence["beside"] == []


def test_a_restart_beside_an_open_case_changes_nothing() -> None:
    """Taken through its stored form each day, the engine tells the same of both curves."""
    plain, stored = begun(), begun()
    told = list(zip(days(2, 40, 0.6, QUIET), shares(2, 40, 0.7), strict=True))
    for asked, done in told:
        plain.feed([asked], [done])
        stored.feed([asked], [done])
        body = stored.watched.watch.dump()
        stored.watched.watch = Watch("parks", stored.watched.calendar)
        stored.watched.watch.load(body)
    assert stored.watched.made.shocks == plain.watched.made.shocks
    assert stored.watched.made.curve == plain.watched.made.curve
    assert stored.watched.watch.dump() == plain.watched.watch.dump()


def _told() -> list[Made]:
    """A count a day: 75 quiet days, 24 at a third of the demand, and back; always done in time."""
    random, made = Random(3), []
    for day in range(130):
        level = 60 if 75 <= day < 99 else 200
        start = BEGIN + day * DAY
        data = day_count(start, level + random.randrange(-8, 9))
        data["within_standard"] = round(data["completed"] * random.uniform(0.86, 0.94))
        body = line(_COUNTED, f"d{day}", "sheet", start, **data)
        made.append(Made(start + 2 * DAY, "parks", "sheet", start, body))
    return made


def test_weeks_beside_days_however_the_log_is_cut() -> None:
    """Service is counted by the week beside demand by the day: whole, singly, with restarts."""
    told = records(_told())
    one = whole(told)
    (shock,) = {shock.id: shock for shock in one.shocks}.values()
    beside = {b["series"]: (b["rhythm"], b["course"]) for b in shock.evidence["beside"]}
    assert beside == {"within_standard": ("week", "held"), "completion": ("week", "held")}
    weeks = [p for p in one.curve if p.series == "within_standard"]
    assert weeks[0].start <= shock.onset < weeks[0].end
    assert_same(one, singly(told))
    assert_same(one, cut(told, Random(1), restart=1.0))


# --- how a curve is read ----------------------------------------------------------------------


def curve(*q: float) -> list[Point]:
    """A point a week."""
    return [Point(7 * at * DAY, 7 * (at + 1) * DAY, level) for at, level in enumerate(q)]


@pytest.mark.parametrize(
    ("q", "noise", "course", "level"),
    [
        ((0.8,), 0.0, "", None),
        ((0.95, 0.96, 1.0), 0.0, "held", 0.955),
        ((0.7, 1.0, 1.0), 0.0, "fell", 0.85),
        ((0.85, 0.85, 1.0), 0.0, "fell", 0.85),
        ((0.85, 0.85, 1.0), 0.08, "held", 0.85),
        ((0.85, 0.85, 1.0), 0.06, "fell", 0.85),
        ((1.3, 1.3, 1.0), 0.0, "rose", 1.3),
        ((0.85, 0.85, 1.0, 1.3, 1.3), 0.0, "rose", 1.3),
        ((0.65, 0.65, 1.0, 1.3, 1.3), 0.0, "fell", 0.65),
    ],
)
def test_a_curve_fell_rose_or_held(
    q: tuple[float, ...], noise: float, course: str, level: float | None
) -> None:
    """By the mean of two weeks, a tenth off and outside three deviations of such a mean."""
    found = standing(curve(*q), "week", noise)
    assert found.course == course
    assert found.level == (None if level is None else pytest.approx(level))


def test_what_comes_after_the_recovery_is_another_story() -> None:
    """A fall behind ``until`` does not count; two weeks are looked at in any case."""
    points = curve(1.0, 1.0, 1.0, 0.5, 0.5)
    assert standing(points, "week", until=21 * DAY).course == "held"
    assert standing(points, "week", until=1).course == "held"
    assert standing(points, "week").course == "fell"


def test_a_quiet_curve_rarely_falls_by_chance() -> None:
    """Thirty weeks of noise within its own limits are called a fall in less than one of ten."""
    random, false = np.random.default_rng(5), 0
    for _ in range(400):
        q = 1 + 0.08 * random.standard_normal(30)
        false += standing(curve(*q), "week", 0.08).course != "held"
    assert false / 400 < 0.10


def test_noise_is_that_of_the_buckets_before() -> None:
    """Of 400 cases a day at 0.8 the deviation of Q is that of the binomial law."""
    both = begun()
    both.feed(days(2, 40, 0.6, QUIET), shares(2, 40, 0.8))
    cases = both.watched.watch.casebook.cases
    (case,) = next(iter(cases.values()))
    (beside,) = case.beside
    law = (0.8 * 0.2 / 400) ** 0.5 / 0.8
    assert beside.noise == pytest.approx(law, rel=0.35)
    series = both.watched.watch.series[("within_standard", 1, both.watched.cell)]
    assert noise(series, beside, "day", 0) == 0.0


def test_the_worst_run_is_of_as_many_as_there_are() -> None:
    """Two weeks in a row, or the only one."""
    assert lowest(curve(0.5), "week") == 0.5
    assert lowest(curve(0.5, 0.9, 0.6, 0.7), "week") == pytest.approx(0.65)

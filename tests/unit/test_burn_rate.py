"""The burn rate of an error budget: which tiers stand when, and how often it is wrong.

News per bucket of a service that just keeps its objective, each session failing by chance: at
most 3e-4 a tier, whatever the traffic (declared: 9e-4 for the three of hours). Measured over
20,000 hours, objective 99.5 %:

=====================  ======  ===================
sessions an hour       news    alerts that opened
=====================  ======  ===================
10                     1.0e-4  0.5e-4
50                     4.0e-4  1.5e-4
1,000                  0       0
20,000                 0       0
=====================  ======  ===================
"""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binom, chi2

from models.value import Rhythm
from streams.detectors._finding import Judgement
from streams.detectors.burn_rate import CHANCE, TIERS, BurnRate, by_chance
from streams.series import Bucket

HOUR_MS = 3_600_000
OBJECTIVE = 0.995
Told = tuple[int, int, int]
"""Number of an hour, how many failed and how many were tried."""


def hour(number: int, failed: int, tried: int) -> Bucket:
    """An hour in which so many failed."""
    value = (tried - failed) / tried if tried else 0.0
    return Bucket(number, number * HOUR_MS, (number + 1) * HOUR_MS, value, tried, 0)


def judged(
    told: list[Told], rhythm: Rhythm = "hour", objective: float = OBJECTIVE
) -> list[Judgement | None]:
    """What it says after each bucket."""
    rate, held = BurnRate(), BurnRate().start(rhythm)
    return [rate.judge(hour(*one), held, objective) for one in told]


def stands(told: list[Told], rhythm: Rhythm = "hour", objective: float = OBJECTIVE) -> list[str]:
    """The severity after each bucket."""
    found = judged(told, rhythm, objective)
    return ["" if one is None else one.severity for one in found]


def quiet(hours: int, tried: int = 500) -> list[Told]:
    """Hours in which hardly any failed: a fifth of the budget."""
    return [(at, at % 2, tried) for at in range(hours)]


# --- the tiers ------------------------------------------------------------------------------------


def test_an_hour_of_fourteen_budgets_is_critical_at_once() -> None:
    """8 % of one hour: told when it closes, over with the next good one."""
    assert stands([*quiet(50), (50, 40, 500), (51, 1, 500)])[-3:] == ["", "critical", ""]
    assert stands([*quiet(50), (50, 35, 500)])[-1] == ""


def test_six_budgets_over_six_hours_are_critical() -> None:
    """3.2 % an hour are told in the sixth, and are over once an hour is below six budgets."""
    told = [*quiet(50), *[(50 + at, 16, 500) for at in range(7)], (57, 10, 500)]
    assert stands(told)[-8:] == ["", "", "", "", "", "critical", "critical", ""]


def test_the_budget_of_three_days_is_a_warning() -> None:
    """0.7 % an hour: twice what was usual is no news for a day, and a warning within three."""
    told = [*quiet(72, 5000), *[(72 + at, 35, 5000) for at in range(72)]]
    found = stands(told)
    (first,) = [at for at in range(1, 144) if found[at] and not found[at - 1]]
    assert 72 + 24 < first < 144
    assert set(found[first:]) == {"warning"}
    back = stands([*told, *[(144 + at, 0, 5000) for at in range(6)]])[144:]
    assert back[-1] == ""
    assert back.index("") <= 2


def test_nobody_getting_through_is_critical_at_once() -> None:
    """Ten tried and none came about, in the first hour of all, whatever the objective."""
    for objective in (0.5, 0.9, 0.995, 0.9999):
        assert stands([(0, 10, 10)], objective=objective) == ["critical"]
    assert stands([(0, 9, 9)], objective=0.5) == [""]


def test_an_outage_goes_on_while_few_try() -> None:
    """At night three try and none gets through: it is not over; one who does ends it."""
    found = stands([(0, 20, 20), (1, 3, 3), (2, 1, 1), (3, 0, 500)], objective=0.9)
    assert found == ["critical", "critical", "critical", ""]


def test_a_single_failure_among_few_is_no_news() -> None:
    """One of twenty is ten budgets, and happens by chance every tenth hour."""
    assert set(stands([(at, int(at % 10 == 0), 20) for at in range(9)])) == {""}


def test_days_have_tiers_of_their_own() -> None:
    """Where counts come by the day: 3 % of a day is critical, 0.6 % for three days a warning."""
    days = [(at, 5, 5000) for at in range(10)]
    assert stands([*days, (10, 150, 5000), (11, 5, 5000)], "day")[-2:] == ["critical", ""]
    slow = [(10 + at, 36, 5000) for at in range(3)]
    assert stands([*days, *slow], "day")[-3:] == ["", "", "warning"]


def test_hours_without_a_count_take_no_part() -> None:
    """Windows are of time: what failed seven hours ago is out of the last six."""
    for bad, expected in ((20, False), (22, True)):
        told = [(at, 25 * (bad <= at < bad + 2), 500) for at in range(27) if at != 24]
        assert (stands([*told, (27, 34, 500)])[-1] == "critical") == expected


def test_without_an_objective_it_is_silent() -> None:
    """There is no budget then."""
    held = BurnRate().start("hour")
    assert BurnRate().judge(hour(0, 50, 50), held, None) is None


# --- against references ---------------------------------------------------------------------------


@pytest.mark.parametrize("budget", [0.0001, 0.005, 0.1, 0.5])
@pytest.mark.parametrize("tried", [1, 10, 500, 200_000])
def test_its_chance_is_the_tail_of_a_binomial(tried: int, budget: float) -> None:
    """At least so many failures, against scipy."""
    for failed in {0, 1, int(tried * budget) + 1, int(tried * budget * 1.3) + 2, tried}:
        if failed <= tried:
            expected = 1.0 if failed <= budget * tried else binom.sf(failed - 1, tried, budget)
            assert by_chance(failed, tried, budget) == pytest.approx(expected, rel=1e-6, abs=1e-300)


def plain(told: NDArray[np.int64], objective: float) -> list[str]:
    """The workbook's conditions, of hours since the last was over; each ends by its short one."""
    found, first, worst, begin = list[str](), 9, 9, 0
    budget = 1 - objective
    for at in range(len(told)):
        reached, burning = set[int](), set[int]()
        for place, tier in enumerate(TIERS["hour"]):
            bad, tried = told[max(at - tier.long + 1, begin) : at + 1].sum(axis=0).tolist()
            short_bad, short = told[max(at - tier.short + 1, begin) : at + 1].sum(axis=0).tolist()
            share = round(tier.rate * budget, 9)
            if short_bad / short >= share:
                burning.add(place)
                if bad / tried >= share and binom.sf(bad - 1, tried, budget) < CHANCE:
                    reached.add(place)
        worse = {place for place in reached if place < worst}
        if worst < 9 and not worse and not {first, worst} & burning:
            first, worst, begin = 9, 9, at
        elif worse:
            first, worst = (first if worst < 9 else min(worse)), min(worse)
        found.append(TIERS["hour"][worst].severity if worst < 9 else "")
    return found


@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_published_rule(seed: int) -> None:
    """Random hours, calm and burning by turns, against a plain reading of chapter 5."""
    random = np.random.default_rng(seed)
    share = np.repeat(
        random.choice([0.001, 0.006, 0.02, 0.04, 0.09], 60), random.integers(1, 40, 60)
    )
    tried = random.integers(300, 900, len(share))
    told = np.stack([random.binomial(tried, share), tried], axis=1)
    found = stands([(at, *row) for at, row in enumerate(told.tolist())])
    assert found == plain(told, OBJECTIVE)
    assert {"", "warning", "critical"} == set(found)


@pytest.mark.parametrize("tried", [10, 50, 1000, 20_000])
def test_who_just_keeps_the_objective_keeps_the_declared_rate(tried: int) -> None:
    """News is not significantly more frequent than declared (p 0.001)."""
    random = np.random.default_rng(7)
    failed = random.binomial(tried, 1 - OBJECTIVE, 20_000).tolist()
    found = judged([(at, bad, tried) for at, bad in enumerate(failed)])
    news = sum(one is not None and one.fresh for one in found)
    low = float(chi2.ppf(0.001, 2 * news)) / 2 / len(failed) if news else 0.0
    assert low <= BurnRate.false_alarm_rate, f"{news / len(failed):.1e}"


# --- how it behaves -------------------------------------------------------------------------------

HOURS = st.lists(
    st.tuples(st.integers(1, 9), st.sampled_from([0, 0, 1, 5, 40, 500]), st.just(500)),
    min_size=1,
    max_size=120,
)


def placed(steps: list[Told], first: int = 0) -> list[Told]:
    """Steps of so many hours as numbers of hours."""
    numbers = np.cumsum([step for step, _, _ in steps]) + first
    return [(int(at), bad, n) for at, (_, bad, n) in zip(numbers, steps, strict=True)]


@settings(max_examples=60, deadline=None)
@given(HOURS, HOURS, HOURS)
def test_what_comes_after_changes_nothing(
    before: list[Told], one: list[Told], other: list[Told]
) -> None:
    """What was said of a bucket depends on it and on what came before alone."""
    many = len(before)
    assert judged(placed(before + one))[:many] == judged(placed(before + other))[:many]
    assert judged(placed(before + one))[:many] == judged(placed(before))


@settings(max_examples=30, deadline=None)
@given(HOURS)
def test_a_restart_changes_nothing(steps: list[Told]) -> None:
    """With its memory written and read between buckets it says the same."""
    rate, kept = BurnRate(), {"burn_rate": BurnRate().start("hour")}
    found = []
    for one in placed(steps):
        kept = msgspec.msgpack.decode(msgspec.msgpack.encode(kept))
        found.append(rate.judge(hour(*one), rate.memory(kept, "hour"), OBJECTIVE))
    assert found == judged(placed(steps))


@settings(max_examples=60, deadline=None)
@given(HOURS)
def test_no_two_stretches_share_their_beginning(steps: list[Told]) -> None:
    """What is told is told of a stretch once: ids of alerts are made of its beginning."""
    begun, standing = [], False
    for one in judged(placed(steps)):
        now = one is not None and bool(one.severity)
        if one is not None and now and not standing:
            begun.append(one.since)
        standing = now
    assert len(set(begun)) == len(begun)

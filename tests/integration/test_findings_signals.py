"""What shocks, gaps, alerts and signals say of the real records: found, and silent where told.

The facts stand in ``tests/bench/signals/facts.toml``, those that are missed among them;
``python -m tests.bench.signals findings`` prints all of them beside what was found.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from tests.bench.signals.asked import Said, everything, series_years
from tests.bench.signals.facts import Fact, RealSet, sets
from tests.bench.signals.findings import explains, line, matches, unexplained
from tests.integration.records import Records

LOADED = [one for one in sets().values() if not one.absent]
HELD = [(one.name, fact) for one in LOADED for fact in one.facts if fact.reached]


@pytest.fixture(scope="session")
def said(records_of: Callable[[str], Records]) -> Callable[[str], list[Said]]:
    """All that the store of a set says, asked once."""
    return cache(lambda name: everything(records_of(name)))


@pytest.mark.parametrize(
    ("name", "fact"), HELD, ids=[f"{name}-{fact.says[:40]}" for name, fact in HELD]
)
def test_what_is_known_is_found(
    name: str,
    fact: Fact,
    records_of: Callable[[str], Records],
    said: Callable[[str], list[Said]],
) -> None:
    """Every fact that is marked as reached still holds."""
    found = line(fact, said(name), records_of(name))
    assert found.holds, f"{fact.says}: {found.found or 'nothing'}"


@pytest.mark.parametrize("about", LOADED, ids=lambda about: about.name)
def test_what_no_fact_explains_is_rare(
    about: RealSet,
    records_of: Callable[[str], Records],
    said: Callable[[str], list[Said]],
) -> None:
    """Per series and year no more alerts of nothing than the set allows."""
    _, years = series_years(records_of(about.name))
    false = unexplained(about, said(about.name))
    assert len(false) <= about.false_alerts * years, false


SNOW = Said("alert", "demand", "boston", "sidewalk", "", "up", "2018-01-04", "2018-01-20")


@pytest.mark.parametrize(
    ("fact", "holds"),
    [
        (Fact("snow", "alert", service="sidewalk", onset=("2018-01-01", "2018-01-05")), True),
        (Fact("snow", "alert", during=("2018-01-19", "2018-01-25")), True),
        (Fact("later", "alert", during=("2018-01-21", "2018-01-25")), False),
        (Fact("earlier", "alert", onset=("2018-01-01", "2018-01-03")), False),
        (Fact("other way", "alert", direction="down"), False),
        (Fact("other place", "alert", service="parking"), False),
        (Fact("January", "alert", months=[1]), True),
        (Fact("July", "alert", months=[7]), False),
        (Fact("not over", "alert", still_open=True), False),
        (Fact("back soon", "alert", recovered=("2018-01-15", "2018-01-25")), True),
        (Fact("deep", "alert", depth=(0.2, 0.5)), False),
    ],
    ids=lambda given: given.says if isinstance(given, Fact) else "",
)
def test_a_fact_asks_for_what_it_names(fact: Fact, *, holds: bool) -> None:
    """Place, way, time, depth and course of what was said all have to fit."""
    assert matches(fact, SNOW) is holds


def test_what_is_about_a_fact_is_explained_by_it() -> None:
    """An alert at the right place and time is no false alert, however shallow."""
    assert explains(Fact("snow", "shock", service="sidewalk", depth=(0.5, 0.9)), SNOW)
    assert not explains(Fact("snow", "shock", onset=("2019-01-01", "2019-12-31")), SNOW)

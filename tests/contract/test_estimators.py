"""Every estimator is held against an independent reference; here are those without a file of their own."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.rates import confint_poisson

from streams import estimators
from streams.estimators.rate import Rate

TESTS = Path(__file__).resolve().parents[1]
PLAIN = {"estimate", "durations"}
"""What estimators give: shapes without mathematics of their own."""

DAY = 86_400_000


@pytest.mark.parametrize(
    "name",
    sorted({path.stem for path in Path(estimators.__path__[0]).glob("[!_]*.py")} - PLAIN),
)
def test_an_estimator_has_a_reference(name: str) -> None:
    """Some test imports it beside one of the libraries that were written by others."""
    ours = re.compile(rf"from streams\.estimators\.{name} import")
    theirs = re.compile(r"^(from|import) (scipy|statsmodels|lifelines|numpy)\b", re.MULTILINE)
    texts = [
        path.read_text(encoding="utf-8")
        for folder in ("unit", "contract")
        for path in (TESTS / folder).glob("test_*.py")
    ]
    assert any(ours.search(text) and theirs.search(text) for text in texts), name


@given(count=st.integers(1, 10**9), days=st.integers(1, 4000), per=st.sampled_from([1, 7, 30]))
def test_the_interval_of_a_rate_is_the_score_interval(count: int, days: int, per: int) -> None:
    """Value and both ends agree with statsmodels."""
    found = Rate(per * DAY).read((count,), days * DAY)
    low, high = confint_poisson(count, days / per, method="score")
    assert found.n == count
    assert found.value == pytest.approx(count * per / days, rel=1e-12)
    # For a single count the lower end is a small difference of two larger numbers.
    assert found.low == pytest.approx(low, rel=1e-9)
    assert found.high == pytest.approx(high, rel=1e-9)


@pytest.mark.parametrize("mean", [1.0, 2.5, 6.0, 15.0, 40.0, 150.0])
def test_the_interval_of_a_rate_covers(mean: float) -> None:
    """Weighted by chance, nine counts in ten at least have the true rate in their interval.

    That is exact, not simulated: the score interval's coverage moves about 95 %, and is lowest
    for means of a few.
    """
    counts = np.arange(int(mean + 12 * np.sqrt(mean)) + 20)
    read = [Rate(DAY).read((int(count),), DAY) for count in counts]
    inside = [
        one.low is not None and one.high is not None and one.low <= mean <= one.high for one in read
    ]
    covered = float(stats.poisson.pmf(counts, mean)[inside].sum())
    assert 0.91 <= covered <= 0.99


def test_none_counted_is_a_rate_of_zero_only_where_something_was_heard() -> None:
    """Over a time that was heard none is 0, with an upper end; over no time it is unknown."""
    found = Rate(DAY).read((0,), 7 * DAY)
    _, high = confint_poisson(0, 7, method="score")
    assert (found.value, found.n, found.low) == (0.0, 0, 0.0)
    assert found.high == pytest.approx(high, rel=1e-12)
    silent = Rate(DAY).read((0,), 0)
    assert (silent.value, silent.low, silent.high) == (None, None, None)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_rates_of_parts_are_the_rate_of_their_sum(counts: list[int]) -> None:
    """Counts add up over the same time; the value is the sum of the values."""
    whole = Rate(DAY).read((sum(counts),), 30 * DAY)
    parts = [Rate(DAY).read((count,), 30 * DAY).value or 0.0 for count in counts]
    assert whole.value == pytest.approx(sum(parts), rel=1e-12, abs=1e-12)


def test_a_count_that_a_correction_took_below_zero_has_no_rate() -> None:
    """It is no count, and not a negative rate."""
    assert Rate(DAY).read((-1,), DAY).value is None

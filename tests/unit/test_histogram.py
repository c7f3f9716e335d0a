"""Histogram against numpy's quantiles; merging is exact and free of order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from streams.estimators.histogram import Histogram

NUMBERS = st.one_of(
    st.just(0.0), st.floats(1e-300, 1e300), st.integers(0, 2**53).map(float)
)  # fmt: skip
LISTS = st.lists(NUMBERS, max_size=60)
QS = (0.01, 0.1, 0.25, 0.5, 0.7, 0.85, 0.95, 0.99, 1.0)


def of(numbers: list[float]) -> Histogram:
    """Make a histogram of some numbers."""
    made = Histogram()
    made.add(numbers)
    return made


@given(NUMBERS)
def test_a_number_lies_in_its_bin(number: float) -> None:
    """The bin holds the number, and its middle is at most 0.4 % away."""
    key = int(Histogram.keys([number])[0])
    assert Histogram.low(key) <= number < Histogram.high(key)
    assert abs(Histogram.mid(key) - number) <= 0.004 * number


@pytest.mark.parametrize("seed", range(20))
def test_quantiles_are_numpys_to_four_in_a_thousand(seed: int) -> None:
    """Each quantile is within 0.4 % of that of the numbers themselves."""
    draw = np.random.default_rng(seed)
    numbers = draw.lognormal(
        draw.uniform(-5, 25), draw.uniform(0.1, 3), int(draw.integers(1, 4000))
    )
    found = Histogram()
    found.add(numbers)
    for q in QS:
        wanted = np.quantile(numbers, q, method="inverted_cdf")
        assert found.quantile(q) == pytest.approx(wanted, rel=0.004)


@given(LISTS, LISTS, LISTS)
def test_merging_is_exact_and_free_of_order(a: list[float], b: list[float], c: list[float]) -> None:
    """Any order of merging gives the histogram of all numbers, pair for pair."""
    whole = of(a + b + c).to_pairs()
    assert of(a).merge(of(b)).merge(of(c)).to_pairs() == whole
    assert of(c).merge(of(a).merge(of(b))).to_pairs() == whole
    assert Histogram.from_pairs(whole).to_pairs() == whole


@given(LISTS, LISTS)
def test_what_is_taken_out_leaves_no_trace(a: list[float], b: list[float]) -> None:
    """Adding numbers and taking them out again is as if they had never been there."""
    made = of(a + b)
    made.add(b, [-1] * len(b))
    assert made == of(a)


def test_counts_weigh_as_repeats() -> None:
    """A count of 3 is the number three times."""
    made = Histogram()
    made.add([5.0, 7.0], [3, 1])
    assert made == of([5.0, 5.0, 5.0, 7.0])


@pytest.mark.parametrize("q", [0.5, 0.85])
@pytest.mark.parametrize("n", [30, 100, 1000])
def test_the_interval_covers(q: float, n: int) -> None:
    """The order statistics at its ends enclose the true quantile at least 94 % of the time."""
    half = 1.959963984540054 * (n * q * (1 - q)) ** 0.5
    low, high = np.floor(n * q - half), np.ceil(n * q + half) + 1
    covered = stats.binom.cdf(high - 1, n, q) - stats.binom.cdf(low - 1, n, q)
    assert covered >= 0.94
    made = Histogram()
    made.add(np.arange(1, n + 1) * 1000.0)
    found = made.estimate(q)
    assert found.n == n
    assert found.low == pytest.approx(low * 1000, rel=0.004)
    assert found.high == (None if high > n else pytest.approx(high * 1000, rel=0.004))


def test_an_exact_rank_is_not_rounded_up() -> None:
    """0.7 of ten numbers is the seventh, whatever 0.7 * 10 is in floating point."""
    assert of([float(each) for each in range(1, 11)]).quantile(0.7) == pytest.approx(7, rel=0.004)


def test_nothing_has_no_quantile() -> None:
    """An empty histogram gives None and not 0."""
    found = Histogram().estimate(0.5)
    assert (found.value, found.n, found.low, found.high) == (None, 0, None, None)


@pytest.mark.parametrize("number", [-1.0, float("nan"), float("inf")])
def test_what_is_no_number_from_zero_on_is_refused(number: float) -> None:
    """Negative, infinite and NaN raise and count nothing."""
    made = Histogram()
    with pytest.raises(ValueError, match="from 0 on"):
        made.add([1.0, number])
    assert made.total == 0


def test_a_quantile_asked_for_wrongly_is_refused() -> None:
    """The order lies in (0, 1], and no bin may be negative."""
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        of([1.0]).quantile(0.0)
    made = Histogram()
    made.add([1.0], [-1])
    with pytest.raises(ValueError, match="more was taken out"):
        made.quantile(0.5)

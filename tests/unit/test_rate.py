"""Rate against statsmodels' score interval of a Poisson count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.rates import confint_poisson

from streams.estimators.rate import Rate

WEEK = 7 * 86_400_000


@given(count=st.integers(0, 10**9), exposure=st.integers(1, 10**12), per=st.integers(1, 10**10))
def test_interval_is_the_score_interval(count: int, exposure: int, per: int) -> None:
    """Value and both ends agree with an independent implementation."""
    found = Rate(per).read((count,), exposure)
    low, high = confint_poisson(count, exposure / per, method="score")
    scale = per / exposure
    assert found.n == count
    assert found.value == pytest.approx(count * scale, rel=1e-12)
    assert found.low == pytest.approx(low, rel=1e-9, abs=1e-9 * scale)
    assert found.high == pytest.approx(high, rel=1e-9)


def test_a_quiet_week_is_a_rate_of_zero() -> None:
    """Nothing counted over a time that was observed is 0, with an upper end."""
    found = Rate(WEEK).read((0,), WEEK)
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(3.84, abs=0.01)


@pytest.mark.parametrize(("count", "exposure"), [(5, 0), (0, 0), (3, -1), (-1, WEEK)])
def test_without_exposure_there_is_no_rate(count: int, exposure: int) -> None:
    """Time that was not observed gives None and not 0."""
    found = Rate(WEEK).read((count,), exposure)
    assert (found.value, found.n, found.low, found.high) == (None, count, None, None)

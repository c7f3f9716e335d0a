"""Share against statsmodels' Wilson interval."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from streams.estimators.share import Share


@given(whole=st.integers(1, 10**12), fraction=st.floats(0, 1))
def test_interval_is_wilsons(whole: int, fraction: float) -> None:
    """Value and both ends agree with an independent implementation."""
    part = int(whole * fraction)
    found = Share().read((part, whole))
    low, high = proportion_confint(part, whole, alpha=0.05, method="wilson")
    assert (found.value, found.n) == (part / whole, whole)
    assert found.low == pytest.approx(low, abs=1e-12)
    assert found.high == pytest.approx(high, abs=1e-12)


@pytest.mark.parametrize(("n", "half"), [(10, 0.23), (30, 0.14), (50, 0.11), (100, 0.08)])
def test_half_widths_are_those_of_the_catalogue(n: int, half: float) -> None:
    """At a share of 0.8 the interval is as wide as the minimum n was chosen for."""
    found = Share().read((round(0.8 * n), n))
    assert found.low is not None
    assert found.high is not None
    assert (found.high - found.low) / 2 == pytest.approx(half, abs=0.006)


@given(st.integers(1, 10**9))
def test_nothing_and_all_bound_exactly(whole: int) -> None:
    """A share of 0 has its low end at 0, one of 1 its high end at 1."""
    assert Share().read((0, whole)).low == 0.0
    assert Share().read((whole, whole)).high == 1.0


@pytest.mark.parametrize("parts", [(0, 0), (3, 2), (-1, 5), (1, 0), (0, -1)])
def test_what_is_no_share_has_no_value(parts: tuple[int, int]) -> None:
    """No cases, a part above its whole, or a negative count give None and not 0."""
    found = Share().read(parts)
    assert (found.value, found.low, found.high) == (None, None, None)
    assert found.n == parts[1]

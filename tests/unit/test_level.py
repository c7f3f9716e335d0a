"""Level against scipy's Student interval."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from streams.estimators.level import Level, _student


def parts(readings: list[int]) -> tuple[int, int, int]:
    """Give the sums of whole numbers."""
    return len(readings), sum(readings), sum(each * each for each in readings)


@pytest.mark.parametrize("degrees", [*range(1, 131), 200, 999, 10_000, 10**7])
def test_students_quantile_is_scipys(degrees: int) -> None:
    """The own inverse is right to 1e-6 (in truth 1e-8) for every number of readings."""
    assert _student(degrees) == pytest.approx(stats.t.ppf(0.975, degrees), rel=2e-8)


@given(st.lists(st.integers(-100_000, 100_000), min_size=2, max_size=60))
def test_interval_is_students(readings: list[int]) -> None:
    """Mean and both ends agree with scipy on the readings themselves."""
    found = Level(1000).read(parts(readings))
    values = np.array(readings) / 1000
    error = values.std(ddof=1) / len(values) ** 0.5
    half = stats.t.ppf(0.975, len(values) - 1) * error
    assert found.n == len(readings)
    assert found.value == pytest.approx(values.mean(), rel=1e-9, abs=1e-9)
    assert found.low == pytest.approx(values.mean() - half, rel=1e-6, abs=1e-6)
    assert found.high == pytest.approx(values.mean() + half, rel=1e-6, abs=1e-6)


def test_large_readings_keep_their_spread() -> None:
    """Variance comes from whole numbers, so a large mean does not swallow a small spread."""
    readings = [10**12 + each for each in (-1, 0, 1)]
    found = Level(1).read(parts(readings))
    assert found.value == 10**12
    assert found.high == pytest.approx(10**12 + 2.4841, abs=1e-3)


def test_one_reading_has_no_interval_and_none_has_no_value() -> None:
    """The spread of one reading is unknown, the mean of none too."""
    assert Level(1000).read((1, 2500, 6_250_000)).value == 2.5
    assert Level(1000).read((1, 2500, 6_250_000)).low is None
    assert Level(1000).read((0, 0, 0)).value is None


def test_sums_that_cannot_be_are_refused() -> None:
    """A sum of squares that overflowed does not become a number."""
    with pytest.raises(OverflowError, match="int64 overflowed"):
        Level(1).read((2, 100, -5))

"""Quantiles of banded counts against numpy's interpolation and against the waits themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.estimators.banded import Banded

CUTS = (0, 60, 3600, 86_400, 7 * 86_400, 28 * 86_400)
COUNTS = st.lists(st.integers(0, 1000), min_size=len(CUTS) - 1, max_size=len(CUTS) - 1)


def banded(counts: list[int], tail: int = 0) -> list[tuple[int, int | None, int]]:
    """Make adjoining bands at the fixed cuts, with an open-ended one at the end."""
    known = list(zip(CUTS[:-1], CUTS[1:], counts, strict=True))
    return [*known, (CUTS[-1], None, tail)]


@given(counts=COUNTS, q=st.sampled_from([0.1, 0.5, 0.85, 0.95]))
def test_the_value_is_the_linear_interpolation(counts: list[int], q: float) -> None:
    """It agrees with numpy's interpolation of the cumulative counts where those rise."""
    rising = [each + 1 for each in counts]
    sums = np.concatenate(([0], np.cumsum(rising)))
    found = Banded.read(banded(rising), q)
    assert found.n == sum(rising)
    assert found.value == pytest.approx(np.interp(q * sums[-1], sums, CUTS), rel=1e-6)


@pytest.mark.parametrize("seed", range(10))
def test_the_interval_encloses_the_quantile_of_the_waits(seed: int) -> None:
    """The ends enclose the quantile of the waits that were counted."""
    draw = np.random.default_rng(seed)
    waits = draw.lognormal(9, 1.5, 500)
    counts, _ = np.histogram(waits, CUTS)
    known = banded(counts.tolist(), int((waits >= CUTS[-1]).sum()))
    for q in (0.25, 0.5, 0.85):
        found = Banded.read(known, q)
        assert found.low is not None
        assert found.value is not None
        assert found.high is not None
        assert found.low <= np.quantile(waits, q) <= found.high
        assert found.low <= found.value <= found.high


def test_overlapping_bands_add_up() -> None:
    """Senders that cut at different places are one distribution: their lines add."""
    assert Banded.read([(0, 10, 10), (0, 20, 10)], 0.5).value == pytest.approx(20 / 3)
    assert Banded.read([(0, 10, 10), (0, 10, 20)], 0.5).value == pytest.approx(5.0)


def test_an_open_ended_band_has_no_quantile() -> None:
    """A quantile in it is None with the reason; one at or below its start has a value."""
    known = banded([10, 10, 10, 10, 10], 50)
    found = Banded.read(known, 0.85)
    assert (found.value, found.high, found.n) == (None, None, 100)
    assert found.low == CUTS[-1]
    assert (
        Banded.why(known, 0.85) == "the 0.85 quantile lies in the open-ended band from 2419200 on"
    )
    assert Banded.read(known, 0.5).value == CUTS[-1]
    assert Banded.why(known, 0.5) == ""


def test_beyond_the_start_of_an_open_band_nothing_is_known() -> None:
    """A closed band of another sender does not make the open one's waits known."""
    known = [(0, 10, 10), (10, None, 10), (0, 100, 10)]
    assert Banded.read(known, 0.5).value is None
    assert Banded.read(known, 0.3).value == pytest.approx(90 / 11)


def test_open_may_be_written_as_minus_one_and_unit_may_change() -> None:
    """-1 means no end; ``per`` divides value and ends."""
    assert Banded.read([(0, 7200, 4), (7200, -1, 1)], 0.4, 3600).value == 1.0


def test_nothing_counted_has_no_value() -> None:
    """No bands, or bands of 0, give None and not 0."""
    assert Banded.read([], 0.5).value is None
    assert Banded.read(banded([0] * 5), 0.5).n == 0
    assert Banded.why([], 0.5) == "nothing was counted"


@pytest.mark.parametrize("band", [(5, 5, 1), (9, 3, 1), (0, 5, -1)])
def test_a_band_that_cannot_be_is_refused(band: tuple[int, int, int]) -> None:
    """Empty and upside-down bands and negative counts raise."""
    with pytest.raises(ValueError, match="end after start"):
        Banded.read([band], 0.5)

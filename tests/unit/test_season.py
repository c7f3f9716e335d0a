"""What months and quarters weigh: the season is learned, missed when it fails, and never invented."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from models.value import Rhythm
from streams.expectation import expect, learned
from streams.season import CYCLE, SHOWN, YEARS, weights
from streams.series import KEPT, Bucket, Series

DAY = 86_400_000
SUMMER = [1.0, 1.0, 1.0, 1.0, 2.0, 3.0, 3.0, 2.0, 1.0, 1.0, 1.0, 1.0]
QUARTERS = [1.0, 2.0, 1.5, 1.0]
NEEDED: dict[Rhythm, int] = {name: YEARS * CYCLE[name] + SHOWN[name] for name in CYCLE}
"""Buckets from which a season is known."""


def bucket(number: int, value: float, rhythm: Rhythm) -> Bucket:
    """A month or quarter of always as many working days."""
    slot, days = number % CYCLE[rhythm] + 1, 21 if rhythm == "month" else 63
    return Bucket(number, number * DAY, (number + 1) * DAY, value, 1000, slot, days)


def taught(values: Sequence[float], rhythm: Rhythm, aside: Sequence[int] = ()) -> Series:
    """A series that has learned all of them but those that were an alert."""
    series = Series()
    for number, value in enumerate(values):
        one = bucket(number, value, rhythm)
        if number in aside:
            series.set_aside(one, KEPT[rhythm])
        else:
            series.learn(one, learned(series, one, rhythm), KEPT[rhythm])
    return series


def seasonal(rhythm: Rhythm, many: int, noise: float, seed: int = 1) -> list[float]:
    """A year that comes again and again, with relative noise."""
    random = np.random.default_rng(seed)
    year = SUMMER if rhythm == "month" else QUARTERS
    return [1e4 * year[at % len(year)] * (1 + noise * random.normal()) for at in range(many)]


@pytest.mark.parametrize("rhythm", ["month", "quarter"])
@pytest.mark.parametrize("seed", range(5))
def test_a_year_that_comes_again_is_expected(rhythm: Rhythm, seed: int) -> None:
    """Every bucket of the year after: the right middle, and an interval that tells a failure."""
    series = taught(seasonal(rhythm, NEEDED[rhythm], 0.03, seed), rhythm)
    year = SUMMER if rhythm == "month" else QUARTERS
    for at in range(CYCLE[rhythm]):
        number = NEEDED[rhythm] + at
        following = bucket(number, 0.0, rhythm)
        found = expect(series, following, rhythm, "count")
        assert found is not None
        usual = 1e4 * year[number % len(year)]
        assert found.expected == pytest.approx(usual, rel=0.12)
        assert found.low < usual < found.high
        assert found.low > 0.4 * usual
        series.learn(bucket(number, usual, rhythm), None, KEPT[rhythm])


@pytest.mark.parametrize("rhythm", ["month", "quarter"])
def test_before_it_is_known_long_enough_there_is_none(rhythm: Rhythm) -> None:
    """One bucket fewer than the years that it takes."""
    values = seasonal(rhythm, NEEDED[rhythm], 0.02)
    assert not weights(taught(values[:-1], rhythm), rhythm).slots
    assert weights(taught(values, rhythm), rhythm).slots


@pytest.mark.parametrize("rhythm", ["month", "quarter"])
def test_noise_makes_hardly_a_season(rhythm: Rhythm) -> None:
    """Of a hundred quiet series, of every length, at most three are taken for seasonal."""
    random = np.random.default_rng(8)
    invented = 0
    for _ in range(100):
        many = int(random.integers(NEEDED[rhythm], KEPT[rhythm] + 1))
        values = random.normal(1000, 100, many).tolist()
        invented += bool(weights(taught(values, rhythm), rhythm).slots)
    assert invented <= 3


def test_one_shock_makes_no_season() -> None:
    """Five months at half, once in four years, weigh what they always did."""
    random = np.random.default_rng(2)
    for begin in (8, 20, 32, 40):
        values = random.normal(1000, 30, 48)
        values[begin : begin + 5] *= 0.5
        found = weights(taught(values.tolist(), "month"), "month")
        assert not found.slots


def test_a_summer_that_failed_does_not_unmake_the_season() -> None:
    """The next one is expected all the same; two that failed in a row are the new way."""
    values = seasonal("month", 60, 0.03)
    values[52:56] = [1e4] * 4
    series = taught(values, "month", range(52, 56))
    found = expect(series, bucket(65, 0.0, "month"), "month", "count")
    assert found is not None
    assert found.expected == pytest.approx(3e4, rel=0.12)
    values[40:44] = [1e4] * 4
    series = taught(values, "month", [*range(40, 44), *range(52, 56)])
    found = expect(series, bucket(65, 0.0, "month"), "month", "count")
    assert found is not None
    assert found.expected == pytest.approx(1e4, rel=0.12)


def test_what_comes_later_changes_no_weight() -> None:
    """The weights of a place of the history know nothing behind it."""
    values = seasonal("month", 60, 0.03)
    wild = values[:48] + [9e9] * 12
    for many in (36, 47, 48):
        one, other = (weights(taught(some, "month"), "month", many) for some in (values, wild))
        assert one == other == weights(taught(values[:many], "month"), "month")
        assert one.slots


def test_where_nothing_came_nothing_is_weighed() -> None:
    """Years of zeros, and then a service that begins."""
    series = taught([0.0] * 30 + [5.0] * 12, "month")
    assert weights(series, "month").slots == {}
    assert expect(series, bucket(42, 0.0, "month"), "month", "count") is not None

"""What a bucket is expected to hold: middle, scale, interval, and nothing of the future."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau, norm, t, theilslopes

from models.value import Rhythm
from streams.expectation import (
    STUDENT,
    WARM,
    WIDE,
    Quantity,
    center,
    expect,
    learned,
)
from streams.season import PACED, by_working_day
from streams.series import KEPT, Bucket, Series

DAY = 86_400_000


WORKING: dict[Rhythm, int] = {"month": 21, "quarter": 63}
"""Working days of a plain month and quarter."""


def bucket(
    number: int, value: float, n: int = 1000, slot: int | None = None, days: int = 0
) -> Bucket:
    """A day, or another bucket of 24 hours."""
    place = (number + 3) % 7 if slot is None else slot
    return Bucket(number, number * DAY, (number + 1) * DAY, value, n, place, days)


def taught(
    values: list[float], rhythm: Rhythm = "day", quantity: Quantity = "count"
) -> tuple[Series, Bucket]:
    """A series that learned all of these, and the bucket that comes next."""
    series = Series()
    for number, value in enumerate(values):
        one = bucket(number, value, days=WORKING.get(rhythm, 0))
        series.learn(one, learned(series, one, rhythm), KEPT[rhythm])
    return series, bucket(len(values), 0.0, days=WORKING.get(rhythm, 0))


def test_middle_is_the_median_of_the_last_eight_of_the_slot() -> None:
    """A Sunday is compared with Sundays, and the ninth before no longer counts."""
    values = [1000.0 * (day % 7) + day // 7 for day in range(70)]
    series, following = taught(values)
    place = 70 % 7
    expected = float(np.median([1000 * place + week for week in range(2, 10)]))
    assert center(series, following, "day") == expected


def test_one_spike_does_not_move_the_middle() -> None:
    """Half of the values may be wild."""
    values = [100.0] * 70
    values[63] = values[56] = values[49] = 1e6
    series, following = taught(values)
    assert center(series, following, "day") == 100.0


def test_weeks_take_the_last_eight_whatever_their_slot() -> None:
    """A slot of the year has too few weeks in a few years."""
    series, following = taught([float(week) for week in range(20)], "week")
    assert center(series, following, "week") == float(np.median(range(12, 20)))


def monthly(per_day: float, per_month: float, seed: int) -> tuple[Series, Bucket]:
    """Two years of months of 19 to 23 working days; the next one has 19."""
    random = np.random.default_rng(seed)
    series = Series()
    for number in range(24):
        days = int(random.integers(19, 24))
        value = (per_day * days + per_month) * (1 + 0.02 * random.standard_normal())
        one = bucket(number, value, days=days)
        series.learn(one, learned(series, one, "month"), KEPT["month"])
    return series, bucket(24, 0.0, days=19)


@pytest.mark.parametrize("seed", range(5))
def test_an_office_is_compared_by_working_day(seed: int) -> None:
    """Where people come on working days, a short month is expected to be small, and closely."""
    series, following = monthly(1000.0, 0.0, seed)
    assert by_working_day(series)
    found = expect(series, following, "month", "count")
    assert found is not None
    assert found.expected == pytest.approx(19_000, rel=0.03)
    assert found.scale < 0.05 * found.expected


@pytest.mark.parametrize("seed", range(5))
def test_what_never_closes_is_compared_as_it_is(seed: int) -> None:
    """Where every day counts, working days only add noise, and are left out."""
    series, following = monthly(0.0, 21_000.0, seed)
    assert not by_working_day(series)
    found = expect(series, following, "month", "count")
    assert found is not None
    assert found.expected == pytest.approx(21_000, rel=0.03)


def test_holidays_are_compared_with_holidays() -> None:
    """A holiday is nothing like its weekday."""
    series = Series()
    for number in range(80):
        away = number % 10 == 0
        series.learn(bucket(number, 5.0 if away else 100.0, slot=-1 if away else None), 0.0, 427)
    assert center(series, bucket(80, 0.0, slot=-1), "day") == 5.0
    assert center(series, bucket(81, 0.0), "day") == 100.0


@pytest.mark.parametrize(("rhythm", "warm"), [("day", 28), ("week", 12), ("month", 12)])
def test_nothing_is_expected_before_the_warm_up_is_over(rhythm: Rhythm, warm: int) -> None:
    """Four weeks of days; twelve weeks; a year of months."""
    assert expect(*taught([100.0] * (warm - 1), rhythm), rhythm, "count") is None
    assert expect(*taught([100.0] * warm, rhythm), rhythm, "count") is not None


def test_the_scale_of_counts_is_that_of_poisson_noise() -> None:
    """Where only counting makes noise, the scale is little more than its root."""
    random = np.random.default_rng(1)
    scales = []
    for _ in range(40):
        found = expect(*taught(random.poisson(100, 120).astype(float).tolist()), "day", "count")
        assert found is not None
        scales.append(found.scale)
    assert 10.0 <= float(np.median(scales)) < 12.0


def test_the_scale_follows_noise_beyond_counting() -> None:
    """A standard deviation of 100 is found as such, give or take the median's own wobble."""
    random = np.random.default_rng(2)
    scales = []
    for _ in range(40):
        found = expect(*taught(random.normal(1000, 100, 120).tolist()), "day", "count")
        assert found is not None
        scales.append(found.scale)
    assert 90 < float(np.median(scales)) < 125


@pytest.mark.parametrize("quantity", ["count", "share", "level"])
def test_equal_values_still_leave_some_room(quantity: Quantity) -> None:
    """A scale is never zero, also where every value was the same or nothing."""
    for value in (0.0, 1.0):
        found = expect(*taught([value] * 100), "day", quantity)
        assert found is not None
        assert found.scale > 0
        assert found.low <= found.expected <= found.high


def test_the_interval_stays_where_the_quantity_can_be() -> None:
    """No share below 0 or above 1, no count below 0."""
    share = expect(*taught([0.99, 0.9, 0.8, 1.0] * 25, quantity="share"), "day", "share")
    count = expect(*taught([1.0, 0.0, 3.0, 0.0] * 25), "day", "count")
    assert share is not None
    assert count is not None
    assert share.low >= 0.0
    assert share.high <= 1.0
    assert count.low == 0.0


@pytest.mark.parametrize("week", [0, 1, 2, 3])
def test_a_carnival_in_the_warm_up_does_not_make_it_blind(week: int) -> None:
    """One odd week among the first four leaves a scale near that of the other three."""
    random = np.random.default_rng(week)
    scales = []
    for _ in range(40):
        values = random.normal(0, 2, 28)
        values[7 * week : 7 * week + 5] -= 20
        found = expect(*taught(values.tolist(), quantity="level"), "day", "level")
        assert found is not None
        scales.append(found.scale)
    assert 1.8 < float(np.median(scales)) < 5.0


@pytest.mark.parametrize("days", [28, 42, 63])
def test_a_young_scale_is_neither_blind_nor_nervous(days: int) -> None:
    """It is the standard deviation of the noise, widened by some tenths and no more."""
    random = np.random.default_rng(days)
    scales = []
    for _ in range(60):
        values = random.normal(0, 5, days).tolist()
        found = expect(*taught(values, quantity="level"), "day", "level")
        assert found is not None
        scales.append(found.scale)
    assert 5.0 < float(np.median(scales)) < 7.5


def test_few_values_are_judged_by_student() -> None:
    """The factors are those of a prediction interval as wide as three standard deviations."""
    assert set(STUDENT) == set(range(min(WARM.values()), PACED + 1))
    for many, factor in STUDENT.items():
        exact = t.ppf(norm.cdf(WIDE), many - 1) / WIDE * math.sqrt(1 + 1 / many)
        assert factor == pytest.approx(exact, abs=0.01)


@pytest.mark.parametrize("quarters", [4, 6, 8, 11])
def test_a_year_of_quarters_is_warm_up_enough(quarters: int) -> None:
    """Of quiet ones hardly any leaves the interval; one five times as large does."""
    random = np.random.default_rng(quarters)
    outside = seen = 0
    for _ in range(400):
        values = random.normal(1000, 100, quarters + 1).tolist()
        found = expect(*taught(values[:-1], "quarter"), "quarter", "count")
        assert found is not None
        outside += not found.low <= values[-1] <= found.high
        seen += found.high < 5000
    assert outside <= 8
    assert seen >= 395
    assert expect(*taught([1000.0] * 3, "quarter"), "quarter", "count") is None


def test_quiet_months_stay_inside() -> None:
    """Of a thousand hardly more leave their interval than normal noise leaves three scales."""
    random = np.random.default_rng(4)
    outside = 0
    for _ in range(1000):
        values = random.normal(1000, 100, 25).tolist()
        found = expect(*taught(values[:-1], "month"), "month", "count")
        assert found is not None
        outside += not found.low <= values[-1] <= found.high
    assert outside <= 8


@pytest.mark.parametrize("rhythm", ["month", "quarter"])
@pytest.mark.parametrize("step", [-40.0, 40.0])
def test_a_steady_trend_leaves_room_to_go_on(rhythm: Rhythm, step: float) -> None:
    """On the side where it goes, by Theil and Sen's slope from the middle of the last eight."""
    random = np.random.default_rng(3)
    noise = random.normal(0, 5, 24)
    values = (1000 + step * np.arange(24) + noise).tolist()
    flat = (1000 + noise).tolist()
    going, still = (expect(*taught(one, rhythm), rhythm, "level") for one in (values, flat))
    assert going is not None
    assert still is not None
    slope = theilslopes(values[-8:]).slope
    ahead, behind = going.high - going.expected, going.expected - going.low
    if step < 0:
        ahead, behind = behind, ahead
    assert ahead - behind == pytest.approx(abs(slope) * 4.5, rel=1e-6)
    assert still.high - still.expected == pytest.approx(still.expected - still.low)


def test_a_trend_is_by_time_and_not_by_place() -> None:
    """Quarters that are missing in between make it no steeper."""
    values = [1000.0 + 40 * at for at in range(16)]
    series = Series()
    for number, value in enumerate(values):
        one = bucket(number + 4 * (number >= 12), value + 160 * (number >= 12), days=63)
        series.learn(one, learned(series, one, "quarter"), KEPT["quarter"])
    found = expect(series, bucket(20, 0.0, days=63), "quarter", "level")
    assert found is not None
    numbers = [*range(8, 12), *range(16, 20)]
    room = found.high - found.expected - (found.expected - found.low)
    assert room == pytest.approx(40 * (20 - np.mean(numbers)), rel=1e-6)


def test_what_is_no_trend_leaves_no_room() -> None:
    """By Kendall's test: of noise alone hardly more than its five per cent."""
    random = np.random.default_rng(5)
    trending = agreed = 0
    for _ in range(300):
        values = random.normal(1000, 50, 15).tolist()
        found = expect(*taught(values, "quarter"), "quarter", "level")
        assert found is not None
        seen = abs(found.high + found.low - 2 * found.expected) > 1e-6
        trending += seen
        agreed += seen == (kendalltau(range(8), values[-8:], method="exact").pvalue < 0.05)
    assert trending <= 25
    assert agreed == 300


def test_few_cases_widen_a_share() -> None:
    """A share of 20 cases says less than one of 2000."""
    series, _ = taught([0.9, 0.91, 0.89, 0.9, 0.92] * 20, quantity="share")
    few = expect(series, bucket(100, 0.0, n=20), "day", "share")
    many = expect(series, bucket(100, 0.0, n=2000), "day", "share")
    assert few is not None
    assert many is not None
    assert few.scale > 2 * many.scale


def test_what_june_did_last_year_is_expected_this_june() -> None:
    """A peak of counts a year ago lifts the upper end, and only that; and only in its season."""
    values = [100.0] * 420
    for day in range(50, 57):
        values[day] = 300.0
    series, _ = taught(values[:416])
    season = expect(series, bucket(416, 0.0), "day", "count")
    plain = expect(taught([100.0] * 416)[0], bucket(416, 0.0), "day", "count")
    assert season is not None
    assert plain is not None
    assert season.high > 250
    assert season.low == pytest.approx(plain.low, rel=0.05)


def test_a_share_is_not_excused_by_last_year() -> None:
    """A service that failed last June may not fail again."""
    values = [0.9] * 416
    values[50:57] = [0.3] * 7
    found = expect(*taught(values, quantity="share"), "day", "share")
    assert found is not None
    assert found.low > 0.8


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 5000).map(float), min_size=60, max_size=130),
    st.sampled_from(["count", "level"]),
    st.floats(0, 1e6),
)
def test_an_expectation_knows_nothing_of_its_bucket(
    values: list[float], quantity: Quantity, value: float
) -> None:
    """The bucket's own value changes nothing of what is expected of it."""
    series, following = taught(values, quantity=quantity)
    other = bucket(following.number, value)
    assert expect(series, following, "day", quantity) == expect(series, other, "day", quantity)


@pytest.mark.parametrize(("years", "excused"), [(1, False), (2, True)])
@pytest.mark.parametrize("share", [0.5, 2.0])
def test_two_summers_of_two_months_excuse_the_third(
    years: int, share: float, *, excused: bool
) -> None:
    """One long excursion was a shock; what two years had at the same time comes every year."""
    random = np.random.default_rng(3)
    series, summer = Series(), 62
    for number in range(364 * years + 120):
        away = number >= 120 and (number - 120) % 364 < summer
        one = bucket(number, 1000.0 * (share if away else 1) + 20 * random.normal())
        if away:
            series.set_aside(one, KEPT["day"])
        else:
            series.learn(one, learned(series, one, "day"), KEPT["day"])
    found = expect(series, bucket(364 * years + 120 + 20, 0.0), "day", "count")
    assert found is not None
    assert (found.low <= 1000 * share <= found.high) is excused

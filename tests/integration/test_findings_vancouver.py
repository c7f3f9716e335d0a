"""What is known of Vancouver's contact centre, read from the store that a load of it leaves."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from tests.integration.records import Records, figure

COUNTED = "headwind.service.transactions.counted.v1"


@pytest.fixture(scope="module")
def file(vancouver: Records) -> pl.DataFrame:
    """The file: one row a day, numbers as numbers."""
    numbers = pl.exclude("date").cast(pl.Float64)
    return vancouver.frame.select(pl.col("date").str.to_date().alias("day"), numbers)


@pytest.fixture(scope="module")
def calls(vancouver: Records) -> pl.DataFrame:
    """Calls offered by local day, from the store."""
    return vancouver.values("demand")


def days(frame: pl.DataFrame, first: date, last: date) -> pl.DataFrame:
    """Days first to last, both included."""
    return frame.filter(pl.col("day").is_between(first, last))


def weekday_mean(calls: pl.DataFrame, first: date, last: date) -> float:
    """Mean of Monday to Friday."""
    inside = days(calls, first, last).filter(pl.col("day").dt.weekday() <= 5)["value"]
    assert inside.null_count() == 0
    return float(inside.mean())  # type: ignore[arg-type]


def test_every_day_is_there(vancouver: Records, calls: pl.DataFrame, file: pl.DataFrame) -> None:
    """5,585 days from 2009-06-15 to 2024-09-30; the two that are missing are no zeros."""
    assert vancouver.accepted(COUNTED) == len(file) == 5_585
    assert (calls["day"].min(), calls["day"].max()) == (date(2009, 6, 15), date(2024, 9, 30))
    missing = calls.filter(pl.col("value").is_null())
    assert missing["day"].to_list() == [date(2010, 3, 7), date(2013, 3, 8)]
    assert set(missing["status"]) == {"undefined"}
    known = calls.drop_nulls("value").join(file, on="day")
    assert len(known) == len(file)
    assert known["value"].equals(known["calls_offered"], check_names=False)


def test_demand_falls(calls: pl.DataFrame) -> None:
    """Weekday calls 2,039 to 1,379: -32.4 %, -33.1 % on a year before, -23.3 % in the first week."""
    before = weekday_mean(calls, date(2020, 1, 6), date(2020, 3, 13))
    after = weekday_mean(calls, date(2020, 3, 23), date(2020, 4, 30))
    first = weekday_mean(calls, date(2020, 3, 16), date(2020, 3, 20))
    year_before = weekday_mean(calls, date(2019, 3, 23), date(2019, 4, 30))
    assert (round(before), round(after), round(first)) == (2039, 1379, 1563)
    assert round(100 * (after / before - 1), 1) == -32.4
    assert round(100 * (after / year_before - 1), 1) == -33.1
    assert round(100 * (first / before - 1), 1) == -23.3


def test_no_month_is_as_it_was(calls: pl.DataFrame) -> None:
    """No month from 2020-03 on reaches the same month of 2019."""
    month = calls.group_by(pl.col("day").dt.truncate("1mo").alias("month")).agg(
        pl.col("value").sum()
    )
    level = {day.month: value for day, value in month.iter_rows() if day.year == 2019}
    since = [(day, value) for day, value in month.iter_rows() if day >= date(2020, 3, 1)]
    assert len(since) == 55
    assert all(value < level[day.month] for day, value in since)


def test_the_service_holds(vancouver: Records, file: pl.DataFrame) -> None:
    """Answer time gets better, 93 s to 37 to 74 s; the share answered in time says the same.

    Seconds to answer are no indicator: they are read from the file, Monday to Friday. Beside
    them stands ``within_standard`` of the store, over four weeks: it is higher in every window
    behind the turn than in the last one before it.
    """
    weekdays = file.filter(pl.col("day").dt.weekday() <= 5)
    mondays = [date(2020, 3, 9) + timedelta(weeks=week) for week in range(9)]
    seconds = [
        round(days(weekdays, monday, monday + timedelta(4))["avg_speed_of_answer_s"].mean())  # type: ignore[arg-type]
        for monday in mondays
    ]
    assert seconds[0] == 93
    assert (min(seconds[1:]), max(seconds[1:])) == (37, 74)
    assert mondays[-1] + timedelta(4) == date(2020, 5, 8)
    shares = dict(vancouver.values("within_standard").select("end", "value").iter_rows())
    before = shares[date(2020, 3, 16)]
    assert all(shares[date(2020, 4, 13) + timedelta(weeks=week)] > before for week in range(5))


def test_degraded_in_june_2019(vancouver: Records, file: pl.DataFrame) -> None:
    """June 2019: 193 s, service level 0.48, 18.1 % abandoned; two indicators fall to their low.

    The three are plain figures of the file: the mean of the days' seconds and levels, abandoned
    over offered. The store's ``completion`` is handled over offered, so one minus it is larger
    than the abandoned share by the calls that were neither; its ``within_standard`` weighs each
    day by its calls, which takes it below the mean of the days.
    """
    june = days(file, date(2019, 6, 1), date(2019, 6, 30))
    assert round(june["avg_speed_of_answer_s"].mean()) == 193  # type: ignore[arg-type]
    assert round(figure(june["service_level"].mean()), 2) == 0.48
    abandoned = figure(june["calls_abandoned"].sum()) / figure(june["calls_offered"].sum())
    assert round(100 * abandoned, 1) == 18.1
    weeks = vancouver.values("completion").filter(
        pl.col("end").is_between(date(2019, 6, 10), date(2019, 7, 1))
    )
    for row in weeks.iter_rows(named=True):
        week = days(file, row["day"], row["end"] - timedelta(1))
        handled, offered = figure(week["calls_handled"].sum()), figure(week["calls_offered"].sum())
        assert (row["n"], row["value"]) == (offered, handled / offered)
        assert 1 - row["value"] >= figure(week["calls_abandoned"].sum()) / offered
    level = vancouver.values("within_standard").filter(pl.col("end") == date(2019, 7, 1))
    assert round(level["value"].item(), 2) == 0.45
    year = vancouver.values("within_standard").filter(pl.col("end").dt.year() == 2019)
    assert year["value"].min() == pytest.approx(level["value"].item(), abs=0.01)


def test_cleaned(vancouver: Records) -> None:
    """On 23 days more calls were abandoned than were left: cut to that, said, and not refused."""
    assert "23 transactions: failed larger than calls_offered - calls_handled" in vancouver.said
    assert vancouver.rows("SELECT COUNT(*) FROM refused") == [(0,)]

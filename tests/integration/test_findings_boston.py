"""What is known of Boston's 311 requests, read from the store that a load of them leaves."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from tests.integration.records import Records, figure

OPENED = "headwind.service.request.opened.v1"
CLOSED = "headwind.service.request.closed.v1"
SNOW = "sidewalk_not_shoveled"
ZONE = "America/New_York"


@pytest.fixture(scope="module")
def cases(boston: Records) -> pl.DataFrame:
    """The file: one row a case, with times, the local day of opening and hours to close."""
    at = [pl.col(name).str.to_datetime(time_zone="UTC") for name in ("requested_at", "updated_at")]
    local = pl.col("requested_at").dt.convert_time_zone(ZONE).dt.date()
    hours = (pl.col("updated_at") - pl.col("requested_at")).dt.total_seconds() / 3600
    return boston.frame.with_columns(at).with_columns(local.alias("day"), hours.alias("hours"))


@pytest.fixture(scope="module")
def daily(boston: Records) -> pl.DataFrame:
    """Demand by service and local day, from the store."""
    return boston.values("demand", service=None).filter(pl.col("service") != "")


def between(frame: pl.DataFrame, first: date, last: date) -> pl.DataFrame:
    """Days first to last, both included."""
    return frame.filter(pl.col("day").is_between(first, last))


def total(frame: pl.DataFrame) -> int:
    """Sum of the values, which are counts."""
    return int(frame["value"].sum())


def year(frame: pl.DataFrame, number: int, column: str = "day") -> pl.DataFrame:
    """Rows of one local year."""
    return frame.filter(pl.col(column).dt.year() == number)


def test_all_requests_are_there(boston: Records, daily: pl.DataFrame, cases: pl.DataFrame) -> None:
    """268,538 requests were opened, and each is in exactly one local day of its service."""
    assert len(cases) == boston.accepted(OPENED) == 268_538
    assert boston.accepted(CLOSED) == (cases["status"] == "closed").sum()
    assert total(boston.values("demand")) == total(daily) == 268_538
    plain = {
        (service, day): count
        for service, day, count in cases.group_by("service", "day").len().iter_rows()
    }
    stored = daily.filter(pl.col("value") > 0).select("service", "day", "value")
    assert {(service, day): int(count) for service, day, count in stored.iter_rows()} == plain


def test_snow(daily: pl.DataFrame, cases: pl.DataFrame) -> None:
    """98 days above 100 reports, in the known spells; the peak is 1,041 on 2018-01-08.

    The 8,758 that are known for February 2015 are those of the month in UTC; by the city's own
    days, which the store keeps, they are 8,742.
    """
    snow = daily.filter(pl.col("service") == SNOW)
    above = snow.filter(pl.col("value") > 100)["day"].to_list()
    assert len(above) == 98
    for first, last, number in (
        (date(2015, 1, 25), date(2015, 3, 10), 41),
        (date(2017, 2, 10), date(2017, 2, 18), 8),
        (date(2017, 3, 15), date(2017, 3, 18), 4),
        (date(2018, 1, 2), date(2018, 1, 11), 8),
        (date(2019, 1, 22), date(2019, 1, 23), 2),
        (date(2019, 12, 18), date(2019, 12, 21), 4),
    ):
        inside = [day for day in above if first <= day <= last]
        assert (inside[0], inside[-1], len(inside)) == (first, last, number)
    peak = snow.filter(pl.col("day").dt.year() == 2018).sort("value").row(-1, named=True)
    assert (peak["day"], peak["value"]) == (date(2018, 1, 8), 1041)
    assert total(between(snow, date(2015, 2, 1), date(2015, 2, 28))) == 8_742
    february = pl.col("requested_at").dt.strftime("%Y-%m") == "2015-02"
    assert len(cases.filter(february, pl.col("service") == SNOW)) == 8_758
    summer = snow.filter(pl.col("day").dt.month().is_in(range(5, 11)))
    assert figure(summer["value"].max()) < 10


def test_parking_grows(daily: pl.DataFrame) -> None:
    """64.6 illegal parkings a day in 2016, 95.2 in 2017, 98.1 in 2018; March 2018 is low.

    The 64.8 that is known for 2016 divides the leap year's 23,640 by 365 days.
    """
    parking = daily.filter(pl.col("service") == "illegal_parking")
    a_day = {number: total(year(parking, number)) for number in (2016, 2017, 2018)}
    assert round(a_day[2016] / 366, 1) == 64.6
    assert round(a_day[2016] / 365, 1) == 64.8
    assert round(a_day[2017] / 365, 1) == 95.2
    assert round(a_day[2018] / 365, 1) == 98.1
    months = {
        month: total(year(parking, 2018).filter(pl.col("day").dt.month() == month))
        for month in (2, 3, 4)
    }
    assert months == {2: 2443, 3: 1523, 4: 3046}


def test_gaps(daily: pl.DataFrame) -> None:
    """Illegal parking has a few stray rows from 2019-05-30 to 10-01, others end in 2019-03.

    The store cannot know that pages are missing, since the other services of the same source go
    on: the days stand as counts near zero, far below 60 a day before and after.
    """
    parking = daily.filter(pl.col("service") == "illegal_parking")
    gap = between(parking, date(2019, 5, 30), date(2019, 10, 1))
    assert (total(gap), gap["value"].max()) == (59, 6)
    assert figure(between(parking, date(2019, 5, 1), date(2019, 5, 28))["value"].mean()) > 60
    assert figure(between(parking, date(2019, 10, 2), date(2019, 10, 28))["value"].mean()) > 60
    other = daily.filter(pl.col("service") == "other")
    assert between(other, date(2019, 3, 29), date(2019, 3, 29))["value"].item() > 0
    assert total(between(other, date(2019, 3, 30), date(2020, 1, 31))) == 11


def test_ends_before_start(boston: Records, cases: pl.DataFrame) -> None:
    """26,275 rows end before they start: 26,268 are open still, 7 closed ones are cleaned."""
    wrong = cases.filter(pl.col("hours") < 0)
    assert len(wrong) == 26_275
    open_ones = wrong.filter(pl.col("status") == "open")
    assert len(open_ones) == 26_268
    seconds = (open_ones["hours"] * -3600).round()
    assert (seconds.min(), seconds.max()) == (1, 118)
    assert "7 closed: time earlier than requested_at" in boston.said
    assert "refused" not in boston.said


@pytest.mark.parametrize(
    ("service", "hours", "period"),
    [
        ("illegal_parking", (2.35, 1.77), (2.97, 1.88)),
        ("other", (43, 17), (86.5, 63.5)),
    ],
)
def test_hours_to_close(
    boston: Records,
    cases: pl.DataFrame,
    service: str,
    hours: tuple[float, float],
    period: tuple[float, float],
) -> None:
    """Median hours to close of 2015 and 2019, and the period estimate of the same year beside it.

    The known medians (illegal parking 2.35 to 1.77, other 43 to 17) are of the closed cases
    alone. The period estimate also counts the hours of those still open, so it is the higher:
    by a quarter or less for illegal parking, of which 1 in 100 is never closed, and by twice to
    four times for ``other``, where a quarter stays open. What both share is the direction.
    Shown here is the median, over the year's reached windows of four weeks.
    """
    waits = boston.values("waiting", service=service).filter(pl.col("status") == "ok")
    digits = 2 if hours[0] < 10 else 0
    for number, known, beside in zip((2015, 2019), hours, period, strict=True):
        closed = year(cases, number).filter(
            pl.col("service") == service, pl.col("status") == "closed"
        )
        assert round(closed["hours"].median(), digits) == known  # type: ignore[arg-type]
        estimate = year(waits, number, "end")["value"].median()
        assert estimate == pytest.approx(beside, rel=0.01)
        assert estimate > known  # type: ignore[operator]


def test_within_standard(boston: Records, cases: pl.DataFrame) -> None:
    """91.9 % of the illegal parkings due in the four weeks to 2018-07-01 were closed in a day.

    A case counts when it is closed in time, or when its day has passed; recounted here from the
    file, for the window and for the whole.
    """
    zone = ZoneInfo(ZONE)
    day = pl.duration(days=1)
    local_due = (
        pl.col("requested_at")
        .dt.convert_time_zone(ZONE)
        .dt.offset_by("1d")
        .dt.convert_time_zone("UTC")
    )
    parking = cases.filter(pl.col("service") == "illegal_parking").with_columns(due=local_due)
    done = (pl.col("status") == "closed") & (pl.col("updated_at") <= pl.col("due"))
    parking = parking.with_columns(
        done.alias("in_time"),
        pl.when(done)
        .then(pl.max_horizontal("requested_at", "updated_at"))
        .otherwise("due")
        .alias("at"),
    )
    assert len(parking.filter((pl.col("due") - pl.col("requested_at")) != day)) < 600
    start, stop = (datetime(2018, m, d, tzinfo=zone).astimezone(UTC) for m, d in ((6, 4), (7, 2)))
    inside = parking.filter(pl.col("at") >= start, pl.col("at") < stop)
    values = boston.values("within_standard")
    row = values.filter(pl.col("end") == date(2018, 7, 2)).row(0, named=True)
    assert (row["n"], row["day"]) == (len(inside), date(2018, 6, 4))
    assert row["value"] == inside["in_time"].mean()
    assert round(row["value"], 3) == 0.919
    assert json.loads(row["detail"])["no_due_date"] > 0
    weekly = boston.values("within_standard", service="illegal_parking", span="bucket")
    shown = weekly.filter(pl.col("status") != "suppressed")
    hidden = len(parking) - shown["n"].sum()
    assert 0 <= hidden < 5 * len(weekly.filter(pl.col("status") == "suppressed"))

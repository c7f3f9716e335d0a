"""What is known of GP appointments in 23 areas, read from the store that a load of them leaves."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from tests.integration.records import Records, figure

COUNTED = "headwind.service.transactions.counted.v1"
SERVICE = "GP appointment"
OVER_14_DAYS = ("15_21_days", "22_28_days", "over_28_days")
ALL = "group:all"


@pytest.fixture(scope="module")
def rows(gp: Records) -> pl.DataFrame:
    """The file, with the month as its first day."""
    month = (pl.col("month") + "-01").str.to_date().alias("day")
    return gp.frame.with_columns(month, pl.col("appointments").cast(pl.Int64))


@pytest.fixture(scope="module")
def appointments(gp: Records) -> dict[date, float]:
    """Appointments of all areas together, by month."""
    return monthly(gp, "demand")


def monthly(gp: Records, indicator: str) -> dict[date, float]:
    """An indicator of all areas together, by the first day of its month."""
    values = gp.values(indicator, agency=ALL)
    assert set(values["rhythm"]) == {"month"}
    return dict(values.select("day", "value").iter_rows())


def booked(gp: Records, channel: str) -> dict[date, float]:
    """Demand of a channel, the areas added up: a group's values are not split by channel."""
    values = gp.values("demand", agency=None, service=SERVICE, stratum=channel)
    assert set(values.filter(pl.col("value").is_null())["status"]) <= {"undefined"}
    return dict(values.group_by("day").agg(pl.col("value").sum()).iter_rows())


def per_cent(part: float, whole: float) -> float:
    """To one place."""
    return round(100 * part / whole, 1)


def change(new: float, old: float) -> float:
    """Change in per cent, to one place."""
    return round(100 * (new / old - 1), 1)


def share(rows: pl.DataFrame, day: date, column: str, *these: str) -> float:
    """Per cent of the appointments of a month that have one of ``these``, where it is known."""
    known = rows.filter(pl.col("day") == day, pl.col(column) != "unknown")
    part = known.filter(pl.col(column).is_in(these))["appointments"].sum()
    return per_cent(figure(part), figure(known["appointments"].sum()))


def test_all_counts_are_there(
    gp: Records, rows: pl.DataFrame, appointments: dict[date, float]
) -> None:
    """157,661 rows of 23 areas and 30 months; the areas add up to the group, and to the file."""
    assert gp.accepted(COUNTED) == len(rows) == 157_661
    areas = gp.values("demand", agency=None).filter(pl.col("agency") != ALL)
    assert areas["agency"].n_unique() == 23
    plain = dict(rows.group_by("day").agg(pl.col("appointments").sum()).iter_rows())
    assert len(plain) == 30
    assert appointments == plain
    assert dict(areas.group_by("day").agg(pl.col("value").sum()).iter_rows()) == plain


def test_appointments_fall_and_return(appointments: dict[date, float]) -> None:
    """10.57 to 6.94 million (-34.3 %) in 2020-04; +2.3 % in 2020-09, then -6.5 % in 2020-10."""
    april = appointments[date(2019, 4, 1)], appointments[date(2020, 4, 1)]
    assert [round(number / 1e6, 2) for number in april] == [10.57, 6.94]
    assert change(april[1], april[0]) == -34.3
    for month, known in ((9, 2.3), (10, -6.5)):
        new, old = appointments[date(2020, month, 1)], appointments[date(2019, month, 1)]
        assert change(new, old) == known


def test_channels_shift(gp: Records) -> None:
    """Telephone 16.0, 29.6, 49.1 % of the known modes, 40.0 % in 2021-08; face to face -59.5 %."""
    channels = {
        channel: booked(gp, channel)
        for channel in ("telephone", "face_to_face", "web", "home_visit")
    }
    phone = channels["telephone"]
    whole = {day: sum(one[day] for one in channels.values()) for day in phone}
    shares = {day: per_cent(phone[day], whole[day]) for day in phone}
    months = [date(2020, 2, 1), date(2020, 3, 1), date(2020, 4, 1), date(2021, 8, 1)]
    assert [shares[day] for day in months] == [16.0, 29.6, 49.1, 40.0]
    before = [number for day, number in shares.items() if day < date(2020, 3, 1)]
    since = [number for day, number in shares.items() if day >= date(2020, 3, 1)]
    assert max(before) < 17
    assert min(since) > 29
    old, new = date(2019, 4, 1), date(2020, 4, 1)
    faces = channels["face_to_face"]
    assert change(faces[new], faces[old]) == -59.5
    assert round(100 * (phone[new] / phone[old] - 1)) == 103


def test_video_does_not_rise(gp: Records, rows: pl.DataFrame) -> None:
    """Video and online 0.6 % of the known modes in 2020-02, 0.2 % in 04; so says the take-up.

    ``digital_take_up`` counts attended appointments, the known share booked ones: both say that
    nothing rises here, which is how practices record it.
    """
    months = (date(2020, 2, 1), date(2020, 4, 1))
    assert [share(rows, day, "mode", "video_online") for day in months] == [0.6, 0.2]
    take_up = monthly(gp, "digital_take_up")
    assert [round(100 * take_up[day], 1) for day in months] == [0.6, 0.2]
    attended = rows.filter(pl.col("status") == "attended")
    for day in months:
        assert round(100 * take_up[day], 1) == share(attended, day, "mode", "video_online")


def test_missed(gp: Records, rows: pl.DataFrame) -> None:
    """Missed 4.9 % (2020-02), 2.9 % (05), 5.3 % (10) of those whose outcome is known.

    No indicator shows missed ones: they are read from the file. ``completion`` is attended over
    all booked, those of unknown outcome included, so it leaves more than the missed ones out.
    """
    completion = monthly(gp, "completion")
    for month, known in ((2, 4.9), (5, 2.9), (10, 5.3)):
        day = date(2020, month, 1)
        assert share(rows, day, "status", "did_not_attend") == known
        month_rows = rows.filter(pl.col("day") == day)
        attended = month_rows.filter(pl.col("status") == "attended")["appointments"].sum()
        assert completion[day] == figure(attended) / figure(month_rows["appointments"].sum())
        assert 100 * (1 - completion[day]) > known


def test_waits(gp: Records, rows: pl.DataFrame) -> None:
    """Same day 41.6 to 62.3 % (04); over 14 days 18.2 (02) to 5.7 % (06); the median wait falls.

    The bands themselves are read from the file. The store's ``waiting`` is the median inside
    its band: below a day as soon as over half are booked for the same day. ``within_standard``
    (14 days) counts attended appointments alone, and long waits are missed more often: one
    minus it lies below the share of all bookings.
    """
    assert share(rows, date(2020, 2, 1), "wait_band", "same_day") == 41.6
    assert share(rows, date(2020, 4, 1), "wait_band", "same_day") == 62.3
    hours = monthly(gp, "waiting")
    assert hours[date(2020, 4, 1)] < 24 < hours[date(2020, 2, 1)]
    same_day = share(rows, date(2020, 4, 1), "wait_band", "same_day") / 100
    assert hours[date(2020, 4, 1)] == pytest.approx(24 * 0.5 / same_day, abs=0.02)
    within = monthly(gp, "within_standard")
    attended = rows.filter(pl.col("status") == "attended")
    for month, known in ((2, 18.2), (6, 5.7)):
        day = date(2020, month, 1)
        assert share(rows, day, "wait_band", *OVER_14_DAYS) == known
        late = round(100 * (1 - within[day]), 1)
        assert late == share(attended, day, "wait_band", *OVER_14_DAYS)
        assert late < known

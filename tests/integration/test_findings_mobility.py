"""What is known of presence at workplaces in Germany, read from the store of a load of it."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from tests.integration.records import Records

COUNTED = "headwind.remote.presence.counted.v1"
WINDOWS = (
    (date(2020, 2, 17), date(2020, 3, 13)),
    (date(2020, 3, 16), date(2020, 3, 20)),
    (date(2020, 3, 23), date(2020, 4, 30)),
    (date(2020, 9, 1), date(2020, 10, 16)),
    (date(2021, 1, 4), date(2021, 2, 28)),
)


@pytest.fixture(scope="module")
def presence(mobility: Records) -> pl.DataFrame:
    """Presence by unit and local day, from the store."""
    return mobility.values("presence", unit=None)


def unit(presence: pl.DataFrame, code: str) -> pl.DataFrame:
    """The days of one unit, in order."""
    return presence.filter(pl.col("unit") == code).sort("day")


def means(frame: pl.DataFrame, column: str = "value") -> list[float]:
    """Means of Monday to Friday in the five windows."""
    weekdays = frame.filter(pl.col("day").dt.weekday() <= 5)
    return [
        weekdays.filter(pl.col("day").is_between(*window))[column].mean()  # type: ignore[misc]
        for window in WINDOWS
    ]


def test_all_readings_are_there(mobility: Records, presence: pl.DataFrame) -> None:
    """6,562 readings of 17 units, each as it was sent; workforce cells of places are shown."""
    file = mobility.frame
    assert mobility.accepted(COUNTED) == len(file) == 6_562
    plain = {
        (code, date.fromisoformat(day)): float(value)
        for code, day, value in file.select("region_code", "date", "workplaces").iter_rows()
    }
    stored = presence.filter(pl.col("unit") != "")
    assert stored["unit"].n_unique() == 17
    assert {
        (code, day): value for code, day, value in stored.select("unit", "day", "value").iter_rows()
    } == plain


def test_germany(mobility: Records, presence: pl.DataFrame) -> None:
    """Workplaces -3.6, -28.4, -43.8, -18.6, -32.2; residential, which no map reads, beside it.

    The first mean is -3.65: of the two digits it rounds to, the known one is the even.
    """
    germany = means(unit(presence, "DE"))
    assert germany == pytest.approx([-3.6, -28.4, -43.8, -18.6, -32.2], abs=0.051)
    file = mobility.frame.filter(pl.col("region_code") == "DE").select(
        pl.col("date").str.to_date().alias("day"), pl.col("residential").cast(pl.Float64)
    )
    residential = means(file, "residential")
    assert [round(value, 1) for value in residential] == [1.8, 11.4, 16.4, 3.4, 13.7]


@pytest.mark.parametrize(("code", "known"), [("DE-BE", -52), ("DE-HH", -52), ("DE-ST", -34)])
def test_laender(presence: pl.DataFrame, code: str, known: int) -> None:
    """Berlin -52, Hamburg -52 (-51.5 before rounding), Saxony-Anhalt -34 in the third window."""
    assert means(unit(presence, code))[2] == pytest.approx(known, abs=0.52)


def test_all_units_together(mobility: Records, presence: pl.DataFrame) -> None:
    """The agency's own value is the plain mean of its 17 units: near Germany's, but not it."""
    whole = unit(presence, "")
    file = mobility.frame.group_by(pl.col("date").str.to_date().alias("day")).agg(
        pl.col("workplaces").cast(pl.Float64).mean().alias("mean")
    )
    both = whole.join(file, on="day")
    assert len(both) == len(whole) == 386
    assert both["value"].to_list() == pytest.approx(both["mean"].to_list())
    assert set(whole["n"]) == {17}


@pytest.mark.parametrize(
    ("code", "any_day", "weekday"),
    [
        ("DE", date(2020, 3, 18), date(2020, 3, 18)),
        ("DE-HH", date(2020, 3, 17), date(2020, 3, 16)),
    ],
)
def test_onset(presence: pl.DataFrame, code: str, any_day: date, weekday: date) -> None:
    """A three-day median of -20 or less: Germany 03-18; Hamburg 03-16, its weekend left out.

    With Saturday and Sunday between, which are nearly as usual, Hamburg's comes a day later.
    """
    days = unit(presence, code).filter(pl.col("day") >= date(2020, 3, 1))
    weekdays = days.filter(pl.col("day").dt.weekday() <= 5)
    for frame, known in ((days, any_day), (weekdays, weekday)):
        low = frame.filter(pl.col("value").rolling_median(3) <= -20)
        assert low["day"].min() == known


def test_single_days(presence: pl.DataFrame) -> None:
    """Good Friday -86, Easter Monday -88; carnival in four Laender on 2020-02-24."""
    germany = dict(unit(presence, "DE").select("day", "value").iter_rows())
    assert (germany[date(2020, 4, 10)], germany[date(2020, 4, 13)]) == (-86, -88)
    for code in ("DE-RP", "DE-SL", "DE-BW", "DE-BY"):
        land = dict(unit(presence, code).select("day", "value").iter_rows())
        assert min(land[date(2020, 2, 24)], land[date(2020, 2, 25)]) < -22
        assert land[date(2020, 2, 19)] > -20

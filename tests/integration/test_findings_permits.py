"""What is known of Dutch environmental permits, read from the store that a load of them leaves."""

from __future__ import annotations

import json

import polars as pl
import pytest

from tests.integration.records import Records, figure

OPENED = "headwind.service.request.opened.v1"
CLOSED = "headwind.service.request.closed.v1"
ZONES = {"nl": "Europe/Amsterdam", "nl-utc": "UTC"}


@pytest.fixture(scope="module")
def cases(permits: Records) -> pl.DataFrame:
    """The file: one row a case, with its times and the days it took."""
    times = ("case_started_at", "case_ended_at", "case_planned_end")
    frame = permits.frame.unique("case_id", keep="first", maintain_order=True)
    frame = frame.with_columns(pl.col(name).str.to_datetime(time_zone="UTC") for name in times)
    took = pl.col("case_ended_at") - pl.col("case_started_at")
    return frame.with_columns((took.dt.total_seconds() / 86_400).alias("days"))


def intake(permits: Records, agency: str, channel: str = "") -> dict[str, int]:
    """Cases opened by month of the agency's own days, from the store."""
    service = "permit" if channel else ""
    zoned = permits._replace(zone=ZONES[agency])
    values = zoned.values("demand", agency=agency, service=service, stratum=channel)
    month = pl.col("day").dt.strftime("%Y-%m").alias("month")
    sums = values.group_by(month).agg(pl.col("value").sum().cast(pl.Int64)).sort("month")
    return dict(sums.iter_rows())


def test_all_cases_are_there(permits: Records, cases: pl.DataFrame) -> None:
    """1,434 cases in 8,577 rows, 1,329 of them finished; by channel 1,250, 109, 53, 21, 1."""
    assert len(permits.frame) == 8_577
    assert permits.accepted(OPENED) == len(cases) == 1_434
    assert permits.accepted(CLOSED) == cases["days"].drop_nulls().len() == 1_329
    channels = {
        name: sum(intake(permits, "nl", name).values())
        for name in ("web", "counter", "post", "e-mail", "intern")
    }
    assert channels == {"web": 1250, "counter": 109, "post": 53, "e-mail": 21, "intern": 1}


def test_intake_of_august(permits: Records) -> None:
    """30 in 2011-08 against a median of 91 a month, by days of UTC; 31 by the town's own."""
    months = intake(permits, "nl-utc")
    assert months["2011-08"] == 30
    whole = [number for month, number in months.items() if "2010-10" <= month <= "2011-12"]
    assert pl.Series(whole).median() == pytest.approx(91, abs=1)
    assert intake(permits, "nl")["2011-08"] == 31


def test_internet_share(permits: Records, cases: pl.DataFrame) -> None:
    """Internet 67 % (2010-12), 69 % (2011-01), 94 to 100 % from 2011-06, 91 % at the end.

    Known by months of UTC. Many cases start at local midnight, the evening before in UTC: by
    the town's own months, to which they belong, it is 68 % and 68 %.
    """
    shares = {}
    for agency, zone in ZONES.items():
        web, whole = intake(permits, agency, "web"), intake(permits, agency)
        shares[agency] = {
            month: round(100 * web.get(month, 0) / number)
            for month, number in whole.items()
            if number
        }
        local = pl.col("case_started_at").dt.convert_time_zone(zone).dt.strftime("%Y-%m")
        plain = cases.group_by(local.alias("month")).agg(
            (100 * (pl.col("channel") == "Internet").mean()).round().cast(pl.Int64)
        )
        assert shares[agency] == dict(plain.iter_rows())
    known = shares["nl-utc"]
    assert (known["2010-12"], known["2011-01"], known["2012-01"]) == (67, 69, 91)
    late = [number for month, number in known.items() if "2011-06" <= month <= "2011-12"]
    assert (min(late), max(late)) == (94, 100)
    assert (shares["nl"]["2010-12"], shares["nl"]["2011-01"]) == (68, 68)


def test_days_to_decide(permits: Records, cases: pl.DataFrame) -> None:
    """Median 50.6 days, 90th 105.6, over finished cases; the period estimate beside them.

    The known figures leave out 105 cases that are still open, most of them old. The period
    estimate keeps them at risk until each window ends, so over the same sixteen months it is
    the higher in the middle, and far higher in its upper tail: P85 of the windows in which it
    is reached, against the 85th of the finished.
    """
    took = cases["days"].drop_nulls()
    assert round(took.median(), 1) == 50.6  # type: ignore[arg-type]
    assert round(took.quantile(0.9, "linear"), 1) == 105.6  # type: ignore[arg-type]
    windows = permits.values("waiting").filter(pl.col("status") == "ok")
    assert len(windows) > 50
    middle = windows["value"].median() / 24  # type: ignore[operator]
    assert 50.6 < figure(middle) < 55
    reached = [json.loads(detail)["p85"] for detail in windows["detail"]]
    tail = pl.Series([p85 / 24 for p85 in reached if p85 is not None]).median()
    assert tail > took.quantile(0.85, "linear")  # type: ignore[operator]


def test_late(permits: Records, cases: pl.DataFrame) -> None:
    """389 of 1,329 finished cases (29 %) end after the planned end; the standard says 33 %.

    ``within_standard`` also counts the cases that are overdue and still open, at the moment
    they become so. Recounted here for the weeks that the store shows.
    """
    finished = cases.filter(pl.col("days").is_not_null())
    late = finished.filter(pl.col("case_ended_at") > pl.col("case_planned_end"))
    assert len(late) == 389
    assert round(100 * len(late) / len(finished)) == 29
    weeks = permits.values("within_standard", span="bucket").filter(pl.col("value").is_not_null())
    judged = weeks["n"].sum()
    failed = round(((1 - weeks["value"]) * weeks["n"]).sum())
    in_time = (pl.col("case_ended_at") <= pl.col("case_planned_end")).fill_null(value=False)
    at = pl.when(in_time).then("case_ended_at").otherwise("case_planned_end")
    local = at.dt.convert_time_zone(permits.zone).dt.date()
    shown = cases.filter(local.is_between(weeks["day"].min(), weeks["end"].max(), closed="left"))
    assert judged == len(shown)
    assert failed == len(shown.filter(~in_time))
    assert failed / judged > len(late) / len(finished)

"""What is known of the GOV.UK frontend's delivery, read from the store that a load of it leaves."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from tests.integration.records import Records, figure

MERGED = "dev.cdevents.change.merged.0.2.0"
DEPLOYED = "dev.cdevents.service.deployed.0.2.0"
QUARTERS = [date(year, month, 1) for year in (2019, 2020) for month in (1, 4, 7, 10)]


@pytest.fixture(scope="module")
def rows(govuk: Records) -> pl.DataFrame:
    """The file, with times and the UTC day."""
    times = [pl.col(name).str.to_datetime(time_zone="UTC") for name in ("at", "first_commit_at")]
    frame = govuk.frame.with_columns(*times, pl.col("seq").cast(pl.Int64))
    return frame.with_columns(pl.col("at").dt.date().alias("day"))


@pytest.fixture(scope="module")
def merges(rows: pl.DataFrame) -> pl.DataFrame:
    """Changes, each with the first release that holds it and hours from merge and commit to it."""
    releases = (
        rows.filter(pl.col("event") == "release")
        .group_by("seq")
        .agg(pl.col("at").min().alias("out"))
    )
    changes = rows.filter(pl.col("event") == "change_merged").sort("seq")
    joined = changes.join_asof(releases.sort("seq"), on="seq", strategy="forward")
    hours = [
        ((pl.col("out") - pl.col(since)).dt.total_seconds() / 3600).alias(name)
        for since, name in (("at", "from_merge"), ("first_commit_at", "from_commit"))
    ]
    return joined.with_columns(hours)


def test_all_events_are_there(govuk: Records, rows: pl.DataFrame, merges: pl.DataFrame) -> None:
    """5,589 changes and 5,072 releases, of which 4,844 are distinct deployments.

    228 tags were set again on a commit that had one: one deployment, told twice. Ten more lie
    in weeks that are not closed yet, so the store's weeks hold 4,834.
    """
    releases = rows.filter(pl.col("event") == "release")
    assert govuk.accepted(MERGED) == len(merges) == 5_589
    assert govuk.accepted(DEPLOYED) == len(releases) == 5_072
    first = (
        releases.sort("at")
        .unique("seq", keep="first")
        .with_columns(pl.col("at").dt.convert_time_zone(govuk.zone).dt.date().alias("local"))
    )
    assert len(first) == 4_844
    weeks = govuk.values("deployment_frequency", span="bucket")
    end = weeks["end"].max()
    assert weeks["n"].sum() == len(first.filter(pl.col("local") < end))
    assert len(first) - weeks["n"].sum() < 30
    plain = dict(
        first.group_by(pl.col("local").dt.truncate("1w").alias("monday")).len().iter_rows()
    )
    assert all(row["n"] == plain.get(row["day"], 0) for row in weeks.iter_rows(named=True))


def test_merges_do_not_fall(merges: pl.DataFrame) -> None:
    """Merges a week 7.1, 8.4, 5.8; 51 in 2020-03 against 29.4 ± 10.2 a month.

    Read from the file: no indicator counts merges.
    """
    a_week = []
    for first, last in (
        (date(2019, 3, 17), date(2020, 3, 16)),
        (date(2020, 3, 17), date(2020, 5, 10)),
        (date(2020, 5, 11), date(2020, 8, 31)),
    ):
        weeks = ((last - first).days + 1) / 7
        a_week.append(round(len(merges.filter(pl.col("day").is_between(first, last))) / weeks, 1))
    assert a_week == [7.1, 8.4, 5.8]
    months = dict(merges.group_by(pl.col("day").dt.truncate("1mo").alias("m")).len().iter_rows())
    assert months[date(2020, 3, 1)] == 51
    year = pl.Series([n for m, n in months.items() if date(2019, 3, 1) <= m < date(2020, 3, 1)])
    middle, spread = figure(year.mean()), figure(year.std())
    assert (len(year), round(middle, 1), round(spread, 1)) == (12, 29.4, 10.2)


def test_robots(merges: pl.DataFrame) -> None:
    """Robots made 69 % of the merges of 2018, 54 % of 2020, 34 % of 2021."""
    for year, known in ((2018, 69), (2020, 54), (2021, 34)):
        inside = merges.filter(pl.col("day").dt.year() == year)
        assert round(100 * (inside["bot"] == "1").mean()) == known  # type: ignore[arg-type, operator]


def test_merge_to_release(merges: pl.DataFrame) -> None:
    """Merge to release: a median of 0.03 to 0.17 h in every month of 2019-01 to 2021-06."""
    inside = merges.filter(pl.col("day").is_between(date(2019, 1, 1), date(2021, 6, 30)))
    months = inside.group_by(pl.col("day").dt.truncate("1mo")).agg(pl.col("from_merge").median())
    assert len(months) == 30
    assert round(figure(months["from_merge"].min()), 2) == 0.03
    assert round(figure(months["from_merge"].max()), 2) == 0.17


def test_lead_time(govuk: Records, merges: pl.DataFrame) -> None:
    """The period estimate of first commit to release, beside the medians of what was released.

    A change is known from its merge on, minutes before its release, and its time before that
    is no time at risk. The estimate therefore rests, at each age, on the few changes that were
    merged younger than that, nearly all of which went out at once: it lies above merge to
    release and far below the median from the first commit over all that was released.
    """
    shown = dict(govuk.values("change_lead_time").select("end", "value").iter_rows())
    for start in QUARTERS:
        stop = start.replace(year=start.year + start.month // 10, month=(start.month + 2) % 12 + 1)
        end = min((day for day in shown if day >= stop), default=stop)
        released = merges.filter(pl.col("out").dt.date().is_between(start, stop, closed="left"))
        assert len(released) > 40
        merged, committed = (
            figure(released[name].median()) for name in ("from_merge", "from_commit")
        )
        assert merged < figure(shown[end]) < committed


def test_longest_gaps(govuk: Records, rows: pl.DataFrame) -> None:
    """No release for 14.8 days to 2019-01-03, 11.9 to 06-18, 11.7 to 08-27: weeks without one."""
    at = rows.filter(pl.col("event") == "release").sort("at")["at"]
    gaps = pl.DataFrame({"at": at, "days": at.diff().dt.total_seconds() / 86_400}).filter(
        pl.col("at").dt.date().is_between(date(2018, 10, 1), date(2021, 12, 31))
    )
    longest = gaps.sort("days", descending=True).head(3)
    assert longest["days"].round(1).to_list() == [14.8, 11.9, 11.7]
    known = [date(2019, 1, 3), date(2019, 6, 18), date(2019, 8, 27)]
    assert longest["at"].dt.date().to_list() == known
    weeks = govuk.values("deployment_frequency", span="bucket")
    counted = dict(weeks.select("day", "n").iter_rows())
    assert counted[date(2018, 12, 24)] == 0
    assert counted[date(2019, 6, 10)] == 0
    assert counted[date(2019, 8, 19)] == 0

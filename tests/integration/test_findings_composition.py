"""Services that begin and stop to report, in real records: breaks, and never a fall of take-up."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from tests.integration.records import Records, load_into

QUARTERS = [date(2012 + n // 4, 1 + 3 * (n % 4), 1) for n in range(2, 23)]
DEPARTMENTS = ("co", "dwp")
LONGEST = 128
"""Longer names are refused at the door."""

NEW, AWAY = 2, 2
"""Quarters in which all is new, and of which one missing may be late (streams.roster)."""

Told = set[tuple[str, str, str, date]]


@pytest.fixture(scope="module")
def transactions(data_dir: Path, stores: Path) -> Records:
    """Transactions with services of two departments, each an agency, quarterly."""
    name = "govuk_transactions_quarterly"
    rows = pl.read_csv(next(data_dir.glob(f"*/{name}.csv.gz")), infer_schema=False)
    file = stores / "two_departments.csv"
    department, fits = pl.col("slug").str.split("-").list.first(), pl.col("slug").str.len_chars()
    rows.filter(department.is_in(DEPARTMENTS), fits <= LONGEST).write_csv(file)
    store = stores / "two_departments.db"
    assert load_into(store, file, name, "").returncode == 0
    return Records(name, file, store, "", "Europe/London", "")


@pytest.fixture(scope="module")
def marks(transactions: Records) -> pl.DataFrame:
    """Every mark that the store holds."""
    said = transactions.run("marks", "--format", "json")
    assert said.returncode == 0, said.stderr
    rows = json.loads(said.stdout)
    return pl.DataFrame(rows, infer_schema_length=None).with_columns(
        pl.col("start").str.to_datetime(time_zone="UTC").dt.convert_time_zone("Europe/London")
    )


def told(marks: pl.DataFrame, indicator: str) -> Told:
    """Agency, side, service and day of all that marks say of the agencies' totals."""
    mine = marks.filter(pl.col("indicator") == indicator, pl.col("service") == "")
    return {
        (row["agency"], side, name, row["start"].date())
        for row in mine.iter_rows(named=True)
        for side in ("joined", "left")
        for name in row["evidence"].get(side) or []
    }


def steady(transactions: Records) -> dict[str, tuple[int, int]]:
    """Services that reported in each quarter from their first to their last, and in two at least."""
    said = transactions.frame.filter(pl.col("volume").is_not_null())
    quarters: dict[str, list[int]] = {}
    for slug, day in said.select("slug", "quarter_start").sort("quarter_start").iter_rows():
        quarters.setdefault(slug, []).append(QUARTERS.index(date.fromisoformat(day)))
    return {
        slug: (mine[0], mine[-1])
        for slug, mine in quarters.items()
        if len(mine) >= AWAY and mine == list(range(mine[0], mine[-1] + 1))
    }


def test_services_that_begin_and_stop_are_marked(
    transactions: Records, marks: pl.DataFrame
) -> None:
    """Each on its department's total, from the quarter in which it did; those that stay are not."""
    known = steady(transactions)
    wanted: Told = set()
    for slug, (first, last) in known.items():
        if first >= NEW:
            wanted.add((slug.split("-")[0], "joined", slug, QUARTERS[first]))
        if last < len(QUARTERS) - AWAY:
            wanted.add((slug.split("-")[0], "left", slug, QUARTERS[last + 1]))
    assert len(wanted) > 20
    assert {one for one in told(marks, "demand") if one[2] in known} == wanted


def test_no_fall_of_take_up_where_services_stop(transactions: Records) -> None:
    """Alerts of digital take-up speak of services that report in every quarter."""
    said = transactions.run("alerts", "--indicator", "digital_take_up", "--format", "json")
    rows = json.loads(said.stdout)
    whole = {slug for slug, span in steady(transactions).items() if span == (0, len(QUARTERS) - 1)}
    assert {row["service"] for row in rows} <= whole


def test_a_city_marks_what_stops_for_good_and_no_season(boston: Records) -> None:
    """Requests of the type `other` stop on 2019-03-29; snow comes and goes each winter."""
    rows = json.loads(boston.run("marks", "--format", "json").stdout)
    assert [(row["kind"], row["label"], row["start"][:10]) for row in rows] == [
        ("composition", "left: other", "2019-03-30")
    ]

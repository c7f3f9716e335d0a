"""What is known of GOV.UK's transactions, read from the store that a load of them leaves."""

from __future__ import annotations

import polars as pl
import pytest

from tests.integration.records import Records


@pytest.fixture(scope="module")
def plain(transactions: Records) -> pl.DataFrame:
    """The file, its numbers as numbers, digital ones cut to all of them."""
    whole = transactions.frame.with_columns(pl.col("volume", "digital_volume").cast(pl.Int64))
    return whole.with_columns(pl.min_horizontal("volume", "digital_volume").alias("digital"))


def test_a_quarter_is_in_its_bucket(transactions: Records, plain: pl.DataFrame) -> None:
    """Voter registration starts in the second quarter of 2014 with 62,816, then 2.19 million."""
    slug = "co-voter-registration"
    demand = transactions.values("demand", agency="co", service=slug)
    assert set(demand["rhythm"]) == {"quarter"}
    found = {str(day): value for day, value in demand.select("day", "value").iter_rows()}
    assert (found["2014-04-01"], found["2014-07-01"]) == (62_816, 2_186_265)
    mine = plain.filter(pl.col("slug") == slug).drop_nulls("volume")
    for quarter, volume in mine.select("quarter_start", "volume").iter_rows():
        assert found[quarter] == volume


def test_the_digital_share(transactions: Records, plain: pl.DataFrame) -> None:
    """Of all that report both: 27.8 % at first, and what the file says in every quarter."""
    take_up = transactions.values("digital_take_up", agency="group:all")
    found = {str(day): value for day, value in take_up.select("day", "value").iter_rows()}
    known = plain.drop_nulls(["volume", "digital_volume"])
    sums = known.group_by("quarter_start").agg(pl.col("volume", "digital").sum())
    for quarter, volume, digital in sums.iter_rows():
        if quarter in found:
            assert found[quarter] == pytest.approx(digital / volume), quarter
    assert round(found["2012-07-01"], 3) == 0.278
    assert len(found) >= 19


def test_what_is_not_reported_is_no_zero(transactions: Records, plain: pl.DataFrame) -> None:
    """A quarter without a report has no value, and is no fall."""
    # A name may be as long as 128 characters; eight slugs are longer.
    named = plain.drop_nulls("volume").with_columns(pl.col("slug").str.head(128))
    reported = set(named.select("slug", "quarter_start").iter_rows())
    stored = transactions.rows(
        "SELECT service, date(window_start / 1000 + 7200, 'unixepoch') FROM value WHERE latest "
        "AND indicator = 'demand' AND value IS NOT NULL AND service <> '' AND stratum = '' "
        "AND agency NOT LIKE 'group:%'"
    )
    assert set(stored) <= reported

"""What is known of A&E attendances in England, read from the store that a load of them leaves."""

from __future__ import annotations

import polars as pl
import pytest

from tests.integration.records import Records


def test_every_provider_is_an_agency(emergency: Records) -> None:
    """7,512 counts of 164 providers, each the share of its own attendances."""
    frame = emergency.frame
    assert emergency.accepted("headwind.service.transactions.counted.v1") == len(frame) == 7_512
    assert frame["org_code"].n_unique() == 164
    type_1 = frame.filter((pl.col("org_code") == "RNA") & (pl.col("type") == "1"))
    shares = emergency.values("within_standard", agency="RNA", service="A&E type 1")
    plain = {
        month: 1 - int(late) / int(all_of_them)
        for month, late, all_of_them in type_1.select(
            "month", "breaches", "attendances"
        ).iter_rows()
    }
    assert {str(day)[:7]: value for day, value in shares.select("day", "value").iter_rows()} == {
        month: pytest.approx(share) for month, share in plain.items()
    }


def test_all_of_them_together(emergency: Records) -> None:
    """The group has every provider in every month: 89.6 % (2016-04), lows in winter.

    A month is merged of whoever reported it. The last month of a provider that stopped closes
    with the file, which for some is after the group has forgotten the parts of that month.
    """
    group = emergency.values("within_standard", agency="group:all")
    found = {str(day)[:7]: value for day, value in group.select("day", "value").iter_rows()}
    frame = emergency.frame.with_columns(pl.col("attendances", "breaches").cast(pl.Int64))
    sums = frame.group_by("month").agg(pl.col("attendances", "breaches").sum())
    for month, seen, late in sums.iter_rows():
        if month in found:
            assert found[month] == pytest.approx(1 - late / seen, abs=4e-4), month
    assert round(found["2016-04"], 3) == 0.896
    assert len(found) >= 30


def test_winter_after_winter_is_told_but_once(emergency: Records) -> None:
    """Fewer providers fall in the second winter watched than in the first."""
    first, second = (
        emergency.rows(
            "SELECT COUNT(*) FROM alert WHERE indicator = 'within_standard' AND transition = 0 "
            f"AND opened BETWEEN unixepoch('{year}-11-01') * 1000 "
            f"AND unixepoch('{year + 1}-04-02') * 1000"
        )[0][0]
        for year in (2017, 2018)
    )
    assert second < first  # type: ignore[operator]

"""What detection makes of a real series: daily calls of a city, 2009 to 2024.

Measured: 4 alerts on demand in 15 years, 71 signals of three detectors; none is raised by a
weekend or a holiday alone, and a peak that came the year before is silent.
The fall of spring 2020 is NOT found: week by week it goes from 1,838 calls a day to 1,287 in
six steps of some 6 % at a noise of 13 %, in a year that had lost as much already before.
"""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from models.calendar import Calendar
from tests.unit.one_cell import OneCell, Point, number

VANCOUVER = Calendar("America/Vancouver", "CA-BC")
YEARS = 15.3


@pytest.fixture(scope="module")
def rows(data_dir: Path) -> list[dict[str, str]]:
    """The file, a row a day."""
    path = data_dir / "service" / "vancouver311_contact_centre_daily.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def calls(rows: list[dict[str, str]]) -> OneCell:
    """Calls offered, watched day by day."""
    watched = OneCell("demand", VANCOUVER)
    points = [
        Point(number(row["date"]), float(row["calls_offered"]), int(row["calls_offered"]))
        for row in rows
        if row["calls_offered"]
    ]
    watched.see(points)
    return watched


def test_at_most_one_alert_a_year(calls: OneCell) -> None:
    """Weekends, tax peaks and a long decline: no more than one alert a year, all of them closed."""
    opened = calls.openings()
    assert 0 < len(opened) <= YEARS
    assert [alert.state for alert in calls.changes.alerts][-1] == "closed"
    assert len(calls.changes.signals) <= 5 * YEARS


def test_summer_peaks_are_silent_once_known(calls: OneCell) -> None:
    """From the second year on no May, June or July opens an alert but where it broke its year."""
    opened = [VANCOUVER.bucket("month", _at(alert.evidence["since"])) for alert in calls.openings()]
    summers = [int(month) for (month,) in opened if int(month) % 12 in (5, 6)]
    assert summers == []


def test_a_bad_summer_of_service_is_found(rows: list[dict[str, str]]) -> None:
    """Calls answered in time fall in June 2018 from 90 % to a third: critical, and over in July."""
    watched = OneCell("within_standard", VANCOUVER)
    watched.see(
        Point(number(row["date"]), float(row["service_level"]), int(row["calls_offered"]))
        for row in rows
        if row["service_level"]
    )
    first, last = (VANCOUVER.start("day", number(day)) for day in ("2018-05-26", "2018-05-31"))
    found = [a for a in watched.openings() if first <= a.evidence["since"] <= last]
    assert [alert.severity for alert in found] == ["critical"]
    closed = [a for a in watched.changes.alerts if a.id == found[0].id][-1]
    assert closed.state == "closed"
    assert closed.updated <= VANCOUVER.start("day", number("2018-07-10"))


def _at(ms: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([ms], np.int64)

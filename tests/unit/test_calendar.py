"""Buckets of the calendar against zoneinfo and datetime, instant by instant."""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calendar import DAY_MS, HOUR_MS, Calendar
from models.value import RHYTHMS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.value import Rhythm

ZONES = (
    "Europe/Brussels",
    "America/New_York",
    "America/Vancouver",
    "Australia/Lord_Howe",
    "UTC",
)
EPOCH = date(1970, 1, 1).toordinal()
INSTANTS = st.integers(0, int(datetime(2037, 1, 1, tzinfo=ZoneInfo("UTC")).timestamp()) * 1000)


def instants(zone: str) -> NDArray[np.int64]:
    """Draw random instants of 1970 to 2036, and those around every change of the clock."""
    draw = random.Random(zone)
    found = [draw.randrange(2_114_380_800) for _ in range(3000)]
    place, last = ZoneInfo(zone), None
    for hour in range(0, 2_114_380_800, 3600):
        offset = datetime.fromtimestamp(hour, place).utcoffset()
        if offset != last:
            found += [hour + shift for shift in (-3600, -1801, -1800, -1, 0, 1, 1800, 3600)]
        last = offset
    return np.array([1000 * max(0, each) for each in found], np.int64)


def expected(rhythm: Rhythm, ms: int, zone: ZoneInfo) -> int:
    """Find the bucket by plain datetime arithmetic."""
    local = datetime.fromtimestamp(ms // 1000, zone)
    day = local.toordinal() - EPOCH
    month = (local.year - 1970) * 12 + local.month - 1
    return {
        "hour": ms // HOUR_MS,
        "day": day,
        "week": (day + 3) // 7,
        "month": month,
        "quarter": month // 3,
    }[rhythm]


@pytest.mark.parametrize("zone", ZONES)
def test_buckets_are_those_of_zoneinfo(zone: str) -> None:
    """Every rhythm agrees with datetime on random instants and around changes of the clock."""
    ms = instants(zone)
    place = ZoneInfo(zone)
    calendar = Calendar(zone, "")
    for rhythm in RHYTHMS:
        wanted = [expected(rhythm, each, place) for each in ms.tolist()]
        assert calendar.bucket(rhythm, ms).tolist() == wanted
        alone = [int(calendar.bucket(rhythm, ms[i : i + 1])[0]) for i in range(200)]
        assert alone == wanted[:200]


@pytest.mark.parametrize("zone", ZONES)
def test_start_is_the_first_instant_of_its_bucket(zone: str) -> None:
    """The millisecond before a start is in the bucket before it."""
    calendar = Calendar(zone, "")
    ms = instants(zone)
    for rhythm in RHYTHMS:
        for number in np.unique(calendar.bucket(rhythm, ms[ms > 200 * DAY_MS])).tolist()[::5]:
            start = calendar.start(rhythm, number)
            around = np.array([start - 1, start], np.int64)
            assert calendar.bucket(rhythm, around).tolist() == [number - 1, number]
            assert calendar.end(rhythm, number - 1) == start


@given(zone=st.sampled_from(ZONES), rhythm=st.sampled_from(RHYTHMS), ms=INSTANTS)
def test_an_instant_lies_between_start_and_end(zone: str, rhythm: Rhythm, ms: int) -> None:
    """Each instant is inside the bucket it is given, and the bucket has its own rhythm."""
    calendar = Calendar(zone, "")
    number = int(calendar.bucket(rhythm, np.array([ms], np.int64))[0])
    start, end = calendar.start(rhythm, number), calendar.end(rhythm, number)
    assert start <= ms < end
    assert calendar.rhythm_of(start, end) == rhythm


def test_days_are_as_long_as_the_clock_makes_them() -> None:
    """A day has 23 or 25 hours at a change of the clock, half an hour less on Lord Howe."""
    brussels, howe = Calendar("Europe/Brussels", ""), Calendar("Australia/Lord_Howe", "")
    spring = date(2018, 3, 25).toordinal() - EPOCH
    autumn = date(2018, 10, 28).toordinal() - EPOCH
    south = date(2018, 10, 7).toordinal() - EPOCH
    assert brussels.end("day", spring) - brussels.start("day", spring) == 23 * HOUR_MS
    assert brussels.end("day", autumn) - brussels.start("day", autumn) == 25 * HOUR_MS
    assert howe.end("day", south) - howe.start("day", south) == int(23.5 * HOUR_MS)


def test_a_day_begins_when_the_clock_has_jumped_over_midnight() -> None:
    """In São Paulo on 2018-11-04 there was no midnight: the day began at 01:00."""
    calendar = Calendar("America/Sao_Paulo", "")
    day = date(2018, 11, 4).toordinal() - EPOCH
    start = datetime(2018, 11, 4, 1, tzinfo=ZoneInfo("America/Sao_Paulo"))
    assert calendar.start("day", day) == int(start.timestamp()) * 1000


def test_a_day_left_out_by_its_zone_is_empty() -> None:
    """Apia went from 29 to 31 December 2011."""
    calendar = Calendar("Pacific/Apia", "")
    day = date(2011, 12, 30).toordinal() - EPOCH
    assert calendar.start("day", day) == calendar.end("day", day)


@pytest.mark.parametrize("zone", ["America/St_Johns", "America/Moncton", "Antarctica/Casey"])
def test_day_numbers_never_go_back(zone: str) -> None:
    """Where part of a day was lived twice, after midnight, the new day goes on."""
    ms = np.arange(0, 2_000_000_000_000, 1_800_000, dtype=np.int64)
    calendar = Calendar(zone, "")
    assert (np.diff(calendar.bucket("day", ms)) >= 0).all()


def test_slots_repeat_with_the_season() -> None:
    """Hour of week is local, Monday is 0, weeks are ISO, months and quarters count from 1."""
    calendar = Calendar("Europe/Brussels", "")
    monday = datetime(2018, 7, 2, 9, tzinfo=ZoneInfo("Europe/Brussels"))
    ms = np.array([int(monday.timestamp()) * 1000], np.int64)
    slots = [calendar.slot(r, int(calendar.bucket(r, ms)[0])) for r in RHYTHMS]
    assert slots == [9, 0, 27, 7, 3]


@pytest.mark.parametrize(
    ("hours", "rhythm"),
    [(0, "hour"), (1, "hour"), (23, "day"), (24, "day"), (25, "day"), (167, "week"),
     (168, "week"), (169, "week"), (28 * 24, "month"), (31 * 24 + 1, "month"),
     (90 * 24 - 1, "quarter"), (92 * 24 + 1, "quarter")],
)  # fmt: skip
def test_rhythm_of_a_period(hours: int, rhythm: str) -> None:
    """Lengths with and without a change of the clock name the same rhythm."""
    assert Calendar("UTC", "").rhythm_of(0, hours * HOUR_MS) == rhythm


def test_holidays_are_those_of_the_country() -> None:
    """Belgium has its national day; Massachusetts has Patriots' Day; "" has none."""
    national = date(2018, 7, 21).toordinal() - EPOCH
    patriots = date(2018, 4, 16).toordinal() - EPOCH
    assert Calendar("Europe/Brussels", "BE").holiday(national)
    assert not Calendar("Europe/Brussels", "BE").holiday(national + 1)
    assert Calendar("America/New_York", "US-MA").holiday(patriots)
    assert not Calendar("America/New_York", "US").holiday(patriots)
    assert not Calendar("Europe/Brussels", "").holiday(national)


def test_holidays_are_imported_only_when_asked_for() -> None:
    """Making a calendar and its buckets does not load the large package."""
    code = (
        "import sys, numpy as np; from models.calendar import Calendar; "
        "Calendar('Europe/Brussels', 'BE').bucket('day', np.array([0])); "
        "sys.exit('holidays' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_unknown_names_are_refused_with_a_hint() -> None:
    """An unknown zone or country says what to give instead."""
    with pytest.raises(ValueError, match=r"'Europe/Atlantis' is unknown; give a name of the IANA"):
        Calendar("Europe/Atlantis", "")
    with pytest.raises(ValueError, match=r"holidays 'XX' are unknown; give a country"):
        Calendar("UTC", "XX").holiday(0)
    with pytest.raises(ValueError, match=r"holidays 'US-XX' are unknown"):
        Calendar("UTC", "US-XX").holiday(0)


def test_no_instants_give_no_buckets() -> None:
    """An empty array stays empty."""
    for rhythm in RHYTHMS:
        assert Calendar("Europe/Brussels", "").bucket(rhythm, np.empty(0, np.int64)).size == 0

"""Bad and odd input of an expectation, through the engine: each case as its docstring says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from models.calendar import Calendar
from models.settings import Settings
from models.value import Rhythm
from tests.unit.engine_run import Run, decisions
from tests.unit.events_made import HOUR, Made, iso, line, records
from tests.unit.watched import Watched, stub

COUNTED = "headwind.service.transactions.counted.v1"
BEAT = "headwind.context.source.heartbeat.v1"
DAY = 24 * HOUR

ZONES = ("Europe/Brussels", "America/Vancouver", "America/Sao_Paulo", "Africa/Cairo")
"""The last two skipped a midnight when their clocks went forward."""


def number(day: date) -> int:
    """The number of a day."""
    return day.toordinal() - date(1970, 1, 1).toordinal()


def week(day: date) -> int:
    """The number of the week that holds a day."""
    return (number(day) + 3) // 7


class Counts:
    """One service of one agency, whose counts come one period after the other."""

    def __init__(self, zone: str = "UTC", rhythm: Rhythm = "day") -> None:
        self.calendar = Calendar(zone, "")
        self.rhythm: Rhythm = rhythm
        self.made: list[Made] = []
        self.ids = count()
        self.settings = Settings.of(
            {
                "organisation": {"timezone": zone, "holidays": ""},
                "sources": {"sheet": {"lateness": "PT0S", "quiet_after": "P4000D"}},
                "retention": {"days": 4000},
            }
        )

    def tell(self, at: int, value: int, *, after: int = HOUR, name: str = "") -> None:
        """A count of a period, so long after its end, perhaps under an id of before."""
        start, end = (getattr(self.calendar, edge)(self.rhythm, at) for edge in ("start", "end"))
        told: dict[str, Any] = {"from": iso(start), "to": iso(end), "started": value}
        told |= {"service": "permits", "channel": "web", "completed": 0}
        mine = name or f"e{next(self.ids)}"
        body = line(COUNTED, mine, "sheet", start, recorded=end + after, **told)
        self.made.append(Made(end + after, "parks", "sheet", start, body))

    def run(self) -> Run:
        """What the engine makes of it, when all of it is known to be complete."""
        last = max(one.arrival for one in self.made)
        beat = line(BEAT, "end", "sheet", last, complete_to=iso(last))
        made = sorted(self.made, key=lambda one: one.arrival)
        run = Run(self.settings)
        run.apply(records([*made, Made(last + HOUR, "parks", "sheet", last, beat)]))
        run.expected = [one for one in run.expected if one.indicator == "demand"]
        return run


def counted(values: Mapping[int, int], zone: str = "UTC", rhythm: Rhythm = "day") -> Run:
    """These counts, by the number of their period."""
    counts = Counts(zone, rhythm)
    for at, value in values.items():
        counts.tell(at, value)
    return counts.run()


def news(run: Run) -> list[Any]:
    """Signals of what lies beyond its expectation; a shift of level is measured by itself."""
    return [one for one in run.signals if one.detector in ("seasonal_z", "cusum")]


def plain(first: int, many: int, value: int = 100) -> dict[int, int]:
    """So many periods, all alike."""
    return dict.fromkeys(range(first, first + many), value)


FIRST = number(date(2019, 1, 7))
"""A Monday."""


# --- few and equal values -----------------------------------------------------------------


def test_fewer_points_than_the_warm_up_say_nothing() -> None:
    """Whatever they are, and however they jump: 28 days, 12 weeks, 12 months."""
    for rhythm, first, many in (("day", FIRST, 28), ("week", 2557, 12), ("month", 588, 12)):
        values = plain(first, many) | {first + many - 2: 0, first + many - 1: 100_000}
        run = counted(values, rhythm=rhythm)  # type: ignore[arg-type]
        assert len(run.expected) == many, rhythm
        assert {one.expected for one in run.expected} == {None}
        assert not news(run)
        assert not run.alerts


def test_equal_values_leave_room_for_little() -> None:
    """The scale is what counting alone makes uncertain: a tenth is nothing, half of it is news."""
    near = counted(plain(FIRST, 100) | {FIRST + 100: 110, FIRST + 101: 90})
    far = counted(plain(FIRST, 100) | {FIRST + 100: 150, FIRST + 101: 150})
    assert not news(near)
    assert [one.direction for one in news(far)][:1] == ["up"]
    assert far.alerts
    row = near.expected[-3]
    assert row.expected == 100.0
    assert row.low is not None
    assert row.high is not None
    assert 60 < row.low < 90
    assert 110 < row.high < 140


def test_nothing_but_zeros_is_expected_to_stay_so() -> None:
    """It is no gap and no fall; three cases may be chance."""
    run = counted(plain(FIRST, 100, 0) | {FIRST + 100: 3, FIRST + 101: 3})
    assert not news(run)
    assert not run.alerts
    assert (run.expected[-1].expected, run.expected[-1].low) == (0.0, 0.0)


def test_zeros_and_then_a_jump_is_news_until_it_is_the_new_level() -> None:
    """The rise opens one alert, which ends when the level has stayed; no share of 0 is taken."""
    run = counted(plain(FIRST, 100, 0) | plain(FIRST + 100, 200, 80))
    assert [(one.state, one.evidence["depth"]) for one in run.alerts] == [
        ("open", 1.0),
        ("closed", 1.0),
    ]
    assert run.alerts[0].opened == (FIRST + 102) * DAY
    assert "new level" in run.alerts[1].reason
    assert run.expected[-1].expected == 80.0


# --- holes --------------------------------------------------------------------------------


def by_weekday(first: int, many: int) -> dict[int, int]:
    """Weekdays that differ, weekends that are quiet."""
    return {
        at: (200, 180, 160, 150, 140, 30, 20)[(at + 3) % 7] for at in range(first, first + many)
    }


def test_a_missing_month_changes_nothing() -> None:
    """It is no fall; what comes after is compared with what came before, by its weekday."""
    hole = range(FIRST + 140, FIRST + 170)
    run = counted({at: v for at, v in by_weekday(FIRST, 250).items() if at not in hole})
    assert not news(run)
    assert not run.alerts
    assert len(run.expected) == 220
    assert all(one.end <= hole.start * DAY or one.end > hole.stop * DAY for one in run.expected)
    values = by_weekday(FIRST, 250)
    for one in run.expected[28:]:
        assert one.expected == values[one.end // DAY - 1]


def test_a_hole_does_not_shift_last_year() -> None:
    """A peak is looked for where it was in time, not so many buckets ago."""
    peak = range(FIRST + 100, FIRST + 107)
    values = plain(FIRST, 480) | dict.fromkeys(peak, 300)
    whole = counted(values)
    holed = counted({at: v for at, v in values.items() if not FIRST + 200 <= at < FIRST + 230})
    for run in (whole, holed):
        (row,) = [one for one in run.expected if one.end == (FIRST + 103 + 364 + 1) * DAY]
        assert row.high is not None
        assert row.high > 250


# --- clocks and calendars -----------------------------------------------------------------


@pytest.mark.parametrize("zone", ZONES)
def test_days_of_23_and_25_hours_are_days(zone: str) -> None:
    """A steady service serves a twenty-fourth less or more: not news, and every day is judged."""
    calendar = Calendar(zone, "")
    first = number(date(2009, 1, 5))
    values = {
        at: 40 * (calendar.end("day", at) - calendar.start("day", at)) // HOUR
        for at in range(first, first + 330)
    }
    assert {value // 40 for value in values.values()} == {23, 24, 25}
    run = counted(values, zone)
    assert len(run.expected) == 330
    assert all(one.expected == 960.0 for one in run.expected[28:])
    assert not news(run)
    assert not run.alerts


@pytest.mark.parametrize("zone", ZONES)
def test_hours_follow_the_local_clock(zone: str) -> None:
    """People come at nine by their own clock: in the week after a change nine is still nine.

    An hour that is lived twice is expected twice; one that is left out is missed by nobody.
    """
    calendar = Calendar(zone, "")
    year = range(number(date(2009, 1, 1)), number(date(2009, 12, 31)))
    lengths = {day: calendar.end("day", day) - calendar.start("day", day) for day in year}
    changes = [day for day in year if lengths[day] != DAY]
    assert sorted(lengths[day] // HOUR for day in changes) == [23, 25]
    for change in changes:
        watched = Watched(stub("context"), "hour", calendar)
        watched.next = calendar.start("day", change - 40) // HOUR
        people = []
        while watched.next < calendar.start("day", change + 9) // HOUR:
            local = datetime.fromtimestamp(watched.next * 3600, ZoneInfo(zone))
            people.append(400.0 if 9 <= local.hour < 17 and local.weekday() < 5 else 20.0)
            watched.feed(people[-1])
        judged = [one.expected for one in watched.made.expected[504:]]
        assert judged == people[504:]
        assert not watched.alerts


@pytest.mark.parametrize("year", [2015, 2020, 2026])
def test_a_53rd_week_is_a_week(year: int) -> None:
    """It is judged like others, and a year on, in the old year or the new, a peak is excused."""
    assert date(year, 12, 28).isocalendar().week == 53
    last = week(date(year, 12, 28))
    for peak in (last - 30, last - 1, last, last + 1, last + 20):
        after = peak + (53 if peak > last - 26 else 52)
        values = plain(peak - 60, 120, 1000) | {peak: 2500}
        for again in (peak + 52, after):
            run = counted(values | {again: 2300}, rhythm="week")
            ends = {one.end: one for one in run.expected}
            row = ends[Calendar("UTC", "").end("week", again)]
            assert row.high is not None
            assert row.high > 2000, (peak - last, again - peak)
            assert not [one for one in news(run) if one.bucket_end == row.end]
        assert ends[Calendar("UTC", "").end("week", last)].reason == "" or last < peak - 48


# --- the same bucket again ----------------------------------------------------------------


def told_twice(change: Callable[[Counts, int], None]) -> tuple[Run, Run]:
    """Ninety days, and the same with something said again about the 80th."""
    made = []
    for again in (False, True):
        counts = Counts()
        for at, value in by_weekday(FIRST, 90).items():
            counts.tell(at, value, name=f"d{at}")
            if again and at == FIRST + 80:
                change(counts, at)
        made.append(counts.run())
    return made[0], made[1]


def value_of(run: Run, day: int) -> list[float | None]:
    """Every revision of the demand of a day, as it was published."""
    (rows,) = [
        rows
        for name, rows in run.table().items()
        if name[0] == "demand" and name[3:5] == ("permits", "") and name[-1] == (day + 1) * DAY
    ]
    return [row.value for row in rows]


def test_the_same_count_twice_counts_once() -> None:
    """With its old id it is a repeat, with a new one a correction that corrects nothing."""
    for name in (f"d{FIRST + 80}", "another"):
        one, other = told_twice(
            lambda counts, at, name=name: counts.tell(  # type: ignore[misc]
                at, by_weekday(at, 1)[at], name=name
            )
        )
        assert decisions(one) == decisions(other)
        assert value_of(one, FIRST + 80) == value_of(other, FIRST + 80) == [150.0]


def test_a_count_corrected_in_time_is_judged_as_corrected() -> None:
    """Nothing is decided before its bucket closes, which the next day's count brings about."""
    one, other = told_twice(lambda counts, at: counts.tell(at, 20, after=2 * HOUR))
    assert value_of(other, FIRST + 80) == [20.0]
    assert len(one.expected) == len(other.expected)
    assert not news(one)
    assert {signal.value for signal in news(other)} == {20.0}


def test_a_count_corrected_later_changes_nothing_that_was_decided() -> None:
    """The value is restated; what was expected, then and later, is as without the correction."""
    one, other = told_twice(lambda counts, at: counts.tell(at, 20, after=5 * DAY))
    assert value_of(other, FIRST + 80) == [150.0, 20.0]
    assert decisions(one) == decisions(other)

"""Rhythms: from days to weeks, from months to days, and side by side."""

from __future__ import annotations

from streams.rhythm import Arriving, Period, Periods, Switch
from tests.unit.events_made import BEGIN, DAY

DAYS, WEEKS, MONTHS = 1, 2, 3


def period(rhythm: int, first: int, length: int) -> Period:
    """A period that begins so many days in."""
    return Period(rhythm, BEGIN + first * DAY, BEGIN + (first + length) * DAY)


def switches(told: list[Period]) -> list[Switch]:
    """Every change; each period told twice, and the second time changes nothing."""
    state = Periods(told[0].rhythm, told[0].end)
    found = []
    for one in told:
        found += [switch for switch in (state.see(one), state.see(one)) if switch]
    return found


def daily(first: int, last: int) -> list[Period]:
    """Days first … last - 1."""
    return [period(DAYS, day, 1) for day in range(first, last)]


def weekly(first: int, many: int) -> list[Period]:
    """So many weeks."""
    return [period(WEEKS, first + 7 * week, 7) for week in range(many)]


def monthly(first: int, many: int) -> list[Period]:
    """So many months of thirty days."""
    return [period(MONTHS, first + 30 * month, 30) for month in range(many)]


def test_days_become_weeks() -> None:
    """Sure with the second week, dated from the first, said once."""
    (one,) = switches([*daily(0, 60), *weekly(60, 10)])
    assert (one.before, one.now, one.start) == (DAYS, WEEKS, BEGIN + 60 * DAY)
    assert one.end == BEGIN + 74 * DAY


def test_months_become_days_and_days_months() -> None:
    """Days need two months to be sure; the way back is another change."""
    told = [*monthly(0, 6), *daily(180, 300), *monthly(300, 3)]
    assert [(one.before, one.now) for one in switches(told)] == [(MONTHS, DAYS), (DAYS, MONTHS)]


def test_days_and_months_side_by_side_are_no_change() -> None:
    """A month is told behind its days, or before the last of them."""
    told = sorted([*daily(0, 300), *monthly(0, 10)], key=lambda one: (one.end, one.rhythm))
    assert not switches(told)
    assert not switches(sorted(told, key=lambda one: (one.start, one.rhythm)))


def test_a_week_that_is_told_once_is_no_change() -> None:
    """The days go on."""
    assert not switches([*daily(0, 60), *weekly(60, 1), *daily(60, 90)])


def arrives(hours: list[int]) -> list[int]:
    """Since which day events come in another way: so many hours a day, day by day."""
    state = Arriving()
    found = [state.see(day, 50, set(range(many))) for day, many in enumerate(hours)]
    return [since for since in found if since is not None]


def test_events_that_begin_to_come_at_night_are_marked() -> None:
    """After a week of it, dated from its first day; and the way back."""
    assert arrives([18] * 40 + [1] * 40) == [40]
    assert arrives([18] * 40 + [1] * 40 + [18] * 30) == [40, 80]
    assert not arrives([18] * 40 + [1, 1, 1, 18] * 10)

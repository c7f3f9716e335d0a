"""Quiet hours by the clock on the wall, also on the days on which that clock is changed."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from streams.notify.quiet import quiet_until

HOUR = 3_600_000
BRUSSELS = ZoneInfo("Europe/Brussels")


def at(text: str, fold: int = 0) -> int:
    """A moment in Brussels, ms."""
    local = datetime.fromisoformat(text).replace(tzinfo=BRUSSELS, fold=fold)
    return round(local.timestamp() * 1000)


@pytest.mark.parametrize(
    ("hours", "now", "end"),
    [
        ("20:00-07:00", "2020-03-16T19:59", None),
        ("20:00-07:00", "2020-03-16T20:00", "2020-03-17T07:00"),
        ("20:00-07:00", "2020-03-17T06:59", "2020-03-17T07:00"),
        ("20:00-07:00", "2020-03-17T07:00", None),
        ("12:00-13:30", "2020-03-17T13:00", "2020-03-17T13:30"),
        ("12:00-13:30", "2020-03-17T11:59", None),
        ("00:00-06:00", "2020-03-17T00:00", "2020-03-17T06:00"),
        ("20:00-00:00", "2020-12-31T23:00", "2021-01-01T00:00"),
        ("22:00-07:00", "2020-03-28T23:00", "2020-03-29T07:00"),
        ("22:00-07:00", "2020-10-24T23:00", "2020-10-25T07:00"),
        ("", "2020-03-16T23:00", None),
    ],
)
def test_when_quiet_ends(hours: str, now: str, end: str | None) -> None:
    """Begin included, end excluded; over midnight, a year's end and a change of the clock."""
    assert quiet_until(hours, BRUSSELS, at(now)) == (None if end is None else at(end))


def test_an_hour_that_comes_twice() -> None:
    """Quiet that ends in it ends in its first pass; and begun in its second, in the second."""
    assert quiet_until("22:00-02:30", BRUSSELS, at("2020-10-25T02:10")) == at("2020-10-25T02:30")
    second = at("2020-10-25T02:10", fold=1)
    assert quiet_until("22:00-02:30", BRUSSELS, second) == at("2020-10-25T02:30", fold=1)


CLOCKS = some.times().map(lambda time: f"{time:%H:%M}")
MOMENTS = some.integers(at("2020-01-01T00:00"), at("2021-01-01T00:00"))
CHANGES = some.sampled_from([at("2020-03-29T01:00"), at("2020-10-25T01:00")])
NEAR = some.builds(lambda day, ms: day + ms, CHANGES, some.integers(-12 * HOUR, 12 * HOUR))


@given(CLOCKS, CLOCKS, MOMENTS | NEAR)
def test_quiet_ends_later_within_a_day_and_a_bit(begin: str, end: str, now: int) -> None:
    """Whatever the hours and the moment: it ends in the future, and by the end is over."""
    if begin == end:
        return
    until = quiet_until(f"{begin}-{end}", BRUSSELS, now)
    if until is not None:
        assert now < until <= now + 26 * HOUR
        again = quiet_until(f"{begin}-{end}", BRUSSELS, until)
        assert again is None or again - until <= HOUR

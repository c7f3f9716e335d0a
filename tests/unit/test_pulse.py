"""Types of event that vanish or fade while their source speaks on, and those that only pause."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random

import msgspec

from streams.pulse import Noticed, Pulse

OPENED = "headwind.service.request.opened.v1"
CLOSED = "headwind.service.request.closed.v1"
DECLARED = "headwind.context.shock.declared.v1"
MONDAY = 18_000 - (18_000 + 3) % 7

Said = Callable[[int], dict[str, int]]


def told(said: Said, days: int) -> list[tuple[str, str, int]]:
    """What is noticed, of which type, and since which day; restarted between any two days."""
    pulse, found = Pulse(), list[Noticed]()
    for day in range(days):
        spoken = {kind: many for kind, many in said(day).items() if many}
        if spoken:
            found += pulse.hear(MONDAY + day, spoken)
            pulse = msgspec.msgpack.decode(msgspec.msgpack.encode(pulse), type=Pulse)
    return [(one.what, one.kind, one.since - MONDAY) for one in found]


def test_a_type_that_stops_is_told_once_and_is_over_when_it_comes_again() -> None:
    """Dated from the first day without it; the other type goes on."""

    def said(day: int) -> dict[str, int]:
        return {CLOSED: 30, OPENED: 0 if 100 <= day < 130 else 40}

    assert told(said, 200) == [("vanished", OPENED, 100), ("back", OPENED, 100)]


def test_it_stops_again_and_is_told_again() -> None:
    """What was told is not taken for usual."""

    def said(day: int) -> dict[str, int]:
        return {CLOSED: 30, OPENED: 0 if day % 100 >= 80 else 40}

    assert [what for what, _, _ in told(said, 290)] == ["vanished", "back"] * 2 + ["vanished"]


def test_a_source_that_is_quiet_as_a_whole_misses_nothing() -> None:
    """Weekends, holidays, and a month without anything."""

    def said(day: int) -> dict[str, int]:
        quiet = day % 7 >= 5 or 100 <= day < 131
        return {} if quiet else {CLOSED: 5, OPENED: 40}

    assert not told(said, 300)


def test_what_comes_seldom_and_by_chance_is_not_missed() -> None:
    """Forty types, one to twenty a month, three years: none or nearly none is told."""
    random, alarms = Random(4), 0
    for one in range(40):
        rate = (1 + one % 20) / 30
        comes = [int(random.random() < rate) for _ in range(1100)]
        alarms += len(told(partial(_by_day, comes), 1100))
    assert alarms <= 6


def _by_day(comes: list[int], day: int) -> dict[str, int]:
    return {CLOSED: 9, OPENED: comes[day]}


def test_what_comes_once_a_month_may() -> None:
    """Twice missing is no news of it; a year is."""

    def said(day: int) -> dict[str, int]:
        return {CLOSED: 9, OPENED: int(day % 30 == 0 and not 600 < day < 660)}

    assert not told(said, 900)
    assert told(lambda day: said(day) if day < 600 else {CLOSED: 9}, 900)


def test_a_season_is_told_in_its_first_year_only() -> None:
    """Five months of each year: after the first autumn, that it stops is known."""

    def said(day: int) -> dict[str, int]:
        return {CLOSED: 9, OPENED: 20 * (day % 365 < 150)}

    assert [what for what, _, _ in told(said, 4 * 365)] == ["vanished", "back"]


def test_a_type_that_fades_is_told_while_it_does() -> None:
    """Two hundred a week fade to five within two months; the other type holds. Then it is back."""

    def said(day: int) -> dict[str, int]:
        week = max(day - 500, 0) // 7
        many = max(28 - 4 * week, 1 if day % 2 else 0)
        return {CLOSED: 30, OPENED: 30 if day >= 700 else many}

    assert [what for what, _, _ in told(said, 800)] == ["fading", "back"]


def test_what_fades_with_everything_else_or_each_summer_is_not_told() -> None:
    """A whole source that dwindles is a fall; a low that came last year too is a season."""

    def dwindles(day: int) -> dict[str, int]:
        share = max(1.0 - max(day - 500, 0) / 60, 0.02)
        return {CLOSED: round(50 * share), OPENED: round(40 * share)}

    def summers(day: int) -> dict[str, int]:
        return {CLOSED: 30, OPENED: 1 if 180 <= day % 365 < 240 else 30}

    assert not told(dwindles, 700)
    assert not told(summers, 3 * 365)


def test_declarations_are_not_missed() -> None:
    """Crises come when there are some."""

    def said(day: int) -> dict[str, int]:
        return {CLOSED: 9, DECLARED: int(day < 60)}

    assert not told(said, 300)

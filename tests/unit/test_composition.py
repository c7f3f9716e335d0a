"""Composition: who stops or begins to report changes what a total holds, and nothing falls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from models.mark import Mark
from tests.unit.engine_run import Run, assert_same, cut, singly, whole
from tests.unit.events_made import BEGIN, DAY, Made, day_count, line, records

_COUNTED = "headwind.service.transactions.counted.v1"
_OPENED = "headwind.service.request.opened.v1"

Level = Callable[[str, int], int]


def counted(level: Level, days: int, *parts: str) -> list[Made]:
    """A count a day of each part (service/channel); a level below zero is no report."""
    made = []
    for day in range(days):
        at = BEGIN + day * DAY
        for part in parts:
            number = level(part, day)
            if number < 0:
                continue
            service, channel = part.split("/")
            told = day_count(at, number) | {"service": service, "channel": channel}
            body = line(_COUNTED, f"{part} {day}", "crm", at, **told)
            made.append(Made(at + DAY, "parks", "crm", at, body))
    return made


def noisy(part: str, day: int) -> int:
    """About five hundred, a little more or less."""
    return 500 + Random(f"{part} {day}").randrange(-20, 21)


def marked(run: Run, indicator: str = "demand") -> list[tuple[str, str, int]]:
    """The marks of composition: the service (of the agency none), what it says, its day."""
    found: list[Mark] = [one for one in run.marks if one.kind == "composition"]
    assert len({one.id for one in found}) == len(found)
    return [
        (one.cell.service, one.label, round((one.start - BEGIN) / DAY))
        for one in found
        if one.indicator == indicator
    ]


def loses_phone(part: str, day: int) -> int:
    """The telephone is no longer counted from day 84 on, with no holiday near."""
    return -1 if part == "permits/phone" and day >= 84 else noisy(part, day)


def test_a_channel_that_stops_reporting_is_a_break_and_no_fall() -> None:
    """Half of a service's cases go with it: marked, dated, no alert, no shock, learned anew."""
    made = counted(loses_phone, 170, "permits/web", "permits/phone", "parking/web")
    run = whole(records(made))
    assert marked(run) == [("permits", "left: phone", 84)]
    (mark,) = [one for one in run.marks if one.indicator == "demand"]
    assert mark.evidence["left"] == ["phone"]
    assert mark.evidence["effect"] == pytest.approx(-0.5, abs=0.05)
    assert marked(run, "digital_take_up")[0][:2] == ("permits", "left: phone")
    assert not run.alerts
    assert not run.shocks


def test_the_new_level_is_watched_again() -> None:
    """When the warm-up is over, a fall of what still reports is a fall."""

    def level(part: str, day: int) -> int:
        number = loses_phone(part, day)
        return number // 2 if day >= 150 else number

    run = whole(records(counted(level, 170, "permits/web", "permits/phone")))
    (alert, *_) = run.alerts
    assert (alert.indicator, alert.cell.service, alert.state) == ("demand", "permits", "open")
    assert round((alert.evidence["since"] - BEGIN) / DAY) == 150


def test_a_fall_that_all_channels_share_is_a_fall() -> None:
    """The same half less, and everybody reports it."""
    run = whole(
        records(
            counted(
                lambda part, day: noisy(part, day) // (1 + (day >= 90)),
                110,
                "permits/web",
                "permits/phone",
            )
        )
    )
    assert not marked(run)
    assert run.alerts
    assert run.shocks


def test_a_channel_that_begins_is_a_break_too() -> None:
    """It doubles a service: marked from its first day, and nothing is said to rise."""

    def level(part: str, day: int) -> int:
        return -1 if part == "permits/app" and day < 90 else noisy(part, day)

    run = whole(records(counted(level, 120, "permits/web", "permits/app")))
    assert marked(run) == [("permits", "joined: app", 90)]
    assert not run.alerts


def test_services_that_come_and_go_are_marked_on_the_agency() -> None:
    """Together where they change together; what stands in a service's own series goes on."""

    def level(part: str, day: int) -> int:
        if part in ("pool/web", "visa/web"):
            return noisy(part, day) if day < 60 else -1
        return -1 if part == "bins/web" and day < 60 else noisy(part, day)

    run = whole(records(counted(level, 90, "permits/web", "pool/web", "visa/web", "bins/web")))
    assert marked(run) == [("", "joined: bins", 60), ("", "left: pool, visa", 60)]
    assert not run.alerts


def test_an_open_alert_closes_where_its_series_begins_anew() -> None:
    """What stood is over, and says that it is counted in another way."""

    def level(part: str, day: int) -> int:
        number = loses_phone(part, day - 10)
        return number * 7 // 10 if day >= 90 and number > 0 else number

    run = whole(records(counted(level, 130, "permits/web", "permits/phone")))
    assert [one.state for one in run.alerts][-1] == "closed"
    assert "counted in another way" in run.alerts[-1].reason
    before = [one for one in run.shocks if one.onset >= BEGIN + 95 * DAY]
    assert not before


def test_a_channel_of_single_events_that_stops_is_a_break() -> None:
    """Thirty calls a day and then none: no fall of the service, though nobody reports counts."""
    made = []
    for day in range(150):
        for channel, many in (("web", 40), ("phone", 0 if day >= 100 else 30)):
            for n in range(many + day % 3 if many else 0):
                at = BEGIN + day * DAY + n * 1000
                facts = {"service": "permits", "channel": channel}
                name = f"{channel} {day} {n}"
                body = line(_OPENED, name, "crm", at, request=name, **facts)
                made.append(Made(at, "parks", "crm", at, body))
    run = whole(records(sorted(made, key=lambda one: one.arrival)))
    assert [label for _, label, _ in marked(run)] == ["left: phone"]
    assert not run.alerts


def test_however_the_log_is_cut_and_wherever_it_stops() -> None:
    """Event by event, in one transaction, and restarted between any two: the same marks."""
    made = counted(loses_phone, 120, "permits/web", "permits/phone", "parking/web")
    told = records(made)
    one = singly(told)
    assert_same(one, whole(told))
    assert_same(one, cut(told, Random(3), restart=1.0))
    assert marked(one)


def test_reports_that_come_late_are_no_departure() -> None:
    """Sent two days after the others, for their own days: the channel is there all the while."""
    made = counted(noisy, 100, "permits/web", "permits/phone")
    for at, one in enumerate(made):
        if b"phone" in one.line and one.time >= BEGIN + 60 * DAY:
            made[at] = replace(one, arrival=one.arrival + 2 * DAY + 1)
    run = whole(records(sorted(made, key=lambda one: one.arrival)))
    assert not marked(run)
    assert not run.alerts

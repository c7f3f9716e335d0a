"""What an agency marks in its calendar: what is not judged, and what is compared apart."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from models.alert import Alert
from models.calendar import Calendar
from models.events.context import CalendarMarked
from models.value import Cell
from streams.expectation import expect
from streams.planned import Plans
from streams.series import CLOSED, Bucket, Series
from tests.unit.watched import DAY_MS, FIRST_DAY, Watched, stub


def marked(watched: Watched, kind: str, first: int, days: int = 1, scope: str = "") -> None:
    """Tell of a span, from the start of a day (by its number) on."""
    at = first * DAY_MS
    hear(watched.watch.plans, kind, at, at + days * DAY_MS, scope)


def hear(plans: Plans, kind: str, start: int, end: int, scope: str = "") -> None:
    """Tell of a span in ms."""
    first, last = (datetime.fromtimestamp(one / 1000, UTC) for one in (start, end))
    plans.hear(CalendarMarked(kind=cast("Any", kind), start=first, end=last, scope=scope))


def week(level: float = 1000.0) -> list[float]:
    """Seven days, of which two are quiet."""
    return [level] * 5 + [level / 5] * 2


def taught(weeks: int = 14, detect: str = "count", direction: str = "context") -> Watched:
    """A series of so many plain weeks; the next day is a Monday."""
    watched = Watched(stub(direction, detect))
    watched.feed_all(week() * weeks if detect != "share" else [0.9, 0.91, 0.89] * 33)
    return watched


def series(watched: Watched) -> Series:
    """The one series under watch."""
    (one,) = watched.watch.series.values()
    return one


def expected_next(watched: Watched) -> Any:
    """What the next day is expected to hold."""
    bucket = Bucket.of(watched.calendar, "day", watched.next, 0.0)
    return expect(series(watched), bucket, "day", "count")


# --- holidays and closures ----------------------------------------------------------------


@pytest.mark.parametrize("kind", ["holiday", "closure"])
def test_a_closed_day_is_neither_judged_nor_learned(kind: str) -> None:
    """Three empty days raise nothing and leave the expectation as it was; unmarked ones do."""
    quiet, plain = taught(), taught()
    before = expected_next(quiet)
    marked(quiet, kind, quiet.next, 3)
    for watched in (quiet, plain):
        watched.feed_all([2.0] * 3)
    assert [one.alertname for one in plain.alerts] == ["EventsVanished"]
    assert not quiet.alerts
    assert not quiet.signals
    assert len(series(quiet)) == 14 * 7 + 3
    quiet.feed_all(week()[3:])
    assert expected_next(quiet) == before


def test_a_closure_of_one_service_is_none_of_another() -> None:
    """Its scope is a service or a unit; "" is all of them."""
    for scope, closed in (("permits", True), ("", True), ("pool", False), ("north", True)):
        watched = Watched(cell=Cell(unit="north", service="permits"))
        watched.feed_all(week() * 14)
        marked(watched, "closure", watched.next, 4, scope)
        watched.feed_all([300.0] * 4)
        assert bool(watched.alerts) != closed, scope


def test_a_mark_told_later_changes_nothing_that_was_decided() -> None:
    """The alert stands; only the days that close from then on are closed."""
    watched = taught(direction="up")
    first = watched.next
    watched.feed_all([300.0] * 3)
    (alert,) = watched.alerts
    marked(watched, "closure", first, 4)
    assert watched.feed(300.0) == []
    assert series(watched).slots[-1] == CLOSED & 0xFF
    assert all(slot != CLOSED & 0xFF for slot in series(watched).slots[-4:-1])
    assert alert.state == "open"


def test_an_hour_in_a_closure_is_kept_only() -> None:
    """Hours are watched by novelty, which does not see them."""
    watched = Watched(stub("context", detectors=("novelty",)), "hour")
    watched.next = FIRST_DAY * 24
    watched.feed_all([100.0] * 400)
    hear(watched.watch.plans, "closure", (FIRST_DAY * 24 + 400) * 3_600_000, 10**14)
    watched.feed_all([0.0] * 48)
    assert not watched.signals
    assert list(series(watched).slots[-48:]) == [CLOSED & 0xFF] * 48


def months(calendar: Calendar, per_day: float, flat: float) -> Watched:
    """Two years of months, per working day or flat, each a little off."""
    watched = Watched(stub("up"), "month", calendar)
    watched.next = 576
    for place in range(24):
        days = calendar.working_days("month", watched.next)
        watched.feed((per_day * days + flat) * (1 + 0.004 * (-1) ** place))
    return watched


def test_a_month_is_compared_by_the_days_that_a_closure_leaves() -> None:
    """An office closed for two weeks is expected to serve half; it is judged by that."""
    calendar = Calendar("Europe/Brussels", "BE")
    for shut, value, off in ((True, 11.0, False), (True, 6.0, True), (False, 11.0, True)):
        watched = months(calendar, 100.0, 0.0)
        start = calendar.start("month", watched.next)
        working = calendar.working_days("month", watched.next)
        days = [day for day in range(start // DAY_MS + 1, 10**6) if calendar.working(day)]
        if shut:
            end = calendar.start("day", days[working - 11])
            hear(watched.watch.plans, "closure", start, end)
        watched.feed(value * 100)
        assert bool(watched.signals) == off, (shut, value)
        if shut:
            assert series(watched).days[-1] == 11


def test_a_month_that_is_closed_is_kept_only() -> None:
    """Nothing is left to compare by; the columns of the history stay side by side."""
    calendar = Calendar("Europe/Brussels", "BE")
    watched = months(calendar, 100.0, 0.0)
    start, end = (calendar.start("month", watched.next + one) for one in (0, 1))
    hear(watched.watch.plans, "holiday", start, end)
    watched.feed(0.0)
    watched.feed(calendar.working_days("month", watched.next) * 100.0)
    assert not watched.alerts
    assert not watched.signals
    assert len(series(watched).days) == len(series(watched).slots) == 26


def test_what_never_closes_is_not_judged_in_a_month_with_a_closure() -> None:
    """Nobody knows what a day is worth there; a single holiday in a month excuses nothing."""
    calendar = Calendar("Europe/Brussels", "BE")
    for many, judged in ((7, False), (1, True)):
        watched = months(calendar, 0.0, 2000.0)
        start = calendar.start("month", watched.next)
        hear(watched.watch.plans, "closure", start, start + many * DAY_MS)
        watched.feed(1200.0)
        assert bool(watched.signals) == judged, many


def test_a_week_that_loses_a_working_day_is_kept_only() -> None:
    """A day is a fifth of it; a weekend is nothing."""
    for day, judged in ((2, False), (5, True)):
        watched = Watched(stub("up"), "week")
        watched.feed_all([1000.0] * 20)
        start = watched.calendar.start("week", watched.next) + day * DAY_MS
        hear(watched.watch.plans, "holiday", start, start + DAY_MS)
        watched.feed(700.0)
        assert bool(watched.signals) == judged, day


# --- deadlines and campaigns --------------------------------------------------------------


@pytest.mark.parametrize("kind", ["deadline", "campaign"])
def test_a_first_campaign_may_bring_any_number(kind: str) -> None:
    """Upwards is no news, however far, and nothing is learned from it; without it, it is."""
    quiet, plain = taught(), taught()
    before = expected_next(quiet)
    marked(quiet, kind, quiet.next, 7)
    for watched in (quiet, plain):
        watched.feed_all(week(2500.0))
    assert {one.direction for one in plain.signals} == {"up"}
    assert plain.alerts
    assert not quiet.alerts
    assert not quiet.signals
    assert expected_next(quiet) == before


def test_a_first_campaign_explains_no_fall() -> None:
    """Downwards it is judged as any other day."""
    watched = taught()
    marked(watched, "campaign", watched.next, 7)
    watched.feed_all([500.0] * 3)
    assert [one.evidence["expected"] for one in watched.alerts] == [1000.0]


def campaigns(*, again: bool = True, scope: str = "") -> Watched:
    """A week at two and a half times the usual, ten plain weeks, and one announced again."""
    watched = taught()
    marked(watched, "campaign", watched.next, 7)
    watched.feed_all([*week(2500.0), *week() * 10])
    if again:
        marked(watched, "campaign", watched.next, 7, scope)
    return watched


def test_a_second_campaign_is_compared_with_the_first() -> None:
    """As much again is as expected, on each weekday; without the mark it is news."""
    assert not feed_week(campaigns(), 2500.0)
    assert feed_week(campaigns(again=False), 2500.0)


def feed_week(watched: Watched, level: float) -> list[Alert]:
    """A week of this level: the alerts that come."""
    return watched.feed_all(week(level))


@pytest.mark.parametrize(("level", "way"), [(1000.0, "below"), (6000.0, "2.40 times")])
def test_a_second_campaign_may_fail_or_run_over(level: float, way: str) -> None:
    """As few as on plain days is a fall; far more than last time is too much."""
    alert, *_ = feed_week(campaigns(), level)
    assert f"{way} what was expected" in alert.reason
    assert alert.evidence["expected"] == pytest.approx(2500.0, rel=0.02)


def test_another_scope_is_another_campaign() -> None:
    """What all had says nothing of what one service has for the first time."""
    assert not feed_week(campaigns(scope="permits"), 6000.0)


def test_a_span_is_not_compared_with_itself() -> None:
    """The last days of a first deadline may be far above its first ones."""
    watched = taught()
    marked(watched, "deadline", watched.next, 12)
    watched.feed_all([1100.0] * 7 + [4000.0] * 5)
    assert not watched.alerts
    assert not watched.signals


def test_a_campaign_ends_what_was_too_low() -> None:
    """Enough days above the usual are back, also where the upper end is open."""
    watched = taught(direction="up")
    watched.feed_all([500.0] * 4)
    marked(watched, "campaign", watched.next, 7)
    watched.feed_all([2500.0] * 7)
    assert [one.state for one in watched.alerts] == ["open", "closed"]


def test_a_deadline_is_no_excuse_for_a_share() -> None:
    """It is judged, and learned, as on any other day."""
    watched = taught(detect="share", direction="up")
    marked(watched, "deadline", watched.next, 30)
    watched.feed_all([0.9, 0.91, 0.89] * 5)
    assert all(slot < 0x80 for slot in series(watched).slots)
    watched.feed_all([0.5] * 3)
    assert watched.alerts


def test_a_level_is_not_judged_before_it_was_seen_in_one() -> None:
    """Nobody said which way it goes; afterwards it is compared with how far it went."""
    watched = taught(detect="level")
    marked(watched, "campaign", watched.next, 7)
    watched.feed_all([*week(940.0), *week() * 10])
    assert not watched.signals
    marked(watched, "campaign", watched.next, 7)
    assert not feed_week(watched, 940.0)
    marked(watched, "campaign", watched.next, 7)
    assert feed_week(watched, 1300.0)


def test_what_a_campaign_touches_but_little_is_a_plain_week() -> None:
    """Half of the working days make a week or a month one of the campaign."""
    for days, apart in ((2, False), (3, True)):
        watched = Watched(stub("context"), "week")
        watched.feed_all([1000.0] * 20)
        start = watched.calendar.start("week", watched.next)
        hear(watched.watch.plans, "campaign", start, start + days * DAY_MS)
        watched.feed(1700.0)
        assert bool(watched.signals) != apart, days


def test_the_narrower_of_two_campaigns_counts() -> None:
    """What is said of one service says more than what is said of all."""
    calendar = Calendar("UTC", "")
    plans, bucket = Plans(calendar), Bucket.of(calendar, "day", 100, 1.0)
    hear(plans, "campaign", bucket.start - DAY_MS, bucket.end)
    hear(plans, "deadline", bucket.start, bucket.end, "permits")
    found = plans.fit(Series(), bucket, Cell(service="permits"), "day", "count")
    assert (found.plan, found.plan_since) == ("deadline\x1fpermits", bucket.start)
    assert plans.fit(Series(), bucket, Cell(service="pool"), "day", "count").plan == "campaign\x1f"


def test_what_belongs_to_an_episode_is_no_lift() -> None:
    """A level that is off already says nothing of the campaign that begins meanwhile."""
    watched = taught(detect="level")
    watched.feed_all([1500.0] * 3)
    assert watched.alerts
    marked(watched, "campaign", watched.next, 7)
    watched.feed_all([1500.0] * 7)
    assert not series(watched).lifts


# --- case files ---------------------------------------------------------------------------


def test_a_case_leaves_out_what_was_planned() -> None:
    """A closed day is no fall, and a campaign no recovery, before it opens or after."""
    watched = taught(direction="up")
    begun = watched.next
    marked(watched, "closure", begun + 1)
    marked(watched, "campaign", begun + 4)
    watched.feed_all([500.0, 500.0, 500.0, 500.0, 900.0, 500.0])
    assert watched.made.shocks
    days = [point.start // DAY_MS - begun for point in watched.made.curve]
    assert days == [0, 2, 3, 5]


def test_a_case_counts_the_working_days_that_a_closure_left() -> None:
    """Half of what was expected of the days that were left is a half."""
    calendar = Calendar("Europe/Brussels", "BE")
    watched = months(calendar, 100.0, 0.0)
    start = calendar.start("month", watched.next)
    left = sum(map(calendar.working, range(start // DAY_MS + 15, start // DAY_MS + 32)))
    assert left == 13
    hear(watched.watch.plans, "closure", start, start + 14 * DAY_MS)
    watched.feed(left * 50.0)
    watched.feed(calendar.working_days("month", watched.next) * 50.0)
    assert [point.q for point in watched.made.curve] == pytest.approx([0.5, 0.5], rel=0.02)


def test_a_freeze_of_releases_moves_nothing() -> None:
    """It keeps notifications still, and is no reason for fewer requests."""
    watched = taught()
    marked(watched, "release_freeze", watched.next, 7)
    assert feed_week(watched, 500.0)

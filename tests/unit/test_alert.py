"""From closed buckets to alerts: when one opens, gets worse, closes, and when nothing happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.alert import Alert
from models.calendar import Calendar
from models.value import Status
from streams.alert import CLOSES_AFTER, NEW_LEVEL, depth
from streams.expectation import expect
from streams.series import Bucket
from tests.unit.watched import DAY_MS, FIRST_DAY, Watched, stub

WEEK = (1.2, 1.1, 1.0, 1.0, 0.9, 0.3, 0.2)
BEFORE, DROP, AFTER = 140, 21, 40


def counts(seed: int, days: int, factor: float = 1.0, first: int = 0) -> list[float]:
    """Poisson counts about 1000 a day with a season of weekdays; the first day is a Monday."""
    random = np.random.default_rng(seed)
    means = [1000 * factor * WEEK[(first + day) % 7] for day in range(days)]
    return [float(one) for one in random.poisson(means)]


def openings(alerts: Sequence[Alert]) -> list[Alert]:
    """First states."""
    return [alert for alert in alerts if alert.transition == 0]


def lived(seed: int, factor: float = 0.7, course: str = "up") -> Watched:
    """Twenty quiet weeks, three weeks off, six weeks of recovery."""
    watched = Watched(stub(course))
    watched.feed_all(counts(seed, BEFORE))
    watched.feed_all(counts(seed + 1000, DROP, factor))
    watched.feed_all(counts(seed + 2000, AFTER))
    return watched


@pytest.mark.parametrize("seed", range(8))
def test_a_drop_of_three_weeks_is_one_alert(seed: int) -> None:
    """30 % for three weeks under a season of weekdays: one alert, soon, closed when it is over."""
    watched = lived(seed)
    (first,) = openings(watched.alerts)
    assert first.state == "open"
    assert first.opened <= watched.end(FIRST_DAY + BEFORE + 1)
    drop = FIRST_DAY + BEFORE
    # A chance low on the day before may lengthen the stretch by that day.
    near = [watched.calendar.start("day", day) for day in (drop - 1, drop)]
    assert first.evidence["since"] in near
    last = watched.alerts[-1]
    assert last.state == "closed"
    assert last.closed is not None
    recovered = watched.end(FIRST_DAY + BEFORE + DROP)
    assert recovered <= last.closed <= recovered + (CLOSES_AFTER["day"] + 1) * DAY_MS
    assert {alert.id for alert in watched.alerts} == {first.id}
    assert [alert.transition for alert in watched.alerts] == list(range(len(watched.alerts)))


def test_no_drop_no_alert() -> None:
    """A year of the same noise opens nothing."""
    for seed in range(5):
        watched = Watched(stub("up"))
        watched.feed_all(counts(seed, 365))
        assert not watched.alerts


def test_better_than_expected_is_no_alert() -> None:
    """A rise where more is better, and a fall where less is."""
    assert not lived(1, 1.5, "up").alerts
    assert not lived(1, 0.6, "down").alerts
    assert openings(lived(1, 1.5, "down").alerts)


def test_the_baseline_is_frozen_while_it_lasts() -> None:
    """After ten weeks off the expected value is still that of before."""
    watched = Watched(stub("up"))
    watched.feed_all([1000.0] * 100)
    watched.feed_all([800.0] * 70)
    watched.feed(500.0)
    opened, worse = watched.alerts
    assert opened.evidence["expected"] == worse.evidence["expected"] == 1000.0


def test_it_is_updated_when_it_gets_worse_and_only_then() -> None:
    """Warning, then critical, then nothing more until the closing."""
    watched = Watched(stub("up"))
    watched.feed_all([1000.0] * 100)
    watched.feed_all([800.0] * 5 + [700.0] * 5 + [800.0] * 3 + [600.0] * 4 + [1000.0] * 7)
    told = [(one.state, one.severity, one.old_state) for one in watched.alerts]
    assert told == [
        ("open", "warning", ""),
        ("open", "critical", "open"),
        ("closed", "critical", "open"),
    ]


def test_one_bad_bucket_is_a_signal_and_no_alert() -> None:
    """Two in a row are needed, and a good one between two bad ones breaks the row."""
    watched = Watched(stub("up"))
    watched.feed_all([1000.0] * 100)
    watched.feed_all([500.0, 1000.0] * 6)
    assert sum(one.detector == "seasonal_z" for one in watched.signals) == 6
    assert not watched.alerts


def test_two_directions_are_no_row() -> None:
    """One bucket far above and the next far below are two signals, not one alert."""
    watched = Watched(stub("context"))
    watched.feed_all([1000.0] * 100)
    watched.feed_all([1500.0, 500.0] * 4)
    assert watched.signals
    assert not watched.alerts


def test_a_long_gap_breaks_a_row() -> None:
    """Two bad days with a month between them are not two in a row."""
    watched = Watched(stub("up"))
    watched.feed_all([1000.0] * 98)
    watched.feed(500.0)
    watched.next += 27
    watched.feed(500.0)
    assert not watched.alerts
    watched.feed(500.0)
    assert len(watched.alerts) == 1


def test_a_relapse_before_the_closing_is_the_same_alert() -> None:
    """Six good days are no week."""
    watched = Watched(stub("up"))
    watched.feed_all([1000.0] * 100)
    watched.feed_all([700.0] * 4 + [1000.0] * 6 + [700.0] * 3)
    assert len(watched.alerts) == 1
    watched.feed_all([1000.0] * 7)
    assert [alert.state for alert in watched.alerts] == ["open", "closed"]


def test_weekdays_alone_close_nothing() -> None:
    """Five good days and two bad ones, week after week: one alert, not one every weekend."""
    watched = Watched(stub("up"))
    watched.feed_all([1000.0] * 98)
    watched.feed_all([700.0] * 7)
    watched.feed_all(([1000.0] * 5 + [700.0] * 2) * 6)
    assert len(watched.alerts) == 1
    watched.feed_all([1000.0] * 7)
    assert watched.alerts[-1].state == "closed"


def test_a_fall_does_not_teach_its_own_size() -> None:
    """Two months in a row between three and four scales are an alert: the first is no example."""
    watched = Watched(stub("context"), rhythm="month")
    watched.feed_all([1000.0, 1040.0, 960.0, 1020.0, 980.0, 1030.0, 970.0] * 2)
    (series,) = watched.watch.series.values()
    for _ in range(2):
        coming = Bucket.of(watched.calendar, "month", watched.next, 0.0)
        usual = expect(series, coming, "month", "count")
        assert usual is not None
        watched.feed(usual.expected - 3.4 * usual.scale)
    assert [alert.state for alert in watched.alerts] == ["open"]
    assert series.waiting == []


def test_two_episodes_have_two_ids() -> None:
    """What comes again after a closing is another alert, whose states count from 0."""
    watched = Watched(stub("up"))
    watched.feed_all([1000.0] * 100)
    for _ in range(2):
        watched.feed_all([700.0] * 7 + [1000.0] * 21)
    first, closed, second, last = watched.alerts
    assert first.id == closed.id
    assert second.id == last.id
    assert first.id != second.id
    assert [one.transition for one in watched.alerts] == [0, 1, 0, 1]
    assert second.opened > (closed.closed or 0)


@pytest.mark.parametrize("factor", [0.4, 2.5])
def test_context_indicators_inform(factor: float) -> None:
    """Demand that falls or rises is told as information, however far it goes."""
    watched = lived(4, factor, "context")
    assert len(openings(watched.alerts)) == 1
    assert {alert.severity for alert in watched.alerts} == {"info"}
    assert watched.alerts[-1].state == "closed"


@pytest.mark.parametrize("status", ["low_n", "undefined", "stale", "suppressed"])
def test_what_cannot_be_trusted_opens_nothing_and_closes_nothing(status: Status) -> None:
    """A value of few cases, hidden or absent is no evidence, neither bad nor good."""
    watched = Watched(stub("up"))
    watched.feed_all([1000.0] * 100)
    for value in (100.0, 0.0, None):
        for _ in range(3):
            assert not watched.feed(value, status=status)
    assert not watched.signals
    watched.feed_all([500.0] * 3)
    assert len(watched.alerts) == 1
    for value in (1000.0, 1000.0, None):
        for _ in range(4):
            assert not watched.feed(value, status=status)
    assert [one.state for one in watched.alerts] == ["open"]
    watched.feed_all([1000.0] * 7)
    assert [one.state for one in watched.alerts] == ["open", "closed"]


@pytest.mark.parametrize(
    ("detect", "value"),
    [
        ("count", 0.0),
        ("count", 900.0),
        ("share", 0.0),
        ("share", 1.0),
        ("level", 0.0),
        ("level", -30),
    ],
)
def test_values_that_are_all_equal_are_quiet(detect: str, value: float) -> None:
    """Half a year of one value, zero too."""
    watched = Watched(stub("up", detect))
    watched.feed_all([value] * 180)
    assert not watched.signals
    assert not watched.alerts


def test_zeros_and_then_a_jump() -> None:
    """One alert, with finite numbers, which becomes the new level, relearned from there."""
    watched = Watched(stub("context"))
    watched.feed_all([0.0] * 100)
    watched.feed_all([500.0] * 300)
    opened, closed = watched.alerts
    assert opened.state == "open"
    assert closed.state == "closed"
    assert "new level" in closed.reason
    assert np.isfinite(opened.evidence["depth"])
    assert (closed.updated - opened.opened) // DAY_MS == NEW_LEVEL["day"]
    watched.feed_all([0.0] * 3)
    assert len(openings(watched.alerts)) == 2


def test_a_new_level_is_relearned() -> None:
    """A lasting fall ends as the new level; the same value is quiet then, a new fall is news."""
    watched = Watched(stub("up"))
    watched.feed_all([1000.0] * 100)
    watched.feed_all([600.0] * (NEW_LEVEL["day"] + 100))
    assert [alert.state for alert in watched.alerts] == ["open", "closed"]
    watched.feed_all([400.0] * 3)
    assert watched.alerts[-1].state == "open"
    assert watched.alerts[-1].evidence["expected"] == 600.0


def test_holidays_and_weekends_are_silent() -> None:
    """Two years of Belgian weekdays: closed on holidays, little on weekends, no alert."""
    calendar = Calendar("Europe/Brussels", "BE")
    watched = Watched(stub("up"), calendar=calendar)
    random = np.random.default_rng(8)
    for day in range(FIRST_DAY, FIRST_DAY + 730):
        mean = 20.0 if calendar.holiday(day) else 1000 * WEEK[(day + 3) % 7]
        watched.feed(float(random.poisson(mean)))
    assert not watched.alerts


def test_weekends_without_values_break_no_alert() -> None:
    """An office that is closed on weekends: Friday and Monday are two in a row."""
    watched = Watched(stub("up"))
    days = 0
    while days < 100:
        if (watched.next + 3) % 7 < 5:
            watched.feed(1000.0)
        else:
            watched.feed(None, status="undefined")
        days += 1
    while (watched.next + 3) % 7 != 4:
        watched.feed(1000.0)
    watched.feed(700.0)
    watched.feed(None, status="undefined")
    watched.feed(None, status="undefined")
    watched.feed(700.0)
    assert len(watched.alerts) == 1


def test_depth_is_one_less_q() -> None:
    """Q is value / expected, its inverse where lower is better; zeros stay finite."""
    assert depth(70, 100, "down", "count") == pytest.approx(0.3)
    assert depth(130, 100, "down", "count") == pytest.approx(-0.3)
    assert depth(200, 100, "up", "count") == pytest.approx(1.0)
    assert depth(200, 100, "up", "count", inverted=True) == pytest.approx(0.5)
    assert depth(60, 80, "down", "level") == pytest.approx(0.2)
    assert depth(0, 0, "down", "count") == 0.0
    assert depth(0.002, 0.006, "down", "share") == 0.0
    assert depth(0.3, 0.6, "down", "share") == pytest.approx(0.5)
    assert depth(5, 0, "up", "count") == 1.0


STEP = st.tuples(
    st.sampled_from([0.0, 300.0, 700.0, 850.0, 1000.0, 1400.0]),
    st.sampled_from(["ok", "ok", "ok", "low_n", "undefined"]),
    st.integers(1, 15),
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(STEP, max_size=25),
    st.sampled_from(["up", "down", "context"]),
    st.sampled_from(["count", "level"]),
)
def test_at_most_one_open_alert_and_states_without_holes(
    steps: list[tuple[float, Status, int]], course: str, detect: str
) -> None:
    """Whatever comes: one alert of a name at a time, states 0, 1, 2 …, and twice the same from the same."""
    runs = []
    for _ in range(2):
        watched = Watched(stub(course, detect))
        watched.feed_all([1000.0 + day % 3 for day in range(70)])
        for value, status, times in steps:
            for _ in range(times):
                watched.feed(value, status=status)
        runs.append(watched)
    alerts = runs[0].alerts
    assert alerts == runs[1].alerts
    assert runs[0].signals == runs[1].signals
    standing, next_state = dict[str, str](), Counter[str]()
    for alert in alerts:
        assert alert.transition == next_state[alert.id]
        next_state[alert.id] += 1
        assert standing.get(alert.alertname, "") in ("", alert.id)
        assert (alert.transition == 0) == (alert.old_state == "")
        standing[alert.alertname] = "" if alert.state == "closed" else alert.id
        assert (alert.closed is None) == (alert.state != "closed")


@pytest.mark.parametrize(
    ("usual", "then", "course", "told"),
    [
        (0.95, 0.87, "up", True),
        (0.95, 0.915, "up", False),
        (0.70, 0.64, "up", False),
        (0.05, 0.13, "up", False),
        (0.95, 0.87, "down", False),
        (0.95, 0.99, "up", False),
    ],
)
def test_a_share_near_one_is_off_when_it_fails_half_again_as_many(
    usual: float, then: float, course: str, told: bool
) -> None:
    """And one in twenty more: 87 % for 95 % is a tenth of nothing, and 13 fail instead of 5."""
    random = np.random.default_rng(7)
    watched = Watched(stub(course, "share"), "week")
    watched.feed_all((usual + 0.003 * random.standard_normal(40)).tolist(), n=10_000)
    assert not watched.alerts
    watched.feed_all((then + 0.003 * random.standard_normal(10)).tolist(), n=10_000)
    opened = openings(watched.alerts)
    assert bool(opened) is told
    if told:
        assert [alert.severity for alert in watched.alerts] == ["warning"]
        watched.feed_all((usual + 0.003 * random.standard_normal(4)).tolist(), n=10_000)
        assert watched.alerts[-1].state == "closed"

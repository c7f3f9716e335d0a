"""Where alerts are decided: one bucket at a time, and over whole lives of a series."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.alert import Alert
from models.calendar import Calendar
from streams.alert import CLOSES_AFTER, NEW_LEVEL, Nature, decide, depth
from streams.engine import Changes
from streams.expectation import Expectation
from streams.series import Bucket, Series
from streams.source import Source
from streams.watch import Watch
from tests.unit.one_cell import OneCell, Point, number
from tests.unit.watched import Watched, stub

UTC = Calendar("UTC", "BE")
FIRST = number("2018-01-01")
WEEK = (1000, 1100, 1050, 1000, 900, 200, 150)
EXPECTED = Expectation(expected=100.0, low=91.0, high=109.0, scale=3.0)
DAY = 86_400_000
POINT = ("point",)
"""Families to which a bucket is news by itself."""


def counts(days: int, seed: int = 3, fall: range = range(0), depth: float = 0.3) -> list[Point]:
    """Daily counts with weekdays and 5 % noise; ``fall`` names the days that lose ``depth``."""
    rng = np.random.default_rng(seed)
    found = []
    for i in range(days):
        level = WEEK[(FIRST + i + 3) % 7] * (1 - depth if i in fall else 1)
        value = max(round(level * (1 + 0.05 * rng.standard_normal())), 0)
        found.append(Point(FIRST + i, float(value), value))
    return found


def judge(values: Iterable[float], course: str = "up", *, news: bool = True) -> list[str]:
    """What each of these buckets brings to a series that expects 100."""
    series = Series()
    said: list[str] = []
    for i, value in enumerate(values):
        bucket = Bucket(i, i * DAY, (i + 1) * DAY, value, 50, 0)
        nature = Nature(course, "count", "day")  # type: ignore[arg-type]
        said.append(decide(series, bucket, EXPECTED, nature, news=POINT if news else ()).what)
    return said


def test_two_buckets_off_and_one_signal_open() -> None:
    """One bucket off is not enough, nor two without a signal, nor two apart."""
    assert judge([80, 80]) == ["", "open"]
    assert judge([80, 80], news=False) == ["", ""]
    assert judge([80, 100, 80]) == ["", "", ""]
    assert judge([80, 120], "context") == ["", ""]
    assert judge([120, 120], "context") == ["", "open"]


def test_a_new_level_is_watched_at_once() -> None:
    """What stayed for 120 days is what is usual: another fall is told on its second day."""
    watched = Watched(stub("up"))
    random = np.random.default_rng(1)
    for level, days in ((1000, 60), (600, 122), (300, 2)):
        watched.feed_all(random.normal(level, 20, days).tolist())
    opened = [one for one in watched.alerts if one.transition == 0]
    assert [round((one.opened - opened[0].opened) / DAY) for one in opened] == [0, 122]
    assert opened[1].evidence["expected"] == pytest.approx(600, rel=0.05)
    assert "new level" in next(one for one in watched.alerts if one.state == "closed").reason


def test_a_stretch_is_dated_at_its_first_bucket_off() -> None:
    """A bucket a tenth worse but inside its interval is learned, and no beginning of anything."""
    series, wide = Series(), EXPECTED._replace(low=85.0)
    nature = Nature("up", "count", "day")
    said = []
    for i, value in enumerate((100.0, 88.0, 80.0, 88.0, 80.0)):
        bucket = Bucket(i, i * DAY, (i + 1) * DAY, value, 50, 0)
        said.append(decide(series, bucket, wide, nature, news=POINT if value == 80.0 else ()).what)
    assert said == ["", "", "", "", "open"]
    assert series.run_since == 2 * DAY


def test_better_than_expected_is_no_alert() -> None:
    """Only the bad direction counts, but for context indicators."""
    assert judge([130, 130, 130]) == ["", "", ""]
    assert judge([70, 70, 70], "down") == ["", "", ""]
    assert judge([130, 130], "down") == ["", "open"]


def test_a_row_with_a_long_hole_is_broken() -> None:
    """A weekend without numbers keeps a row whole, a month does not."""
    nature = Nature("up", "count", "day")
    for hole, opens in ((2, "open"), (30, "")):
        series = Series()
        for at in (0, 1 + hole):
            bucket = Bucket(at, at * DAY, (at + 1) * DAY, 80.0, 50, 0)
            verdict = decide(series, bucket, EXPECTED, nature, news=POINT)
        assert verdict.what == opens


def test_depth_is_one_less_q() -> None:
    """Q is actual over expected, and the other way round where lower is better."""
    assert depth(70, 100, "down", "count") == pytest.approx(0.3)
    assert depth(125, 100, "up", "count", inverted=True) == pytest.approx(1 - 100 / 125)
    assert depth(-30, -5, "down", "level") == pytest.approx(0.25)
    assert depth(3, 0, "up", "count") == 1.0
    assert depth(0, 0, "up", "count") == 0.0


def test_severity_follows_depth() -> None:
    """A quarter is critical, a tenth a warning; what is context is for information."""
    nature = Nature("up", "count", "day")
    bucket = Bucket(0, 0, DAY, 75.0, 50, 0)
    assert decide(Series(), bucket, EXPECTED, nature, news=POINT).severity == "critical"
    bucket = Bucket(0, 0, DAY, 76.0, 50, 0)
    assert decide(Series(), bucket, EXPECTED, nature, news=POINT).severity == "warning"
    nature = Nature("context", "count", "day")
    assert decide(Series(), bucket, EXPECTED, nature, news=POINT).severity == "info"


def test_a_fall_of_three_weeks_is_one_alert() -> None:
    """30 % less for 21 days: one alert, dated to its first day, closed after recovery."""
    found = 0
    for seed in range(8):
        watched = OneCell("demand", UTC)
        watched.see(counts(500, seed, range(400, 421)))
        opened = watched.openings()
        assert len(opened) == 1
        for alert in opened:
            found += 1
            assert alert.evidence["since"] in [(FIRST + 400 + late) * DAY for late in (-1, 0, 1)]
            last = [a for a in watched.changes.alerts if a.id == alert.id][-1]
            assert last.state == "closed"
            assert 0 < last.updated // DAY - (FIRST + 421) <= 2 * CLOSES_AFTER["day"]
    assert found == 8


def test_weekends_and_holidays_are_silent() -> None:
    """Three years of weekdays with closed holidays open nothing."""
    watched = OneCell("demand", UTC)
    points = [
        point._replace(value=20.0, n=20) if UTC.holiday(point.number) else point
        for point in counts(1095)
    ]
    assert watched.see(points).alerts == []


def test_a_new_level_is_learned() -> None:
    """A fall that stays closes as the new level after 120 days, and is not told again."""
    watched = OneCell("demand", UTC)
    watched.see(counts(900, 3, range(400, 900), 0.5))
    states = [(alert.state, alert.transition) for alert in watched.changes.alerts]
    assert states == [("open", 0), ("closed", 1)]
    closed = watched.changes.alerts[-1]
    assert "new level" in closed.reason
    opened = FIRST + 400 + 2
    judged = [day for day in range(opened, opened + 200) if not UTC.holiday(day)]
    assert closed.updated // DAY == judged[NEW_LEVEL["day"] - 1] + 1


@pytest.mark.parametrize("status", ["low_n", "undefined", "stale", "suppressed"])
def test_what_is_not_known_decides_nothing(status: str) -> None:
    """Buckets that are not ok neither open an alert nor close one."""
    unknown = msgspec.convert(status, str)
    watched = OneCell("within_standard", UTC, "week")
    weeks = [Point(2500 + i, 0.9, 900) for i in range(30)]
    hidden = [Point(2530 + i, 0.1, 900, unknown) for i in range(5)]  # type: ignore[arg-type]
    assert watched.see([*weeks, *hidden]).alerts == []
    watched.see([Point(2535 + i, 0.5, 900) for i in range(3)])
    assert [alert.state for alert in watched.changes.alerts] == ["open"]
    back = [Point(2538 + i, 0.9, 900, unknown) for i in range(9)]  # type: ignore[arg-type]
    watched.see(back)
    assert len(watched.changes.alerts) == 1


def test_silence_inhibits_and_lets_go() -> None:
    """What opens while a source is silent is held back, and told if it still holds after."""
    watched = OneCell("demand", UTC)
    watched.see(counts(400))
    source = Source("sheet", 0, DAY)
    watched.watch.silent(source, 5 * DAY, watched.changes)
    watched.see(counts(420, 3, range(400, 420), 0.5)[400:410])
    mine = [alert for alert in watched.changes.alerts if alert.indicator]
    assert [alert.state for alert in mine] == ["inhibited"]
    assert not [notice for notice in watched.changes.notices if notice.alert.indicator]
    watched.watch.awake(source, (FIRST + 410) * DAY, watched.changes)
    mine = [alert for alert in watched.changes.alerts if alert.indicator]
    assert [alert.state for alert in mine] == ["inhibited", "open"]
    assert mine[0].id == mine[1].id


LIVES = st.lists(
    st.tuples(st.sampled_from([1.0, 1.0, 0.95, 0.7, 0.4, 1.6]), st.integers(1, 20)),
    max_size=14,
)


def lived(life: list[tuple[float, int]]) -> list[Point]:
    """Half a year as usual, then stretches of so many days at such a share of it."""
    points = counts(180 + sum(days for _, days in life))
    at = 180
    for share, days in life:
        for i in range(at, at + days):
            points[i] = points[i]._replace(value=round((points[i].value or 0) * share))
        at += days
    return points


def lives(alerts: list[Alert]) -> dict[str, list[Alert]]:
    """Alerts by id, in the order in which their states came."""
    found: dict[str, list[Alert]] = {}
    for alert in alerts:
        found.setdefault(alert.id, []).append(alert)
    return found


@settings(max_examples=60, deadline=None)
@given(LIVES)
def test_alerts_open_once_and_close_what_is_open(life: list[tuple[float, int]]) -> None:
    """Whatever happens: one open alert at a time, states without a hole, nothing after a closing."""
    changes = OneCell("demand", UTC).see(lived(life))
    stands = ""
    for alert in changes.alerts:
        assert stands in ("", alert.id)
        stands = "" if alert.state == "closed" else alert.id
    for states in lives(changes.alerts).values():
        assert [alert.transition for alert in states] == list(range(len(states)))
        assert states[0].old_state == ""
        assert all(b.old_state == a.state != "closed" for a, b in pairwise(states))
        assert all((alert.closed is None) == (alert.state != "closed") for alert in states)


@settings(max_examples=40, deadline=None)
@given(LIVES, st.integers(100, 400))
def test_a_restart_changes_nothing(life: list[tuple[float, int]], cut: int) -> None:
    """Stored and restored at any point, a watch says the same, with the same ids."""
    points = lived(life)
    plain = OneCell("demand", UTC).see(points)
    watched = OneCell("demand", UTC)
    watched.see(points[:cut])
    again = Watch("agency", UTC)
    again.load(watched.watch.dump())
    watched.watch = again
    watched.see(points[cut:])
    assert _said(watched.changes) == _said(plain)


def _said(changes: Changes) -> bytes:
    return msgspec.json.encode((changes.signals, changes.alerts, changes.notices))

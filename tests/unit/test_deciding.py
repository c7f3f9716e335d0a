"""Detectors that decide by themselves: their alerts from opening to closing, and what they leave."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.alert import Alert
from models.calendar import Calendar
from models.settings import Settings
from models.value import Cell
from streams.alert import NEW_LEVEL
from streams.indicator import Indicator
from streams.watch import Watch
from tests.unit.test_watch import source
from tests.unit.watched import PERMITS, Watched, stub

NORTH = Cell(unit="north")


def rare(direction: str = "down", **facts: object) -> Indicator:
    """Rare events, fewer of which are better."""
    return stub(direction, "rare", detectors=("g_chart",), min_n=0, **facts)


def aimed(**facts: object) -> Indicator:
    """A share with an objective."""
    facts = {"detectors": ("burn_rate",), "objective": 0.995, "unit": "share"} | facts
    return stub("up", "share", title="Access", **facts)


def events(watched: Watched, counts: Sequence[int]) -> list[Alert]:
    """Days with so many events."""
    return [alert for count in counts for alert in watched.feed(7.0 * count, n=count)]


def calm(watched: Watched, gaps: int = 61) -> Watched:
    """One event in 20 days, for long."""
    events(watched, ([1] + [0] * 19) * gaps)
    return watched


def tried(watched: Watched, failed: Sequence[int], of: int = 500) -> list[Alert]:
    """Buckets in which so many failed."""
    return [alert for bad in failed for alert in watched.feed(1 - bad / of, n=of)]


# --- rare events ----------------------------------------------------------------------------------


def test_a_cluster_is_one_alert_that_closes_itself() -> None:
    """Six in three days where one in 20 days is usual: opened, closed, with the numbers."""
    watched = calm(Watched(rare()))
    assert not watched.alerts
    events(watched, [2, 2, 2, *[0] * 40])
    opened, closed = watched.alerts[0], watched.alerts[-1]
    assert [alert.state for alert in watched.alerts].count("closed") == 1
    assert {alert.id for alert in watched.alerts} == {opened.id}
    assert (opened.state, opened.evidence["detector"]) == ("open", "g_chart")
    assert "4 in 2 days, one in 20 days is usual, since " in opened.reason
    assert opened.evidence["since"] == watched.end(watched.next - 44)
    assert opened.evidence["expected"] == pytest.approx(7 / 20)
    assert "is back" in closed.reason
    assert [signal.detector for signal in watched.signals] == ["g_chart"] * len(watched.signals)
    assert [one.alert.state for one in watched.notices][-1] == "closed"


def test_depth_opens_nothing_on_rare_events() -> None:
    """Two days with an event each, infinitely above the nothing of most days, are no alert."""
    watched = calm(Watched(rare()))
    events(watched, [1, 1, *[0] * 10, 2, *[0] * 30])
    assert not watched.alerts


def test_fewer_than_ever_is_a_signal_and_no_alert() -> None:
    """None for a year where fewer are better; where more are, the same is an alert."""
    watched = calm(Watched(rare("down")))
    events(watched, [0] * 365)
    assert [signal.direction for signal in watched.signals] == ["down"]
    assert not watched.alerts
    watched = calm(Watched(rare("up")))
    events(watched, [*[0] * 365, 1, 0])
    assert [alert.state for alert in watched.alerts] == ["open", "closed"]
    assert "none for " in watched.alerts[0].reason


def test_in_context_both_ways_are_told_mildly() -> None:
    """Severity info, whichever way."""
    watched = calm(Watched(rare("context")))
    events(watched, [3, 3, 3, *[0] * 400])
    assert {alert.severity for alert in watched.alerts} == {"info"}
    assert len({alert.id for alert in watched.alerts}) == 2


def test_a_rate_that_lasts_is_the_new_level() -> None:
    """Three a week for long: closed as the new level, learned anew, and quiet from then on."""
    watched = calm(Watched(rare()))
    events(watched, [1, 0, 1, 0, 1, 0, 0] * (NEW_LEVEL["day"] // 7 + 40))
    closed = [alert for alert in watched.alerts if alert.state == "closed"]
    assert ["new level" in alert.reason for alert in closed] == [True]
    assert watched.alerts[-1] == closed[-1]


def test_holidays_count_too() -> None:
    """What breaks on Christmas is broken: rare events know no season."""
    watched = Watched(rare(), calendar=Calendar("Europe/Brussels", "BE"))
    christmas = 18_255
    watched.next = christmas - 61 * 20 - 1
    calm(watched)
    events(watched, [0, 6])
    assert watched.next == christmas + 1
    assert [alert.state for alert in watched.alerts] == ["open"]


# --- error budgets --------------------------------------------------------------------------------


def test_an_outage_is_told_before_anything_is_expected() -> None:
    """Hours of the first day: critical with the first bad hour, closed with the next good one."""
    watched = Watched(aimed(grains=((), ("unit",))), rhythm="hour", cell=NORTH)
    tried(watched, [1, 0, 0, 500, 500, 1])
    opened, closed = watched.alerts
    assert (opened.severity, opened.state, opened.opened) == ("critical", "open", watched.end(2560))
    assert opened.reason == (
        "Access (north): 500 of 500 failed in the last hour, 200.0 times what the objective of "
        f"99.50% allows, since {opened.reason[-11:-1]}."
    )
    assert opened.evidence["expected"] == 0.995
    assert (closed.state, closed.opened) == ("closed", opened.opened)
    assert len(watched.signals) == 1


def test_a_slow_burn_that_gets_fast_gets_worse() -> None:
    """A warning of three days, then a bad hour: one alert, critical, never a new level."""
    watched = Watched(aimed(), rhythm="hour")
    tried(watched, [*[1] * 80, *[6] * 500, 60, *[6] * 20, *[0] * 10])
    told = [(alert.state, alert.severity) for alert in watched.alerts]
    assert told == [("open", "warning"), ("open", "critical"), ("closed", "critical")]
    assert len({alert.id for alert in watched.alerts}) == 1


def test_few_tries_add_up_where_the_window_has_enough() -> None:
    """Hours of ten tries are low_n by themselves; what fails in them is told all the same."""
    watched = Watched(aimed(), rhythm="hour")
    for _ in range(30):
        watched.feed(1.0, n=10, status="low_n", window=True)
    watched.feed(0.4, n=10, status="low_n", window=True)
    assert [alert.severity for alert in watched.alerts] == ["critical"]


def test_an_alert_of_depth_is_not_opened_twice() -> None:
    """Where other detectors look too, one series has one alert, closed by who opened it."""
    both = aimed(detectors=("seasonal_z", "burn_rate"))
    watched = Watched(both)
    tried(watched, [2] * 60)
    tried(watched, [100] * 4)
    assert [alert.evidence["detector"] for alert in watched.alerts] == ["burn_rate"]
    tried(watched, [2] * 8)
    assert [alert.state for alert in watched.alerts] == ["open", "closed"]


def test_what_stands_is_held_back_by_a_silence() -> None:
    """Inhibited while a source is silent, let go when it speaks."""
    watched = Watched(aimed())
    tried(watched, [1] * 10)
    silent = source(received=3)
    watched.watch.silent(silent, watched.end(watched.next), watched.made)
    tried(watched, [500])
    watched.watch.awake(silent, watched.end(watched.next), watched.made)
    own = [alert for alert in watched.alerts if alert.indicator]
    assert [alert.state for alert in own] == ["inhibited", "open"]


# --- whoever looks --------------------------------------------------------------------------------


def test_the_total_is_watched_until_a_part_is_named() -> None:
    """An agency that never names a unit hears of its total; one that does, of its units."""
    grains = ((), ("unit",))
    watched = Watched(aimed(grains=grains), rhythm="hour", cell=Cell())
    tried(watched, [1, 500])
    assert [alert.cell for alert in watched.alerts] == [Cell()]
    watched.feed(0.0, n=500, cell=NORTH, number=watched.next - 1)
    tried(watched, [500, 0])
    assert [(alert.cell.unit, alert.state) for alert in watched.alerts[1:]] == [
        ("north", "open"),
        ("", "closed"),
    ]
    tried(watched, [500])
    assert len(watched.alerts) == 3


def test_settings_say_who_looks_and_what_is_aimed_at() -> None:
    """Another objective, other detectors, or none."""
    for told, expected in (
        ({}, 1),
        ({"objectives": {"stub": 0.9}}, 0),
        ({"detectors": {"stub": []}}, 0),
        ({"detectors": {"stub": ["seasonal_z"]}}, 0),
    ):
        watched = Watched(aimed())
        watched.watch = Watch("parks", watched.calendar, Settings.of(told))
        tried(watched, [1, 1, 40])
        assert len(watched.alerts) == expected, told


def test_a_new_definition_ends_what_stands() -> None:
    """Nothing that was learned holds; the cluster is over."""
    watched = calm(Watched(rare()))
    events(watched, [3, 3])
    (series,) = watched.watch.series.values()
    series.broken = True
    events(watched, [0])
    assert watched.alerts[-1].state == "closed"
    assert "counted in another way" in watched.alerts[-1].reason
    assert not series.memory["g_chart"].gaps


STEPS = st.lists(st.tuples(st.sampled_from([0, 0, 1, 2, 8]), st.integers(1, 25)), max_size=40)


@pytest.mark.parametrize("which", ["rare", "aimed"])
@settings(max_examples=15, deadline=None)
@given(STEPS, STEPS)
def test_a_restart_and_what_follows_change_nothing(
    which: str, steps: list[tuple[int, int]], more: list[tuple[int, int]]
) -> None:
    """Stored between any two buckets, and whatever comes after, the same is said."""
    runs = [Watched(rare() if which == "rare" else aimed()) for _ in range(3)]
    for nth, run in enumerate(runs):
        if which == "rare":
            calm(run, 20)
        for count in [count for count, times in steps for _ in range(times)]:
            run.feed(7.0 * count if which == "rare" else 1 - count / 100, n=count or 100)
            if nth == 1:
                body = run.watch.dump()
                run.watch = Watch("parks", run.calendar)
                run.watch.load(body)
                assert run.watch.dump() == body
    plain, stored, longer = runs
    before = len(longer.alerts), len(longer.signals)
    for count in [count for count, times in more for _ in range(times)]:
        longer.feed(7.0 * count if which == "rare" else 1 - count / 100, n=count or 100)
    assert plain.alerts == stored.alerts == longer.alerts[: before[0]]
    assert plain.signals == stored.signals == longer.signals[: before[1]]
    ids = [(alert.id, alert.transition) for alert in longer.alerts]
    assert len(set(ids)) == len(ids)
    assert all(alert.cell == PERMITS for alert in plain.alerts)
    assert all(alert.updated - alert.opened >= 0 for alert in plain.alerts)

"""Watching an agency: silences, what they hold back, ids, and who is told what."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from models.alert import Alert
from models.calendar import Calendar
from models.value import Cell
from streams.source import Source
from streams.watch import Watch
from tests.unit.watched import DAY_MS, PERMITS, Watched, stub

HOUR_MS = 3_600_000


def source(name: str = "crm", received: int = 0) -> Source:
    """A feed that may be quiet for three days."""
    return Source(
        name, lateness=0, quiet_after=3 * DAY_MS, last_received=received, last_time=received
    )


def quiet_year(agency: str = "parks", **how: int) -> Watched:
    """Fourteen quiet weeks."""
    watched = Watched(stub("up"), agency=agency)
    watched.feed_all([1000.0] * 98, **how)
    return watched


def told(watched: Watched) -> list[tuple[str, int]]:
    """What people are told: state and number of each notice."""
    return [(one.alert.state, one.alert.transition) for one in watched.notices]


def states(alerts: Sequence[Alert]) -> list[tuple[str, int]]:
    """State and number of each."""
    return [(one.state, one.transition) for one in alerts]


# --- silence ------------------------------------------------------------------------------


def test_a_silence_is_an_alert_of_its_own() -> None:
    """It opens at the tick that saw it, is told at once, and closes when the source speaks."""
    watched = quiet_year()
    silent = source(received=10 * DAY_MS)
    watched.watch.silent(silent, 14 * DAY_MS, watched.made)
    watched.watch.awake(silent, 15 * DAY_MS, watched.made)
    opened, closed = watched.alerts
    assert (opened.alertname, opened.state, opened.opened) == ("SourceStale", "open", 14 * DAY_MS)
    assert opened.evidence["source"] == "crm"
    assert "since 1970-01-11, 3.0 days are allowed" in opened.reason
    assert (closed.id, closed.state, closed.closed) == (opened.id, "closed", 15 * DAY_MS)
    assert (closed.old_state, closed.transition) == ("open", 1)
    assert told(watched) == [("open", 0), ("closed", 1)]
    assert [one.recorded for one in watched.notices] == [14 * DAY_MS, 15 * DAY_MS]


def test_a_source_that_was_not_silent_does_not_wake() -> None:
    """No closing without an opening."""
    watched = quiet_year()
    watched.watch.awake(source(), DAY_MS, watched.made)
    assert not watched.alerts


def test_each_silence_is_another_alert() -> None:
    """The same source, silent twice, and two sources silent at once: three ids."""
    watched = quiet_year()
    for name, received in (("crm", 1), ("crm", 50), ("bus", 1)):
        one = source(name, received * DAY_MS)
        watched.watch.silent(one, (received + 4) * DAY_MS, watched.made)
        watched.watch.awake(one, (received + 5) * DAY_MS, watched.made)
    assert len({alert.id for alert in watched.alerts}) == 3


def test_a_silence_holds_alerts_back_and_lets_them_go() -> None:
    """What opens under a silence is inhibited and told to nobody, until all sources speak."""
    watched = quiet_year()
    now = watched.end(watched.next - 1)
    first, second = source("crm", now), source("bus", now)
    watched.watch.silent(first, now, watched.made)
    watched.watch.silent(second, now, watched.made)
    watched.feed_all([700.0] * 2)
    assert watched.alerts[-1].state == "inhibited"
    assert len(watched.notices) == 2
    later = watched.end(watched.next - 1) + HOUR_MS
    watched.watch.awake(first, later, watched.made)
    assert watched.alerts[-1].alertname == "SourceStale"
    watched.watch.awake(second, later, watched.made)
    released = watched.alerts[-1]
    assert (released.state, released.old_state, released.transition) == ("open", "inhibited", 1)
    assert watched.notices[-1].alert == released
    watched.feed_all([1000.0] * 7)
    assert states(watched.alerts[-1:]) == [("closed", 2)]
    assert told(watched)[-2:] == [("open", 1), ("closed", 2)]


def test_what_still_stands_after_a_long_silence_is_told() -> None:
    """The silence lasted ten days and the alert stood all the while: it is told at its end."""
    watched = quiet_year()
    now = watched.end(watched.next - 1)
    silent = source(received=now)
    watched.watch.silent(silent, now, watched.made)
    watched.feed_all([700.0] * 10)
    watched.watch.awake(silent, watched.end(watched.next - 1) + HOUR_MS, watched.made)
    assert watched.notices[-1].alert.state == "open"
    assert watched.notices[-1].alert.alertname != "SourceStale"


def test_what_ended_under_a_silence_is_told_to_nobody() -> None:
    """An alert that opened and closed while it was held back stays a record."""
    watched = quiet_year()
    now = watched.end(watched.next - 1)
    silent = source(received=now)
    watched.watch.silent(silent, now, watched.made)
    watched.feed_all([700.0] * 3 + [1000.0] * 7)
    watched.watch.awake(silent, watched.end(watched.next - 1), watched.made)
    own = [alert for alert in watched.alerts if alert.indicator]
    assert states(own) == [("inhibited", 0), ("closed", 1)]
    assert {one.alert.alertname for one in watched.notices} == {"SourceStale"}


def test_what_got_worse_under_a_silence_is_released_as_it_stands() -> None:
    """The state that is let go is the last one, with its severity."""
    watched = quiet_year()
    now = watched.end(watched.next - 1)
    silent = source(received=now)
    watched.watch.silent(silent, now, watched.made)
    watched.feed_all([800.0] * 2 + [500.0])
    watched.watch.awake(silent, watched.end(watched.next - 1), watched.made)
    own = [alert for alert in watched.alerts if alert.indicator]
    assert states(own) == [("inhibited", 0), ("inhibited", 1), ("open", 2)]
    assert own[-1].severity == "critical"


def test_an_alert_that_stood_before_a_silence_goes_on() -> None:
    """It was told, so its closing is told, silence or not."""
    watched = quiet_year()
    watched.feed_all([700.0] * 2)
    now = watched.end(watched.next - 1)
    watched.watch.silent(source(received=now), now, watched.made)
    watched.feed_all([1000.0] * 7)
    assert told(watched) == [("open", 0), ("open", 0), ("closed", 1)]


# --- who is told --------------------------------------------------------------------------


def test_history_is_told_to_nobody() -> None:
    """Read a month late, alerts open and close as records, without a notice."""
    watched = quiet_year(late_ms=30 * DAY_MS)
    watched.feed_all([700.0] * 5 + [1000.0] * 9, late_ms=30 * DAY_MS)
    assert states(watched.alerts) == [("open", 0), ("closed", 1)]
    assert not watched.notices


def test_what_happens_now_is_told_from_opening_to_closing() -> None:
    """Each state once."""
    watched = quiet_year()
    watched.feed_all([800.0] * 3 + [500.0] * 2 + [1000.0] * 9)
    assert told(watched) == [("open", 0), ("open", 1), ("closed", 2)]
    assert [one.alert for one in watched.notices] == watched.alerts


def test_an_alert_that_was_not_told_is_not_told_closed() -> None:
    """It opened in history; that it ends now is no news to those who never heard of it."""
    watched = quiet_year()
    watched.feed_all([700.0] * 5, late_ms=30 * DAY_MS)
    watched.feed_all([1000.0] * 9)
    assert states(watched.alerts) == [("open", 0), ("closed", 1)]
    assert not watched.notices


def test_an_alert_of_history_that_gets_worse_now_is_told() -> None:
    """And then its closing is told too."""
    watched = quiet_year()
    watched.feed_all([800.0] * 5, late_ms=30 * DAY_MS)
    watched.feed_all([500.0] * 2 + [1000.0] * 9)
    assert told(watched) == [("open", 1), ("closed", 2)]


def test_an_alert_that_was_told_is_told_closed_however_late() -> None:
    """The feed paused and sent the rest a month later; the notice bears the true receipt."""
    watched = quiet_year()
    watched.feed_all([700.0] * 5)
    watched.feed_all([1000.0] * 9, late_ms=30 * DAY_MS)
    assert told(watched) == [("open", 0), ("closed", 1)]
    closed = watched.notices[-1]
    assert closed.recorded == closed.alert.updated + 30 * DAY_MS


# --- identity and keeping -----------------------------------------------------------------


def test_ids_are_the_same_in_another_run_and_another_in_another_agency() -> None:
    """Ids come from what an alert is about and when, and from nothing else."""
    runs = [quiet_year(agency) for agency in ("parks", "parks", "roads")]
    for run in runs:
        run.feed_all([700.0] * 3)
        run.watch.silent(source(received=5), 9 * DAY_MS, run.made)
    one, same, other = ([alert.id for alert in run.alerts] for run in runs)
    assert one == same
    assert not set(one) & set(other)
    signals = [[signal.id for signal in run.signals] for run in runs]
    assert signals[0] == signals[1]
    assert len(set(signals[0])) == len(signals[0])


def test_totals_and_strata_are_left_to_the_services() -> None:
    """An indicator that knows services speaks of them, not of their sum or their parts."""
    watched = quiet_year()
    for cell in (Cell(), Cell(service="permits", stratum="web"), Cell(unit="north")):
        watched.feed_all([1000.0] * 98 + [100.0] * 5, cell=cell)
    assert not watched.alerts


@pytest.mark.parametrize("every", [1, 7])
def test_a_restart_changes_nothing(every: int) -> None:
    """Stored and restored between any two buckets, alerts, signals and notices are the same."""
    values = [1000.0] * 98 + [700.0] * 9 + [500.0] * 3 + [1000.0] * 9 + [600.0] * 3
    plain, stored = Watched(stub("up")), Watched(stub("up"))
    silent = source(received=7)
    for day, value in enumerate(values):
        for run in (plain, stored):
            if day == 97:
                run.watch.silent(silent, run.end(run.next), run.made)
            if day == 101:
                run.watch.awake(silent, run.end(run.next), run.made)
            run.feed(value)
        if day % every == 0:
            body = stored.watch.dump()
            stored.watch = Watch("parks", Calendar("UTC", ""))
            stored.watch.load(body)
            assert stored.watch.dump() == body
    assert plain.alerts == stored.alerts
    assert plain.signals == stored.signals
    assert plain.notices == stored.notices
    assert len(plain.alerts) >= 6
    assert all(alert.cell in (PERMITS, Cell()) for alert in plain.alerts)


def test_few_of_a_count_are_judged_where_the_window_has_enough() -> None:
    """Deployments that fall to a few a week are a fall, though a week alone is a small sample."""
    watched = Watched(stub("up"), rhythm="week")
    watched.feed_all([30.0 + week % 4 for week in range(30)])
    for _ in range(3):
        watched.feed(9.0, status="low_n", window=True)
    assert [alert.state for alert in watched.alerts] == ["open"]

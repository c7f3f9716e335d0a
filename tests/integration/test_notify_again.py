"""What a relay tells again: what stands and nobody looks at, and that the monitor is alive."""

from __future__ import annotations

import sqlalchemy
from sqlalchemy import insert

from models import tables
from models.settings import NotifySettings
from models.value import Cell
from tests.integration.test_notify import (
    HOUR,
    NOON,
    Clock,
    Listener,
    alert,
    listener,
    put,
    relay,
    states,
    store,
)
from tests.integration.test_notify_holding import DAY, EVENING, MINUTE, QUIET, silence

__all__ = ["listener", "store"]


def test_what_stands_is_told_again(store: sqlalchemy.Engine, listener: Listener) -> None:
    """Each day, over a restart, until it closes; not to who did not ask."""
    clock = Clock()
    receivers = {
        "ops": NotifySettings(url=listener.url, repeat="P1D"),
        "once": NotifySettings(url=listener.url),
    }
    put(store, alert())
    with relay(store, clock, **receivers) as one:
        assert one.step() == 2
        clock.now += DAY - 1
        assert one.step() == 0
        clock.now += MINUTE
        assert one.step() == 1
    with relay(store, clock, **receivers) as two:
        clock.now += DAY - 1
        assert two.step() == 0
        clock.now += MINUTE
        assert two.step() == 1
        put(store, alert(1, "closed"), created=clock.now)
        assert two.step() == 2
        clock.now += 3 * DAY
        assert two.step() == 0


def test_an_acknowledged_alert_is_not_told_again(
    store: sqlalchemy.Engine, listener: Listener
) -> None:
    """Somebody looks at it: only a new state of it is told."""
    clock = Clock()
    put(store, alert())
    with relay(store, clock, ops=NotifySettings(url=listener.url, repeat="PT1H")) as one:
        one.step()
        with store.begin() as connection:
            row = {"alert": alert().id, "at": NOON}
            connection.execute(insert(tables.acknowledged), row)
        clock.now += DAY
        assert one.step() == 0
        put(store, alert(1, severity="critical"), created=clock.now)
        assert one.step() == 1


def test_a_silent_source_holds_reminders_back(store: sqlalchemy.Engine, listener: Listener) -> None:
    """What stood before the silence is not told again while nothing new can be known of it."""
    clock = Clock()
    stale = alert(name="b", alertname="SourceStale", indicator="", cell=Cell())
    put(store, alert(name="a"), stale)
    with relay(store, clock, ops=NotifySettings(url=listener.url, repeat="PT1H")) as one:
        assert one.step() == 2
        clock.now += HOUR
        assert one.step() == 1
    assert listener.accepted[-1]["alerts"][0]["labels"]["alertname"] == "SourceStale"


def test_quiet_hours_and_silences_hold_reminders_back(
    store: sqlalchemy.Engine, listener: Listener
) -> None:
    """Nobody is woken to hear again what they know."""
    clock = Clock()
    put(store, alert())
    ops = NotifySettings(url=listener.url, repeat="PT1H", **QUIET)
    with relay(store, clock, ops=ops) as one:
        assert one.step() == 1
        clock.now = EVENING
        assert one.step() == 0
        silence(store, end=NOON + 30 * HOUR)
        clock.now = NOON + DAY
        assert one.step() == 0
        clock.now = NOON + 30 * HOUR
        assert one.step() == 1


# --- the watchdog ---------------------------------------------------------------------------------


def test_the_watchdog_comes_to_who_asked(store: sqlalchemy.Engine, listener: Listener) -> None:
    """It always fires, on its interval and at each start, with one fingerprint."""
    clock = Clock()
    receivers = {
        "beat": NotifySettings(url=listener.url, watchdog=True, watchdog_every="PT5M"),
        "ops": NotifySettings(url=listener.url),
    }
    with relay(store, clock, **receivers) as one:
        assert one.step() == 1
        clock.now += 5 * MINUTE - 1
        assert one.step() == 0
        clock.now += 1
        assert one.step() == 1
    (first, second) = (body["alerts"][0] for body in listener.accepted)
    assert first == second
    assert (first["status"], first["labels"]["severity"]) == ("firing", "none")
    assert first["labels"]["alertname"] == "Watchdog"
    assert states(store) == []


def test_the_watchdog_is_silent_where_the_engine_stands_still(
    store: sqlalchemy.Engine, listener: Listener
) -> None:
    """A record that waits for long, or a clock that is not logged any more, is no good sign."""
    clock = Clock()
    beat = NotifySettings(url=listener.url, watchdog=True)
    row = {
        "stage": 1,
        "partition": 0,
        "position": 1,
        "body": b"",
        "agency": "",
        "kind": "tick",
        "events": 0,
    }
    with store.begin() as connection:
        connection.execute(insert(tables.log), row | {"received": NOON})
    with relay(store, clock, beat=beat) as one:
        assert one.step() == 1
        clock.now += 6 * MINUTE
        assert one.step() == 0
        with store.begin() as connection:
            again = {"position": 2, "received": clock.now}
            connection.execute(insert(tables.log), row | again)
        clock.now += MINUTE
        assert one.step() == 0
        with store.begin() as connection:
            stands = {"stage": 1, "partition": 0, "applied": 2, "snapshot": 0, "token": 0}
            connection.execute(insert(tables.position), stands | {"owner": ""})
        clock.now += MINUTE
        assert one.step() == 1
        clock.now += 5 * MINUTE
        assert one.step() == 0

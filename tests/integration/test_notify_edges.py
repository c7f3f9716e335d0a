"""Notifications at the edges: nobody to tell, several shocks at once, a clock that is put back."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import insert, select

from models import tables
from models.settings import NotifySettings, Settings
from models.value import Cell
from streams.notify.channel import Receiver
from streams.notify.message import message
from streams.notify.payload import outbox_row
from streams.notify.relay import LOOK_MS, Relay
from tests.integration.records import headwind
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
from tests.integration.test_notify_holding import keep
from tests.unit.watched import Watched, stub

__all__ = ["listener", "store"]

# --- nobody to tell -------------------------------------------------------------------------------


def test_an_alert_without_a_receiver_stands_and_waits(
    store: sqlalchemy.Engine, listener: Listener, tmp_path: Path
) -> None:
    """Nothing is tried and nothing is lost; whoever is named within a week is told of it."""
    clock = Clock()
    put(store, alert())
    keep(store, alert())
    alone = Relay(store, Settings(), clock)
    assert [alone.step(), states(store)] == [0, []]
    alone.close()
    assert "Demand (building)" in headwind("alerts", "--active", cwd=tmp_path).stdout
    clock.now += 24 * HOUR
    with relay(store, clock, ops=NotifySettings(url=listener.url)) as one:
        assert one.step() == 1
    assert len(listener.accepted) == 1


def test_an_alert_that_no_receiver_wants_is_told_to_nobody(
    store: sqlalchemy.Engine, listener: Listener
) -> None:
    """It is no dead letter and waits for nothing."""
    ops = NotifySettings(url=listener.url, agencies=("roads",))
    desk = NotifySettings(url=listener.url, min_severity="critical")
    put(store, alert())
    with relay(store, Clock(), ops=ops, desk=desk) as one:
        assert one.step() == 0
    assert [row[:3] for row in states(store)] == [("desk", "unwanted", 0), ("ops", "unwanted", 0)]
    assert listener.got == []


# --- several shocks at once -----------------------------------------------------------------------


def fallen(store: sqlalchemy.Engine, *services: str) -> int:
    """Services that fall to half on the same days, each to its shock; when the last was told."""
    rows, shocks = [], 0
    for service in services:
        watched = Watched(stub("up"), cell=Cell(service=service))
        watched.feed_all([1000.0] * 98)
        watched.feed_all([517.0] * 3)
        shocks += len({one.id for one in watched.made.shocks})
        rows += [outbox_row(one.alert, stub("up"), one.recorded) for one in watched.notices]
    assert shocks == len(services)
    with store.begin() as connection:
        connection.execute(insert(tables.outbox), rows)
    return max(int(row["created"]) for row in rows)


def test_two_shocks_at_once_are_told_as_one(store: sqlalchemy.Engine, listener: Listener) -> None:
    """One body for a machine, one message for a person, in which both services stand."""
    clock = Clock()
    clock.now = fallen(store, "parking permits", "passports")
    with relay(store, clock, ops=NotifySettings(url=listener.url, group_wait="PT5M")) as one:
        clock.now += 5 * 60_000
        while one.step():
            pass
    first = listener.accepted[0]
    assert {one["labels"]["service"] for one in first["alerts"]} == {"parking permits", "passports"}
    assert first["groupLabels"]["agency"] == "parks"
    assert "service" not in first["commonLabels"]
    for body in listener.accepted:
        assert len({one["fingerprint"] for one in body["alerts"]}) == 2
    receiver = Receiver("people", Settings.of({"notify": {"people": {"kind": "apprise"}}}))
    title, text = message(receiver, first["alerts"])
    assert title.startswith("2 alerts: parks")
    assert text.count("\n- ") == 1
    assert "parking permits" in text
    assert "passports" in text


# --- a clock that is put back ---------------------------------------------------------------------


@pytest.mark.parametrize("back", [HOUR, 400 * 24 * HOUR])
def test_a_clock_that_is_put_back_stops_nothing(
    store: sqlalchemy.Engine, listener: Listener, back: int
) -> None:
    """What is decided then is told at once, nothing is told twice, and a retry does not wait."""
    clock = Clock()
    ops = NotifySettings(url=listener.url, watchdog=True, group_wait="PT1M")
    put(store, alert(name="a"))
    with relay(store, clock, ops=ops) as one:
        clock.now += LOOK_MS
        one.step()
        listener.answers = [(503, {})]
        put(store, alert(name="b"), created=clock.now)
        clock.now += LOOK_MS
        one.step()
        listener.answers = []
        clock.now -= back
        put(store, alert(name="c"), created=clock.now)
        one.step()
        clock.now += LOOK_MS
        one.step()
        one.step()
    told = [
        each["annotations"].get("alert_id", "")
        for body in listener.accepted
        for each in body["alerts"]
    ]
    names = [name[-1:] for name in told]
    assert sorted(name for name in names if name) == ["a", "b", "c"]
    assert names.count("") >= 2
    with store.connect() as connection:
        assert set(connection.execute(select(tables.delivery.c.state)).scalars()) == {"delivered"}


def test_what_was_set_aside_is_looked_at_again(
    store: sqlalchemy.Engine, listener: Listener
) -> None:
    """Quiet hours that end by a clock that was wrong end by the right one."""
    clock = Clock()
    clock.now = NOON + 9 * HOUR
    put(store, alert(), created=clock.now)
    quiet = NotifySettings(url=listener.url, quiet_hours="20:00-07:00")
    with relay(store, clock, ops=quiet) as one:
        assert one.step() == 0
        clock.now = NOON - 24 * HOUR
        assert one.step() == 1
    assert [len(body["alerts"]) for body in listener.accepted] == [1]

"""From an event in an agency's calendar to a silence, through log, engine and store."""

from __future__ import annotations

import pytest
import sqlalchemy
from sqlalchemy import select

from models import tables
from models.log import append
from models.settings import NotifySettings, Settings
from streams.catalogue import catalogue
from streams.notify.silences import silences
from streams.runner import Runner
from streams.store import EVENTS
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
from tests.unit.events_made import iso, line
from tests.unit.test_marks import MARKED, record

__all__ = ["listener", "store"]


def fold(store: sqlalchemy.Engine, *lines: bytes) -> None:
    """Append these events to the log and evaluate it, as a start would."""
    with store.begin() as connection:
        append(connection, EVENTS, [record(0, *lines)])
    runner = Runner(store, Settings(), catalogue())
    runner.start()
    runner.drain()
    runner.close()


@pytest.mark.parametrize(("scope", "holds"), [("", True), ("building", True), ("pool", False)])
def test_a_marked_closure_silences_its_scope(
    store: sqlalchemy.Engine, listener: Listener, scope: str, holds: bool
) -> None:
    """Announced through the door, it holds the agency's alerts back while it lasts."""
    span = {"from": iso(NOON - HOUR), "to": iso(NOON + HOUR)}
    fold(
        store, line(MARKED, "e1", "office", NOON - 400 * HOUR, kind="closure", scope=scope, **span)
    )
    put(store, alert(agency="parks"))
    with relay(store, Clock(), ops=NotifySettings(url=listener.url)) as one:
        assert one.step() == (0 if holds else 1)
    assert states(store)[0][1] == ("silenced" if holds else "delivered")


def test_a_span_that_is_told_twice_is_no_fault(store: sqlalchemy.Engine) -> None:
    """A repeat is dropped, over a restart too; the same span under another id is another mark."""
    span = {"from": iso(NOON - HOUR), "to": iso(NOON + HOUR), "kind": "closure"}
    first, second = (line(MARKED, name, "office", NOON - 400 * HOUR, **span) for name in "ab")
    fold(store, first, first)
    fold(store, first, second)
    with store.connect() as connection:
        found = silences(connection, NOON)
    assert [(one.kind, one.agency, one.end) for one in found] == [
        ("closure", "parks", NOON + HOUR)
    ] * 2


def test_a_definition_that_is_told_twice_is_no_fault(store: sqlalchemy.Engine) -> None:
    """Two events that say the same are one mark, in one transaction and in two."""
    first, second, third = (
        line("headwind.context.definition.changed.v1", name, "office", NOON - 400 * HOUR, what="x")
        for name in "abc"
    )
    fold(store, first, second)
    fold(store, third)
    with store.connect() as connection:
        rows = connection.execute(select(tables.mark.c.kind, tables.mark.c.latest)).all()
    assert rows == [("definition", True)]

"""From an event in an agency's calendar to a silence, through log, engine and store."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy
from sqlalchemy import select

from models import tables
from models.log import append
from models.settings import NotifySettings, Settings
from streams.catalogue import catalogue
from streams.notify.maintenance import span
from streams.notify.relay import Relay
from streams.notify.silences import silences
from streams.runner import Runner
from streams.stand import EVENTS
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
        found = silences(connection, Settings(), NOON)
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


# --- maintenance ------------------------------------------------------------------------------

WEEKLY = {"every": "mon 11:00-13:30"}
"""An hour before to one and a half after the noon of these tests, a Monday."""


@pytest.mark.parametrize(
    ("scope", "holds"),
    [
        ({}, True),
        ({"agencies": ["quay", "parks"]}, True),
        ({"agencies": ["quay"]}, False),
        ({"services": ["pool", "building"]}, True),
        ({"services": ["pool"]}, False),
        ({"every": "sun,tue 11:00-13:30"}, False),
        ({"every": "daily 12:00-12:01"}, True),
        ({"every": "sun 23:00-12:30"}, True),
        ({"every": "mon 12:30-11:30"}, False),
    ],
)
def test_maintenance_holds_back_what_opens_in_its_hours(
    store: sqlalchemy.Engine, listener: Listener, scope: dict[str, Any], holds: bool
) -> None:
    """Each week in its hours, for whom it names; what still stands is told when they end."""
    raw = {"maintenance": {"works": WEEKLY | scope}, "notify": {"ops": {"url": listener.url}}}
    clock = Clock()
    one = Relay(store, Settings.of(raw), clock)
    put(store, alert(agency="parks"))
    assert one.step() == (0 if holds else 1)
    clock.now = NOON + 2 * HOUR
    assert one.step() == (1 if holds else 0)
    assert len(listener.accepted) == 1
    clock.now = NOON + 7 * 24 * HOUR
    put(store, alert(name="later", agency="parks"), created=clock.now)
    assert one.step() == (0 if holds else 1)
    one.close()


def test_maintenance_follows_the_clock_on_the_wall() -> None:
    """Two in the night is two in the night, also where the clock was put forward."""
    zone, hour = ZoneInfo("Europe/Brussels"), 3_600_000
    begin, end = span("sun 01:00-04:00", zone, datetime_ms("2026-03-25T12:00+01:00"))
    assert iso(begin) == "2026-03-29T00:00:00Z"
    assert end - begin == 2 * hour
    begin, end = span("sun 01:00-04:00", zone, datetime_ms("2026-10-25T00:30+02:00"))
    assert iso(begin) == "2026-10-24T23:00:00Z"
    assert end - begin == 4 * hour


def datetime_ms(text: str) -> int:
    """Milliseconds of an ISO 8601 time."""
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def test_maintenance_is_listed_and_ended(store: sqlalchemy.Engine, tmp_path: Path) -> None:
    """As any other silence, for this time; a wrong hour or agency is told."""
    config = tmp_path / "headwind.toml"
    table = '[agencies.parks]\n[maintenance.backup]\nwhy = "disks"\nagencies = ["parks"]\n'
    config.write_text(f'{table}every = "daily 00:00-23:59"\n', encoding="utf-8")

    def listed() -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads(
            headwind("silence", "list", "--format", "json", cwd=tmp_path).stdout
        )
        return rows

    (row,) = listed()
    assert (row["kind"], row["agency"], row["why"]) == ("maintenance", "parks", "disks")
    assert row["id"] == f"backup/{row['start'][:10]}"
    assert headwind("silence", "end", row["id"], cwd=tmp_path).returncode == 0
    assert listed() == []
    wrong_table = table.replace('["parks', '["park')
    config.write_text(f'{wrong_table}every = "sun 02:00-02:00"\n', encoding="utf-8")
    wrong = headwind("silence", "list", cwd=tmp_path).stderr
    assert "did you mean parks?" in wrong
    assert "begins when it ends" in wrong

"""What stands, told again: to who forgets, to who asked for it, and the watchdog.

An Alertmanager takes an alert to be over when it has not heard of it for some minutes, so all
that stands is sent to it every minute. A receiver with ``repeat`` is told again of what stands
and nobody has acknowledged, but not of what a silence, quiet hours or a silent source hold
back. The watchdog goes to who asked for it, as long as the engine follows its log.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

import msgspec
import sqlalchemy
import structlog
from sqlalchemy import Connection, Row

from models.duration import duration_ms
from models.settings import Settings
from streams.notify import box
from streams.notify.channel import Channel, Told, wants
from streams.notify.ours import watchdog
from streams.notify.quiet import quiet_for
from streams.notify.silences import silenced, silences

log = structlog.get_logger()

LOOK_MS = 60_000
"""How often it is asked what stands."""

MOST = 200
"""Alerts in one message to a machine."""


class Again(NamedTuple):
    """Alerts to be told again at once; ``names`` are those that count as told again."""

    alerts: list[Told]
    note: str
    names: tuple[str, ...] = ()


class Standing:
    """What every receiver is to be told again, and when it was told last."""

    def __init__(self, database: sqlalchemy.Engine, settings: Settings, since: int) -> None:
        self.database = database
        self.settings = settings
        self.watchdog = watchdog(settings.organisation.name, since)
        self._looked: dict[str, int] = {}
        self._beat: dict[str, int] = {}
        self._withheld = False

    def due(self, channel: Channel, now: int, *, resting: bool) -> Iterator[Again]:
        """What a receiver is to be told again now."""
        if resting:
            return
        name, asked = channel.receiver.name, channel.receiver.wants
        if asked.watchdog and now - self._beat.get(name, 0) >= self._every(channel):
            self._beat[name] = now
            if self._is_well(now):
                yield Again([self.watchdog], "")
        repeats = channel.forgets_ms or duration_ms(asked.repeat)
        if not repeats or now - self._looked.get(name, 0) < min(repeats, LOOK_MS):
            return
        self._looked[name] = now
        with self.database.connect() as connection:
            found = list(
                self._all(connection, channel, now)
                if channel.forgets_ms
                else self._reminders(connection, channel, now)
            )
        yield from found

    def forget(self) -> None:
        """Know no more when anybody was told last: the clock was put back."""
        self._looked.clear()
        self._beat.clear()

    def done(self, channel: Channel, again: Again, now: int) -> None:
        """Note that a receiver was told again."""
        if again.names:
            with self.database.begin() as connection:
                for name in again.names:
                    box.remind(connection, channel.receiver.name, name, now)

    def _every(self, channel: Channel) -> int:
        asked = duration_ms(channel.receiver.wants.watchdog_every)
        return min(asked, channel.forgets_ms) if channel.forgets_ms else asked

    def _is_well(self, now: int) -> bool:
        """Whether the watchdog may say that all is well; told once where it may not."""
        with self.database.connect() as connection:
            well = box.keeps_up(connection, now)
        if not well and not self._withheld:
            log.error("notify.watchdog_withheld", why="the engine does not follow its log")
        self._withheld = not well
        return well

    def _all(self, connection: Connection, channel: Channel, now: int) -> Iterator[Again]:
        """All that stands, but for what is on its way or silenced."""
        later = box.undecided(connection, channel.receiver.name)
        alerts = [
            alert
            for row, alert in _standing(connection, self.settings, channel, now)
            if row.alert not in later
        ]
        for start in range(0, len(alerts), MOST):
            yield Again(alerts[start : start + MOST], "")

    def _reminders(self, connection: Connection, channel: Channel, now: int) -> Iterator[Again]:
        """What was told long enough ago, stands, and nobody has acknowledged."""
        name, asked = channel.receiver.name, channel.receiver.wants
        rows = list(_standing(connection, self.settings, channel, now))
        told = box.delivered(connection, name, [row for row, _ in rows])
        again = box.reminded(connection, name)
        known = box.taken_on(connection)
        silent = {
            row.agency for row, alert in rows if alert["labels"]["alertname"] == "SourceStale"
        }
        due = [
            (row, alert)
            for row, alert in rows
            if row.id in told
            and row.alert not in known
            and (row.agency not in silent or alert["labels"]["alertname"] == "SourceStale")
            and now - max(told[row.id], again.get(row.alert, 0)) >= duration_ms(asked.repeat)
            and quiet_for(channel.receiver, alert, now) is None
        ]
        due.sort(key=_group)
        for _, some in groupby(due, key=_group):
            mine = list(some)
            names = tuple(row.alert for row, _ in mine)
            yield Again([alert for _, alert in mine], "Still open", names)


def _group(one: tuple[Row[Any], Told]) -> tuple[str, str]:
    row, alert = one
    return row.agency, alert["labels"].get("indicator", "")


def _standing(
    connection: Connection, settings: Settings, channel: Channel, now: int
) -> Iterator[tuple[Row[Any], Told]]:
    """What stands, that a receiver asked for and no silence holds."""
    found = silences(connection, settings, now)
    for row in box.standing(connection):
        alert: Told = msgspec.json.decode(row.payload)
        asked = alert["status"] == "firing" and wants(channel, alert)
        if asked and silenced(found, alert, now) is None:
            yield row, alert

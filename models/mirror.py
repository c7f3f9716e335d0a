"""What boards must know of the settings, copied to where Grafana can ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from models.settings import AgencySettings
from models.tables import setting
from models.upsert import put

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine

    from models.settings import Settings

OF_GROUP, OF_TARGET = "group", "target"
"""Kinds of what is copied."""

UNGROUPED = AgencySettings().group
"""The group of agencies that the settings name none for."""


def mirror(database: Engine, settings: Settings) -> None:
    """Write groups and targets as these settings have them; what they have no longer goes."""
    wanted = {(OF_GROUP, name): one.group for name, one in settings.agencies.items()}
    wanted |= {(OF_TARGET, name): repr(target) for name, target in settings.targets.items()}
    with database.connect() as connection:
        if mirrored(connection) == wanted:
            return
    with database.begin() as connection:
        for kind, name in sorted({*mirrored(connection)} - {*wanted}):
            c = setting.c
            connection.execute(setting.delete().where(c.kind == kind, c.name == name))
        rows = [{"kind": k, "name": n, "held": held} for (k, n), held in sorted(wanted.items())]
        put(connection, setting, rows)


def mirrored(connection: Connection) -> dict[tuple[str, str], str]:
    """What stands, by kind and name."""
    rows = connection.execute(select(setting))
    return {(row.kind, row.name): row.held for row in rows}


def groups(connection: Connection) -> Callable[[str], str]:
    """What gives the group of an agency, as it is mirrored."""
    held = mirrored(connection)
    return lambda agency: held.get((OF_GROUP, agency), UNGROUPED)

"""``headwind ack``."""

from __future__ import annotations

import time
from typing import Annotated, Any

import sqlalchemy
import typer
from sqlalchemy import delete, insert, select

from deploy import show
from deploy.options import STORE, Store
from models.store import explained, open_store, store_name
from models.tables import acknowledged, alert

SHORTEST = 6
"""So many characters of an id at least, of those that are shown."""


def command(
    name: Annotated[
        str,
        typer.Argument(
            metavar="ALERT_ID",
            help="The alert's id, as headwind alerts shows it: its beginning is enough.",
        ),
    ],
    undo: Annotated[bool, typer.Option("--undo", help="Nobody looks at it after all.")] = False,
    store: Store = STORE,
) -> None:
    """Say that somebody looks at an alert: it is not told again until it gets worse or closes."""
    database = open_store(store, make=False)
    with explained(store_name(database)), database.begin() as connection:
        found = _found(connection, name)
        connection.execute(delete(acknowledged).where(acknowledged.c.alert == found.id))
        if not undo:
            now = time.time_ns() // 1_000_000
            connection.execute(insert(acknowledged), {"alert": found.id, "at": now})
    database.dispose()
    what = "is told again" if undo else "is acknowledged"
    show.err.print(f"{found.id} {what}: {show.text(found.reason)}", markup=False, soft_wrap=True)


def _found(connection: sqlalchemy.Connection, name: str) -> sqlalchemy.Row[Any, Any, Any]:
    """The one alert of this id, which is not closed."""
    c = alert.c
    rows = connection.execute(
        select(c.id, c.state, c.reason).where(c.latest, c.id.startswith(name, autoescape=True))
    ).all()
    if not rows:
        message = f"there is no alert {name!r}; headwind alerts --active shows the ids of those that stand."
    elif len(name) < SHORTEST:
        message = f"{name!r} is too short; write at least {SHORTEST} characters of the id."
    elif len(rows) > 1:
        message = f"{name!r} names more than one alert; write more of the id."
    elif rows[0].state == "closed":
        message = f"alert {name!r} is over: {show.text(rows[0].reason)}"
    else:
        return rows[0]
    raise typer.BadParameter(message, param_hint="ALERT_ID")

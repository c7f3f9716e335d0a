"""``headwind alerts``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import sqlalchemy
import typer
from sqlalchemy import select

from deploy import show
from deploy.options import STORE, Agency, Format, FormatOption, Since, Store, iso, moment
from models.store import open_store
from models.tables import alert


def command(
    store: Store = STORE,
    agency: Agency = "",
    since: Since = "",
    active: Annotated[
        bool, typer.Option("--active", help="Only those that are not closed.")
    ] = False,
    history: Annotated[bool, typer.Option("--history", help="Every state each alert had.")] = False,
    form: FormatOption = Format.table,
) -> None:
    """Read alerts: what changed, how sure it is, since when, and whether it is over."""
    with open_store(store).connect() as connection:
        found = list(
            read(connection, agency, moment(since, "--since"), active=active, history=history)
        )
    columns = ("opened", "closed", "severity", "state", "agency", "alertname", "reason")
    show.rows(found, form, columns, "No alerts.")


def read(
    connection: sqlalchemy.Connection,
    agency: str,
    since: int | None,
    *,
    active: bool = False,
    history: bool = False,
) -> Iterator[dict[str, Any]]:
    """Rows in order of opening; the JSON of an alert."""
    question = select(alert).order_by(alert.c.opened, alert.c.id, alert.c.transition)
    if not history:
        question = question.where(alert.c.latest)
    if agency:
        question = question.where(alert.c.agency == agency)
    if since is not None:
        question = question.where(alert.c.updated >= since)
    if active:
        question = question.where(alert.c.state != "closed")
    for row in connection.execute(question):
        told = row._asdict()
        told |= {name: iso(told[name]) for name in ("opened", "updated", "closed")}
        told["evidence"] = msgspec.json.decode(told["evidence"])
        del told["latest"]
        yield told

"""``headwind refused``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec
import sqlalchemy
from sqlalchemy import select

from deploy import show
from deploy.options import (
    CONFIG,
    STORE,
    Agency,
    Config,
    Format,
    FormatOption,
    Since,
    Store,
    iso,
    moment,
    read_settings,
)
from deploy.reading import checked, narrowed, reading
from models.tables import refused

FIELDS = (
    "agency",
    "received",
    "origin",
    "event_source",
    "event_id",
    "event_type",
    "pointer",
    "code",
    "message",
)
"""What is told of each thing that is wrong, in JSON and CSV."""


def command(
    store: Store = STORE,
    config: Config = CONFIG,
    agency: Agency = "",
    since: Since = "",
    form: FormatOption = Format.table,
) -> None:
    """Read the quarantine: what was refused, where it stood, and every reason."""
    settings = read_settings(config)
    start = moment(since, "--since")
    asked = {"agency": agency}
    with reading(store) as connection:
        found = checked(connection, settings, asked, read(connection, asked, start))
        show.listed(found, form, FIELDS, _blocks, "Nothing was refused.")


def read(
    connection: sqlalchemy.Connection, asked: Mapping[str, str | None], since: int | None
) -> Iterator[dict[str, Any]]:
    """One row a problem, in order of receipt."""
    c = refused.c
    question = narrowed(select(refused), refused, asked).order_by(c.received, c.id)
    if since is not None:
        question = question.where(c.received >= since)
    for row in connection.execute(question):
        for problem in msgspec.json.decode(row.problems):
            yield {
                "id": row.id,
                "agency": row.agency,
                "received": iso(row.received),
                "origin": row.origin,
                "event_source": row.event_source,
                "event_id": row.event_id,
                "event_type": row.event_type,
                **problem,
            }


def _blocks(listed: Sequence[Mapping[str, Any]]) -> None:
    for _, problems in groupby(listed, key=lambda row: row["id"]):
        rows = list(problems)
        first = rows[0]
        names = ("agency", "origin", "event_type", "event_id")
        head = [show.day(first["received"]), *(show.text(first[n]) for n in names if first[n])]
        show.block(head, map(_words, rows), "bold")


def _words(row: Mapping[str, Any]) -> str:
    where = f"{show.text(row['pointer'])}: " if row["pointer"] else ""
    return f"{where}{show.text(row['message'])} ({row['code']})"

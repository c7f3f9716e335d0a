"""``headwind refused``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import sqlalchemy
from sqlalchemy import select

from deploy import show
from deploy.options import STORE, Agency, Format, FormatOption, Since, Store, iso, moment
from models.store import open_store
from models.tables import refused


def command(
    store: Store = STORE, agency: Agency = "", since: Since = "", form: FormatOption = Format.table
) -> None:
    """Read the quarantine: what was refused, where it stood, and every reason."""
    with open_store(store).connect() as connection:
        found = list(read(connection, agency, moment(since, "--since")))
    columns = ("agency", "origin", "event_type", "pointer", "code", "message")
    show.rows(found, form, columns, "Nothing was refused.")


def read(
    connection: sqlalchemy.Connection, agency: str, since: int | None
) -> Iterator[dict[str, Any]]:
    """One row a problem, in order of receipt."""
    question = select(refused).order_by(refused.c.received, refused.c.id)
    if agency:
        question = question.where(refused.c.agency == agency)
    if since is not None:
        question = question.where(refused.c.received >= since)
    for row in connection.execute(question):
        for problem in msgspec.json.decode(row.problems):
            yield {
                "agency": row.agency,
                "received": iso(row.received),
                "origin": row.origin,
                "event_source": row.event_source,
                "event_id": row.event_id,
                "event_type": row.event_type,
                **problem,
            }

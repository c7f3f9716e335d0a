"""An agency's own refused events, oldest first, page by page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import select, tuple_

from connectors._answers import Quarantine, QuarantinedEvent
from models.check import Problem
from models.tables import refused

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row


class CursorError(ValueError):
    """``after`` is not a ``next`` that was handed out."""


def read_quarantine(
    connection: Connection, agency: str, *, since: int, after: str, limit: int
) -> Quarantine:
    """Up to ``limit`` refused events of ``agency`` received at or after ``since`` (ms).

    ``after`` is empty or the ``next`` of the page before. Raises ``CursorError``.
    """
    wanted = (
        select(refused)
        .where(refused.c.agency == agency, refused.c.received >= since)
        .order_by(refused.c.received, refused.c.id)
        .limit(limit + 1)
    )
    if after:
        wanted = wanted.where(tuple_(refused.c.received, refused.c.id) > _cursor(after))
    rows = connection.execute(wanted).all()
    page = rows[:limit]
    more = f"{page[-1].received}.{page[-1].id}" if len(rows) > limit else None
    return Quarantine(refused=[_event(row) for row in page], next=more)


def iso(milliseconds: int) -> str:
    """Milliseconds since the epoch as ISO 8601 UTC.

    >>> iso(1530316800000)
    '2018-06-30T00:00:00Z'
    """
    moment = datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
    return moment.isoformat(timespec="milliseconds" if milliseconds % 1000 else "seconds").replace(
        "+00:00", "Z"
    )


def _cursor(text: str) -> tuple[int, str]:
    received, _, identity = text.partition(".")
    if not (received.isascii() and received.isdecimal() and len(received) < 16 and identity):
        message = "after must be the `next` of the page before."
        raise CursorError(message)
    return int(received), identity


def _event(row: Row[tuple[object, ...]]) -> QuarantinedEvent:
    return QuarantinedEvent(
        id=row.id,
        received=iso(row.received),
        origin=row.origin,
        event_source=row.event_source,
        event_id=row.event_id,
        event_type=row.event_type,
        problems=msgspec.json.decode(row.problems, type=list[Problem]),
        payload=None if row.payload is None else row.payload.decode(errors="replace"),
    )

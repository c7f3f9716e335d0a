"""Months of values: in PostgreSQL the table ``value`` is cut by the month that a window ends in.

A month that is out of retention is dropped in one stroke, and a board that asks for some weeks
reads them and nothing else. SQLite knows no such thing and keeps one table.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from models.tables import value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def ensure_months(connection: Connection, ends: Iterable[int]) -> None:
    """Make the months in which these windows end (ms), where they are not there yet.

    A new month is made apart and attached, which holds up neither those who read the other
    months nor those who write them.
    """
    if connection.dialect.name != "postgresql":
        return
    for name, start, stop in sorted({_month(end) for end in ends}):
        if connection.execute(select(func.to_regclass(name))).scalar() is not None:
            continue
        # Two may come to it at once: the second one waits here, and finds it made. One lock for
        # all months, as the table can be attached to by one at a time: two would wait in a ring.
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(value.name))))
        # Asked of the table of tables: to_regclass() may still remember that there was none.
        there = "SELECT 1 FROM pg_class WHERE relname = %(name)s AND pg_table_is_visible(oid)"
        if connection.exec_driver_sql(there, {"name": name}).scalar() is None:
            made = f"CREATE TABLE {name} (LIKE {value.name} INCLUDING ALL)"
            bounds = f"FOR VALUES FROM ({start}) TO ({stop})"
            connection.exec_driver_sql(made)
            connection.exec_driver_sql(f"ALTER TABLE {value.name} ATTACH PARTITION {name} {bounds}")


def _month(end: int) -> tuple[str, int, int]:
    """Name, first moment and end (ms) of the month of UTC that a moment lies in."""
    at = EPOCH + timedelta(milliseconds=end)
    first = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    after = (first + timedelta(days=32)).replace(day=1)
    start, stop = (round((one - EPOCH).total_seconds() * 1000) for one in (first, after))
    return f"{value.name}_{first:%Y_%m}", start, stop

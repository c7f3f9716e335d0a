"""The newest value of each series that has a gauge, remembered from one scrape to the next.

To find them all is to read every value that has a gauge: a second for two millions. What is newer
than five weeks before the newest of all is read anew each time; all of it only as often as takes
a sixtieth of the time, so that an old series that moves is late by a minute where there is much,
and never where there is little.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from threading import Lock
from typing import Final

import sqlalchemy
from sqlalchemy import RowMapping, and_, func, select

from models import tables

_V = tables.value.c
SHOWN: Final = and_(_V.span == "window", _V.latest, _V.unit == "", _V.stratum == "")
"""The values that have gauges: rolling ones of an agency and its services."""

KEY: Final = (_V.agency, _V.indicator, _V.service)
FIGURES: Final = (_V.value, _V.low, _V.high, _V.status)
RECENT_MS: Final = 35 * 86_400_000
SHARE: Final = 60
"""How many times as long as a reading of everything took passes before the next one."""


class Newest:
    """Safe to share between threads; one store each."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, ...], RowMapping] = {}
        self._whole_again = 0.0
        self._lock = Lock()

    def read(self, connection: sqlalchemy.Connection) -> Collection[RowMapping]:
        """The newest value of each series: agency, indicator, service, its end and figures."""
        with self._lock:
            began = time.monotonic()
            if began >= self._whole_again:
                self._rows = _read(connection)
                ended = time.monotonic()
                self._whole_again = ended + SHARE * (ended - began)
            elif self._rows:
                last: int = max(row["window_end"] for row in self._rows.values())
                self._read_recent(connection, last - RECENT_MS)
            return self._rows.values()

    def _read_recent(self, connection: sqlalchemy.Connection, since: int) -> None:
        old = {key: row for key, row in self._rows.items() if row["window_end"] <= since}
        self._rows = old | _read(connection, since)


def _read(
    connection: sqlalchemy.Connection, since: int | None = None
) -> dict[tuple[str, ...], RowMapping]:
    wanted = SHOWN if since is None else and_(SHOWN, _V.window_end > since)
    last = func.max(_V.window_end).label("window_end")
    newest = select(*KEY, last).where(wanted).group_by(*KEY).subquery()
    same = [column == newest.c[column.name] for column in (*KEY, _V.window_end)]
    question = select(*KEY, _V.window_end, *FIGURES).join(newest, and_(*same)).where(wanted)
    rows = connection.execute(question).mappings()
    return {tuple(row[column.name] for column in KEY): row for row in rows}

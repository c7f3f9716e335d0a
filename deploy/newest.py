"""The newest value of each series that has a gauge, remembered from one scrape to the next.

To find them all is to read every value that has a gauge: a second for two millions. What is newer
than five weeks before the newest of all is read anew each time; all of it once a minute, and more
often where that takes less than a sixtieth of the time. So an old series that moves is a minute
late where there is much, and never where there is little.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from threading import Lock
from typing import Final

import sqlalchemy
from sqlalchemy import ColumnElement, RowMapping, and_, func, select

from models import tables
from models.metrics import Gauge

_V = tables.value.c
SHOWN: Final = and_(_V.span == "window", _V.latest, _V.unit == "", _V.stratum == "")
"""The values that have gauges: rolling ones of an agency and its services."""

KEY: Final = (_V.agency, _V.indicator, _V.service)
FIGURES: Final[dict[Gauge, str]] = {
    "headwind_indicator": "value",
    "headwind_indicator_low": "low",
    "headwind_indicator_high": "high",
    "headwind_indicator_status": "status",
}
"""Which column of a value each gauge shows."""
RECENT_MS: Final = 35 * 86_400_000
SHARE: Final = 60
"""How many times as long as a reading of everything took passes before the next one …"""
LONGEST_S: Final = 60.0
"""… but no longer than this."""


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
            if not self._rows or began >= self._whole_again:
                self._rows = _read(connection)
                ended = time.monotonic()
                self._whole_again = ended + min(SHARE * (ended - began), LONGEST_S)
            else:
                last: int = max(row["window_end"] for row in self._rows.values())
                self._read_recent(connection, last - RECENT_MS)
            return self._rows.values()

    def _read_recent(self, connection: sqlalchemy.Connection, since: int) -> None:
        old = {key: row for key, row in self._rows.items() if row["window_end"] <= since}
        agencies = {row["agency"] for row in self._rows.values()}
        recent = and_(_V.window_end > since, _V.agency.in_(sorted(agencies)))
        self._rows = old | _read(connection, recent)


def _read(
    connection: sqlalchemy.Connection, recent: ColumnElement[bool] | None = None
) -> dict[tuple[str, ...], RowMapping]:
    wanted = SHOWN if recent is None else and_(SHOWN, recent)
    last = func.max(_V.window_end).label("window_end")
    newest = select(*KEY, last).where(wanted).group_by(*KEY).subquery()
    same = [column == newest.c[column.name] for column in (*KEY, _V.window_end)]
    question = (
        select(*KEY, _V.window_end, *(_V[column] for column in FIGURES.values()))
        .join(newest, and_(*same))
        .where(wanted)
    )
    rows = connection.execute(question).mappings()
    return {tuple(row[column.name] for column in KEY): row for row in rows}

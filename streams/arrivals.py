"""Arrivals: some records of one agency, decoded into columns in order of arrival."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import xxhash
from numpy.typing import NDArray

from models.check import Refusal, check
from models.event import DATA_TYPES, Event, decode_lines
from models.record import Record

I64 = NDArray[np.int64]

TYPES = tuple(sorted(DATA_TYPES))
"""Type names by their code."""

_CODE = {name: code for code, name in enumerate(TYPES)}

_PERIODS = frozenset(
    code for name, code in _CODE.items() if "part" in DATA_TYPES[name].__struct_fields__
)

HEARTBEAT = _CODE["headwind.context.source.heartbeat.v1"]


class Arrivals:
    """One row an event.

    ``times`` (ms) is when it happened; for a count, when its period began. ``received`` (ms)
    is that of its record. ``ids`` (n, 2) and ``bodies`` are hashes, ``types`` codes of
    :data:`TYPES`. ``refused`` pairs the events that could not be read with their receipt.
    """

    def __init__(self, agency: str, records: Sequence[Record]) -> None:
        self.events: list[Event] = []
        self.refused: list[tuple[int, Refusal]] = []
        self.lines: list[bytes] = []
        received: list[int] = []
        positions: list[int] = []
        for record in records:
            lines = [line for line in record.body.split(b"\n") if line]
            try:
                events = decode_lines(record.body)
            except (msgspec.DecodeError, ValueError):
                checked = check(lines, agency=agency, families=None, received=record.received)
                events, lines = checked.events, checked.lines
                self.refused += [(record.received, refusal) for refusal in checked.refused]
            self.events += events
            self.lines += lines
            received += [record.received] * len(events)
            positions += [record.position] * len(events)
        self.received: I64 = np.array(received, np.int64)
        self.positions: I64 = np.array(positions, np.int64)
        self.sources: I64 = np.zeros(len(received), np.int64)
        self._columns()

    def _columns(self) -> None:
        events = self.events
        self.types: I64 = np.array([_CODE[event.type] for event in events], np.int64)
        self.told: I64 = _ms([event.time for event in events])
        self.times = self.told.copy()
        for code in np.unique(self.types).tolist():
            if code in _PERIODS:
                rows = np.flatnonzero(self.types == code)
                self.times[rows] = _ms([_begin(events[i]) for i in rows.tolist()])
        self.stamps = self.received.copy()
        for row, event in enumerate(events):
            if event.recordedtime is not None:
                self.stamps[row] = round(event.recordedtime.timestamp() * 1000)
        digest = xxhash.xxh3_128_digest
        ids = b"".join([digest(f"{event.source}\x00{event.id}".encode()) for event in events])
        self.ids = np.frombuffer(ids, np.uint64).reshape(-1, 2)
        hashed = xxhash.xxh3_64_intdigest
        self.bodies = np.array([hashed(line) for line in self.lines], np.uint64)

    def __len__(self) -> int:
        return len(self.events)

    def keep(self, rows: I64) -> None:
        """Go on with these rows only."""
        if len(rows) == len(self.events):
            return
        self.events = [self.events[i] for i in rows.tolist()]
        self.lines = [self.lines[i] for i in rows.tolist()]
        for name in (
            "received",
            "positions",
            "sources",
            "types",
            "told",
            "times",
            "stamps",
            "ids",
            "bodies",
        ):
            setattr(self, name, getattr(self, name)[rows])


def _begin(event: Event) -> Any:
    return event.data.start  # type: ignore[attr-defined]


def _ms(moments: list[Any]) -> I64:
    return np.array([round(moment.timestamp() * 1000) for moment in moments], np.int64)

"""Arrivals: some records of one agency, decoded into columns in order of arrival."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import xxhash
from numpy.typing import NDArray

from models.check import Refusal, check
from models.event import DATA_TYPES, EVENT_TYPES, Event, decode_lines
from models.record import Record

I64 = NDArray[np.int64]

TYPES = tuple(sorted(DATA_TYPES))
"""Type names by their code."""

_CODE = {name: code for code, name in enumerate(TYPES)}

_PERIODS = frozenset(
    code for name, code in _CODE.items() if "part" in DATA_TYPES[name].__struct_fields__
)

_CODES = {kind: _CODE[name] for name, kind in EVENT_TYPES.items()}

_TIME, _ID, _SOURCE = attrgetter("time"), attrgetter("id"), attrgetter("source")

HEARTBEAT = _CODE["headwind.context.source.heartbeat.v1"]
PLANNED = _CODE["headwind.context.calendar.marked.v1"]
REBASED = _CODE["headwind.context.baseline.rebased.v1"]
POLICY = _CODE["headwind.remote.policy.changed.v1"]
RATED = _CODE["headwind.project.project.rated.v1"]
DECIDED = _CODE["headwind.project.decision.made.v1"]

HEARD = [
    _CODE[f"headwind.context.{name}.v1"]
    for name in (
        "shock.declared",
        "shock.closed",
        "definition.changed",
        "calendar.marked",
        "baseline.rebased",
    )
]
"""What changes how buckets are watched, beside crisis decisions."""


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
            lines = record.body.split(b"\n")
            if not lines[-1]:
                del lines[-1]
            try:
                events = decode_lines(record.body)
            except (msgspec.DecodeError, ValueError):
                checked = check(lines, agency=agency, families=None, received=record.received)
                events, lines = checked.events, checked.lines
                self.refused += [(record.received, refusal) for refusal in checked.refused]
            if len(lines) != len(events):
                lines = [line for line in lines if line.strip()]
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
        self.types: I64 = np.array([_CODES[kind] for kind in map(type, events)], np.int64)
        self.told: I64 = milliseconds(map(_TIME, events), len(events))
        self.times = self.told.copy()
        for code in np.unique(self.types).tolist():
            if code in _PERIODS:
                rows = np.flatnonzero(self.types == code)
                begins = [_begin(events[i]) for i in rows.tolist()]
                self.times[rows] = milliseconds(begins, len(begins))
        self.stamps = self.received.copy()
        for row, event in enumerate(events):
            if event.recordedtime is not None:
                self.stamps[row] = round(event.recordedtime.timestamp() * 1000)
        digest = xxhash.xxh3_128_digest
        # The source is the seed: one hash of it for all of its events.
        seeds = {
            name: xxhash.xxh3_64_intdigest(name.encode()) for name in set(map(_SOURCE, events))
        }
        names = zip(map(str.encode, map(_ID, events)), map(_SOURCE, events), strict=True)
        ids = b"".join([digest(name, seeds[source]) for name, source in names])
        self.ids = np.frombuffer(ids, np.uint64).reshape(-1, 2)
        self.bodies = np.frombuffer(b"".join(map(xxhash.xxh3_64_digest, self.lines)), np.uint64)

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


def milliseconds(moments: Iterable[datetime], count: int) -> I64:
    """Moments as ms since the epoch, rounded."""
    seconds = np.fromiter((moment.timestamp() for moment in moments), np.float64, count)
    return np.rint(seconds * 1000).astype(np.int64)

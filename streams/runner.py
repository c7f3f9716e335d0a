"""The embedded runner: from the log to results, one transaction at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from threading import Event as Flag

import sqlalchemy
import structlog

from models.log import append, read
from models.record import Record
from models.settings import Settings
from streams import store
from streams.engine import Changes, Engine
from streams.group import Groups
from streams.indicator import Indicator
from streams.summary import thaw

BATCH = 40
"""Records a transaction: at most 20,000 events, some tens of megabytes."""

SNAPSHOT_EVENTS = 200_000
"""Fewest events between two snapshots: a start folds at most so many anew, in a few seconds."""

TICK_MS = 60_000
"""How often the clock is written into the log."""

log = structlog.get_logger()


class HoleError(Exception):
    """The log lacks a position: something else wrote to it. Nothing was applied."""


class Runner:
    """Folds the log of one store. Only one may run on a store at a time."""

    def __init__(
        self, database: sqlalchemy.Engine, settings: Settings, catalogue: dict[str, Indicator]
    ) -> None:
        self.database = database
        self.engine = Engine(settings, catalogue)
        self.groups = Groups(settings, catalogue)
        self.applied = 0
        self.summaries = 0
        self.folded = 0
        """Events since the last snapshot."""
        self.lost = False
        """A commit failed: the state in memory is ahead of the store."""
        self.ticking = True
        """Whether ``run`` writes the clock into the log; a demo's clock is written by the demo."""
        self.on_commit: list[Callable[[Changes, float], None]] = []

    def start(self) -> None:
        """Restore the state of the last commit: from the snapshot, and the log behind it."""
        self.engine = Engine(self.engine.settings, self.engine.catalogue)
        self.groups = Groups(self.groups.settings, self.groups.catalogue)
        self.folded, self.lost = 0, False
        with self.database.connect() as connection:
            self.applied, at = store.position(connection, store.EVENTS)
            self.summaries, summaries_at = store.position(connection, store.SUMMARIES)
            if not (at and store.restore(connection, self.engine, self.groups)):
                self.engine = Engine(self.engine.settings, self.engine.catalogue)
                self.groups = Groups(self.groups.settings, self.groups.catalogue)
                at = summaries_at = 0
            while at < self.applied:
                records = read(connection, store.EVENTS, at, min(BATCH, self.applied - at))
                _whole(records, at)
                self.engine.apply(records)
                self.folded += sum(record.events for record in records)
                at = records[-1].position
            while summaries_at < self.summaries:
                room = min(BATCH, self.summaries - summaries_at)
                records = read(connection, store.SUMMARIES, summaries_at, room)
                _whole(records, summaries_at)
                for record in records:
                    self.groups.apply(thaw(record.body))
                    self.groups.marks()
                summaries_at = records[-1].position

    def step(self) -> int:
        """Apply the next records; how many there were. All of it, or nothing, is committed."""
        if self.lost:
            self.start()
        with self.database.connect() as connection:
            records = read(connection, store.EVENTS, self.applied, BATCH)
        if not records:
            return 0
        _whole(records, self.applied)
        began = time.perf_counter()
        self.lost = True
        changes = self.engine.apply(records)
        self.folded += sum(record.events for record in records)
        with self.database.begin() as connection:
            store.write(connection, self.engine, changes)
            self._groups(connection)
            at = self._snapshot(connection, records[-1].position)
            store.advance(connection, store.EVENTS, records[-1].position, at)
        self.applied = records[-1].position
        self.lost = False
        for tell in self.on_commit:
            tell(changes, time.perf_counter() - began)
        return len(records)

    def drain(self, progress: Callable[[int], None] | None = None) -> None:
        """Apply all there is."""
        while count := self.step():
            if progress is not None:
                progress(count)

    def run(self, stop: Flag, clock: Callable[[], int], idle_s: float = 0.05) -> None:
        """Apply until told to stop; writes the clock into the log as it goes."""
        ticked = 0
        while not stop.is_set():
            now = clock()
            if self.ticking and self.engine.agencies and now - ticked >= TICK_MS:
                self.tick(now)
                ticked = now
            # A pause gathers records: a transaction costs the same for one as for forty.
            if self.step() < BATCH:
                stop.wait(idle_s)

    def tick(self, now: int) -> None:
        """Write the clock into the log."""
        with self.database.begin() as connection:
            record = Record(agency="", received=now, kind="tick", events=0, body=b"")
            append(connection, store.EVENTS, [record])

    def close(self) -> None:
        """Leave a snapshot, so that the next start is quick."""
        if self.lost or not self.folded:
            # After a failed commit the state in memory is ahead of the store.
            return
        with self.database.begin() as connection:
            self.folded += SNAPSHOT_EVENTS * 1000
            at = self._snapshot(connection, self.applied)
            store.advance(connection, store.EVENTS, self.applied, at)

    def _groups(self, connection: sqlalchemy.Connection) -> None:
        """Fold the summaries written in this transaction."""
        while records := read(connection, store.SUMMARIES, self.summaries, BATCH):
            for record in records:
                first, restated = self.groups.apply(thaw(record.body))
                store.write_values(connection, first, restated)
                store.write_marks(connection, self.groups.marks())
            self.summaries = records[-1].position
        store.advance(connection, store.SUMMARIES, self.summaries, None)

    def _snapshot(self, connection: sqlalchemy.Connection, position: int) -> int | None:
        remembered = sum(len(agency.seen) for agency in self.engine.agencies.values())
        if self.folded < max(SNAPSHOT_EVENTS, remembered // 2):
            return None
        store.save(connection, self.engine, self.groups)
        store.advance(connection, store.SUMMARIES, self.summaries, self.summaries)
        self.folded = 0
        return position


def _whole(records: list[Record], after: int) -> None:
    """Refuse to go on over a hole, or where records that were applied are gone."""
    if not records:
        message = (
            f"The log has no record {after + 1}, which was applied. Restore the store from a copy."
        )
        raise HoleError(message)
    positions = [after, *(record.position for record in records)]
    for before, here in pairwise(positions):
        if here != before + 1:
            message = (
                f"The log has no record {before + 1} (the next one is {here}). Restore the store "
                "from a copy; nothing behind the hole was applied."
            )
            raise HoleError(message)

"""A lane: one partition of the log, folded by an engine of its own, one transaction at a time.

Records at positions that are applied already only bring the state up to where the results are;
what lies behind is folded and committed: state, position, results and outbox together.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from itertools import pairwise
from typing import Final, Protocol

import sqlalchemy

from models.kafka import DAY_MS
from models.log import append
from models.record import Record
from models.settings import Settings
from models.store import shared
from streams import snapshot, store
from streams.engine import Changes, Engine
from streams.indicator import Indicator
from streams.stand import EVENTS, SUMMARIES, TOLD, Stand, advance, claim, save, saved, standing
from streams.telling import clock, notices, refusals

SNAPSHOT_EVENTS = 200_000
"""Fewest events between two snapshots: a start folds at most so many anew, in a few seconds."""


NOBODY: Final = ""
"""Whose state stands where there is no agency."""

SNAPSHOTS: Final = 10
"""Fewest snapshots in the time for which Kafka keeps the log: behind the oldest it must be there."""


def old(settings: Settings, since: int | None, now: int) -> bool:
    """Whether a snapshot of that time (ms) is too old by now, where Kafka holds the log."""
    return since is not None and now - since >= settings.kafka.retention * DAY_MS // SNAPSHOTS


class Within(Protocol):
    """What else is done in the transaction of a lane; told whether a snapshot is taken in it."""

    def __call__(self, connection: sqlalchemy.Connection, *, snapshot: bool) -> None:
        """Do it."""


class HoleError(Exception):
    """The log lacks a position: something else wrote to it. Nothing was applied."""


class Lane:
    """The engine of one partition, and where it stands.

    With an ``owner`` it claims its partition and shares the store with other lanes; without one
    whoever made it sees to it that there is no other.
    """

    def __init__(
        self,
        database: sqlalchemy.Engine,
        settings: Settings,
        catalogue: dict[str, Indicator],
        *,
        partition: int = 0,
        owner: str = "",
    ) -> None:
        self.database = database
        self.engine = Engine(settings, catalogue)
        self.stand = Stand(EVENTS, partition)
        self.owner = owner
        self.at = 0
        """Last position that is in the state."""
        self.folded = 0
        """Events since the last snapshot."""
        self.since: int | None = None
        """When the first record after the last snapshot was received, ms."""
        self.clock = 0
        """The clock as it was told last, ms."""
        self.lost = False
        """A commit failed: the state in memory is ahead of the store."""
        self.on_commit: list[Callable[[Changes, float], None]] = []

    def open(self) -> None:
        """Restore the stored state; what was applied behind it is still to be folded anew."""
        engine = self.engine
        self.engine = Engine(engine.settings, engine.catalogue)
        self.folded, self.at, self.lost, self.since, self.clock = 0, 0, False, None, 0
        with self._writing() if self.owner else self.database.connect() as connection:
            stage, partition = self.stand.stage, self.stand.partition
            if self.owner:
                self.stand = claim(connection, stage, partition, self.owner)
            else:
                self.stand = standing(connection, stage, partition)
            if self.stand.snapshot:
                found = saved(connection, self.stand)
                for name, parts in found.items():
                    if name != NOBODY:
                        snapshot.restore(self.engine, name, parts)
                self.at = self.stand.snapshot if found else 0

    def take(
        self,
        records: Sequence[Record],
        within: Within | None = None,
    ) -> Changes | None:
        """Fold records; what is new is committed, all or nothing, and what it changed returned.

        Raises :class:`HoleError`, ``FencedError`` or what the database says; then the lane is
        ``lost`` and must be opened again.
        """
        whole(records, self.at)
        known = [record for record in records if record.position <= self.stand.applied]
        fresh = records[len(known) :]
        if known:
            self.engine.apply(known)
            self._count(known)
        if not fresh:
            return None
        began = time.perf_counter()
        self.lost = True
        changes = self.engine.apply(fresh)
        self._count(fresh)
        stand = self._commit(changes, within, fresh[-1].received)
        self.stand, self.lost = stand, False
        for tell in self.on_commit:
            tell(changes, time.perf_counter() - began)
        return changes

    def close(self, within: Within | None = None) -> None:
        """Leave a snapshot, so that the next start is quick."""
        # Kafka forgets, and so the clock alone is worth a snapshot.
        news = self.folded or (self.owner and self.at > self.stand.snapshot)
        if self.lost or not news or self.at < self.stand.applied:
            # After a failed commit the state in memory is ahead of the store.
            return
        with self._writing() as connection:
            self._save(connection)
            if within is not None:
                within(connection, snapshot=True)
            self.stand = advance(connection, self.stand, self.at, self.at)
        self.folded, self.since = 0, None

    def _writing(self) -> AbstractContextManager[sqlalchemy.Connection]:
        return shared(self.database) if self.owner else self.database.begin()

    def _count(self, records: Sequence[Record]) -> None:
        self.at = records[-1].position
        self.folded += sum(record.events for record in records)
        self.since = records[0].received if self.since is None else self.since

    def _commit(self, changes: Changes, within: Within | None, now: int) -> Stand:
        remembered = sum(len(agency.seen) for agency in self.engine.agencies.values())
        due = self.folded >= max(SNAPSHOT_EVENTS, remembered // 2) or (
            bool(self.owner) and old(self.engine.settings, self.since, now)
        )
        told = self.clock if now - self.clock < DAY_MS else now
        with self._writing() as connection:
            # First, so that whoever has lost the partition finds out before any work.
            stand = advance(connection, self.stand, self.at, self.at if due else None)
            stage = TOLD if self.owner else SUMMARIES
            written = store.write(connection, self.engine, changes, stage, stand.partition)
            if self.owner:
                words = [*refusals(written.refused), *notices(written.notices)]
                if told != self.clock:
                    words.append(clock(told))
                if words:
                    append(connection, TOLD, words, stand.partition)
            if within is not None:
                within(connection, snapshot=due)
            if due:
                self._save(connection)
        self.clock = told
        if due:
            self.folded, self.since = 0, None
        return stand

    def _save(self, connection: sqlalchemy.Connection) -> None:
        parts = [
            (name, part, body)
            for name in self.engine.agencies
            for part, body in snapshot.parts(self.engine, name)
        ]
        # A part of the log in which nobody has spoken yet has a state too, and it is not none.
        parts = parts or [(NOBODY, "", b"")]
        save(connection, self.stand, parts)


def whole(records: Sequence[Record], after: int) -> None:
    """Refuse to go on over a hole, or where records that were applied are gone."""
    positions = [after, *(record.position for record in records)]
    for before, here in pairwise(positions):
        if here != before + 1:
            message = (
                f"The log has no record {before + 1} (the next one is {here}). Restore the store "
                "from a copy; nothing behind the hole was applied."
            )
            raise HoleError(message)

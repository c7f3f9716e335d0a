"""The lane of stage two: one partition of the summaries, folded into its groups' values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import sqlalchemy

from models.mark import Mark
from models.record import Record
from models.settings import Settings
from models.store import shared
from models.value import Value
from streams import store
from streams.group import Groups
from streams.indicator import Indicator
from streams.lane import old, whole
from streams.stand import SUMMARIES, Stand, advance, claim, save, saved
from streams.summary import thaw
from streams.telling import heard

SNAPSHOT_RECORDS: Final = 20_000
"""Fewest records between two snapshots."""


class GroupLane:
    """The groups of one partition; what was told twice is heard once."""

    def __init__(
        self,
        database: sqlalchemy.Engine,
        settings: Settings,
        catalogue: dict[str, Indicator],
        *,
        partition: int,
        owner: str,
    ) -> None:
        self.database = database
        self.groups = Groups(settings, catalogue)
        self.stand = Stand(SUMMARIES, partition)
        self.owner = owner
        self.at = 0
        """Last position that is in the state."""
        self.heard: dict[tuple[str, int], int] = {}
        """The last number that was heard, by group and partition of the events."""
        self.folded = 0
        self.since: int | None = None
        """When the first word after the last snapshot was said, ms."""
        self.lost = False
        """A commit failed: the state in memory is ahead of the store."""

    def open(self) -> None:
        """Take the partition over, and restore the stored state."""
        self.groups = Groups(self.groups.settings, self.groups.catalogue)
        self.heard, self.at, self.folded, self.lost, self.since = {}, 0, 0, False, None
        with shared(self.database) as connection:
            self.stand = claim(connection, SUMMARIES, self.stand.partition, self.owner)
            parts = saved(connection, self.stand).get("", {}) if self.stand.snapshot else {}
            if parts:
                self.groups.load(parts["groups"])
                heard = msgspec.msgpack.decode(parts["heard"], type=list[tuple[str, int, int]])
                self.heard = {(group, origin): number for group, origin, number in heard}
                self.at = self.stand.snapshot

    def take(self, records: Sequence[Record]) -> int:
        """Fold records, each the word of one message; how many were new to this partition."""
        whole(records, self.at)
        known = sum(record.position <= self.stand.applied for record in records)
        for record in records[:known]:
            self._fold(record)
        fresh = records[known:]
        self.at = records[-1].position
        self.folded += len(records)
        self.since = records[0].received if self.since is None else self.since
        if not fresh:
            return 0
        self.lost = True
        told = [self._fold(record) for record in fresh]
        due = self.folded >= SNAPSHOT_RECORDS or self.is_old(records[-1].received)
        with shared(self.database) as connection:
            stand = advance(connection, self.stand, self.at, self.at if due else None)
            for first, restated, marks in told:
                store.write_values(connection, first, restated)
                store.write_marks(connection, marks)
            if due:
                self._save(connection)
        if due:
            self.folded, self.since = 0, None
        self.stand, self.lost = stand, False
        return len(fresh)

    def is_old(self, now: int) -> bool:
        """Whether the snapshot must be taken anew before Kafka forgets what lies behind it."""
        return old(self.groups.settings, self.since, now)

    def close(self) -> None:
        """Leave a snapshot, so that the next start is quick."""
        if self.lost or not self.folded or self.at < self.stand.applied:
            return
        with shared(self.database) as connection:
            self._save(connection)
            self.stand = advance(connection, self.stand, self.at, self.at)
        self.folded, self.since = 0, None

    def _fold(self, record: Record) -> tuple[list[Value], list[Value], list[Mark]]:
        said = heard(record.body)
        if said.number <= self.heard.get((record.agency, said.origin), 0):
            return [], [], []
        self.heard[record.agency, said.origin] = said.number
        return *self.groups.apply(thaw(said.news)), self.groups.marks()

    def _save(self, connection: sqlalchemy.Connection) -> None:
        heard = sorted((*key, number) for key, number in self.heard.items())
        parts = [("", "groups", self.groups.dump()), ("", "heard", msgspec.msgpack.encode(heard))]
        save(connection, self.stand, parts)

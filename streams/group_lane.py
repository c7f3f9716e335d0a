"""The lane of stage two: one partition of the summaries, folded into its groups' values.

Partitions of the events are heard in no fixed order, and one may be years ahead of another while
a past is caught up. So a group forgets a bucket only when the slowest has gone past it.
"""

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
from streams.group import DAY_MS, PATIENCE_DAYS, Groups
from streams.indicator import Indicator
from streams.lane import old, whole
from streams.stand import SUMMARIES, Stand, advance, claim, save, saved
from streams.summary import Hush, Summary, thaw
from streams.telling import Heard, heard

SNAPSHOT_RECORDS: Final = 20_000
"""Fewest records between two snapshots."""


Key = tuple[str, str, int]
"""A line of a group: its group, indicator and rhythm."""


class Slowest:
    """How far the partitions of the events have come, as the groups hear it."""

    def __init__(self) -> None:
        self.clocks: dict[tuple[str, int], tuple[int, int]] = {}
        """The first clock (ms) that was heard, and the last, by group and partition."""
        self.spoken: dict[tuple[Key, int], tuple[int, int]] = {}
        """The newest bucket, and when (ms) its partition came to it, by line and partition."""

    def hear(self, group: str, said: Heard, news: Sequence[Summary | Hush]) -> None:
        """Remember how far a word shows its partition to be."""
        if said.clock:
            first, last = self.clocks.get((group, said.origin), (said.clock, 0))
            self.clocks[group, said.origin] = first, max(last, said.clock)
        for one in news:
            if isinstance(one, Summary) and one.last:
                mine = ((group, one.indicator, one.line), said.origin)
                number, at = self.spoken.get(mine, (one.number, 0))
                self.spoken[mine] = max(number, one.number), max(at, one.recorded)

    def newest(self, key: Key, partitions: int) -> int | None:
        """The bucket to which all partitions have come; nothing where that is not known yet.

        One that goes on and says nothing of this line is waited for as long as an agency is.
        """
        reached = []
        for origin in range(partitions):
            if (key[0], origin) not in self.clocks:
                return None
            first, now = self.clocks[key[0], origin]
            number, at = self.spoken.get((key, origin), (None, first))
            if now - at > PATIENCE_DAYS * DAY_MS:
                continue
            if number is None:
                return None
            reached.append(number)
        return min(reached, default=None)

    def dump(self) -> bytes:
        """The state as bytes."""
        return msgspec.msgpack.encode((sorted(self.clocks.items()), sorted(self.spoken.items())))

    def load(self, body: bytes) -> None:
        """The state of :meth:`dump`."""
        pair = tuple[int, int]
        shape = tuple[
            list[tuple[tuple[str, int], pair]],
            list[tuple[tuple[Key, int], pair]],
        ]
        clocks, spoken = msgspec.msgpack.decode(body, type=shape)
        self.clocks, self.spoken = dict(clocks), dict(spoken)


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
        self.groups = Groups(settings, catalogue, forgets=False)
        self.slowest = Slowest()
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
        self.groups = Groups(self.groups.settings, self.groups.catalogue, forgets=False)
        self.slowest = Slowest()
        self.heard, self.at, self.folded, self.lost, self.since = {}, 0, 0, False, None
        with shared(self.database) as connection:
            self.stand = claim(connection, SUMMARIES, self.stand.partition, self.owner)
            parts = saved(connection, self.stand).get("", {}) if self.stand.snapshot else {}
            if parts:
                self.groups.load(parts["groups"])
                heard = msgspec.msgpack.decode(parts["heard"], type=list[tuple[str, int, int]])
                self.heard = {(group, origin): number for group, origin, number in heard}
                # A snapshot from before there were clocks: until they are heard nothing is forgotten.
                if "slowest" in parts:
                    self.slowest.load(parts["slowest"])
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
        news = thaw(said.news)
        self.slowest.hear(record.agency, said, news)
        told = *self.groups.apply(news), self.groups.marks()
        if said.clock:
            self._forget(record.agency)
        return told

    def _forget(self, group: str) -> None:
        """Let the groups forget what no partition can come back to within retention."""
        partitions = self.groups.settings.kafka.partitions
        for key, line in self.groups.lines.items():
            newest = self.slowest.newest(key, partitions) if key[0] == group else None
            if newest is None:
                continue
            last = self.groups.horizon(key, newest)
            if line.forgotten is None or last > line.forgotten:
                line.pack()
                line.forget(last)

    def _save(self, connection: sqlalchemy.Connection) -> None:
        heard = sorted((*key, number) for key, number in self.heard.items())
        parts = {
            "groups": self.groups.dump(),
            "heard": msgspec.msgpack.encode(heard),
            "slowest": self.slowest.dump(),
        }
        save(connection, self.stand, [("", name, body) for name, body in parts.items()])

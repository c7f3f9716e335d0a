"""The embedded runner: from the log to results, one transaction at a time."""

from __future__ import annotations

from collections.abc import Callable
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
from streams.lane import HoleError, Lane, whole
from streams.stand import EVENTS, SUMMARIES, Stand, advance, save, saved, standing
from streams.summary import thaw

BATCH = 40
"""Records a transaction: at most 20,000 events, some tens of megabytes."""

TICK_MS = 60_000
"""How often the clock is written into the log."""

log = structlog.get_logger()


class Runner:
    """Folds the log of one store. Only one may run on a store at a time."""

    def __init__(
        self, database: sqlalchemy.Engine, settings: Settings, catalogue: dict[str, Indicator]
    ) -> None:
        self.database = database
        self.lane = Lane(database, settings, catalogue)
        self.groups = Groups(settings, catalogue)
        self.heard = Stand(SUMMARIES, 0)
        """Where stage two stands, which is folded in the same transactions."""

    @property
    def engine(self) -> Engine:
        """Stage one."""
        return self.lane.engine

    @property
    def applied(self) -> int:
        """The last position whose results are stored."""
        return self.lane.stand.applied

    @property
    def on_commit(self) -> list[Callable[[Changes, float], None]]:
        """Who is told of every commit: what it changed, and how long it took in seconds."""
        return self.lane.on_commit

    def start(self) -> None:
        """Restore the state of the last commit: from the snapshot, and the log behind it."""
        self.lane.open()
        self.groups = Groups(self.groups.settings, self.groups.catalogue)
        with self.database.connect() as connection:
            self.heard = standing(connection, SUMMARIES)
            at = 0
            if self.lane.at and (body := saved(connection, self.heard).get("", {}).get("groups")):
                self.groups.load(body)
                at = self.heard.snapshot
            while self.lane.at < self.applied:
                room = min(BATCH, self.applied - self.lane.at)
                self.lane.take(_there(read(connection, EVENTS, self.lane.at, room), self.lane.at))
            while at < self.heard.applied:
                records = read(connection, SUMMARIES, at, min(BATCH, self.heard.applied - at))
                whole(_there(records, at), at)
                for record in records:
                    self.groups.apply(thaw(record.body))
                    self.groups.marks()
                at = records[-1].position

    def step(self) -> int:
        """Apply the next records; how many there were. All of it, or nothing, is committed."""
        if self.lane.lost:
            self.start()
        with self.database.connect() as connection:
            records = read(connection, EVENTS, self.applied, BATCH)
        if records:
            self.lane.take(records, self._groups)
        return len(records)

    def drain(self, progress: Callable[[int], None] | None = None) -> None:
        """Apply all there is."""
        while count := self.step():
            if progress is not None:
                progress(count)

    def run(
        self,
        stop: Flag,
        clock: Callable[[], int],
        ticking: Callable[[], bool] = lambda: True,
        idle_s: float = 0.05,
    ) -> None:
        """Apply until told to stop; writes the clock into the log as it goes, while ``ticking``."""
        ticked = 0
        while not stop.is_set():
            now = clock()
            if ticking() and self.engine.agencies and now - ticked >= TICK_MS:
                self.tick(now)
                ticked = now
            # A pause gathers records: a transaction costs the same for one as for forty.
            if self.step() < BATCH:
                stop.wait(idle_s)

    def tick(self, now: int) -> None:
        """Write the clock into the log."""
        with self.database.begin() as connection:
            record = Record(agency="", received=now, kind="tick", events=0, body=b"")
            append(connection, EVENTS, [record])

    def close(self) -> None:
        """Leave a snapshot, so that the next start is quick."""
        self.lane.close(self._groups)

    def _groups(self, connection: sqlalchemy.Connection, *, snapshot: bool) -> None:
        """Fold the summaries written in this transaction, and store the state where it is due."""
        at = self.heard.applied
        while records := read(connection, SUMMARIES, at, BATCH):
            for record in records:
                first, restated = self.groups.apply(thaw(record.body))
                store.write_values(connection, first, restated)
                store.write_marks(connection, self.groups.marks())
            at = records[-1].position
        if snapshot:
            save(connection, self.heard, [("", "groups", self.groups.dump())])
        self.heard = advance(connection, self.heard, at, at if snapshot else None)


def _there(records: list[Record], after: int) -> list[Record]:
    """The records; none is an error where some were applied."""
    if not records:
        message = (
            f"The log has no record {after + 1}, which was applied. Restore the store from a copy."
        )
        raise HoleError(message)
    return records

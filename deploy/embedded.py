"""The embedded monitor: front, engine and notifications in one process, on one store."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

import structlog
from sqlalchemy import func, select

from deploy.front import Front
from deploy.lock import sole
from models import tables
from models.settings import Settings
from streams.catalogue import allowed
from streams.runner import Runner

log = structlog.get_logger()

PAUSE_S = 1.0
"""How long the engine rests after a fault (a full disk, say) before it tries again."""


class Embedded(Front):
    """Everything that ``headwind serve`` runs where no Kafka is named."""

    def __init__(self, store: str, settings: Settings, clock: Callable[[], int]) -> None:
        super().__init__(store, settings, clock)
        self.runner = Runner(self.database, settings, allowed(settings.privacy))
        self.runner.on_commit.append(self.gauges.committed)
        self._lock = ExitStack()
        self._claimed = False

    @property
    def jobs(self) -> dict[str, Callable[[], None]]:
        """The engine first."""
        return {"engine": self._engine, **super().jobs}

    def claim(self) -> None:
        """Be the only one that evaluates this store. Raises StoreError where another does."""
        if self._claimed:
            return
        self._lock.enter_context(sole(self.database))
        self._claimed = True

    def start(self) -> None:
        """Take up where the last run ended, then follow the log."""
        self.claim()
        self.runner.start()
        super().start()

    def leave(self) -> None:
        """Leave a snapshot, and let others evaluate this store."""
        if self.ended():
            self.runner.close()
        self._lock.close()

    def tick(self, now: int) -> None:
        """Write the clock into the log."""
        self.runner.tick(now)

    def behind(self) -> int:
        """How many records of the log are not in the results yet."""
        with self.database.connect() as connection:
            last = connection.execute(
                select(func.max(tables.log.c.position)).where(tables.log.c.stage == 1)
            ).scalar()
        return (last or 0) - self.runner.applied

    def _engine(self) -> None:
        while not self.stopping.is_set():
            try:
                self.runner.run(self.stopping, self.clock, lambda: self.ticking)
            except Exception as error:
                log.exception("engine.fault", fault=type(error).__name__, next_try_s=PAUSE_S)
                self.stopping.wait(PAUSE_S)

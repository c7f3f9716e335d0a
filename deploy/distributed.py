"""The front of a monitor whose engine runs as workers: as many of these as one likes.

Only one of them at a time notifies and writes the clock into the log: who has the lease.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

import structlog

from connectors._publish_kafka import KafkaPublisher
from deploy.front import Front
from deploy.lock import lease
from deploy.workers import STAGES, progress
from models.settings import Settings
from models.store import StoreError
from streams.runner import TICK_MS
from streams.worker.history import partitions

log = structlog.get_logger()

LOOK_S: Final = 3.0
"""How often a front that has no lease looks whether it is free."""

KEEP_S: Final = 5.0
"""How often the one that has it makes sure that it still has."""


class Distributed(Front):
    """Everything that ``headwind serve`` runs where Kafka is named."""

    def __init__(self, store: str, settings: Settings, clock: Callable[[], int]) -> None:
        super().__init__(store, settings, clock)
        self._leading = threading.Event()

    @property
    def jobs(self) -> dict[str, Callable[[], None]]:
        """Notifying, the clock and marks in Grafana, for as long as the lease is ours."""
        return {"lease": self._lead, **self.annotating}

    def leads(self) -> bool:
        """Whether the lease is ours, as far as was seen last."""
        return self._leading.is_set()

    def _lead(self) -> None:
        while not self.stopping.is_set():
            try:
                with lease(self.database) as held:
                    if held():
                        log.info("lease.ours")
                        self._lead_while(held)
            except StoreError as error:
                log.warning("lease.trouble", said=str(error))
            self.stopping.wait(LOOK_S)

    def _lead_while(self, held: Callable[[], bool]) -> None:
        self._leading.set()
        try:
            self._notify_while(held)
        finally:
            # Before the lease is given back: another one may have it at once.
            self._leading.clear()

    def _notify_while(self, held: Callable[[], bool]) -> None:
        ticked, looked = 0, self.clock()
        while not self.stopping.is_set():
            now = self.clock()
            if now - looked >= KEEP_S * 1000:
                if not held():
                    log.warning("lease.lost")
                    return
                looked = now
            if self.ticking and now - ticked >= TICK_MS:
                self.tick(now)
                ticked = now
            self.relay.attempt(self.stopping)
            self.stopping.wait(0.2)

    def claim(self) -> None:
        """Nothing: fronts share all but the lease, which is taken when it is free."""

    def leave(self) -> None:
        """Nothing: the lease is given up by its thread."""

    def tick(self, now: int) -> None:
        """Write the clock into every partition."""
        if isinstance(self.publisher, KafkaPublisher):
            self.publisher.tick(now)

    def behind(self) -> int:
        """How many messages no worker has applied, by agency or by group, or told to groups."""
        ends = {topic: partitions(self.settings.kafka, topic) for topic in STAGES}
        with self.database.connect() as connection:
            return progress(connection, ends).behind

"""The embedded monitor: door, engine, page, /metrics and notifications in one process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from importlib.metadata import version

import structlog
from litestar import Litestar, Response, get
from litestar.handlers import HTTPRouteHandler
from sqlalchemy import func, select

from connectors._collector import spare
from connectors._door import EXCEPTION_HANDLERS, create_door
from connectors._door_openapi import openapi_config
from connectors._publish import EmbeddedPublisher
from dashboards.page import create_page
from deploy.gauges import Gauges
from deploy.lock import engine_lock
from deploy.runbook_pages import runbook
from models import tables
from models.meters import CONTENT_TYPE
from models.settings import Settings
from models.store import StoreError, open_store
from streams.catalogue import allowed
from streams.notify.relay import Relay
from streams.runner import Runner

log = structlog.get_logger()

PAUSE_S = 1.0
"""How long the engine rests after a fault (a full disk, say) before it tries again."""


class Embedded:
    """Everything that ``headwind serve`` runs; ``app`` starts and stops the threads."""

    def __init__(self, store: str, settings: Settings, clock: Callable[[], int]) -> None:
        self.settings = settings
        self.clock = clock
        self.database = open_store(store)
        self.gauges = Gauges(self.database)
        self.publisher = EmbeddedPublisher(self.database)
        indicators = allowed(settings.privacy)
        self.runner = Runner(self.database, settings, indicators)
        self.runner.on_commit.append(self.gauges.committed)
        self.door, self.router = create_door(
            self.database, self.publisher, settings.door, clock=clock, meter=self.gauges
        )
        self.page = create_page(self.database, settings, indicators.values())
        self.relay = Relay(self.database, settings, clock, meter=self.gauges)
        self._stop = threading.Event()
        self._lock = ExitStack()
        self._claimed = False
        self._threads = [
            threading.Thread(target=self._engine, name="engine", daemon=True),
            threading.Thread(target=self._notify, name="notify", daemon=True),
        ]

    @property
    def app(self) -> Litestar:
        """The application: door, page and /metrics."""
        return Litestar(
            [self.router, *self.page, self._metrics(), runbook],
            openapi_config=openapi_config(version("headwind")),
            exception_handlers=EXCEPTION_HANDLERS,
            on_startup=[self.start, spare],
            on_shutdown=[self.stop],
            logging_config=None,
        )

    def claim(self) -> None:
        """Be the only one that evaluates this store. Raises StoreError where another does."""
        if self._claimed:
            return
        if not self._lock.enter_context(engine_lock(self.database)):
            message = (
                f"{self.database.url.database} is evaluated by another headwind already. "
                "Stop that one, or use another --store."
            )
            raise StoreError(message)
        self._claimed = True

    def start(self) -> None:
        """Take up where the last run ended, then follow the log."""
        self.claim()
        self.runner.start()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Make durable what was taken, apply it, leave a snapshot."""
        self.door.close()
        self._stop.set()
        running = [thread for thread in self._threads if thread.ident is not None]
        for thread in running:
            thread.join(timeout=30)
        if running and not self._threads[0].is_alive():
            self.runner.close()
        self._lock.close()

    def behind(self) -> int:
        """How many records of the log are not in the results yet."""
        with self.database.connect() as connection:
            last = connection.execute(
                select(func.max(tables.log.c.position)).where(tables.log.c.stage == 1)
            ).scalar()
        return (last or 0) - self.runner.applied

    def _engine(self) -> None:
        while not self._stop.is_set():
            try:
                self.runner.run(self._stop, self.clock)
            except Exception as error:
                log.exception("engine.fault", fault=type(error).__name__, next_try_s=PAUSE_S)
                self._stop.wait(PAUSE_S)

    def _notify(self) -> None:
        self.relay.run(self._stop)

    def _metrics(self) -> HTTPRouteHandler:
        @get("/metrics", include_in_schema=False, sync_to_thread=True)
        def metrics() -> Response[str]:
            return Response(self.gauges.text(), headers={"content-type": CONTENT_TYPE})

        return metrics

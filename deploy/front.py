"""The front of the monitor: door, page, /metrics and runbook, whoever evaluates behind it."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from importlib.metadata import version

import structlog
from litestar import Litestar, Response, get
from litestar.handlers import HTTPRouteHandler

from connectors._door import EXCEPTION_HANDLERS, create_door
from connectors._door_openapi import openapi_config
from connectors._publish import publisher_for
from dashboards.page import create_page
from deploy.annotating import Annotator
from deploy.gauges import Gauges
from deploy.runbook_pages import runbook
from models.collector import spare
from models.meters import CONTENT_TYPE
from models.mirror import mirror
from models.settings import Settings
from models.store import open_store
from streams.catalogue import allowed
from streams.notify.relay import Relay

log = structlog.get_logger()


class Front(ABC):
    """What faces agencies and readers; ``app`` starts and stops the threads in ``jobs``."""

    def __init__(self, store: str, settings: Settings, clock: Callable[[], int]) -> None:
        self.settings = settings
        self.clock = clock
        self.database = open_store(store)
        self.gauges = Gauges(self.database, embedded=not settings.kafka.servers)
        self.publisher = publisher_for(self.database, settings)
        indicators = allowed(settings.privacy)
        self.door, self.router = create_door(
            self.database, self.publisher, settings.door, clock=clock, meter=self.gauges
        )
        self.page = create_page(self.database, settings, indicators.values())
        self.relay = Relay(self.database, settings, clock, meter=self.gauges)
        self.annotator = Annotator(self.database, settings, clock) if settings.grafana.url else None
        self.stopping = threading.Event()
        self.ticking = True
        """Whether the clock is written into the log; a demo's clock is written by the demo."""
        self._threads = [
            threading.Thread(target=job, name=name, daemon=True) for name, job in self.jobs.items()
        ]

    @property
    def jobs(self) -> dict[str, Callable[[], None]]:
        """What runs beside the door, each in a thread of its own until ``stopping`` is set."""
        return {"notify": lambda: self.relay.run(self.stopping), **self.annotating}

    @property
    def annotating(self) -> dict[str, Callable[[], None]]:
        """The job that draws marks in Grafana, where one is named; slow, so no part of another."""
        if (annotator := self.annotator) is None:
            return {}
        return {"annotate": lambda: annotator.run(self.stopping, self.leads)}

    def leads(self) -> bool:
        """Whether it is this process that tells others what was decided."""
        return True

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

    @abstractmethod
    def claim(self) -> None:
        """Take what only one process may have. Raises StoreError where another has it."""

    @abstractmethod
    def leave(self) -> None:
        """Give up what :meth:`claim` took."""

    @abstractmethod
    def tick(self, now: int) -> None:
        """Write the clock (ms) into the log."""

    @abstractmethod
    def behind(self) -> int:
        """How many records of the log are not in the results yet."""

    def start(self) -> None:
        """Begin, or take up where the last run ended."""
        self.claim()
        mirror(self.database, self.settings)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Make durable what was taken, end the jobs and let the database go."""
        self.door.close()
        self.stopping.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(timeout=30)
        self.publisher.close()
        self.leave()
        self.database.dispose()

    def ended(self) -> bool:
        """Whether every job that began has ended."""
        return all(thread.ident is not None and not thread.is_alive() for thread in self._threads)

    def _metrics(self) -> HTTPRouteHandler:
        @get("/metrics", include_in_schema=False, sync_to_thread=True)
        def metrics() -> Response[str]:
            return Response(self.gauges.text(), headers={"content-type": CONTENT_TYPE})

        return metrics

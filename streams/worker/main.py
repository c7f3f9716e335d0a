"""A worker's life: settings checked, store opened, lanes folded, until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog

from models.collector import spare
from models.meters import Meters
from models.settings import Settings
from models.store import StoreBusyError, open_store
from streams.catalogue import allowed
from streams.worker.health import Health
from streams.worker.history import checked
from streams.worker.lanes import EVENTS, SUMMARIES, Lanes, Member
from streams.worker.send import Sender
from streams.worker.shell import Shell

DEADLINE_S: Final = 20.0
"""How long leaving may take; what is not finished by then is folded by another worker."""

PAUSE_S: Final = 1.0
"""How long a worker waits before it asks silent brokers again."""

log = structlog.get_logger()


class WorkerError(Exception):
    """The worker cannot work; the message says why, and what to do."""


def work(
    store: str, settings: Settings, *, name: str = "", listen: tuple[str, int] | None = None
) -> None:
    """Work until SIGTERM or SIGINT; ``listen`` is where /metrics, /live and /ready are answered.

    Raises :class:`WorkerError` or ``StoreError``.
    """
    if not settings.kafka.servers:
        message = (
            "no Kafka is named: write servers under [kafka] in headwind.toml, or run "
            "headwind serve, which needs none."
        )
        raise WorkerError(message)
    if not store.startswith("postgresql"):
        message = (
            "workers share their store: name one with --store postgresql://user@host/database."
        )
        raise WorkerError(message)
    owner = name or f"{socket.gethostname()}-{os.getpid()}"
    database = open_store(store)
    sender = Sender(settings.kafka)
    meters = Meters()
    catalogue = allowed(settings.privacy)
    lanes = Lanes(database, settings, catalogue, Member(owner, sender, meters))
    health = Health(owner, meters, database)
    try:
        with _listening(health, listen):
            _check_topics(settings)
            asyncio.run(_run(settings, lanes, health))
    finally:
        sender.close()
        database.dispose()


def _check_topics(settings: Settings) -> None:
    """Wait until a broker answers. Raises StoreError where topics are not as they must be."""
    while True:
        try:
            checked(settings.kafka, (EVENTS, SUMMARIES))
        except StoreBusyError as error:
            log.warning("worker.waits", said=str(error))
            time.sleep(PAUSE_S)
        else:
            return


@contextmanager
def _listening(health: Health, listen: tuple[str, int] | None) -> Iterator[None]:
    if listen is None:
        yield
        return
    try:
        server = health.serve(*listen)
    except OSError as error:
        message = f"{listen[0]} port {listen[1]} cannot be listened on ({error.strerror})"
        raise WorkerError(message) from None
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


async def _run(settings: Settings, lanes: Lanes, health: Health) -> None:
    shell = Shell(settings.kafka, lanes, health)
    loop = asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, shell.stop)
    spare()
    log.info("worker.start", name=health.name)
    await shell.run(DEADLINE_S)
    if shell.fault is not None:
        raise WorkerError(str(shell.fault)) from shell.fault

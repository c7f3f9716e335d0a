"""Publishing: the one way by which a connector's events become durable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec
from sqlalchemy import case

from models.log import append
from models.record import MAX_EVENTS, Record
from models.refused import refused_rows
from models.store import explained, store_name
from models.tables import load, refused
from models.upsert import add, insert_into

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection, Engine

    from connectors._publish_kafka import KafkaPublisher
    from models.check import Refusal
    from models.settings import Settings

STAGE = 1
"""Connectors write events by agency; stage 2 is fed by the engine alone."""


class Batch(msgspec.Struct, kw_only=True):
    """Events of one agency that belong into the log together.

    ``received`` is milliseconds since the epoch. ``lines`` holds one JSON object each, without
    a newline inside, already checked. ``refused`` are those that failed the check. ``origin``
    says where they came from: ``door``, or a file's name. ``load`` is the checkpoint of a
    file: (fingerprint, file, events sent so far, finished).
    """

    agency: str
    received: int
    lines: list[bytes]
    refused: list[Refusal] = []
    origin: str = "door"
    load: tuple[str, str, int, bool] | None = None


class Publisher(Protocol):
    """What a connector needs of the log, whichever way Headwind runs."""

    def publish(self, batches: Sequence[Batch]) -> None:
        """Write all batches, in order, or none; durable (it survives a power cut) on return.

        Raises ``models.store.StoreError`` (``StoreBusyError`` and ``StoreFullError``: try again
        later) when nothing was written.
        """


class EmbeddedPublisher:
    """Publishes into the log table of the embedded store, one transaction a call."""

    def __init__(self, engine: Engine) -> None:
        """``engine`` comes from ``models.store.open_store``."""
        self._engine = engine

    def publish(self, batches: Sequence[Batch]) -> None:
        """Write log records (500 events each at most), refused rows and load checkpoints."""
        records = [record for batch in batches for record in _records(batch)]
        with explained(store_name(self._engine)), self._engine.begin() as connection:
            append(connection, STAGE, records)
            _beside(connection, batches)

    def close(self) -> None:
        """Nothing is held between calls."""


def write_beside(engine: Engine, batches: Sequence[Batch]) -> None:
    """Write refused rows and load checkpoints of batches whose events are durable elsewhere."""
    if any(batch.refused or batch.load for batch in batches):
        with explained(store_name(engine)), engine.begin() as connection:
            _beside(connection, batches)


def _beside(connection: Connection, batches: Sequence[Batch]) -> None:
    rows = [
        row
        for batch in batches
        for row in refused_rows(batch.agency, batch.received, batch.origin, batch.refused)
    ]
    add(connection, refused, rows)
    for batch in batches:
        _checkpoint(connection, batch)


def _records(batch: Batch) -> Iterator[Record]:
    for start in range(0, len(batch.lines), MAX_EVENTS):
        lines = batch.lines[start : start + MAX_EVENTS]
        yield Record(
            agency=batch.agency,
            received=batch.received,
            kind="events",
            events=len(lines),
            body=b"\n".join(lines) + b"\n",
        )


def _checkpoint(connection: Connection, batch: Batch) -> None:
    if batch.load is None:
        return
    fingerprint, file, events, finished = batch.load
    statement = insert_into(connection, load).values(
        id=fingerprint, file=file[-512:], events=events, finished=finished, updated=batch.received
    )
    fresh = statement.excluded
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[load.c.id],
            set_={
                "file": fresh.file,
                "events": case((load.c.events > fresh.events, load.c.events), else_=fresh.events),
                "finished": case((load.c.finished, load.c.finished), else_=fresh.finished),
                "updated": fresh.updated,
            },
        )
    )


def publisher_for(engine: Engine, settings: Settings) -> EmbeddedPublisher | KafkaPublisher:
    """The publisher that these settings ask for. Raises StoreBusyError where Kafka is silent."""
    if not settings.kafka.servers:
        return EmbeddedPublisher(engine)
    from connectors._publish_kafka import KafkaPublisher

    return KafkaPublisher(engine, settings.kafka)

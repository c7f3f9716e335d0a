"""Publishing into Kafka: durable once the brokers that must keep it have said so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from kafka.errors import KafkaError, MessageSizeTooLargeError
from sqlalchemy import Engine

from connectors._publish import Batch, write_beside
from models.envelope import NDJSON
from models.kafka import MAX_BODY, MAX_MESSAGE, KafkaSettings
from models.partitioning import partition_of
from models.producer import durable, wait_kept
from models.record import MAX_EVENTS, Record
from models.store import StoreBusyError, StoreError

ANSWER_S: Final = 30
"""How long the brokers may take to keep a message, before the sender is told to try again."""

HEADERS: Final = [("content-type", NDJSON.encode())]


class KafkaPublisher:
    """Publishes events into their topic, and what stands beside them into the store.

    Every message holds lines of one agency, at most 500 events or 256 KiB, and goes to the
    partition of that agency, in order, idempotently, kept by all replicas in sync. What was
    refused and the checkpoint of a file follow once all of that is kept: what a break in between
    leaves out is sent again, and its events are dropped as repeats.
    """

    def __init__(self, engine: Engine, settings: KafkaSettings) -> None:
        """``engine`` comes from ``open_store``. Raises StoreBusyError where no broker answers."""
        self._engine = engine
        self._settings = settings
        self._topic = settings.topic("events")
        try:
            self._producer = durable(
                settings,
                ANSWER_S,
                compression_type="zstd",
                batch_size=2 * MAX_BODY,
                max_request_size=MAX_MESSAGE,
            )
        except KafkaError:
            raise StoreBusyError(_silent(settings)) from None

    def publish(self, batches: Sequence[Batch]) -> None:
        """Send all batches and wait until they are kept. Raises ``StoreError`` where they are not."""
        self._wait(
            self._send(batch.agency, batch.received, body)
            for batch in batches
            for body in bodies(batch.lines)
        )
        write_beside(self._engine, batches)

    def copy(self, records: Sequence[Record]) -> None:
        """Send records of another log as they are, ticks to every partition; raises as above."""
        self._wait(
            sent
            for one in records
            for sent in (
                self._ticks(one.received)
                if one.kind == "tick"
                else [self._send(one.agency, one.received, one.body)]
            )
        )

    def tick(self, now: int) -> None:
        """Write the clock (ms) into every partition of the log; raises as above."""
        self._wait(self._ticks(now))

    def close(self) -> None:
        """Let go of the brokers."""
        self._producer.close(timeout=ANSWER_S)

    def _wait(self, sending: Iterable[Any]) -> None:
        try:
            wait_kept(self._producer, sending, ANSWER_S)
        except MessageSizeTooLargeError:
            message = "a message is larger than the topic allows; see headwind topics check."
            raise StoreError(message) from None
        except KafkaError:
            raise StoreBusyError(_silent(self._settings)) from None

    def _ticks(self, now: int) -> Iterator[Any]:
        headers = [("kind", b"tick"), ("received", str(now).encode())]
        for partition in range(self._settings.partitions):
            yield self._producer.send(
                self._topic, value=b"{}", partition=partition, headers=headers
            )

    def _send(self, agency: str, received: int, body: bytes) -> Any:
        return self._producer.send(
            self._topic,
            key=agency.encode(),
            value=body,
            partition=partition_of(agency, self._settings.partitions),
            headers=[*HEADERS, ("received", str(received).encode())],
        )


def bodies(lines: Sequence[bytes]) -> Iterator[bytes]:
    """Lines as bodies of messages: at most 500 events each, and 256 KiB unless one is longer."""
    held: list[bytes] = []
    size = 0
    for line in lines:
        if held and (len(held) == MAX_EVENTS or size + len(line) >= MAX_BODY):
            yield b"\n".join(held) + b"\n"
            held, size = [], 0
        held.append(line)
        size += len(line) + 1
    if held:
        yield b"\n".join(held) + b"\n"


def _silent(settings: KafkaSettings) -> str:
    servers = ", ".join(settings.servers)
    return f"Kafka ({servers}) does not answer; nothing was kept. Send the same events again later."

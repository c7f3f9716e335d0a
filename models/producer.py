"""A producer of Kafka whose messages are kept, in order and once, by all replicas in sync."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kafka import KafkaProducer

from models.kafka import KafkaSettings


def durable(settings: KafkaSettings, answer_s: int, **more: Any) -> Any:
    """The producer; ``answer_s`` is how long (s) the brokers may take over a message.

    ``more`` are options of kafka-python. Raises KafkaError where no broker answers.
    """
    return KafkaProducer(
        **settings.client(),
        acks="all",
        enable_idempotence=True,
        linger_ms=2,
        max_block_ms=answer_s * 1000,
        request_timeout_ms=10_000,
        delivery_timeout_ms=answer_s * 1000,
        **more,
    )


def wait_kept(producer: Any, sending: Iterable[Any], answer_s: int) -> None:
    """Send all, in their order, and return when the brokers keep them.

    ``sending`` yields what each ``send`` of ``producer`` returned. Raises KafkaError where they
    do not keep one.
    """
    sent = list(sending)
    producer.flush(timeout=answer_s)
    for one in sent:
        one.get(timeout=answer_s)

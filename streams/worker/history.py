"""Everything that Kafka still holds of the events, a partition after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any, Final

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from models.kafka import KafkaSettings, cut_differently
from models.store import StoreBusyError, StoreError
from streams.intake import Message

CHUNK: Final = 500
PATIENCE_MS: Final = 20_000
"""How long a broker may take to give the next messages."""


Ends = dict[int, tuple[int, int]]
"""Of each partition of a topic: its first offset, and the one after its last."""


def partitions(settings: KafkaSettings, topic: str = "events") -> Ends:
    """Of each partition of a topic: its first offset, and the one after its last."""
    with _consumer(settings) as consumer:
        mine = _mine(consumer, settings.topic(topic))
        first, last = consumer.beginning_offsets(mine), consumer.end_offsets(mine)
        return {one.partition: (first[one], last[one]) for one in mine}


def checked(settings: KafkaSettings, topics: Iterable[str]) -> dict[str, Ends]:
    """The partitions of topics. Raises StoreError where one is missing or is cut otherwise."""
    found = {topic: partitions(settings, topic) for topic in topics}
    for topic, ends in found.items():
        if len(ends) != settings.partitions:
            have = len(ends)
            raise StoreError(cut_differently(settings.topic(topic), have, settings.partitions))
    return found


def history(
    settings: KafkaSettings, partition: int, until: int, start: int = 0
) -> Iterator[list[Message]]:
    """The messages of one partition from offset ``start`` up to, without, ``until``.

    Raises StoreError where some of them are gone, and StoreBusyError where no broker answers.
    """
    mine = TopicPartition(settings.topic("events"), partition)
    at = start
    with _consumer(settings) as consumer:
        consumer.assign([mine])
        consumer.seek(mine, at)
        while at < until:
            found = consumer.poll(timeout_ms=PATIENCE_MS, max_records=CHUNK).get(mine, [])
            chunk = [_message(one) for one in found if one.offset < until]
            if not chunk or chunk[0].offset != at:
                where = f"offset {at} of partition {partition}"
                message = f"{where} is not in Kafka any more: retention has removed it."
                raise StoreError(message)
            at = chunk[-1].offset + 1
            yield chunk


def _mine(consumer: Any, name: str) -> list[TopicPartition]:
    found = consumer.partitions_for_topic(name)
    if not found:
        message = f"there is no topic {name}; make it: headwind topics create."
        raise StoreError(message)
    return [TopicPartition(name, number) for number in sorted(found)]


@contextmanager
def _consumer(settings: KafkaSettings) -> Iterator[Any]:
    """A consumer outside of any group; its errors are those of a store."""
    try:
        with closing(
            KafkaConsumer(
                **settings.client(),
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="none",
            )
        ) as consumer:
            yield consumer
    except KafkaError:
        message = f"Kafka ({', '.join(settings.servers)}) does not answer."
        raise StoreBusyError(message) from None


def _message(one: Any) -> Message:
    return Message(one.offset, one.key, one.value, one.timestamp, one.headers)

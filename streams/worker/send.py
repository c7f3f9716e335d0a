"""Sends words to their topics; they are kept by the brokers on return."""

from __future__ import annotations

from threading import Lock
from typing import Any, Final

from kafka.errors import KafkaError

from models.kafka import KafkaSettings
from models.partitioning import partition_of
from models.producer import durable, wait_kept
from models.store import StoreBusyError
from streams.telling import Word

ANSWER_S: Final = 20


class Sender:
    """Makes its producer at the first word, so that a worker can start before the brokers do."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._producer: Any = None
        self._making = Lock()

    def __call__(self, words: list[Word]) -> None:
        """Send words in their order. Raises StoreBusyError where the brokers do not keep them."""
        try:
            producer = self._made()
            wait_kept(producer, (self._send(producer, word) for word in words), ANSWER_S)
        except KafkaError:
            message = f"Kafka ({', '.join(self._settings.servers)}) does not answer."
            raise StoreBusyError(message) from None

    def _made(self) -> Any:
        # Lanes speak from several threads, and words of one lane over two producers lose their
        # order: the group would take the one that is overtaken for heard already.
        with self._making:
            if self._producer is None:
                self._producer = durable(self._settings, ANSWER_S)
            return self._producer

    def _send(self, producer: Any, word: Word) -> Any:
        return producer.send(
            self._settings.topic(word.topic),
            key=word.key.encode(),
            value=word.value,
            partition=partition_of(word.key, self._settings.partitions),
        )

    def close(self) -> None:
        """Let go of the brokers."""
        if self._producer is not None:
            self._producer.close(timeout=ANSWER_S)

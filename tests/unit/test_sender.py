"""Words of a worker's lanes go out in their order, from whichever thread they come."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from models.settings import Settings
from streams.telling import Word
from streams.worker import send
from streams.worker.send import Sender

LANES = 4
SETTINGS = Settings.of({"kafka": {"servers": ["127.0.0.1:9"], "partitions": 1}})


class Producer:
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def send(self, _: str, *, key: bytes, value: bytes, partition: int) -> Producer:
        """Keep a word."""
        assert (key, partition) == (b"all", 0)
        self.sent.append(value)
        return self

    def flush(self, timeout: float) -> None:
        """Nothing is left to be sent."""

    def get(self, timeout: float) -> None:
        """It is kept."""


def test_lanes_that_speak_at_once_share_one_producer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the words of a lane could overtake each other, and be lost to the group."""
    made: list[Producer] = []

    def slow(*_: Any) -> Producer:
        time.sleep(0.05)
        made.append(Producer())
        return made[-1]

    monkeypatch.setattr(send, "durable", slow)
    sender, start = Sender(SETTINGS.kafka), Barrier(LANES)

    def speak(lane: int) -> None:
        start.wait()
        sender([Word("summaries", "all", b"%d %d" % (lane, number)) for number in range(9)])

    with ThreadPoolExecutor(LANES) as threads:
        list(threads.map(speak, range(LANES)))
    (only,) = made
    for lane in range(LANES):
        mine = [value for value in only.sent if value.startswith(b"%d " % lane)]
        assert mine == [b"%d %d" % (lane, number) for number in range(9)]

"""Gathering: of each partition as much is handed on at a time as has come since the last time.

Each time costs a transaction or three, whatever is in it. So a stream of single events makes
transactions as large as the store is slow, and no queue of small ones; partitions do not wait
for each other. Only a past of months that is caught up is cut: else one partition would be folded
to its end before the next begins, and groups would be given anew for every bucket of each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, Final

from models.kafka import DAY_MS
from streams.intake import Message

MOST: Final = 2 * 1024 * 1024
"""Bytes of messages from which a hand is full."""

ROOM: Final = 8
"""Chunks of a partition that may wait; whoever brings another one waits too."""

SPAN_MS: Final = 60 * DAY_MS
"""Time of receipt in what is applied at once: partitions of one worker go on side by side."""

Apply = Callable[[Any, Sequence[Any]], Awaitable[None]]
"""Takes a partition and events of it, in the order in which they came."""


class Gather:
    """What waits to be applied, partition by partition."""

    def __init__(self, apply: Apply) -> None:
        self._apply = apply
        self._waiting: dict[Any, list[Any]] = {}
        self._busy: dict[Any, asyncio.Task[None]] = {}
        self._room = asyncio.Event()
        self._closed = False

    async def add(self, tp: Any, event: Any) -> None:
        """Have a chunk applied behind those that came before; waits where there are many."""
        if self._closed:
            return
        self._waiting.setdefault(tp, []).append(event)
        if tp not in self._busy:
            self._busy[tp] = asyncio.create_task(self._drain(tp))
        while len(self._waiting.get(tp, ())) >= ROOM:
            self._room.clear()
            await self._room.wait()

    def drop(self, tp: Any) -> None:
        """Forget what waits of a partition: it is another worker's now."""
        self._waiting.pop(tp, None)
        self._room.set()

    def close(self) -> None:
        """Apply nothing more; what is being applied is not waited for."""
        self._closed = True
        for task in self._busy.values():
            task.cancel()
        self._waiting.clear()
        self._room.set()

    async def _drain(self, tp: Any) -> None:
        try:
            while waiting := self._waiting.get(tp):
                hand = _hand(waiting)
                del waiting[: len(hand)]
                self._room.set()
                await self._apply(tp, hand)
        finally:
            del self._busy[tp]


def _hand(waiting: Sequence[Any]) -> list[Any]:
    """The first of what waits, no more than is good to have at a time."""
    hand, size = [], 0
    for event in waiting:
        hand.append(event)
        size += sum(len(one.value or b"") for one in event.message.value)
        if size >= MOST:
            break
    return hand


def spans(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    """Messages of a partition, cut where more time lies between them than is applied at once."""
    start = 0
    if messages and received(messages[-1]) - received(messages[0]) > SPAN_MS:
        first = received(messages[0])
        for place, message in enumerate(messages):
            if received(message) - first > SPAN_MS:
                yield messages[start:place]
                start, first = place, received(message)
    if len(messages) > start:
        yield messages[start:]


def received(message: Message) -> int:
    """When a message was received first, ms: a log may have been moved here from elsewhere."""
    for name, value in message.headers:
        if name == "received" and value.isdigit():
            return int(value)
    return message.timestamp

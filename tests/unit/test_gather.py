"""What is fetched is handed on in order, as much at a time as has come."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from streams.worker import gather
from streams.worker.gather import Gather


def chunk(number: int, size: int = 1) -> Any:
    """A chunk of one message."""
    value = [SimpleNamespace(value=bytes(size))]
    return SimpleNamespace(number=number, message=SimpleNamespace(value=value))


class Slow:
    """Applies when it is let; notes what it was given."""

    def __init__(self) -> None:
        self.hands: list[tuple[str, list[int]]] = []
        self.let = asyncio.Event()

    async def __call__(self, tp: str, events: Sequence[Any]) -> None:
        """Take a hand."""
        self.hands.append((tp, [event.number for event in events]))
        await self.let.wait()


def test_what_came_in_the_meantime_goes_together() -> None:
    """In order; and no partition waits for another."""

    async def run() -> None:
        slow = Slow()
        gathering = Gather(slow)
        for number in range(4):
            await gathering.add("a", chunk(number))
            await asyncio.sleep(0)
        await gathering.add("b", chunk(9))
        await asyncio.sleep(0)
        assert slow.hands == [("a", [0]), ("b", [9])]
        slow.let.set()
        await asyncio.sleep(0.01)
        assert slow.hands == [("a", [0]), ("b", [9]), ("a", [1, 2, 3])]

    asyncio.run(run())


def test_a_hand_is_no_larger_than_is_good() -> None:
    """Large chunks go one by one."""

    async def run() -> None:
        slow = Slow()
        slow.let.set()
        gathering = Gather(slow)
        for number in range(3):
            await gathering.add("a", chunk(number, gather.MOST))
        await asyncio.sleep(0.01)
        assert [numbers for _, numbers in slow.hands] == [[0], [1], [2]]

    asyncio.run(run())


def test_whoever_brings_too_much_waits() -> None:
    """Memory is bounded; what is dropped or closed makes room."""

    async def run() -> None:
        slow = Slow()
        gathering = Gather(slow)

        async def bring() -> None:
            for number in range(100):
                await gathering.add("a", chunk(number))

        bringing = asyncio.create_task(bring())
        await asyncio.sleep(0.01)
        assert not bringing.done()
        assert len(gathering._waiting["a"]) == gather.ROOM
        gathering.drop("a")
        await asyncio.sleep(0.01)
        assert len(gathering._waiting["a"]) == gather.ROOM
        gathering.close()
        await asyncio.wait_for(bringing, 1)
        await asyncio.sleep(0)
        assert slow.hands == [("a", [*range(gather.ROOM)])]
        assert not gathering._busy

    asyncio.run(run())

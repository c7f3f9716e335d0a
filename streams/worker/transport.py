"""What Faust fetches, handed over a partition's chunk at a time, from where the store says.

A consumer of our own inside of Faust's transport. Four of its methods are ours, and how long it
lets a broker wait:

- ``getmany`` gives one message for each fetched chunk of a partition, whose value is the list of
  what was fetched: one event a message then costs a twentieth of the usual way;
- ``seek_to_committed`` asks the lanes where they stand: the group's own offsets are never read;
- ``_new_offset`` gives the group the end of what is acknowledged, which only shows the lag;
- ``_add_gap`` does nothing: the lanes find gaps, and Faust would acknowledge what lies in one.

These are private names of faust-streaming 0.15.3, which is pinned; a test tells when one goes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, ClassVar, Final, cast

from faust.transport.drivers import aiokafka as driver

from streams.intake import Message

WAIT_MS: Final = 50
"""How long a broker holds back the answer to a fetch that finds nothing."""

Asked = Callable[[Any], Awaitable[int]]
"""Gives the next offset of a partition that is ours."""


class _Thread(driver.AIOKafkaConsumerThread):
    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer: Any = super()._create_worker_consumer(transport)
        # A broker answers one fetch at a time, and what was not asked for in it waits for its
        # end: Faust's second and a half would be the latency of every partition.
        consumer._fetch_max_wait_ms = WAIT_MS  # noqa: SLF001
        return consumer


class ChunkConsumer(driver.Consumer):
    """Fetches chunks, and begins where the lanes stand."""

    def _new_consumer_thread(self) -> Any:
        return _Thread(self, loop=self.loop, beacon=self.beacon)

    async def getmany(
        self,
        timeout: float,  # noqa: ASYNC109
    ) -> AsyncIterator[tuple[Any, Any]]:
        """One message a fetched chunk; its offset is that of the last record."""
        records, active = await self._wait_next_records(timeout)
        generation = self.app.consumer_generation_id
        if records is None or self.should_stop:
            return
        if not self.flow_active:
            await self.perform_seek()
            return
        for tp, chunk in records.items():
            if not self.flow_active or self.app.consumer_generation_id != generation:
                return
            if not chunk or not (active is None or tp in active or tp in self._buffered_partitions):
                continue
            message: Any = self._to_message(tp, chunk[-1])
            message.value = [
                Message(one.offset, one.key, one.value, one.timestamp, one.headers) for one in chunk
            ]
            yield tp, message

    async def seek_to_committed(self) -> Mapping[Any, int]:
        """Seek every partition that is ours to where its lane stands."""
        asked: Asked = cast("ChunkTransport", self.transport).asked
        wanted = {tp: await asked(tp) for tp in self.assignment()}
        if wanted:
            await self._thread.seek_wait(wanted)
        return wanted

    async def again(self, tp: Any) -> None:
        """Fetch a partition anew, from where its lane stands."""
        if tp in self.assignment():
            await self._thread.seek_wait(
                {tp: await cast("ChunkTransport", self.transport).asked(tp)}
            )
        await asyncio.sleep(0)

    def _new_offset(self, tp: Any) -> int | None:
        acked = self._acked[tp]
        if not acked:
            return None
        last: int = max(acked)
        acked.clear()
        self._acked_index[tp].clear()
        return last + 1

    async def _add_gap(self, tp: Any, offset_from: int, offset_to: int) -> None:
        """Gaps are found by the lanes."""


class ChunkTransport(driver.Transport):
    """Faust's transport with our consumer; ``asked`` is set before the first fetch."""

    Consumer: ClassVar[type] = ChunkConsumer
    asked: Asked

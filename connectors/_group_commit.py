"""Group commit: requests that arrive together share one transaction, thus one fsync."""

from __future__ import annotations

import asyncio
import contextlib
from threading import Condition, Thread
from typing import TYPE_CHECKING

from connectors._publish import Batch
from models.store import StoreBusyError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connectors._publish import Publisher

_Waiting = tuple[Batch, "asyncio.Future[None]"]


class GroupCommit:
    """Publishes batches from any number of requests through one writing thread.

    The thread commits what has gathered while the commit before was under way, so a lone
    request never waits for others, and many requests cost one transaction. Waiting on
    purpose for company (2 ms were tried) doubles the median and helps nobody.
    """

    def __init__(
        self,
        publisher: Publisher,
        *,
        most_events: int = 2_000,
        most_waiting_bytes: int = 64 * 1024 * 1024,
    ) -> None:
        """``most_events`` in one transaction (a larger batch goes alone, whole)."""
        self._publisher = publisher
        self._most_events = most_events
        self._most_waiting_bytes = most_waiting_bytes
        self._waiting: list[_Waiting] = []
        self._waiting_bytes = 0
        self._condition = Condition()
        self._closed = False
        self._thread: Thread | None = None

    async def submit(self, batch: Batch) -> None:
        """Return when the batch is durable; raise ``StoreError`` when it was not written."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        size = _size(batch)
        with self._condition:
            if self._closed:
                message = "The door is closing; send again in a moment."
                raise StoreBusyError(message)
            if self._waiting_bytes and self._waiting_bytes + size > self._most_waiting_bytes:
                message = "Too much is waiting to be written; send again in a moment."
                raise StoreBusyError(message)
            self._waiting.append((batch, future))
            self._waiting_bytes += size
            if self._thread is None:
                self._thread = Thread(target=self._run, name="door-commit", daemon=True)
                self._thread.start()
            self._condition.notify()
        await future

    def close(self) -> None:
        """Write what is waiting, then stop; later batches are turned away."""
        with self._condition:
            self._closed = True
            self._condition.notify()
        if self._thread is not None:
            self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether batches can still be written."""
        return not self._closed and (self._thread is None or self._thread.is_alive())

    def _run(self) -> None:
        while taken := self._take():
            self._commit(taken)

    def _take(self) -> list[_Waiting]:
        with self._condition:
            while not self._waiting and not self._closed:
                self._condition.wait()
            events = count = 0
            for batch, _ in self._waiting:
                events += len(batch.lines) + len(batch.refused)
                if count and events > self._most_events:
                    break
                count += 1
            taken, self._waiting = self._waiting[:count], self._waiting[count:]
            self._waiting_bytes -= sum(_size(batch) for batch, _ in taken)
            return taken

    def _commit(self, taken: list[_Waiting]) -> None:
        try:
            self._publisher.publish(merge(batch for batch, _ in taken))
        except StoreError as error:
            _answer(taken, error)
        except Exception as error:  # noqa: BLE001 (whoever waits must get an answer)
            if len(taken) == 1:
                _answer(taken, error)
                return
            # One batch that cannot be written must not take the others' answers with it.
            for one in taken:
                self._commit([one])
        else:
            _answer(taken, None)


def merge(batches: Iterable[Batch]) -> list[Batch]:
    """One batch an agency, in order of first arrival, received when its last part was.

    Taking the latest receipt can never make an event that was checked against an earlier one
    lie in the future. Batches with a load checkpoint stay on their own.
    """
    merged: list[Batch] = []
    by_agency: dict[str, Batch] = {}
    for batch in batches:
        into = by_agency.get(batch.agency)
        if batch.load is not None or into is None or into.origin != batch.origin:
            copy = Batch(
                agency=batch.agency,
                received=batch.received,
                lines=list(batch.lines),
                refused=list(batch.refused),
                origin=batch.origin,
                load=batch.load,
            )
            merged.append(copy)
            if batch.load is None:
                by_agency[batch.agency] = copy
            continue
        into.lines.extend(batch.lines)
        into.refused.extend(batch.refused)
        into.received = max(into.received, batch.received)
    return merged


def _size(batch: Batch) -> int:
    return sum(map(len, batch.lines)) + sum(len(one.payload or b"") for one in batch.refused)


def _answer(taken: list[_Waiting], error: Exception | None) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
    for _, future in taken:
        by_loop.setdefault(future.get_loop(), []).append(future)
    for loop, futures in by_loop.items():
        # A loop that has ended has nobody left to answer.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle, futures, error)


def _settle(futures: list[asyncio.Future[None]], error: Exception | None) -> None:
    for future in futures:
        if future.done():
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)

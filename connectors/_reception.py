"""The HTTP door: events in, durable before the answer; what was refused, back with every reason."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Any, Protocol

from litestar.exceptions import HTTPException
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from connectors._answers import Caller, Receipt, RefusedEvent
from connectors._body import read_body
from connectors._group_commit import GroupCommit
from connectors._keys import Grant, Keyring
from connectors._publish import Batch
from connectors._quarantine import CursorError, iso, read_quarantine
from connectors._rate import TokenBuckets
from models.check import Checked, Refusal, check
from models.envelope import EnvelopeError, split
from models.settings import DoorSettings
from models.store import StoreError, StoreFullError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from litestar import Request
    from sqlalchemy import Engine

    from connectors._answers import Quarantine
    from connectors._publish import Publisher

INLINE_BYTES = 64 * 1024
"""A larger body is taken apart beside the event loop, so that single events do not wait for it."""

_UNREADABLE = "cannot be read just now"
_RETRY_FULL_S = 60
_RETRY_BUSY_S = 5


class Meter(Protocol):
    """Where the door counts what it does; labels are agencies and statuses, nothing of events."""

    def request(self, status: int, seconds: float) -> None:
        """One ``POST /events`` was answered."""

    def events(self, agency: str, accepted: int, refused: Sequence[Refusal]) -> None:
        """So many events of one request were accepted (durable), and these were refused."""


class NoMeter:
    """Counts nothing."""

    def request(self, status: int, seconds: float) -> None:
        """Do nothing."""

    def events(self, agency: str, accepted: int, refused: Sequence[Refusal]) -> None:
        """Do nothing."""


class DoorFault(HTTPException):
    """A request that is turned away as a whole, with a sentence for its sender."""

    def __init__(self, status: int, sentence: str, headers: dict[str, str] | None = None) -> None:
        """``sentence`` never repeats anything of the request."""
        super().__init__(detail=sentence, status_code=status, headers=headers)


class Reception:
    """Everything behind the routes: keys, limits, check, commit, quarantine.

    ``clock`` gives milliseconds since the epoch: the stamp of every record. ``elapsed`` gives
    seconds that never run back.
    """

    def __init__(  # noqa: PLR0913 (each is a part of the door that a test may replace)
        self,
        engine: Engine,
        publisher: Publisher,
        settings: DoorSettings,
        *,
        clock: Callable[[], int],
        meter: Meter | None = None,
        elapsed: Callable[[], float] = monotonic,
    ) -> None:
        """``engine`` comes from ``open_store``; the door itself only reads through it."""
        self._engine = engine
        self._settings = settings
        self._clock = clock
        self._meter = meter or NoMeter()
        self._keyring = Keyring(engine, clock, elapsed=elapsed)
        self._buckets = TokenBuckets(settings.rate_per_second, elapsed)
        self._commit = GroupCommit(publisher)
        # Two: one large body being checked must not hold up every other one.
        self._workers = ThreadPoolExecutor(2, thread_name_prefix="door-check")

    @property
    def allowed_rate(self) -> int | None:
        """Requests a minute that always pass, for the webhook handshake; None: no limit."""
        return self._settings.rate_per_second * 60 or None

    def close(self) -> None:
        """Make durable what was taken, then stop."""
        self._commit.close()
        self._workers.shutdown()

    async def receive(
        self, request: Request[Any, Any, Any], *, dry_run: bool
    ) -> tuple[int, Receipt]:
        """Take the events of one request; the status and what to answer, once durable."""
        started = perf_counter()
        status = int(HTTPStatus.INTERNAL_SERVER_ERROR)
        try:
            status, receipt = await self._receive(request, dry_run=dry_run)
        except HTTPException as fault:
            status = fault.status_code
            raise
        finally:
            self._meter.request(status, perf_counter() - started)
        return status, receipt

    async def _receive(
        self, request: Request[Any, Any, Any], *, dry_run: bool
    ) -> tuple[int, Receipt]:
        grant = self.admit(request.headers)
        self._limit(grant.agency)
        received = self._clock()
        try:
            body = await read_body(
                request.stream(), request.headers, max_body=self._settings.max_body
            )
            checked = await self._check(body, request.headers, grant, received)
        except EnvelopeError as error:
            raise DoorFault(error.status, error.sentence) from None
        if not dry_run:
            batch = Batch(
                agency=grant.agency, received=received, lines=checked.lines, refused=checked.refused
            )
            await self._store(batch)
            self._meter.events(grant.agency, len(checked.lines), checked.refused)
        return _answer(checked, dry_run=dry_run)

    async def _check(
        self, body: bytes, headers: Mapping[str, str], grant: Grant, received: int
    ) -> Checked:
        def work() -> Checked:
            lines = split(body, headers)
            return check(lines, agency=grant.agency, families=grant.families, received=received)

        if len(body) <= INLINE_BYTES:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._workers, work)

    async def _store(self, batch: Batch) -> None:
        try:
            await self._commit.submit(batch)
        except StoreError as error:
            full = isinstance(error, StoreFullError)
            why = "is full" if full else "cannot be written just now"
            raise unavailable(why, _RETRY_FULL_S if full else _RETRY_BUSY_S) from None

    def admit(self, headers: Mapping[str, str]) -> Grant:
        """Who the request's key belongs to; 401 without saying what is wrong with a key."""
        challenge = {"WWW-Authenticate": 'Bearer realm="headwind"'}
        header = headers.get("authorization", "")
        if not header:
            sentence = "Send your agency's key in the header `Authorization: Bearer hwk_…`."
            raise DoorFault(401, sentence, challenge)
        try:
            grant = self._keyring.authenticate(header)
        except SQLAlchemyError:
            raise unavailable(_UNREADABLE, _RETRY_BUSY_S) from None
        if grant is None:
            sentence = "This key is not accepted. Ask whoever runs the monitor for a valid one."
            raise DoorFault(401, sentence, challenge)
        return grant

    def _limit(self, agency: str) -> None:
        if seconds := self._buckets.take(agency):
            sentence = f"Too many requests for now; send more events in each, or wait {seconds} s."
            raise DoorFault(429, sentence, {"Retry-After": str(seconds)})

    def caller(self, headers: Mapping[str, str]) -> Caller:
        """Who is asking, by their key."""
        grant = self.admit(headers)
        return Caller(
            agency=grant.agency,
            key=grant.key,
            families=None if grant.families is None else sorted(grant.families),
            expires=None if grant.expires is None else iso(grant.expires),
            time=iso(self._clock()),
        )

    def quarantine(
        self, headers: Mapping[str, str], *, since: int, after: str, limit: int
    ) -> Quarantine:
        """The caller's own refused events."""
        grant = self.admit(headers)
        try:
            with self._engine.connect() as connection:
                return read_quarantine(
                    connection, grant.agency, since=since, after=after, limit=limit
                )
        except CursorError as error:
            raise DoorFault(400, str(error)) from None
        except SQLAlchemyError:
            raise unavailable(_UNREADABLE, _RETRY_BUSY_S) from None

    def healthy(self) -> bool:
        """Whether the store can be read and the committing thread lives."""
        try:
            with self._engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            return False
        return self._commit.alive


def unavailable(why: str, retry_after_s: int) -> DoorFault:
    """503: nothing of the request was kept, and when to send it again."""
    sentence = f"The store {why}; nothing was kept. Send the same events again later."
    return DoorFault(503, sentence, {"Retry-After": str(retry_after_s)})


def _answer(checked: Checked, *, dry_run: bool) -> tuple[int, Receipt]:
    refused = [
        RefusedEvent(index=one.row, id=one.event_id, problems=one.problems)
        for one in checked.refused
    ]
    receipt = Receipt(accepted=len(checked.lines), refused=refused, dry_run=dry_run)
    if not refused:
        return (200 if dry_run else 202), receipt
    return (207 if checked.lines else 422), receipt

"""The relay: from the outbox to the receivers, each notification once.

A row of the outbox is due to every receiver whose filter lets it pass; for each of these there
is a row in ``delivery``, which is the log of deliveries. A row is marked in the same moment in
which the receiver's answer is known. Between an answer and the mark a crash may bring a second
copy of the same state: its fingerprint, startsAt and ``alert_id`` are the same, and receivers
that speak this format drop it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from threading import Event as Flag
from typing import Any, NamedTuple, Protocol

import httpx
import msgspec
import sqlalchemy
import structlog
from sqlalchemy import Row, insert, select, update

from models.settings import NotifySettings, Settings
from models.tables import delivery, outbox
from streams.notify.payload import webhook

log = structlog.get_logger()

ATTEMPTS = 12
"""Tries before a notification is given up: some two days with the backoff below."""

FIRST_WAIT_MS, LONGEST_WAIT_MS = 2_000, 6 * 3_600_000

TIMEOUT_S = 10.0

RANK = {"info": 0, "warning": 1, "critical": 2}


class Meter(Protocol):
    """Who counts deliveries."""

    def delivery(self, channel: str, outcome: str) -> None:
        """One attempt ended: delivered, again or dead."""


class Answer(NamedTuple):
    """How a receiver answered; ``wait_ms`` where it said when to come back."""

    ok: bool
    permanent: bool
    says: str
    wait_ms: int = 0


class Relay:
    """Delivers what the outbox holds. One a store."""

    def __init__(
        self,
        database: sqlalchemy.Engine,
        settings: Settings,
        clock: Callable[[], int],
        meter: Meter | None = None,
        post: Callable[[NotifySettings, dict[str, Any]], Answer] | None = None,
    ) -> None:
        self.database = database
        self.receivers = settings.notify
        self.clock = clock
        self.meter = meter
        self.post = post or _post

    def run(self, stop: Flag, pause_s: float = 0.2) -> None:
        """Deliver until told to stop; a fault of the store is waited out."""
        while not stop.is_set():
            try:
                self.step()
            except sqlalchemy.exc.DBAPIError as error:
                log.warning("notify.store", fault=type(error).__name__)
                stop.wait(5)
            stop.wait(pause_s)

    def step(self) -> int:
        """Try everything that is due now; how many notifications were tried."""
        if not self.receivers:
            return 0
        self._take_in()
        now, tried = self.clock(), 0
        with self.database.connect() as connection:
            due = connection.execute(
                select(delivery.c.channel, delivery.c.attempts, outbox)
                .join(outbox, outbox.c.id == delivery.c.outbox)
                .where(delivery.c.state == "pending", delivery.c.next_attempt <= now)
                .order_by(delivery.c.channel, outbox.c.created, outbox.c.alert, outbox.c.transition)
                .limit(200)
            ).all()
        for (channel, _), rows in groupby(due, key=lambda row: (row.channel, _group(row))):
            some = list(rows)
            self._deliver(channel, some, now)
            tried += len(some)
        return tried

    def _take_in(self) -> None:
        """Open a delivery for every new row of the outbox and every receiver that wants it."""
        known = select(delivery.c.outbox)
        with self.database.connect() as connection:
            new = connection.execute(select(outbox).where(outbox.c.id.not_in(known))).all()
        rows = [
            {
                "outbox": row.id,
                "channel": name,
                "state": "pending" if _wants(receiver, row) else "unwanted",
                "attempts": 0,
                "next_attempt": 0,
                "delivered": None,
                "last_error": "",
            }
            for row in new
            for name, receiver in self.receivers.items()
        ]
        if rows:
            with self.database.begin() as connection:
                connection.execute(insert(delivery), rows)

    def _deliver(self, channel: str, rows: list[Row[Any]], now: int) -> None:
        receiver = self.receivers.get(channel)
        if receiver is None:
            answer = Answer(ok=False, permanent=True, says="not in the settings any more")
        else:
            alerts = [msgspec.json.decode(row.payload) for row in rows]
            answer = self.post(receiver, webhook(channel, alerts))
        for row in rows:
            self._mark(channel, row, answer, now)

    def _mark(self, channel: str, row: Row[Any], answer: Answer, now: int) -> None:
        attempts = row.attempts + 1
        state = "delivered" if answer.ok else "pending"
        if not answer.ok and (answer.permanent or attempts >= ATTEMPTS):
            state = "dead"
        wait = max(answer.wait_ms, _backoff(attempts))
        with self.database.begin() as connection:
            connection.execute(
                update(delivery)
                .where(delivery.c.outbox == row.id, delivery.c.channel == channel)
                .values(
                    state=state,
                    attempts=attempts,
                    next_attempt=now + wait,
                    delivered=now if answer.ok else None,
                    last_error=answer.says[:512],
                )
            )
        outcome = "again" if state == "pending" else state
        if self.meter is not None:
            self.meter.delivery(channel, outcome)
        log.info("notify", channel=channel, outbox=row.id, outcome=outcome, attempts=attempts)


def _group(row: Row[Any]) -> tuple[str, str]:
    """Rows that travel together: those of one alert go one by one, in order."""
    return row.agency, row.id


def _wants(receiver: NotifySettings, row: Row[Any]) -> bool:
    if receiver.agencies and row.agency not in receiver.agencies:
        return False
    severity = msgspec.json.decode(row.payload)["labels"]["severity"]
    return RANK[severity] >= RANK[receiver.min_severity]


def _backoff(attempts: int) -> int:
    wait = min(FIRST_WAIT_MS * 4 ** (attempts - 1), LONGEST_WAIT_MS)
    return int(wait * random.uniform(0.8, 1.2))  # noqa: S311 (spreads retries, no secret)


def _post(receiver: NotifySettings, body: dict[str, Any]) -> Answer:
    """Post to a webhook. A missing secret refuses: nothing is sent without it."""
    headers = {"content-type": "application/json"}
    if receiver.token_file:
        try:
            token = Path(receiver.token_file).read_text(encoding="utf-8").strip()
        except OSError as error:
            return Answer(ok=False, permanent=False, says=f"token_file: {error.strerror}")
        if not token:
            return Answer(ok=False, permanent=False, says="token_file is empty")
        headers["authorization"] = f"Bearer {token}"
    try:
        answer = httpx.post(
            receiver.url, content=msgspec.json.encode(body), headers=headers, timeout=TIMEOUT_S
        )
    except httpx.HTTPError as error:
        return Answer(ok=False, permanent=False, says=type(error).__name__)
    if answer.is_success:
        return Answer(ok=True, permanent=False, says="")
    temporary = answer.status_code in (408, 425, 429) or answer.status_code >= 500
    wait = answer.headers.get("retry-after", "")
    return Answer(
        ok=False,
        permanent=not temporary,
        says=f"HTTP {answer.status_code}",
        wait_ms=int(wait) * 1000 if wait.isdigit() else 0,
    )

"""The relay: from the outbox to the receivers, each notification once.

A row of the outbox is due to every receiver whose filter lets it pass; for each of these there
is a row in ``delivery``, which is the log of deliveries. A row is marked in the same moment in
which the receiver's answer is known. Between an answer and the mark a crash may bring a second
copy of the same state: its fingerprint, startsAt and ``alert_id`` are the same, and receivers
that speak this format drop it.

The states of one alert arrive in their order: a closing waits until the opening before it has
arrived or was given up, or the receiver would keep an alert open that is over. A receiver that
fails rests, and holds no other receiver up.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from threading import Event as Flag
from typing import Any, Protocol

import msgspec
import sqlalchemy
import structlog
from sqlalchemy import Row, insert, select, update

from models.settings import NotifySettings, Settings
from models.tables import delivery, outbox
from streams.notify.payload import webhook
from streams.notify.post import Answer, Post

log = structlog.get_logger()

ATTEMPTS = 12
"""Tries before a notification is given up: some 27 hours with the backoff below."""

FIRST_WAIT_MS, LONGEST_WAIT_MS = 2_000, 6 * 3_600_000

TELLING_MS = 7 * 86_400_000
"""What lay longer in the outbox than this is history to a receiver named only now."""

AT_ONCE = 200
"""Notifications tried between two looks at the outbox."""

RANK = {"info": 0, "warning": 1, "critical": 2}


class Meter(Protocol):
    """Who counts deliveries."""

    def delivery(self, channel: str, outcome: str) -> None:
        """One attempt ended: delivered, again or dead."""


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
        self.post = post or Post()
        self._rests: dict[str, int] = {}
        """Until when (ms) a receiver that failed is left alone."""

    def run(self, stop: Flag, pause_s: float = 0.2) -> None:
        """Deliver until told to stop; a fault is told and waited out."""
        while not stop.is_set():
            try:
                self.step()
            except Exception as error:  # noqa: BLE001 (whoever tells people must not die unseen)
                log.error("notify.fault", fault=type(error).__name__)  # noqa: TRY400 (may quote)
                stop.wait(5)
            stop.wait(pause_s)
        self.close()

    def close(self) -> None:
        """Let go of the network."""
        if isinstance(self.post, Post):
            self.post.close()

    def step(self) -> int:
        """Try everything that is due now; how many notifications were tried."""
        if not self.receivers:
            return 0
        self._take_in()
        tried = 0
        held: set[tuple[str, str]] = set()
        for row in self._pending():
            if tried == AT_ONCE:
                break
            now = self.clock()
            if row.next_attempt > now or self._rests.get(row.channel, 0) > now:
                held.add((row.channel, row.alert))
            elif (row.channel, row.alert) not in held:
                tried += 1
                if not self._deliver(row, now):
                    held.add((row.channel, row.alert))
        return tried

    def _pending(self) -> list[Row[Any]]:
        """What is yet to be delivered, each alert's states in their order."""
        query = (
            select(delivery.c.channel, delivery.c.attempts, delivery.c.next_attempt, outbox)
            .join(outbox, outbox.c.id == delivery.c.outbox)
            .where(delivery.c.state == "pending")
            .order_by(outbox.c.created, outbox.c.alert, outbox.c.transition, delivery.c.channel)
            .limit(10 * AT_ONCE)
        )
        resting = [name for name, until in self._rests.items() if until > self.clock()]
        with self.database.connect() as connection:
            return list(connection.execute(query.where(delivery.c.channel.not_in(resting))))

    def _take_in(self) -> None:
        """Open a delivery for every new row of the outbox and every receiver that wants it."""
        known = select(delivery.c.outbox)
        with self.database.connect() as connection:
            new = connection.execute(select(outbox).where(outbox.c.id.not_in(known))).all()
        oldest = self.clock() - TELLING_MS
        rows = [
            {
                "outbox": row.id,
                "channel": name,
                "state": "pending" if _wants(receiver, row, oldest) else "unwanted",
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

    def _deliver(self, row: Row[Any], now: int) -> bool:
        """Try one; whether it is settled, delivered or given up."""
        receiver = self.receivers.get(row.channel)
        if receiver is None:
            answer = Answer(ok=False, permanent=True, says="not in the settings any more")
        else:
            answer = self.post(receiver, webhook(row.channel, [msgspec.json.decode(row.payload)]))
        return self._mark(row, answer, now)

    def _mark(self, row: Row[Any], answer: Answer, now: int) -> bool:
        attempts = row.attempts + 1
        state = "delivered" if answer.ok else "pending"
        if not answer.ok and (answer.permanent or attempts >= ATTEMPTS):
            state = "dead"
        wait = min(max(answer.wait_ms, _backoff(attempts)), LONGEST_WAIT_MS)
        if not answer.ok and not answer.permanent:
            self._rests[row.channel] = now + wait
        with self.database.begin() as connection:
            connection.execute(
                update(delivery)
                .where(delivery.c.outbox == row.id, delivery.c.channel == row.channel)
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
            self.meter.delivery(row.channel, outcome)
        log.info("notify", channel=row.channel, outbox=row.id, outcome=outcome, attempts=attempts)
        return state != "pending"


def _wants(receiver: NotifySettings, row: Row[Any], oldest: int) -> bool:
    if row.created < oldest:
        return False
    if receiver.agencies and row.agency not in receiver.agencies:
        return False
    severity = msgspec.json.decode(row.payload)["labels"]["severity"]
    return RANK[severity] >= RANK[receiver.min_severity]


def _backoff(attempts: int) -> int:
    wait = min(FIRST_WAIT_MS * 4 ** (attempts - 1), LONGEST_WAIT_MS)
    return int(wait * random.uniform(0.8, 1.2))  # noqa: S311 (spreads retries, no secret)

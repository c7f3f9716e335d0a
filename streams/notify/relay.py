"""The relay: from the outbox to the receivers, each notification once.

A row of the outbox is due to every receiver whose filter lets it pass; for each of these there
is a row in ``delivery``, which is the log of deliveries. A row is marked in the same moment in
which the receiver's answer is known. Between an answer and the mark a crash may bring a second
copy of the same state: its fingerprint, startsAt and ``alert_id`` are the same, and receivers
that speak this format drop it.

1. What is silenced, or falls into quiet hours, is set aside, and looked at again when that ends.
2. What is due of one agency and indicator is told as one; and so is all that quiet hours held.
3. The states of one alert arrive in their order: a closing waits until the opening before it has
   arrived or was given up, or the receiver would keep an alert open that is over.
4. A receiver that fails rests, and holds no other receiver up.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from threading import Event as Flag
from typing import Any, NamedTuple, Protocol

import msgspec
import sqlalchemy
import structlog
from sqlalchemy import Connection, Row

from models.catalogue import discover
from models.duration import duration_ms
from models.settings import Settings
from streams.notify import box, channels
from streams.notify.channel import Answer, Channel, Receiver, Told, wants
from streams.notify.payload import ended, linked
from streams.notify.quiet import quiet_for
from streams.notify.silences import Silence, silenced, silences
from streams.notify.standing import Standing

log = structlog.get_logger()

CHANNELS = discover(channels, Channel)  # type: ignore[type-abstract]

FIRST_WAIT_MS, LONGEST_WAIT_MS = 2_000, 6 * 3_600_000

TELLING_MS = 7 * 86_400_000
"""What lay longer in the outbox than this is history, and told to nobody."""

LOOK_MS = 60_000
"""How often the outbox is looked through as far back as anything may still be told."""

AT_ONCE = 200
"""Messages tried between two looks at the outbox."""

GONE = Answer(ok=False, permanent=True, says="not in the settings any more")


class Meter(Protocol):
    """Who counts deliveries."""

    def delivery(self, channel: str, outcome: str) -> None:
        """One attempt ended: delivered, again or dead."""


class Group(NamedTuple):
    """Deliveries of one receiver that are told as one; ``quiet`` held them back."""

    channel: str
    agency: str
    indicator: str
    quiet: bool


class Relay:
    """Delivers what the outbox holds. One a store."""

    def __init__(
        self,
        database: sqlalchemy.Engine,
        settings: Settings,
        clock: Callable[[], int],
        meter: Meter | None = None,
    ) -> None:
        self.database = database
        self.settings = settings
        self.clock = clock
        self.meter = meter
        self.channels = open_channels(settings)
        self._standing = Standing(database, settings, clock())
        self._looked = self._stepped = 0
        self._rests: dict[str, int] = {}
        """Until when (ms) a receiver that failed is left alone."""

    def run(self, stop: Flag, pause_s: float = 0.2) -> None:
        """Deliver until told to stop."""
        while not stop.is_set():
            self.attempt(stop)
            stop.wait(pause_s)
        self.close()

    def attempt(self, stop: Flag) -> None:
        """One step; a fault is told and waited out, or until told to stop."""
        try:
            self.step()
        except Exception as error:  # noqa: BLE001 (whoever tells people must not die unseen)
            log.error("notify.fault", fault=type(error).__name__)  # noqa: TRY400 (may quote)
            stop.wait(5)

    def close(self) -> None:
        """Let go of the network."""
        for channel in self.channels.values():
            channel.close()

    def step(self) -> int:
        """Try everything that is due now; how many messages were tried."""
        if not self.channels:
            return 0
        self._turn_back(self.clock())
        self._take_in()
        self._look_again()
        tried = 0
        while tried < AT_ONCE and (groups := self._due()):
            for group, rows in groups.items():
                if not self._is_resting(group.channel):
                    tried += 1
                    self._deliver(group, rows)
        return tried + self._stands()

    def _turn_back(self, now: int) -> None:
        """Where the clock was put back, nothing waits for a time that it has shown before."""
        if now < self._stepped:
            log.warning("notify.clock_put_back", by_s=(self._stepped - now) // 1000)
            self._looked = 0
            self._rests.clear()
            self._standing.forget()
            with self.database.begin() as connection:
                box.hasten(connection, now)
        self._stepped = now

    def _is_resting(self, channel: str) -> bool:
        return self._rests.get(channel, 0) > self.clock()

    # --- what is due --------------------------------------------------------------------------

    def _take_in(self) -> None:
        """Open a delivery for every new row of the outbox and every receiver.

        What is received now is looked for at each step; the rest of what may still be told once
        a minute: it is a long look, and only what a load or a lag brings was received before.
        """
        now = self.clock()
        since = now - TELLING_MS
        if now - self._looked < LOOK_MS:
            since = max(since, self._looked - LOOK_MS)
        else:
            self._looked = now
        with self.database.connect() as connection:
            new = box.new(connection, since)
        if not new:
            return
        told = [(row, _told(row)) for row in new]
        with self.database.begin() as connection:
            box.take_in(
                connection,
                (
                    (row.id, name, wants(channel, alert))
                    for row, alert in told
                    for name, channel in self.channels.items()
                ),
            )

    def _look_again(self) -> None:
        """Where a silence has ended: tell what still stands, or that what was told is over."""
        now = self.clock()
        with self.database.connect() as connection:
            rows = box.silenced(connection, now)
        if not rows:
            return
        with self.database.begin() as connection:
            found = silences(connection, self.settings, now)
            last = {(row.channel, row.alert): row.id for row in rows}
            for row in rows:
                until = silenced(found, _told(row), now)
                if until is not None:
                    box.change(connection, row, next_attempt=until)
                elif last[row.channel, row.alert] == row.id and _is_news(connection, row):
                    box.change(connection, row, state="pending", next_attempt=0)
                else:
                    box.change(connection, row, next_attempt=box.NEVER)

    def _due(self) -> dict[Group, list[Row[Any]]]:
        """What goes out now, in groups; what must not is set aside."""
        now = self.clock()
        resting = [name for name in self._rests if self._is_resting(name)]
        with self.database.connect() as connection:
            rows = box.waiting(connection, now, resting, 10 * AT_ONCE)
            found = silences(connection, self.settings, now) if rows else []
            untold = {(row.channel, row.id) for row in rows if _is_untold(connection, row)}
        groups: dict[Group, list[Row[Any]]] = {}
        aside: list[tuple[Row[Any], dict[str, Any]]] = []
        blocked: set[tuple[str, str]] = set()
        for row in rows:
            if (row.channel, row.alert) in blocked:
                continue
            fields = self._aside(row, found, now)
            if (row.channel, row.id) in untold:
                fields = {"state": "silenced", "next_attempt": box.NEVER}
            if row.next_attempt > now:
                blocked.add((row.channel, row.alert))
            elif fields:
                aside.append((row, fields))
            else:
                groups.setdefault(_group(row), []).append(row)
                if row.state != "held":
                    blocked.add((row.channel, row.alert))
        if aside:
            with self.database.begin() as connection:
                for row, fields in aside:
                    box.change(connection, row, **fields)
        return {group: some for group, some in groups.items() if self._is_ready(some, now)}

    def _aside(self, row: Row[Any], found: list[Silence], now: int) -> dict[str, Any]:
        """How a delivery is to be set aside; empty where it may go out."""
        channel = self.channels.get(row.channel)
        if channel is None:
            return {"state": "dead", "next_attempt": now, "last_error": GONE.says}
        alert = _told(row)
        until = silenced(found, alert, now)
        if until is not None:
            return {"state": "silenced", "next_attempt": until}
        until = quiet_for(channel.receiver, alert, now)
        return {} if until is None else {"state": "held", "next_attempt": until}

    def _is_ready(self, rows: Sequence[Row[Any]], now: int) -> bool:
        wait = duration_ms(self.channels[rows[0].channel].receiver.wants.group_wait)
        # What was decided later than now was decided before the clock was put back.
        return not 0 <= now - min(row.created for row in rows) < wait

    # --- telling ------------------------------------------------------------------------------

    def _deliver(self, group: Group, rows: Sequence[Row[Any]]) -> None:
        """Tell of some rows as one, of each alert its last state, and write what came of it."""
        channel = self.channels[group.channel]
        last = list({row.alert: row for row in rows}.values())
        alerts = [_told(row) for row in last]
        if channel.exact:
            with self.database.connect() as connection:
                alerts = [*_former(connection, last), *alerts]
        answer = self._send(channel, alerts, "While it was quiet" if group.quiet else "")
        if answer.permanent and len(last) > 1:
            # Whichever is at fault, it must not take the others with it.
            for row in last:
                self._deliver(group, [row])
            return
        wait = self._rest(channel, answer, max(row.attempts for row in rows) + 1)
        now = self.clock()
        with self.database.begin() as connection:
            # What was told replaces the states before it; what was not, waits with them.
            settled = [
                box.settle(connection, row, answer, now, wait)
                for row in (last if answer.ok else rows)
            ]
        outcome = settled[0] if settled[0] in ("delivered", "dead") else "again"
        self._count(channel, outcome, len(alerts))

    def _stands(self) -> int:
        """Tell again of what stands, where a receiver forgets or asked for it."""
        tried = 0
        for name, channel in self.channels.items():
            for again in self._standing.due(channel, self.clock(), resting=self._is_resting(name)):
                answer = self._send(channel, again.alerts, again.note)
                self._rest(channel, answer, 1)
                self._count(channel, "delivered" if answer.ok else "again", len(again.alerts))
                tried += 1
                if not answer.ok:
                    break
                self._standing.done(channel, again, self.clock())
        return tried

    def _send(self, channel: Channel, alerts: Iterable[Told], note: str) -> Answer:
        page = channel.receiver.page
        return channel.send([linked(alert, page) for alert in alerts], note)

    def _rest(self, channel: Channel, answer: Answer, attempts: int) -> int:
        """How long to wait (ms) after this answer; the receiver is left alone for as long."""
        wait = min(max(answer.wait_ms, _backoff(attempts)), LONGEST_WAIT_MS)
        if not answer.ok and not answer.permanent:
            self._rests[channel.receiver.name] = self.clock() + wait
        return wait

    def _count(self, channel: Channel, outcome: str, alerts: int) -> None:
        name = channel.receiver.name
        if self.meter is not None:
            self.meter.delivery(name, outcome)
        log.info("notify", channel=name, outcome=outcome, alerts=alerts)


def open_channels(settings: Settings) -> dict[str, Channel]:
    """A channel for every receiver of the settings."""
    receivers = (Receiver(name, settings) for name in settings.notify)
    return {one.name: CHANNELS[one.wants.kind](one) for one in receivers}


def _told(row: Row[Any]) -> Told:
    told: Told = msgspec.json.decode(row.payload)
    return told


def _group(row: Row[Any]) -> Group:
    if row.state == "held":
        return Group(row.channel, "", "", quiet=True)
    return Group(row.channel, row.agency, _told(row)["labels"].get("indicator", ""), quiet=False)


def _is_untold(connection: Connection, row: Row[Any]) -> bool:
    """Whether it is the end of an alert that was silent from its beginning for its receiver."""
    over = row.transition and _told(row)["status"] == "resolved"
    return bool(over) and box.was_silent(connection, row)


def _is_news(connection: Connection, row: Row[Any]) -> bool:
    """Whether a receiver must be told of a state that was silenced until now."""
    if box.newest(connection, row) > int(row.transition):
        return False
    return _told(row)["status"] == "resolved" or not box.is_over(connection, row.alert)


def _former(connection: Connection, rows: Sequence[Row[Any]]) -> list[Told]:
    """Ends of what some alerts were before, under labels that they have no more."""
    found: dict[str, Told] = {}
    for row in rows:
        alert = _told(row)
        for payload in box.earlier(connection, row):
            before: Told = msgspec.json.decode(payload)
            if before["labels"] != alert["labels"]:
                name = f"{row.alert} {before['labels']['severity']}"
                found[name] = ended(before, alert["annotations"]["data_as_of"])
    return list(found.values())


def _backoff(attempts: int) -> int:
    wait = min(FIRST_WAIT_MS * 4 ** (attempts - 1), LONGEST_WAIT_MS)
    return int(wait * random.uniform(0.8, 1.2))  # noqa: S311 (spreads retries, no secret)

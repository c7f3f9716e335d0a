"""The lanes of one process: opened when a partition is given to it, left when it is taken away.

Whatever comes, a message is folded once: what lies before a lane's position is skipped, what
lies behind a gap is fetched anew, and a lane that another worker has taken over writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from threading import RLock
from time import perf_counter
from typing import Final, NamedTuple

import sqlalchemy
import structlog

from models.log import append
from models.meters import Meters
from models.record import Record
from models.refused import refused_rows
from models.settings import Settings
from models.store import StoreError
from models.tables import refused
from models.upsert import add
from streams.group_lane import GroupLane
from streams.indicator import Indicator
from streams.intake import Message, take_in_all
from streams.lane import Lane
from streams.stand import TOLD, FencedError
from streams.telling import Send, Telling, refusals

EVENTS, SUMMARIES = "events", "summaries"

TRIES: Final = 5
"""Fetches in a row behind a gap after which the gap is a hole in the log, and the worker stops."""

log = structlog.get_logger()


class Part(NamedTuple):
    """One partition of one of the two topics."""

    topic: str
    number: int


class LogLostError(Exception):
    """Messages that were never read are gone; nothing behind them was applied."""


class Outcome(Enum):
    """What became of a chunk."""

    DONE = "done"
    """Its messages are applied, or were already: it may be acknowledged."""
    AGAIN = "again"
    """It must be fetched again, from where the lane stands."""
    GONE = "gone"
    """The partition is another worker's: drop it."""


class _Open:
    """A lane that is open, with what belongs to it."""

    def __init__(self, lane: Lane | GroupLane, telling: Telling | None) -> None:
        self.lane = lane
        self.telling = telling
        self.lock = RLock()
        self.gaps = 0
        """Gaps in a row, each behind a fetch from where the lane stood."""
        self.sought = True
        """It was asked where it stands since the last gap: what comes next must join."""


class Member(NamedTuple):
    """One worker among others: its name, and where its words and figures go."""

    owner: str
    send: Send
    meters: Meters


class Lanes:
    """Every lane of this process. Safe to use from several threads, one chunk a lane at a time."""

    def __init__(
        self,
        database: sqlalchemy.Engine,
        settings: Settings,
        catalogue: dict[str, Indicator],
        member: Member,
    ) -> None:
        self._database = database
        self._settings = settings
        self._catalogue = catalogue
        self._owner = member.owner
        self._send = member.send
        self._meters = member.meters
        self._open: dict[Part, _Open] = {}
        self._giving = RLock()

    def stand(self) -> dict[Part, int]:
        """The next offset of every partition that is open here."""
        return {part: mine.lane.at for part, mine in list(self._open.items())}

    def given(self, part: Part) -> int:
        """A partition is ours: the next offset to fetch, once its state is restored."""
        # Faust may ask twice at once: the second claim would fence off the first.
        with self._giving:
            return self._given(part)

    def _given(self, part: Part) -> int:
        known = self._open.get(part)
        if known is not None and not known.lane.lost:
            known.sought = True
            return known.lane.at
        began = perf_counter()
        options = {"partition": part.number, "owner": self._owner}
        lane: Lane | GroupLane
        telling = None
        if part.topic == EVENTS:
            lane = Lane(self._database, self._settings, self._catalogue, **options)  # type: ignore[arg-type]
            telling = Telling(self._database, self._settings, part.number, self._owner)
            telling.open()
        else:
            lane = GroupLane(self._database, self._settings, self._catalogue, **options)  # type: ignore[arg-type]
        lane.open()
        self._open[part] = _Open(lane, telling)
        self._meters.observe(
            "headwind_worker_given_seconds", perf_counter() - began, topic=part.topic
        )
        log.info("lane.open", topic=part.topic, partition=part.number, at=lane.at)
        return lane.at

    def ahead(self, part: Part, at: int, first: int, end: int) -> LogLostError | None:
        """What is wrong where the log of a partition, from ``first`` to ``end``, cannot join us."""
        where = f"Partition {part.number} of {self._settings.kafka.topic(part.topic)}"
        if at < first:
            return LogLostError(_lost(where, at, first))
        if at <= end:
            return None
        message = (
            f"{where} ends at offset {end}, and this store has applied it up to {at}: store and "
            "Kafka do not belong together, or the brokers have lost what they kept. Name the "
            "right --store, or the right servers and prefix under [kafka]. Nothing was applied."
        )
        return LogLostError(message)

    def taken_away(self, part: Part) -> None:
        """A partition is another worker's from now on; nothing more of it is written here."""
        if self._open.pop(part, None) is not None:
            log.info("lane.left", topic=part.topic, partition=part.number)

    def take(self, part: Part, messages: Sequence[Message]) -> Outcome:
        """Apply messages of a partition, in order of their offsets.

        Raises :class:`LogLostError` where messages are missing, and what the engine raises.
        """
        mine = self._open.get(part)
        if mine is None:
            return Outcome.GONE
        with mine.lock:
            return self._take(part, mine, messages)

    def _take(self, part: Part, mine: _Open, messages: Sequence[Message]) -> Outcome:
        lane, began = mine.lane, perf_counter()
        if lane.lost:
            return Outcome.AGAIN
        news = [one for one in messages if one.offset >= lane.at]
        if news and news[0].offset > lane.at:
            return self._gap(part, mine, news[0].offset)
        mine.gaps = 0
        try:
            if news:
                self._apply(part, lane, news)
            if mine.telling is not None:
                mine.telling.tell(self._send)
        except FencedError:
            log.warning("lane.fenced", topic=part.topic, partition=part.number)
            self._trouble(part, "fenced")
            # It may have been given to us again meanwhile: that lane is another one.
            if self._open.get(part) is mine:
                self._open.pop(part)
            return Outcome.GONE
        except StoreError as error:
            log.warning("store.trouble", partition=part.number, said=str(error))
            self._trouble(part, "store")
            return Outcome.AGAIN
        self._took(part, len(messages), len(news), perf_counter() - began)
        return Outcome.DONE

    def _took(self, part: Part, came: int, applied: int, seconds: float) -> None:
        stage = "agencies" if part.topic == EVENTS else "groups"
        for outcome, many in (("applied", applied), ("skipped", came - applied)):
            self._meters.count(
                "headwind_worker_messages_total", many, topic=part.topic, outcome=outcome
            )
        if applied:
            self._meters.observe("headwind_commit_seconds", seconds, stage=stage)

    def _trouble(self, part: Part, what: str) -> None:
        self._meters.count("headwind_worker_trouble_total", topic=part.topic, what=what)

    def _gap(self, part: Part, mine: _Open, offset: int) -> Outcome:
        # What was fetched before the last seek is no gap of its own.
        mine.gaps += mine.sought
        mine.sought = False
        self._trouble(part, "gap")
        if mine.gaps < TRIES:
            return Outcome.AGAIN
        where = f"Partition {part.number} of {self._settings.kafka.topic(part.topic)}"
        raise LogLostError(_lost(where, mine.lane.at, offset))

    def _apply(self, part: Part, lane: Lane | GroupLane, messages: Sequence[Message]) -> None:
        if isinstance(lane, GroupLane):
            lane.take([_summary(one) for one in messages])
            return
        partitions = self._settings.kafka.partitions
        taken = take_in_all(messages, part.number, partitions)
        rows = [
            row
            for one in taken
            for row in refused_rows(one.record.agency, one.record.received, one.origin, one.refused)
        ]

        def within(connection: sqlalchemy.Connection, *, snapshot: bool) -> None:
            del snapshot
            if not rows:
                return
            add(connection, refused, rows)
            append(connection, TOLD, refusals(rows), part.number)

        lane.take([one.record for one in taken], within)
        for one in taken:
            for problem in (p for refusal in one.refused for p in refusal.problems):
                agency, code = one.record.agency, problem.code
                self._meters.count("headwind_refused_total", agency=agency, code=code)

    def tell_rest(self) -> None:
        """Tell what is committed and could not be told then."""
        for part, mine in list(self._open.items()):
            if mine.telling is not None and mine.lock.acquire(blocking=False):
                try:
                    mine.telling.tell(self._send)
                except (FencedError, StoreError) as error:
                    log.warning("tell.trouble", partition=part.number, said=type(error).__name__)
                finally:
                    mine.lock.release()

    def renew(self, now: int) -> None:
        """Take snapshots of groups of which nothing is heard, before Kafka forgets what was."""
        for part, mine in list(self._open.items()):
            lane = mine.lane
            if isinstance(lane, GroupLane) and lane.is_old(now):
                with mine.lock:
                    try:
                        lane.close()
                    except (FencedError, StoreError) as error:
                        log.warning("lane.renew", partition=part.number, said=type(error).__name__)

    def close(self) -> None:
        """Leave snapshots, so that whoever comes next is quick; give everything up."""
        for part, mine in list(self._open.items()):
            with mine.lock:
                self._open.pop(part, None)
                try:
                    mine.lane.close()
                except (FencedError, StoreError) as error:
                    log.warning("lane.close", partition=part.number, said=type(error).__name__)


def _lost(where: str, at: int, first: int) -> str:
    return (
        f"{where} begins at offset {first}, and {at} was never read: retention, or a person, has "
        "removed what lies between. Nothing behind it was applied. See deploy/runbook/log-lost.md."
    )


def _summary(message: Message) -> Record:
    return Record(
        agency=(message.key or b"").decode(),
        received=message.timestamp,
        kind="summary",
        events=1,
        body=message.value or b"",
        position=message.offset + 1,
    )

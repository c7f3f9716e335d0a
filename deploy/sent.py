"""What an agency sent: its events out of the log, as they came, and what was refused of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec
import sqlalchemy
import zstandard
from sqlalchemy import and_, func, select

from connectors._quarantine import read_quarantine
from models.kafka import KafkaSettings
from models.partitioning import partition_of
from models.tables import log, refused
from streams.intake import take_in_all
from streams.stand import EVENTS
from streams.worker.history import checked, history

AT_ONCE: Final = 200
"""Records, or refusals, that are read at once."""


class Asked(NamedTuple):
    """An agency, and when what it sent was received: from ``since`` up to, without, ``until`` (ms)."""

    agency: str
    since: int
    until: int

    def holds(self, received: int) -> bool:
        """Whether this lies in the time that was asked for."""
        return self.since <= received < self.until


class Part(NamedTuple):
    """Some lines, how many events or refusals they are, and how much of the work is done by them."""

    lines: bytes
    events: int
    refused: int
    done: int


class Source(NamedTuple):
    """Where events are read from: all the work there is, the work, and what is to be said of it."""

    total: int
    parts: Iterator[Part]
    warning: str = ""


def from_store(connection: sqlalchemy.Connection, asked: Asked) -> Source:
    """The events of a store's own log, in the order in which they were received."""
    c = log.c
    mine = and_(
        c.stage == EVENTS,
        c.kind == "events",
        c.agency == asked.agency,
        c.received >= asked.since,
        c.received < asked.until,
    )
    total = connection.execute(select(func.count()).select_from(log).where(mine)).scalar_one()
    question = select(c.events, c.body).where(mine).order_by(c.partition, c.position)
    return Source(total, _stored(connection, question.execution_options(yield_per=AT_ONCE)))


def _stored(connection: sqlalchemy.Connection, question: sqlalchemy.Select[Any]) -> Iterator[Part]:
    expand = zstandard.ZstdDecompressor()
    for row in connection.execute(question):
        yield Part(expand.decompress(row.body), row.events, 0, 1)


def from_kafka(settings: KafkaSettings, asked: Asked) -> Source:
    """The events in the agency's partition, as far back as Kafka holds them."""
    number = partition_of(asked.agency, settings.partitions)
    start, end = checked(settings, ["events"])["events"][number]
    warning = ""
    if start:
        warning = (
            f"Kafka has removed the oldest {start:,} messages of partition {number}, in which "
            f"{asked.agency} is: what was in them is not here. An archive may hold it."
        )
    return Source(end - start, _fetched(settings, asked, number, (start, end)), warning)


def _fetched(
    settings: KafkaSettings, asked: Asked, number: int, bounds: tuple[int, int]
) -> Iterator[Part]:
    start, end = bounds
    for chunk in history(settings, number, end, start):
        # To be checked costs much; what is keyed by others is left out before it.
        mine = [one for one in chunk if _names(one.key, asked.agency)]
        records = [one.record for one in take_in_all(mine, number, settings.partitions)]
        kept = [one for one in records if one.agency == asked.agency and asked.holds(one.received)]
        lines = b"".join(one.body for one in kept if one.events)
        yield Part(lines, sum(one.events for one in kept), 0, len(chunk))


def _names(key: bytes | None, agency: str) -> bool:
    return (key or b"").decode("utf-8", "replace").strip() == agency


def refusals(connection: sqlalchemy.Connection, asked: Asked) -> Source:
    """What was refused of the agency's events, as its door tells it: a line {"refused": {…}} each."""
    c = refused.c
    mine = (c.agency == asked.agency, c.received >= asked.since, c.received < asked.until)
    total = connection.execute(select(func.count()).select_from(refused).where(*mine)).scalar_one()
    return Source(total, _quarantined(connection, asked, total))


def _quarantined(connection: sqlalchemy.Connection, asked: Asked, total: int) -> Iterator[Part]:
    """So many refusals from the oldest on."""
    after = ""
    while total > 0:
        page = read_quarantine(
            connection,
            asked.agency,
            since=asked.since,
            after=after,
            limit=min(AT_ONCE, total),
        )
        lines = b"".join(msgspec.json.encode({"refused": one}) + b"\n" for one in page.refused)
        count = len(page.refused)
        yield Part(lines, 0, count, count)
        total -= count
        after = page.next or ""

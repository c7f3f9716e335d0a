"""What ``headwind doctor`` says of Kafka, and of the workers that evaluate what it holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import sqlalchemy
from sqlalchemy import func, select

from deploy.finding import Finding
from deploy.options import iso
from models import tables
from models.kafka import KafkaSettings
from models.secret import SecretError
from models.store import StoreError
from streams.stand import EVENTS, SUMMARIES, TOLD, standing
from streams.worker.history import Ends, checked

LAG_MS: Final = 60_000
"""A record that waits no longer than this is on its way."""

SILENT_MS: Final = 30_000
"""A worker that said nothing for so long does not run."""

STAGES: Final = {"events": EVENTS, "summaries": SUMMARIES}


def workers(
    connection: sqlalchemy.Connection, settings: KafkaSettings, now: int
) -> Iterator[Finding]:
    """How Kafka is, and whether somebody evaluates what it holds."""
    servers = ", ".join(settings.servers)
    try:
        ends = checked(settings, STAGES)
    except StoreError as error:
        fix = "headwind topics check says how each must be; start the brokers if they are down"
        yield Finding("kafka", "wrong", str(error).removesuffix("."), fix)
        return
    except (SecretError, OSError) as error:
        yield Finding("kafka", "wrong", str(error), "mend the files named under [kafka]")
        return
    says = f"{servers} holds {settings.topic('events')} in {settings.partitions} partitions"
    yield Finding("kafka", "ok", says)
    yield from _lost(connection, settings, ends)
    yield _lag(connection, ends, now)


class Progress(NamedTuple):
    """Messages in the results, and those that are not: by agency or group, or told to groups."""

    applied: int
    behind: int


def progress(connection: sqlalchemy.Connection, ends: dict[str, Ends]) -> Progress:
    """How far the workers are; ``ends`` are the partitions of each topic of ``STAGES``."""
    applied = behind = 0
    for topic, stage in STAGES.items():
        for number, (_, end) in ends[topic].items():
            at = standing(connection, stage, number).applied
            applied += at
            behind += max(end - at, 0)
    waiting = select(func.count()).select_from(tables.log).where(tables.log.c.stage == TOLD)
    return Progress(applied, behind + connection.execute(waiting).scalar_one())


def _lost(
    connection: sqlalchemy.Connection, settings: KafkaSettings, ends: dict[str, Ends]
) -> Iterator[Finding]:
    """Partitions whose log does not join what is applied: nobody can go on with those."""
    for topic, stage in STAGES.items():
        for number, (first, end) in ends[topic].items():
            at = standing(connection, stage, number).applied
            where = f"partition {number} of {settings.topic(topic)}"
            if at > end:
                says = f"{where} ends at {end}, and {at} of it are applied: it is another log"
                fix = "name the right --store, or the right servers and prefix under [kafka]"
                yield Finding("kafka", "wrong", says, fix)
            elif at < first:
                says = f"{where} begins at {first}, and only {at} of it are applied"
                yield Finding("kafka", "wrong", says, "see deploy/runbook/log-lost.md")


def _lag(connection: sqlalchemy.Connection, ends: dict[str, Ends], now: int) -> Finding:
    applied, behind = progress(connection, ends)
    w = tables.worker.c
    living, since = connection.execute(
        select(func.count(), func.min(w.behind_since)).where(w.seen > now - SILENT_MS)
    ).one()
    wait = f"{behind:,} messages wait"
    if not living:
        says = f"no worker runs, and {wait}" if behind else "no worker runs"
        return Finding("engine", "look", says, "headwind worker --store postgresql://…")
    who = f"{living} worker{'s' if living > 1 else ''}"
    if not behind:
        return Finding("engine", "ok", f"all {applied:,} messages are evaluated; {who}")
    if since is None or now - since <= LAG_MS:
        return Finding("engine", "ok", f"{behind:,} messages are on their way; {who}")
    says = f"{wait}, and {who} have been behind since {iso(since)}"
    return Finding("engine", "look", says, "start more workers, up to one a partition")

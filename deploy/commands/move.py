"""``headwind move``."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from itertools import islice
from operator import attrgetter
from typing import Annotated

import sqlalchemy
import typer
from rich.markup import escape
from rich.progress import Progress
from sqlalchemy import func, select

from connectors._publish_kafka import KafkaPublisher
from deploy import show
from deploy.commands.replay import stored
from deploy.options import CONFIG, STORE, Config, Store, read_settings
from models import tables
from models.log import append
from models.record import Record
from models.settings import Settings
from models.store import StoreError, StoreNameError, open_store, store_name
from models.upsert import add
from streams.intake import take_in
from streams.runner import BATCH
from streams.stand import EVENTS, standing
from streams.worker.history import history, partitions

KEPT = (
    tables.api_key,
    tables.refused,
    tables.load,
    tables.outbox,
    tables.delivery,
    tables.silence,
    tables.acknowledged,
    tables.reminder,
)
"""What does not follow from the log: it goes along as it is."""


def command(
    to: Annotated[str, typer.Argument(help="The store to move to; it must be empty.")],
    store: Store = STORE,
    config: Config = CONFIG,
    dry_run: Annotated[bool, typer.Option(help="Only check that it can be done.")] = False,
) -> None:
    """Move a monitor to Kafka and PostgreSQL, or from there back into one file.

    Which way is read from where it goes: to postgresql://… the store's log goes into the topics
    of [kafka], and workers fold it anew; to a file Kafka's log goes into that file. Keys,
    quarantine, silences and what was told to whom go along, so nobody is told twice. Stop
    headwind serve first, and compare afterwards: headwind replay --check.
    """
    settings = read_settings(config)
    if not settings.kafka.servers:
        message = "names no Kafka; write servers under [kafka]: it is one of the two places."
        raise typer.BadParameter(message, param_hint="--config")
    old, new = open_store(store, make=False), open_store(to)
    ends = partitions(settings.kafka)
    forth = _checked_way(old, new, ends)
    with old.connect() as connection:
        through = standing(connection, EVENTS).applied if forth else 0
    total = through if forth else sum(end for _, end in ends.values())
    if not dry_run:
        _copy(old, new)
        with Progress(console=show.err, transient=True) as bar:
            task = bar.add_task("Moving the log", total=total)
            chunks = stored(old, through) if forth else _merged(settings, ends)
            write = KafkaPublisher(new, settings.kafka).copy if forth else _appending(new)
            for records in chunks:
                write(records)
                bar.advance(task, len(records))
    _tell(total, store_name(new), forth=forth, dry_run=dry_run)


def _checked_way(
    old: sqlalchemy.Engine, new: sqlalchemy.Engine, ends: dict[int, tuple[int, int]]
) -> bool:
    """Whether it goes to Kafka, and not back. Raises StoreError where something is in the way."""
    forth = new.dialect.name == "postgresql"
    problem = ""
    if forth == (old.dialect.name == "postgresql"):
        problem = "one of the two stores must be a file, the other in PostgreSQL."
    elif forth and any(end for _, end in ends.values()):
        problem = (
            "the topics hold events already; name others with prefix under [kafka], and make "
            "them: headwind topics create."
        )
    elif not forth and any(start for start, _ in ends.values()):
        problem = "Kafka does not hold the whole log any more: it cannot be moved back."
    if problem:
        raise StoreNameError(problem)
    _refuse_full(new)
    return forth


def _refuse_full(new: sqlalchemy.Engine) -> None:
    with new.connect() as connection:
        for table in (tables.position, tables.log, tables.value):
            if connection.execute(select(func.count()).select_from(table)).scalar_one():
                message = f"{store_name(new)} is not empty; name a store that is."
                raise StoreError(message)


def _copy(old: sqlalchemy.Engine, new: sqlalchemy.Engine) -> None:
    with old.connect() as source, new.begin() as target:
        for table in KEPT:
            rows = source.execute(select(table).execution_options(yield_per=1000)).mappings()
            for some in rows.partitions():
                add(target, table, [dict(row) for row in some])


def _appending(new: sqlalchemy.Engine) -> Callable[[list[Record]], None]:
    def write(records: list[Record]) -> None:
        with new.begin() as connection:
            append(connection, EVENTS, records)

    return write


def _merged(settings: Settings, ends: dict[int, tuple[int, int]]) -> Iterator[list[Record]]:
    """The records of all partitions by receipt; of ticks, which are in all, those of the first."""
    parts = [_records(settings, number, end) for number, (_, end) in ends.items()]
    records = heapq.merge(*parts, key=attrgetter("received"))
    while chunk := list(islice(records, BATCH)):
        yield chunk


def _records(settings: Settings, number: int, end: int) -> Iterator[Record]:
    for chunk in history(settings.kafka, number, end):
        for message in chunk:
            record = take_in(message, number, settings.kafka.partitions).record
            if record.events or (record.kind == "tick" and number == 0):
                yield record


def _tell(total: int, name: str, *, forth: bool, dry_run: bool) -> None:
    if dry_run:
        show.out.print(f"{total:,} records would go to {escape(name)}.")
    elif forth:
        show.out.print(
            f"{total:,} records went to Kafka. Start workers (headwind worker --store …), and when "
            "they have no lag any more compare: headwind replay --check --store …"
        )
    else:
        show.out.print(f"{total:,} records went to {escape(name)}. headwind serve evaluates them.")

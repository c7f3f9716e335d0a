"""``headwind replay``."""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Callable, Iterator
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Annotated, Any

import sqlalchemy
import typer
from rich.progress import Progress
from sqlalchemy import func, select

from deploy import show
from deploy.options import CONFIG, STORE, Config, Store, read_settings
from models import tables
from models.kafka import KafkaSettings
from models.log import read
from models.record import Record
from models.settings import Settings
from models.store import StoreError, open_store
from models.value import GROUP
from streams.catalogue import allowed
from streams.group import Groups
from streams.intake import take_in_all
from streams.lane import Lane
from streams.runner import BATCH
from streams.stand import EVENTS, SUMMARIES, standing
from streams.store import write_marks, write_values
from streams.summary import Summary, thaw
from streams.worker.archive import archived, file_of, files
from streams.worker.history import history, partitions

COMPARED = (
    tables.value,
    tables.expected,
    tables.signal,
    tables.alert,
    tables.shock,
    tables.quality,
    tables.beside,
    tables.mark,
    tables.outbox,
    tables.source,
)
"""What the engine derives from the log alone."""


def command(
    store: Store = STORE,
    config: Config = CONFIG,
    check: Annotated[bool, typer.Option("--check", help="Compare with what stands.")] = True,
    archive: Annotated[
        Path | None, typer.Option(help="Take the log from this archive (headwind archive).")
    ] = None,
) -> None:
    """Fold the whole log anew into a scratch store and compare every result, bit for bit.

    The log is that of the store, of Kafka where the settings name it, or an archive's. Nothing
    in the store changes and nothing is notified. Exit code 1 means that something differs: the
    log was changed, or the engine or the settings are not those that made it.
    """
    del check
    settings = read_settings(config)
    with tempfile.TemporaryDirectory(prefix="headwind-replay-") as folder:
        lived = open_store(store, make=False)
        scratch = open_store(str(Path(folder) / "replay.db"))
        parts = _parts(lived, settings, archive)
        with Progress(console=show.err, transient=True) as bar:
            total = sum(through for through, _ in parts.values())
            task = bar.add_task("Folding the log anew", total=total)
            fold(scratch, settings, parts, lambda count: bar.advance(task, count))
        differing = _report(lived, scratch, alone=not settings.kafka.servers)
    if differing:
        show.err.print(
            "Not equal. Are these the settings and the version that made the store? "
            "Nothing was changed."
        )
        raise typer.Exit(1)
    show.out.print("Equal: every value, signal, alert and count is what the log gives.")


Parts = dict[int, tuple[int, Iterator[list[Record]]]]
"""Of each partition: how far it was applied, and its records."""


def _parts(lived: sqlalchemy.Engine, settings: Settings, archive: Path | None) -> Parts:
    """The log that the store was made of, as far as it was applied."""
    if archive is None and not settings.kafka.servers:
        with lived.connect() as connection:
            through = standing(connection, EVENTS).applied
        return {0: (through, stored(lived, through))}
    numbers = list(files(archive) if archive is not None else partitions(settings.kafka))
    with lived.connect() as connection:
        ends = {number: standing(connection, EVENTS, number).applied for number in numbers}
    if archive is None:
        return {n: (end, fetched(settings.kafka, n, end)) for n, end in ends.items()}
    return {n: (end, _archived(archive, n, end)) for n, end in ends.items()}


def stored(database: sqlalchemy.Engine, through: int) -> Iterator[list[Record]]:
    """The records of a store's own log up to a position. Raises StoreError over a hole."""
    at = 0
    while at < through:
        with database.connect() as connection:
            records = read(connection, EVENTS, at, min(BATCH, through - at))
        if not records or records[0].position != at + 1:
            message = f"The log has no record {at + 1}: restore the store from a copy."
            raise StoreError(message)
        yield records
        at = records[-1].position


def fetched(
    settings: KafkaSettings, number: int, through: int, start: int = 0
) -> Iterator[list[Record]]:
    """The records of one partition from offset ``start`` up to, without, ``through``."""
    for chunk in history(settings, number, through, start):
        yield [one.record for one in take_in_all(chunk, number, settings.partitions)]


def _archived(folder: Path, number: int, through: int) -> Iterator[list[Record]]:
    records = (one for one in archived(file_of(folder, number)) if one.position <= through)
    while chunk := list(islice(records, BATCH)):
        yield chunk


def fold(
    scratch: sqlalchemy.Engine,
    settings: Settings,
    parts: Parts,
    progress: Callable[[int], None],
) -> None:
    """Fold every partition with an engine of its own, then the groups from what all of them say."""
    indicators = allowed(settings.privacy)
    for number, (_, chunks) in parts.items():
        lane = Lane(scratch, settings, indicators, partition=number)
        lane.open()
        for records in chunks:
            lane.take(records)
            progress(len(records))
    groups = Groups(settings, indicators)
    told = [_told(scratch, number) for number in parts]
    merged = heapq.merge(*told, key=itemgetter(0, 1))
    while some := list(islice(merged, BATCH)):
        with scratch.begin() as connection:
            for _, _, body in some:
                write_values(connection, *groups.apply(thaw(body)))
                write_marks(connection, groups.marks())


def _told(scratch: sqlalchemy.Engine, number: int) -> Iterator[tuple[int, float, bytes]]:
    """What a partition says of groups: when that was received, how far it is by then, and what.

    Partitions are heard side by side, as they were lived: by receipt, and where many years were
    received at once, each as far along as the others.
    """
    at, received = 0, 0
    with scratch.connect() as connection:
        c = tables.log.c
        mine = (c.stage == SUMMARIES, c.partition == number)
        last = connection.execute(select(func.max(c.position)).where(*mine)).scalar() or 0
    while at < last:
        with scratch.connect() as connection:
            records = read(connection, SUMMARIES, at, BATCH, number)
        for record in records:
            at = record.position
            news = thaw(record.body)
            received = max([received, *(one.recorded for one in news if isinstance(one, Summary))])
            yield received, at / last, record.body


def _report(lived: sqlalchemy.Engine, scratch: sqlalchemy.Engine, *, alone: bool) -> int:
    """Print a line a table; how many tables differ. ``alone``: one engine made all of it."""
    differing = 0
    with lived.connect() as old, scratch.connect() as new:
        for table in COMPARED:
            first = difference(old, new, table, alone=alone)
            count = old.execute(select(func.count()).select_from(table)).scalar_one()
            if first is None:
                show.out.print(f"{table.name:<8} {count:>10,} rows  equal")
            else:
                differing += 1
                show.out.print(
                    f"[bold]{table.name:<8}[/bold] {count:>10,} rows  differs at {first}"
                )
    return differing


def difference(
    old: sqlalchemy.Connection,
    new: sqlalchemy.Connection,
    table: sqlalchemy.Table,
    *,
    alone: bool = True,
) -> dict[str, Any] | None:
    """The key of the first row that only one side has or that differs; floats by their bits.

    Where several engines share the work, groups hear their agencies in no fixed order: then of
    groups the latest values are compared, however often they were given before, and not the
    marks of who joined or left.
    """
    whole = list(table.columns)
    if alone or table not in (tables.value, tables.mark):
        return _differs(old, new, select(*whole))
    of_group = table.c.agency.startswith(GROUP)
    found = _differs(old, new, select(*whole).where(~of_group))
    if found is not None or table is tables.mark:
        return found
    lasting = [column for column in whole if column.name not in ("revision", "recorded")]
    return _differs(old, new, select(*lasting).where(of_group, table.c.latest))


def _differs(
    old: sqlalchemy.Connection, new: sqlalchemy.Connection, question: sqlalchemy.Select[Any]
) -> dict[str, Any] | None:
    keys = [
        column
        for column in question.selected_columns
        if isinstance(column, sqlalchemy.Column) and column.primary_key
    ]
    mine, other = (_rows(one, question, keys) for one in (old, new))
    while True:
        left, right = mine.fetchone(), other.fetchone()
        if left is None and right is None:
            return None
        if left != right:
            row = left if left is not None else right
            return {key.name: getattr(row, key.name) for key in keys}


def _rows(
    connection: sqlalchemy.Connection,
    question: sqlalchemy.Select[Any],
    order: list[sqlalchemy.Column[Any]],
) -> sqlalchemy.CursorResult[Any]:
    """All rows in the order of the key; of texts that of their bytes, as SQLite has it."""
    by: list[Any] = list(order)
    if connection.dialect.name == "postgresql":
        by = [one.collate("C") if isinstance(one.type, sqlalchemy.String) else one for one in order]
    return connection.execute(question.order_by(*by).execution_options(yield_per=5000))

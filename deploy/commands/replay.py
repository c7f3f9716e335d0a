"""``headwind replay``."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any

import sqlalchemy
import typer
from rich.progress import Progress
from sqlalchemy import func, select

from deploy import show
from deploy.options import CONFIG, STORE, Config, Store, read_settings
from models import tables
from models.log import append, read
from models.store import StoreError, open_store
from streams.catalogue import allowed
from streams.runner import BATCH, Runner
from streams.store import EVENTS, position

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
) -> None:
    """Fold the whole log anew into a scratch store and compare every result, bit for bit.

    Nothing in the store changes and nothing is notified. Exit code 1 means that something
    differs: the log was changed, or the engine or the settings are not those that made it.
    """
    del check
    settings = read_settings(config)
    with tempfile.TemporaryDirectory(prefix="headwind-replay-") as folder:
        standing = open_store(store, make=False)
        scratch = open_store(str(Path(folder) / "replay.db"))
        through = _copy(standing, scratch)
        runner = Runner(scratch, settings, allowed(settings.privacy))
        runner.start()
        with Progress(console=show.err, transient=True) as progress:
            task = progress.add_task("Folding the log anew", total=through)
            runner.drain(lambda count: progress.advance(task, count))
        differing = _report(standing, scratch)
    if differing:
        show.err.print(
            "Not equal. Are these the settings and the version that made the store? "
            "Nothing was changed."
        )
        raise typer.Exit(1)
    show.out.print("Equal: every value, signal, alert and count is what the log gives.")


def _copy(standing: sqlalchemy.Engine, scratch: sqlalchemy.Engine) -> int:
    """The applied part of the log; how many records."""
    with standing.connect() as source:
        through, _ = position(source, EVENTS)
        at = 0
        while at < through:
            records = read(source, EVENTS, at, min(BATCH, through - at))
            if not records or records[0].position != at + 1:
                message = f"The log has no record {at + 1}: restore the store from a copy."
                raise StoreError(message)
            with scratch.begin() as target:
                append(target, EVENTS, records)
            at = records[-1].position
    return through


def _report(standing: sqlalchemy.Engine, scratch: sqlalchemy.Engine) -> int:
    """Print a line a table; how many tables differ."""
    differing = 0
    with standing.connect() as old, scratch.connect() as new:
        for table in COMPARED:
            first = difference(old, new, table)
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
    old: sqlalchemy.Connection, new: sqlalchemy.Connection, table: sqlalchemy.Table
) -> dict[str, Any] | None:
    """The key of the first row that only one side has or that differs; floats by their bits."""
    order = list(table.primary_key.columns)
    question = select(table).order_by(*order)
    mine = old.execute(question.execution_options(yield_per=5000))
    other = new.execute(question.execution_options(yield_per=5000))
    keys = [column.name for column in order]
    while True:
        left, right = mine.fetchone(), other.fetchone()
        if left is None and right is None:
            return None
        if left != right:
            row = left if left is not None else right
            return {key: getattr(row, key) for key in keys}

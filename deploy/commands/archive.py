"""``headwind archive``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import sqlalchemy
import typer
from rich.markup import escape
from rich.progress import Progress

from deploy import show
from deploy.commands.replay import fetched
from deploy.options import CONFIG, STORE, Config, Store, read_settings
from deploy.outfile import WriteError, writing
from models.log import read
from models.record import Record
from models.store import open_store
from streams.stand import EVENTS, standing
from streams.worker.archive import encoded, file_of
from streams.worker.history import partitions

AT_ONCE = 200


def command(
    folder: Annotated[Path, typer.Argument(help="Where the files go; made where it is not there.")],
    store: Store = STORE,
    config: Config = CONFIG,
) -> None:
    """Write the whole log into files: one of compressed JSON lines a partition.

    From Kafka where the settings name it, else from the store. headwind replay --archive FOLDER
    folds it anew; retention of the log does not touch it.
    """
    settings = read_settings(config)
    folder.mkdir(parents=True, exist_ok=True)
    if settings.kafka.servers:
        parts = {
            number: fetched(settings.kafka, number, end, start)
            for number, (start, end) in partitions(settings.kafka).items()
        }
    else:
        parts = {0: _from_store(open_store(store, make=False))}
    try:
        for number, chunks in parts.items():
            _write(file_of(folder, number), chunks)
    except WriteError as error:
        show.err.print(escape(str(error)), soft_wrap=True)
        raise typer.Exit(1) from None


def _write(path: Path, chunks: Iterator[list[Record]]) -> None:
    count = 0
    with Progress(console=show.err, transient=True) as bar, writing(str(path)) as write:
        task = bar.add_task(escape(path.name), total=None)
        for chunk in chunks:
            write(encoded(chunk))
            count += sum(record.events for record in chunk)
            bar.update(task, description=f"{escape(path.name)}: {count:,} events")
    show.out.print(f"{escape(str(path))}  {count:,} events", soft_wrap=True)


def _from_store(database: sqlalchemy.Engine) -> Iterator[list[Record]]:
    with database.connect() as connection:
        at, through = 0, standing(connection, EVENTS).applied
        while at < through:
            records = read(connection, EVENTS, at, min(AT_ONCE, through - at))
            if not records:
                return
            yield records
            at = records[-1].position

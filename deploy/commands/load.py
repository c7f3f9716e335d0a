"""``headwind load``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import sqlalchemy
import typer
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)
from sqlalchemy import select

from connectors import file as connector
from connectors._mapping import read_mapping
from connectors._publish import Batch, EmbeddedPublisher
from connectors._report import FileReport, LoadError, LoadReport
from connectors._report import Progress as Step
from deploy import show
from deploy.collector import spare
from deploy.commands.serve import now, read_settings
from deploy.lock import engine_lock
from deploy.options import CONFIG, STORE, Config, Store, moment
from models.store import open_store
from models.tables import load as loads
from streams.catalogue import allowed
from streams.runner import BATCH, Runner

SHOWN = 20
"""Refusals printed; all of them are in quarantine (headwind refused)."""


class FoldingPublisher:
    """Publishes, and folds what was published whenever a transaction's worth has come together."""

    def __init__(self, database: sqlalchemy.Engine, runner: Runner | None) -> None:
        self._inner = EmbeddedPublisher(database)
        self._runner = runner
        self._waiting = 0

    def publish(self, batches: Sequence[Batch]) -> None:
        """Durable on return, as the door's."""
        self._inner.publish(batches)
        self._waiting += sum(-(-len(batch.lines) // 500) for batch in batches)
        if self._waiting >= BATCH:
            self.drain()

    def drain(self) -> None:
        """Fold everything that waits."""
        self._waiting = 0
        if self._runner is not None:
            self._runner.drain()


def command(
    files: Annotated[list[Path], typer.Argument(help="csv, xlsx, jsonl, parquet; .gz too.")],
    mapping: Annotated[
        Path | None, typer.Option("--map", help="How columns become events, TOML.")
    ] = None,
    agency: Annotated[
        str | None, typer.Option(help="Whose events these are, unless the map says.")
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show the first events and every refusal; keep nothing."),
    ] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Send again from the start; repeats are dropped.")
    ] = False,
    received: Annotated[
        str, typer.Option(help="Stamp records as received at this moment instead of now.")
    ] = "",
    store: Store = STORE,
    config: Config = CONFIG,
) -> None:
    """Load files of past or present events, and evaluate them.

    Every event is checked; good rows are kept, bad ones go to quarantine with where and why,
    and the exit code is then 1. A load that was cut off goes on where it stopped.
    """
    settings = read_settings(config)
    spare()
    database = open_store(store)
    stamp = moment(received, "--received")
    clock: Callable[[], int] = now if stamp is None else lambda: stamp
    try:
        plan = None if mapping is None else read_mapping(mapping)
        with engine_lock(database) as mine, _bar() as bar:
            runner = None
            if mine and not dry_run:
                runner = Runner(database, settings, allowed(settings.privacy))
                runner.start()
                runner.drain()
            publisher = FoldingPublisher(database, runner)
            report = connector.load(
                files,
                mapping=plan,
                agency=agency,
                publisher=publisher,
                clock=clock,
                dry_run=dry_run,
                progress=_follow(bar),
                checkpoint=lambda name: _checkpoint(database, name),
                restart=restart,
            )
            publisher.drain()
            if runner is not None:
                runner.close()
    except LoadError as error:
        show.err.print(escape(str(error)))
        raise typer.Exit(2) from None
    _print(report, served=not mine)
    if report.exit_code:
        raise typer.Exit(report.exit_code)


def _checkpoint(database: sqlalchemy.Engine, name: str) -> tuple[int, bool] | None:
    question = select(loads.c.events, loads.c.finished).where(loads.c.id == name)
    with database.connect() as connection:
        row = connection.execute(question).one_or_none()
    return None if row is None else (row.events, row.finished)


def _bar() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=show.err,
        transient=True,
    )


def _follow(bar: Progress) -> Callable[[Step], None]:
    tasks = {}

    def follow(step: Step) -> None:
        if step.file not in tasks:
            tasks[step.file] = bar.add_task(escape(step.file), total=None)
        bar.update(
            tasks[step.file],
            description=f"{escape(step.file)}: {step.stage}",
            completed=step.done,
            total=step.total or None,
        )

    return follow


def _print(report: LoadReport, *, served: bool) -> None:
    for one in report.files:
        _print_file(one, dry_run=report.dry_run)
    if served and not report.dry_run:
        show.err.print("A running headwind serve holds the store; it evaluates what was loaded.")


def _print_file(one: FileReport, *, dry_run: bool) -> None:
    if one.stopped:
        show.err.print(f"[red]{escape(one.file)}[/red]: {escape(one.stopped)}")
    for line in one.first if dry_run else ():
        show.out.print(escape(line), soft_wrap=True)
    for refusal in one.refused[:SHOWN]:
        show.err.print(
            f"[yellow]{escape(refusal.where)}[/yellow] {refusal.code}: {escape(refusal.message)}"
        )
    if len(one.refused) > SHOWN:
        rest = len(one.refused) - SHOWN
        show.err.print(f"… and {rest:,} more reasons: headwind refused shows all of them.")
    for note in one.notes:
        show.err.print(escape(note))
    verb = "would be sent" if dry_run else "sent"
    words = [f"{one.rows:,} rows", f"{one.events:,} events {verb}"]
    if one.state == "already sent":
        words.append("this file was loaded before")
    if one.resumed_at:
        words.append(f"went on after event {one.resumed_at:,}")
    if one.repeats:
        words.append(f"{one.repeats:,} repeats left out")
    words += [f"{count:,} {escape(what)}" for what, count in one.cleaned.items()]
    if one.refused_events:
        words.append(f"{one.refused_events:,} refused")
    show.err.print(f"{escape(one.file)}: {', '.join(words)}")

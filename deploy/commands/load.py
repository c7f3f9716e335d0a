"""``headwind load``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from operator import attrgetter
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
from connectors._publish import Batch, Publisher, publisher_for
from connectors._report import FileReport, LoadError, LoadReport
from connectors._report import Progress as Step
from connectors._stream import rows_of
from deploy import show
from deploy.commands.serve import now
from deploy.lock import engine_lock, load_lock
from deploy.options import CONFIG, STORE, Config, Store, moment, read_settings
from models.check import Refusal
from models.collector import spare
from models.settings import Settings
from models.store import StoreError, befallen, open_store, store_name
from models.tables import load as loads
from models.tables import refused
from streams.catalogue import allowed
from streams.engine import Changes
from streams.runner import BATCH, Runner

SHOWN = 20
"""Refusals printed; all of them are in quarantine (headwind refused)."""


class FoldingPublisher:
    """Publishes, and folds what was published whenever a transaction's worth has come together."""

    def __init__(self, inner: Publisher | None, runner: Runner | None) -> None:
        self._inner = inner
        self._runner = runner
        self._waiting = 0
        self.refused = 0
        """How many events the engine refused: ids used twice, older than retention."""
        self.first: list[Refusal] = []
        """Some of them."""
        if runner is not None:
            runner.on_commit.append(self._hear)

    def _hear(self, changes: Changes, _seconds: float) -> None:
        self.refused += len(changes.refused)
        some = changes.refused[: SHOWN - len(self.first)]
        self.first += [refusal for _, _, refusal in some]

    @property
    def evaluates(self) -> bool:
        """Whether this process folds the log; otherwise a running monitor does."""
        return self._runner is not None

    def publish(self, batches: Sequence[Batch]) -> None:
        """Durable on return, as the door's."""
        if self._inner is None:
            return
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
    stamp = moment(received, "--received")
    clock: Callable[[], int] = now if stamp is None else lambda: stamp
    try:
        plan = None if mapping is None else read_mapping(mapping)
        connector.check_request(files, plan, agency)
    except LoadError as error:
        show.err.print(escape(str(error)), soft_wrap=True)
        raise typer.Exit(2) from None
    # What cannot be loaded makes no store: an empty one would say that all is well.
    database = open_store(store) if not dry_run and any(map(_readable, files)) else None
    with _evaluating(database, settings) as publisher, _bar() as bar:
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
    for one in report.files:
        _print_file(one, dry_run=dry_run)
    _print_engine(publisher, () if mapping else files)
    if database is not None and not publisher.evaluates:
        who = (
            "Workers evaluate"
            if settings.kafka.servers
            else "A running headwind serve holds the store; it evaluates"
        )
        show.err.print(f"{who} what was loaded.")
    events = () if mapping else files
    flawed = database is not None and _flawed(database, report, events)
    if flawed or report.exit_code or publisher.refused:
        raise typer.Exit(1)


def _readable(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0 and os.access(path, os.R_OK)


def _flawed(database: sqlalchemy.Engine, report: LoadReport, events: Sequence[Path]) -> bool:
    """Whether the quarantine holds something of a file that was loaded before.

    What the engine refused does not say which file it came from; it is looked for in those that
    hold ``events`` as they were sent.
    """
    c = refused.c
    before = [one.file for one in report.files if one.state == "already sent"]
    with database.connect() as connection:
        by_file = any(
            connection.execute(
                select(c.id).where(c.origin.startswith(f"{name[-230:]} row ", autoescape=True))
            ).first()
            for name in before
        )
        engine = select(c.payload).where(c.origin == "engine", c.payload.is_not(None))
        lines = set(connection.execute(engine).scalars()) if before and events else set()
    found = by_file or (
        bool(lines) and any(rows_of(path, lines) for path in events if path.name in before)
    )
    if found:
        _say("Not all of what was loaded before was taken: headwind refused shows what was not.")
    return found


@contextmanager
def _evaluating(
    database: sqlalchemy.Engine | None, settings: Settings
) -> Iterator[FoldingPublisher]:
    """A publisher that evaluates what it publishes, unless a running monitor does that.

    Without a store, of which a dry run has none, it publishes nothing.
    """
    if database is None:
        yield FoldingPublisher(None, None)
        return
    inner = publisher_for(database, settings)
    with closing(inner), load_lock(database), ExitStack() as held, _kept(database):
        # Beyond one machine workers evaluate, and on it perhaps a running monitor.
        if settings.kafka.servers or not held.enter_context(engine_lock(database)):
            yield FoldingPublisher(inner, None)
            return
        runner = Runner(database, settings, allowed(settings.privacy))
        runner.start()
        runner.drain()
        yield FoldingPublisher(inner, runner)
        runner.close()


@contextmanager
def _kept(database: sqlalchemy.Engine) -> Iterator[None]:
    """Say of a store that fails, while it is written to, what has become of the load."""
    try:
        with befallen(store_name(database)):
            yield
    except StoreError as error:
        message = (
            f"{error} What was loaded until then is kept; the same command goes on from there."
        )
        raise type(error)(message) from None


def _checkpoint(database: sqlalchemy.Engine | None, name: str) -> tuple[int, bool] | None:
    if database is None:
        return None
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
        disable=not show.err.is_terminal,
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


def _print_file(one: FileReport, *, dry_run: bool) -> None:
    for line in one.first if dry_run else ():
        show.out.print(escape(line), soft_wrap=True)
    for refusal in sorted(one.refused, key=attrgetter("row"))[:SHOWN]:
        _say(refusal.told)
    _say_more(len(one.refused) - SHOWN, "reasons")
    for sentence in one.sentences:
        _say(sentence)
    if one.stopped and not one.events:
        return
    verb = "would be sent" if dry_run else "sent"
    words = [f"{one.rows:,} rows", f"{one.events:,} events {verb}"]
    if one.state == "already sent":
        words.append("this file was loaded before")
    if one.resumed_at:
        words.append(f"went on after event {one.resumed_at:,}")
    if one.repeats:
        words.append(f"{one.repeats:,} repeats left out")
    words += [f"{count:,} {what}" for what, count in one.cleaned.items()]
    if one.refused_events:
        words.append(f"{one.refused_events:,} refused")
    _say(f"{one.file}: {', '.join(words)}")


def _print_engine(publisher: FoldingPublisher, files: Sequence[Path]) -> None:
    """What only the engine can find wrong, with its row where a row is an event."""
    if not publisher.refused:
        return
    _say(f"Of what was sent, {publisher.refused:,} could not be counted and were refused:")
    lines = {refusal.payload for refusal in publisher.first if refusal.payload}
    rows = {
        line: f"{path.name} row {row}"
        for path in files
        for line, row in rows_of(path, lines).items()
    }
    for one in publisher.first:
        named = f'event "{one.event_id}" of source "{one.event_source}"'
        where = rows.get(one.payload or b"", named)
        for problem in one.problems:
            _say(f'{where}, field "{problem.pointer}": {problem.message} ({problem.code})')
    _say_more(publisher.refused - len(publisher.first), "events")


def _say_more(rest: int, what: str) -> None:
    if rest > 0:
        _say(f"… and {rest:,} more {what}: headwind refused shows all of them.")


def _say(sentence: str) -> None:
    show.err.print(sentence, markup=False, soft_wrap=True)

"""``headwind demo``."""

from __future__ import annotations

import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
import uvicorn
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from sqlalchemy import func, select

from connectors._keys import issue
from deploy import show
from deploy.clock import SettableClock
from deploy.demo.days import DAY_MS
from deploy.demo.place import Place
from deploy.demo.region import AGENCIES, SIMULATED
from deploy.demo.send import SendError, send
from deploy.demo.sending import Sent, events
from deploy.demo.settings import headwind_toml
from deploy.distributed import Distributed
from deploy.embedded import Embedded
from deploy.front import Front
from deploy.lock import sole
from deploy.options import iso, moment
from deploy.servers import MissingServerError
from models.settings import Settings
from models.store import open_store
from models.tables import load, source
from models.upsert import add

FILE = "headwind-demo.db"
STARTED_S = 20.0


def command(
    store: Annotated[str, typer.Option(help="Where the demo is kept; made anew when old.")] = FILE,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of page and door.")] = 8080,
    seed: Annotated[int, typer.Option(help="Another seed, another region.")] = 1,
    until: Annotated[str, typer.Option(help="Last day of the three years; default today.")] = "",
    once: Annotated[bool, typer.Option("--once", help="Fill the store, then end.")] = False,
    distributed: Annotated[
        bool, typer.Option("--distributed", help="On a Kafka, a PostgreSQL and workers of its own.")
    ] = False,
) -> None:
    """Live three invented years of a region of four agencies, through the real front door.

    Page, door and /metrics are up from the start and fill while you look. There are seasons and
    holidays, a flood that was declared, a failure that nobody declared, and a feed that goes
    silent. Nothing in it is real.
    """
    end = _end(until)
    name = f"demo {seed} {end.isoformat()}"
    toml = headwind_toml(host=host, port=port)
    with ExitStack() as held:
        if distributed:
            place = _servers(held, toml)
            filled = False
        else:
            filled = _is_filled(store, name)
            place = Place(store, Path(store).with_suffix(".toml"))
            place.config.write_text(toml, encoding="utf-8")
        clock = SettableClock(0)
        kind = Distributed if distributed else Embedded
        monitor = kind(place.store, Settings.load(place.config), clock)
        monitor.claim()
        _show(monitor, clock, place, Wanted(host, port, seed, end, name, once, filled))


class Wanted(NamedTuple):
    """What was asked for, and whether it is there already."""

    host: str
    port: int
    seed: int
    end: datetime
    name: str
    once: bool
    filled: bool


def _servers(held: ExitStack, toml: str) -> Place:
    from deploy.demo.servers import servers

    # Whoever asks us to end, or started us in the background, must not leave servers behind.
    for asked in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked, signal.default_int_handler)
    show.err.print("Starting Kafka, PostgreSQL and two workers …")
    try:
        return held.enter_context(servers(toml))
    except MissingServerError as error:
        show.err.print(escape(str(error)))
        raise typer.Exit(1) from None


def _show(monitor: Front, clock: SettableClock, place: Place, wanted: Wanted) -> None:
    """Live the years where they are not there yet, and show them."""
    host, port, end = wanted.host, wanted.port, wanted.end
    server = uvicorn.Server(
        uvicorn.Config(monitor.app, host=host, port=port, log_level="warning", access_log=False)
    )
    thread = threading.Thread(target=server.run, name="server", daemon=True)
    thread.start()
    try:
        _wait(lambda: server.started, thread)
        url = f"http://{host}:{_port(server)}"
        show.err.print(f"[bold]{url}/[/bold]  {SIMULATED}: nothing in it is real.")
        monitor.ticking = False
        if not wanted.filled:
            _live(monitor, clock, url, wanted.seed, end)
            _mark(monitor, wanted.name)
        store, config = escape(place.store), escape(str(place.config))
        show.err.print(f"Metrics {url}/metrics. Ask too: headwind alerts --store {store}")
        show.err.print(f"Its settings are in {config}.")
        if not wanted.once:
            # A store that was only filled stays as it was lived.
            _go_on(monitor, clock, end)
            show.err.print("Ctrl-C ends it.")
            thread.join()
    except KeyboardInterrupt:
        pass
    except SendError as error:
        show.err.print(escape(str(error)))
        raise typer.Exit(1) from None
    finally:
        server.should_exit = True
        thread.join()


def _go_on(monitor: Front, clock: SettableClock, end: datetime) -> None:
    """Let the clock go: with real time, or where the three years ended if that is long ago.

    Else all feeds would fall silent at once, over the time that nobody lived.
    """
    at = None
    if datetime.now(UTC) - end > timedelta(days=1):
        with monitor.database.connect() as connection:
            at = connection.execute(select(func.max(source.c.last_received))).scalar_one()
        show.err.print(f"Its clock goes on from {iso(at)}.")
    clock.release(at)
    monitor.ticking = True


def _port(server: uvicorn.Server) -> int:
    """Where it listens: what was asked for, or what the machine gave for 0."""
    return int(server.servers[0].sockets[0].getsockname()[1])


def _end(until: str) -> datetime:
    ms = moment(until, "--until")
    if ms is not None:
        return datetime.fromtimestamp(ms / 1000, UTC)
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _is_filled(store: str, name: str) -> bool:
    """Whether this very demo stands in the store; a half or an old one is removed."""
    path = Path(store)
    if not path.exists():
        return False
    database = open_store(store)
    with database.connect() as connection:
        names = set(connection.execute(select(load.c.id)).scalars())
    database.dispose()
    if name in names:
        return True
    if not any(other.startswith("demo ") for other in names) and path.name != FILE:
        show.err.print(f"{escape(store)} is no demo's store; name another file with --store.")
        raise typer.Exit(2)
    # Not from under a monitor that runs on it.
    with sole(database):
        for suffix in ("", "-wal", "-shm", ".lock"):
            Path(f"{store}{suffix}").unlink(missing_ok=True)
    return False


def _live(monitor: Front, clock: SettableClock, url: str, seed: int, end: datetime) -> None:
    """Send three years through the door and wait until they are evaluated."""
    began = time.perf_counter()
    with monitor.database.begin() as connection:
        now = int(datetime.now(UTC).timestamp() * 1000)
        soon = now + DAY_MS
        keys = {one.id: issue(connection, one.id, now=now, expires=soon) for one in AGENCIES}
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=show.err,
        transient=True,
    ) as progress:
        task = progress.add_task("Making up three years", total=None)
        batches = deque(events(seed, end))
        total = sum(len(batch.lines) for batch in batches)
        progress.update(task, description="Living them", total=total)
        report = send(
            url,
            keys,
            _ticking(monitor, batches),
            clock=clock,
            progress=lambda n: progress.advance(task, n),
        )
        progress.update(task, description="Evaluating", total=None)
        while monitor.behind():
            time.sleep(0.05)
    show.err.print(
        f"{report.events:,} events sent in {report.batches:,} batches, {report.refused:,} refused, "
        f"all evaluated after {time.perf_counter() - began:.1f} s."
    )


def _ticking(monitor: Front, batches: deque[Sent]) -> Iterator[Sent]:
    """The sendings, and between those of two days the clock of that evening in the log.

    They leave the queue as they are sent: three years of lines are a fifth of the memory.
    """
    sent_ms = batches[0].sent_ms
    while batches:
        batch = batches.popleft()
        if batch.sent_ms // DAY_MS > sent_ms // DAY_MS:
            monitor.tick(sent_ms)
        sent_ms = batch.sent_ms
        yield batch
    monitor.tick(sent_ms)


def _mark(monitor: Front, name: str) -> None:
    row = {"id": name, "file": "demo", "events": 0, "finished": True, "updated": monitor.clock()}
    with monitor.database.begin() as connection:
        add(connection, load, [row])


def _wait(ready: Callable[[], bool], thread: threading.Thread) -> None:
    limit = time.monotonic() + STARTED_S
    while not ready():
        if not thread.is_alive() or time.monotonic() > limit:
            show.err.print("The server did not start: is the port in use? Name another: --port.")
            raise typer.Exit(1)
        time.sleep(0.02)

"""``headwind serve``."""

from __future__ import annotations

import ipaddress
import time
from contextlib import suppress
from socket import AF_INET, AF_INET6, create_server, socket
from typing import Annotated

import typer
import uvicorn
from rich.markup import escape

from connectors._keys import any_usable
from deploy import show
from deploy.distributed import Distributed
from deploy.embedded import Embedded
from deploy.front import Front
from deploy.options import CONFIG, STORE, Config, Store, read_settings
from models.store import store_name


def command(
    store: Store = STORE,
    config: Config = CONFIG,
    host: Annotated[str, typer.Option(help="Address to listen on; default as in settings.")] = "",
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65_535, help="Port, 0 for any free one; default as in settings."),
    ] = None,
) -> None:
    """Run the monitor: door, engine, page, /metrics and notifications in one process.

    Stops cleanly on SIGTERM or Ctrl-C; what was accepted is in the log whatever happens.
    """
    settings = read_settings(config)
    where, number = host or settings.door.host, settings.door.port if port is None else port
    kind = Distributed if settings.kafka.servers else Embedded
    monitor: Front = kind(store, settings, clock=now)
    refuse_open_door(monitor, where)
    monitor.claim()
    listening = listen(where, number)
    show.err.print(f"Store     {escape(store_name(monitor.database))}")
    server = _Server(
        uvicorn.Config(monitor.app, host=where, port=number, log_level="warning", access_log=False)
    )
    with suppress(KeyboardInterrupt):
        server.run([listening])
    if not server.started:
        raise typer.Exit(1)


class _Server(uvicorn.Server):
    """Says where it listens once it does: port 0 means any free one."""

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Start, then tell people the addresses."""
        await super().startup(sockets)
        port = self.servers[0].sockets[0].getsockname()[1]
        host = self.config.host
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        show.err.print(f"Page      {url}/", markup=False)
        show.err.print(f"Events to {url}/events  (headwind keys issue …)", markup=False)
        show.err.print(f"Metrics   {url}/metrics", markup=False)


def listen(host: str, port: int) -> socket:
    """A socket on which nobody else listens; the exit code is 1 where another does."""
    family = AF_INET6 if ":" in host else AF_INET
    try:
        return create_server((host, port), family=family)
    except OSError as error:
        why = str(error.strerror).partition(" (")[0]
        show.err.print(
            f"{escape(host)} port {port} cannot be listened on ({why}): end what holds it, or name "
            "another with --port or --host."
        )
        raise typer.Exit(1) from None


def now() -> int:
    """The wall clock, ms."""
    return time.time_ns() // 1_000_000


def refuse_open_door(monitor: Front, host: str) -> None:
    """Nobody outside may reach a door for which no key exists."""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if loopback:
        return
    with monitor.database.connect() as connection:
        if any_usable(connection, now=now()):
            return
    show.err.print(
        f"{escape(host)} can be reached from outside, and no key exists. Make one first "
        "(headwind keys issue --agency NAME), or listen on 127.0.0.1."
    )
    raise typer.Exit(2)

"""``headwind serve``."""

from __future__ import annotations

import ipaddress
import time
from contextlib import suppress
from socket import socket
from typing import Annotated

import typer
import uvicorn
from rich.markup import escape

from connectors._keys import any_usable
from deploy import show
from deploy.embedded import Embedded
from deploy.options import CONFIG, STORE, Config, Store
from models.settings import Settings, SettingsError


def command(
    store: Store = STORE,
    config: Config = CONFIG,
    host: Annotated[str, typer.Option(help="Address to listen on; default as in settings.")] = "",
    port: Annotated[int, typer.Option(help="Port; default as in settings.")] = 0,
) -> None:
    """Run the monitor: door, engine, page, /metrics and notifications in one process.

    Stops cleanly on SIGTERM or Ctrl-C; what was accepted is in the log whatever happens.
    """
    settings = read_settings(config)
    where, number = host or settings.door.host, port or settings.door.port
    monitor = Embedded(store, settings, clock=now)
    refuse_open_door(monitor, where)
    show.err.print(f"Store     {escape(store)}")
    server = _Server(
        uvicorn.Config(monitor.app, host=where, port=number, log_level="warning", access_log=False)
    )
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        raise typer.Exit(1)


class _Server(uvicorn.Server):
    """Says where it listens once it does: port 0 means any free one."""

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Start, then tell people the addresses."""
        await super().startup(sockets)
        port = self.servers[0].sockets[0].getsockname()[1]
        url = f"http://{self.config.host}:{port}"
        show.err.print(f"Page      {url}/")
        show.err.print(f"Events to {url}/events  (headwind keys issue …)")
        show.err.print(f"Metrics   {url}/metrics")


def now() -> int:
    """The wall clock, ms."""
    return time.time_ns() // 1_000_000


def read_settings(config: Config) -> Settings:
    """The settings, or every problem with them and exit code 2."""
    try:
        return Settings.load(config)
    except SettingsError as error:
        show.err.print(escape(str(error)))
        raise typer.Exit(2) from None


def refuse_open_door(monitor: Embedded, host: str) -> None:
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

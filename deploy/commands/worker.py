"""``headwind worker``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from deploy import show
from deploy.options import CONFIG, STORE, Config, Store, read_settings
from models.secret import SecretError
from streams.worker.main import WorkerError, work


def command(
    store: Store = STORE,
    config: Config = CONFIG,
    name: Annotated[
        str, typer.Option(help="What it is called in logs and in the store; default: host and pid.")
    ] = "",
    host: Annotated[str, typer.Option(help="Address of /metrics, /live and /ready.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="Their port; none: they are not served.")
    ] = None,
) -> None:
    """Evaluate events from Kafka into PostgreSQL: start as many as there is work for.

    Workers share the partitions; one that is gone has its work taken over by the others, and no
    event is counted twice or lost. Needs [kafka] in the settings and a store in PostgreSQL. Stops
    cleanly on SIGTERM.
    """
    try:
        listen = None if port is None else (host, port)
        work(store, read_settings(config), name=name, listen=listen)
    except (WorkerError, SecretError) as error:
        show.err.print(f"[bold red]Worker:[/bold red] {escape(str(error))}")
        raise typer.Exit(1) from None

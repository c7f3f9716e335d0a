"""``headwind silence``."""

from __future__ import annotations

import re
import time
from functools import partial
from typing import Annotated, Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import sqlalchemy
import typer
from sqlalchemy import insert, update

from deploy import show
from deploy.options import (
    CONFIG,
    STORE,
    Config,
    Format,
    FormatOption,
    Store,
    iso,
    moment,
    read_settings,
)
from deploy.reading import agencies, like, parts, reading
from models.duration import duration_ms
from models.settings import Settings
from models.store import explained, open_store, store_name
from models.tables import delivery, silence
from streams.catalogue import catalogue
from streams.notify.box import NEVER
from streams.notify.silences import Silence, silences

command = typer.Typer(
    help=(
        "Silence alerts of an agency for a while: they are decided and kept, and not told. What "
        "still stands when the silence ends is told then."
    ),
    invoke_without_command=True,
)

FIELDS = ("id", "kind", "agency", "indicator", "scope", "start", "end", "why")
COLUMNS = (
    show.column("id"),
    show.column("kind"),
    show.column("agency"),
    show.column("indicator", rank=1),
    show.column("scope", rank=2),
    *show.when("start", "from", rank=4),
    *show.when("end", "until", rank=3),
    show.column("why"),
)

UNITS_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
LONGEST_MS = 366 * 86_400_000
"""A silence that is longer is a way of not looking; the alert's threshold is the place for that."""


@command.callback()
def begin(
    context: typer.Context,
    agency: Annotated[str, typer.Option(help="Whose alerts.")] = "",
    indicator: Annotated[str, typer.Option(help="Only of this indicator.")] = "",
    service: Annotated[str, typer.Option(help="Only of this service or unit.")] = "",
    length: Annotated[str, typer.Option("--for", help="How long: 90m, 12h, 3d, 2w.")] = "",
    until: Annotated[
        str,
        typer.Option(
            help="Until this day or moment, ISO 8601, in the organisation's zone if unsaid."
        ),
    ] = "",
    why: Annotated[str, typer.Option(help="For whoever reads the list; it is not sent.")] = "",
    store: Store = STORE,
    config: Config = CONFIG,
) -> None:
    """Begin a silence, or list or end one."""
    if context.invoked_subcommand is not None:
        return
    if not agency or not why.strip() or bool(length) == bool(until):
        message = (
            "a silence needs --agency, --why, and one of --for and --until, as in: "
            'headwind silence --agency permits --for 3d --why "moving house"; '
            "see also headwind silence list."
        )
        raise typer.BadParameter(message)
    now, settings = _now(), read_settings(config)
    zone = ZoneInfo(settings.organisation.timezone)
    end = now + _length(length) if length else (moment(until, "--until", zone) or 0)
    if not now < end <= now + LONGEST_MS:
        message = "a silence must end later than now, and within a year."
        raise typer.BadParameter(message, param_hint="--for" if length else "--until")
    made = {"agency": agency, "indicator": indicator, "service": service}
    database = open_store(store, make=False)
    with explained(store_name(database)), database.begin() as connection:
        _check(connection, settings, made)
        name = str(uuid4())[:8]
        fields = {"id": name, "start": now, "end": end, "why": why.strip()[:256], "made": now}
        connection.execute(insert(silence), made | fields)
    database.dispose()
    show.err.print(f"Silence {name} lasts until {iso(end)}.", markup=False)


@command.command("list")
def list_all(
    store: Store = STORE, config: Config = CONFIG, form: FormatOption = Format.table
) -> None:
    """Show the silences that hold or are to come, those planned by calendar or settings too."""
    now, settings = _now(), read_settings(config)
    with reading(store) as connection:
        found = [_row(one) for one in silences(connection, settings, now) if one.end > now]
    found.sort(key=lambda row: (row["start"], row["id"]))
    show.listed(found, form, FIELDS, partial(show.table, columns=COLUMNS), "No silences.")


@command.command("end")
def end_one(
    name: Annotated[str, typer.Argument(metavar="ID", help="As headwind silence list shows it.")],
    store: Store = STORE,
    config: Config = CONFIG,
) -> None:
    """End a silence now; what still stands is told. Maintenance comes again the next time."""
    now, settings = _now(), read_settings(config)
    database = open_store(store, make=False)
    with explained(store_name(database)), database.begin() as connection:
        known = {one.id: one for one in silences(connection, settings, now) if one.end > now}
        if name not in known:
            message = f"{name!r} is no silence that holds or is to come; {like(name, set(known))}"
            raise typer.BadParameter(message, param_hint="ID")
        _end(connection, known[name], now)
        waiting = (delivery.c.state == "silenced", delivery.c.next_attempt < NEVER)
        connection.execute(update(delivery).where(*waiting).values(next_attempt=now))
    database.dispose()
    show.err.print(f"Silence {name} has ended.", markup=False)


def _end(connection: sqlalchemy.Connection, one: Silence, now: int) -> None:
    """End one made by hand; of a planned one it is noted that it holds no more."""
    if one.kind == "hand":
        over = {"end": max(now, one.start)}
        connection.execute(update(silence).where(silence.c.id == one.id).values(over))
        return
    fields = {"id": one.id, "agency": one.agency, "indicator": "", "service": one.scope}
    times = {"start": now, "end": now, "made": now, "why": "ended by hand"}
    connection.execute(insert(silence), fields | times)


def _check(connection: sqlalchemy.Connection, settings: Settings, made: dict[str, str]) -> None:
    """A name that nobody has heard of would silence nothing, and be found out too late."""
    known = {"agency": agencies(connection, settings), "indicator": set(catalogue())}
    if made["service"]:
        known["service"] = parts(connection, settings, [made["agency"]])
    for option, names in known.items():
        if made[option] and made[option] not in names:
            message = f"{made[option]!r} is not known here; {like(made[option], names)}"
            raise typer.BadParameter(message, param_hint=f"--{option}")


def _length(text: str) -> int:
    short = re.fullmatch(r"(\d{1,4})([mhdw])", text.strip())
    if short:
        return int(short[1]) * UNITS_MS[short[2]]
    try:
        return duration_ms(text)
    except ValueError:
        message = f"{text!r} is no length of time. Write 90m, 12h, 3d, 2w, or ISO 8601 (P3D)."
        raise typer.BadParameter(message, param_hint="--for") from None


def _row(one: Silence) -> dict[str, Any]:
    kind = {"hand": "by hand", "release_freeze": "release freeze"}.get(one.kind, one.kind)
    return one._asdict() | {"kind": kind, "start": iso(one.start), "end": iso(one.end)}


def _now() -> int:
    return time.time_ns() // 1_000_000

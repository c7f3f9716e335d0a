"""``headwind shocks``, ``headwind shocks show`` and ``headwind shocks plot``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import sqlalchemy
import typer
from rich.markup import escape
from sqlalchemy import select

from dashboards.drawing import Context, Figure
from dashboards.picture import FORMS, picture
from dashboards.plot import alone, context_of
from dashboards.shock_questions import case_beside, case_curve, files, states
from deploy import show
from deploy.casefile import FIELDS, course, facts, head, told
from deploy.options import (
    CONFIG,
    STORE,
    Agency,
    Config,
    Format,
    FormatOption,
    IndicatorId,
    Service,
    Since,
    Store,
    Unit,
    moment,
    read_settings,
)
from deploy.reading import checked, narrowed, reading, short
from models.shock import OVER
from models.tables import shock
from streams.catalogue import catalogue

command = typer.Typer(
    help="Read case files: how deep a shock went, how soon it was over, and what became of it."
)


@command.callback(invoke_without_command=True)
def listed(
    context: typer.Context,
    store: Store = STORE,
    config: Config = CONFIG,
    agency: Agency = "",
    indicator: IndicatorId = "",
    unit: Unit = None,
    service: Service = None,
    since: Since = "",
    active: Annotated[bool, typer.Option("--active", help="Only those that are open.")] = False,
    form: FormatOption = Format.table,
) -> None:
    """List shocks in order of their onset, each as it stands now."""
    if context.invoked_subcommand:
        return
    settings = read_settings(config)
    asked = {"agency": agency, "indicator": indicator, "unit": unit, "service": service}
    with reading(store) as connection:
        rows = read(connection, asked, since=moment(since, "--since"), active=active)
        found = checked(connection, settings, asked, rows)
        if form is not Format.table:
            show.machine(found, form, FIELDS)
            return
        blocks, many = list(found), short(connection, shock)
    for row in blocks:
        more = row["evidence"].get("two_curves")
        style = "bold" if row["state"] in OVER else "bold red"
        heads = [show.text(row["id"][:many]), *head(row)]
        show.block(heads, [course(row), *([more] if more else [])], style)
    show.err.print(f"{len(blocks):,} shown." if blocks else "No shocks.")


@command.command("show")
def one(
    name: Annotated[str, typer.Argument(metavar="ID", help="Its id, or how it begins.")],
    store: Store = STORE,
    form: FormatOption = Format.table,
) -> None:
    """Show one case file with every state that it had."""
    with reading(store) as connection:
        asked = states(_id(connection, name)).order_by(shock.c.transition)
        rows = [told(row._asdict()) for row in connection.execute(asked)]
        newest = connection.execute(files().where(shock.c.id == rows[0]["id"])).one()
        rows[-1] = rows[-1] | told(newest._asdict())
    if form is not Format.table:
        show.machine(rows, form, [*FIELDS, "updated", "transition"])
        return
    show.block(head(rows[-1]), [course(rows[-1]), *facts(rows[-1])], "bold")
    columns = [
        *show.when("updated", "until"),
        show.column("state"),
        show.Column("depth", lambda row: _depth(row["depth"]), right=True),
        show.Column("worst on", lambda row: show.day(row["trough"])),
    ]
    show.table(list(_told_once(rows, columns)), columns)


def _told_once(rows: list[dict[str, Any]], columns: list[show.Column]) -> Iterator[dict[str, Any]]:
    """Of states that look the same the last: what else changed in between stands in JSON."""
    for _, same in groupby(rows, lambda row: [one.cell(row) for one in columns]):
        *_, last = same
        yield last


@command.command("plot")
def plot(
    name: Annotated[str, typer.Argument(metavar="ID", help="Its id, or how it begins.")],
    out: Annotated[Path, typer.Option(help="Where to: a file that ends in .svg, .png or .pdf.")],
    store: Store = STORE,
    config: Config = CONFIG,
) -> None:
    """Draw the curves of one case file or organisation: Q by days since its onset."""
    form = out.suffix.removeprefix(".").lower()
    if form not in FORMS:
        message = f"{out.name!r} must end in .svg, .png or .pdf."
        raise typer.BadParameter(message, param_hint="--out")
    context = context_of(read_settings(config), catalogue())
    with reading(store) as connection:
        found = connection.execute(files().where(shock.c.id == _id(connection, name))).one()
        drawing = _drawing(connection, found._asdict(), context)
    try:
        out.write_bytes(picture(*drawing, form))
    except OSError as error:
        show.err.print(f"{escape(str(out))} cannot be written ({error.strerror}).")
        raise typer.Exit(1) from None
    show.err.print(f"Written to {escape(str(out))}.")


def _drawing(
    connection: sqlalchemy.Connection, case: dict[str, Any], context: Context
) -> tuple[Figure, str, list[str]]:
    """The figure of a file, its title, and what it shows."""
    if case["kind"] == "crisis":
        show.err.print("A declared crisis has no curve of its own: draw one of its cases.")
        raise typer.Exit(1)
    members = [case["id"]]
    if case["kind"] == "organisation":
        members = [one["case"] for one in json.loads(case["evidence"])["members"]]
    rows = _rows(connection, files().where(shock.c.id.in_(members)))
    curves = {one: _rows(connection, case_curve(one)) for one in {*members, case["id"]}}
    if not curves[case["id"]]:
        show.err.print("This case has no curve: it was opened before curves were kept.")
        raise typer.Exit(1)
    return alone(
        case,
        curves,
        _rows(connection, case_beside(case["id"])),
        rows,
        context,
    )


def _rows(connection: sqlalchemy.Connection, asked: sqlalchemy.Select[Any]) -> list[Any]:
    return [*connection.execute(asked).mappings()]


def _id(connection: sqlalchemy.Connection, name: str) -> str:
    """The one case file whose id begins so."""
    known = select(shock.c.id).where(shock.c.id.startswith(name, autoescape=True)).distinct()
    ids = list(connection.execute(known).scalars())
    if len(ids) != 1:
        what = "names no shock" if not ids else "names several"
        message = f"{name!r} {what}; headwind shocks shows ids."
        raise typer.BadParameter(message, param_hint="ID")
    return str(ids[0])


def read(
    connection: sqlalchemy.Connection,
    asked: Mapping[str, str | None],
    *,
    since: int | None = None,
    active: bool = False,
) -> Iterator[dict[str, Any]]:
    """One row a shock, as it stands now, in order of onset."""
    question = narrowed(files(), shock, asked)
    if since is not None:
        question = question.where(shock.c.updated >= since)
    if active:
        question = question.where(shock.c.state.not_in(OVER))
    for row in connection.execute(question):
        yield told(row._asdict())


def _depth(depth: float | None) -> str:
    return "" if depth is None else f"{depth:.1%}"

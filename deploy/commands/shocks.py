"""``headwind shocks``, ``headwind shocks show`` and ``headwind shocks plot``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import sqlalchemy
import typer
from rich.markup import escape
from sqlalchemy import select

from dashboards.picture import FORMS, picture
from dashboards.questions import case_curve
from deploy import show
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
    iso,
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

FIELDS = (
    "id",
    "agency",
    "service",
    "unit",
    "indicator",
    "kind",
    "direction",
    "onset",
    "trough",
    "depth",
    "state",
    "absorbed",
    "adapted",
    "recovered",
    "loss_service_days",
    "declared",
    "evidence",
)
"""What a shock is, in JSON and CSV."""

TIMES = ("onset", "trough", "absorbed", "adapted", "recovered", "updated")

DAY_MS = 86_400_000


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
        head = [show.text(row["id"][:many]), *_head(row)]
        show.block(head, [_course(row)], "bold" if row["state"] in OVER else "bold red")
    show.err.print(f"{len(blocks):,} shown." if blocks else "No shocks.")


@command.command("show")
def one(
    name: Annotated[str, typer.Argument(metavar="ID", help="Its id, or how it begins.")],
    store: Store = STORE,
    form: FormatOption = Format.table,
) -> None:
    """Show one case file with every state that it had."""
    with reading(store) as connection:
        c = shock.c
        states = select(shock).where(c.id == _id(connection, name)).order_by(c.transition)
        rows = [_told(row) for row in connection.execute(states)]
    if form is not Format.table:
        show.machine(rows, form, [*FIELDS, "updated", "transition"])
        return
    show.block(_head(rows[-1]), [_course(rows[-1]), *_facts(rows[-1])], "bold")
    columns = [
        *show.when("updated", "until"),
        show.column("state"),
        show.Column("depth", lambda row: f"{row['depth']:.1%}", right=True),
        show.Column("worst on", lambda row: show.day(row["trough"])),
    ]
    show.table(rows, columns)


@command.command("plot")
def plot(
    name: Annotated[str, typer.Argument(metavar="ID", help="Its id, or how it begins.")],
    out: Annotated[Path, typer.Option(help="Where to: a file that ends in .svg, .png or .pdf.")],
    store: Store = STORE,
    config: Config = CONFIG,
) -> None:
    """Draw the resilience curve of one case file: Q by days since its onset."""
    from dashboards.kinds.curves import alone

    form = out.suffix.removeprefix(".").lower()
    if form not in FORMS:
        message = f"{out.name!r} must end in .svg, .png or .pdf."
        raise typer.BadParameter(message, param_hint="--out")
    settings = read_settings(config)
    with reading(store) as connection:
        asked = select(shock).where(shock.c.id == _id(connection, name), shock.c.latest)
        case = connection.execute(asked).one()._asdict()
        points = [row._asdict() for row in connection.execute(case_curve(case["id"]))]
    if not points:
        show.err.print("This case has no curve: it was opened before curves were kept.")
        raise typer.Exit(1)
    try:
        out.write_bytes(picture(*alone(case, points, settings, catalogue()), form))
    except OSError as error:
        show.err.print(f"{escape(str(out))} cannot be written ({error.strerror}).")
        raise typer.Exit(1) from None
    show.err.print(f"Written to {escape(str(out))}.")


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
    c = shock.c
    question = narrowed(select(shock), shock, asked).where(c.latest).order_by(c.onset, c.id)
    if since is not None:
        question = question.where(c.updated >= since)
    if active:
        question = question.where(c.state.not_in(OVER))
    for row in connection.execute(question):
        yield _told(row)


def _told(row: sqlalchemy.Row[Any]) -> dict[str, Any]:
    told = row._asdict()
    days = {
        f"days_to_{name}": None if told[at] is None else round((told[at] - row.onset) / DAY_MS, 2)
        for name, at in (("absorb", "absorbed"), ("adapt", "adapted"), ("recover", "recovered"))
    }
    evidence = msgspec.json.decode(row.evidence)
    lag = evidence.pop("answered", None)
    evidence["response_lag_hours"] = (
        None if lag is None else round((lag - row.onset) / 3_600_000, 2)
    )
    told |= {name: iso(told[name]) for name in TIMES}
    return told | {"evidence": evidence | days}


def _head(row: Mapping[str, Any]) -> list[str]:
    names = (row["agency"], show.part(row), row["indicator"])
    what = " · ".join(show.text(name) for name in names if name)
    return [f"since {show.day(row['onset'])}", row["kind"], row["state"], what]


def _course(row: Mapping[str, Any]) -> str:
    """The case in one sentence."""
    way = "above" if row["direction"] == "up" else "below"
    told = f"At worst {row['depth']:.0%} {way} what was expected, in the {row['evidence']['rhythm']} of {show.day(row['trough'])}"
    days = row["evidence"]["days_to_recover"]
    if row["evidence"]["level_shift"]:
        told += "; the new level stays"
    elif days is None:
        told += "; not recovered yet" if row["state"] not in OVER else "; never recovered"
    else:
        told += f"; back after {days:,.0f} days"
    declared = (
        f" It fell into the declared crisis {show.text(row['declared'])}."
        if row["declared"]
        else ""
    )
    return f"{told}; {row['loss_service_days']:,.1f} service-days lost.{declared}"


def _facts(row: Mapping[str, Any]) -> list[str]:
    evidence = row["evidence"]
    told = []
    if evidence["response_lag_hours"] is not None:
        told.append(f"First crisis decision after {evidence['response_lag_hours']:,.0f} hours.")
    if evidence["gain"] is not None:
        span = f"{evidence['gain_low']:+.1%} to {evidence['gain_high']:+.1%}"
        told.append(f"In the 90 days after recovery {evidence['gain']:+.1%} ({span}).")
    if evidence["overlaps"]:
        told.append(f"At the same time: {', '.join(evidence['overlaps'])}.")
    told.append(f"id {row['id']}")
    return told

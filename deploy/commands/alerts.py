"""``headwind alerts``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Any

import msgspec
import sqlalchemy
import typer
from sqlalchemy import func, or_, select

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
    StoodAt,
    Store,
    Unit,
    iso,
    moment,
    read_settings,
)
from deploy.reading import checked, narrowed, reading, short
from models.tables import acknowledged, alert
from streams.catalogue import catalogue
from streams.wording import at_worst

FIELDS = (
    "id",
    "alertname",
    "agency",
    "service",
    "indicator",
    "severity",
    "state",
    "reason",
    "opened",
    "closed",
    "acknowledged",
    "evidence",
)
"""What an alert is, in JSON and CSV."""

CHANGES = ("transition", "old_state", "updated")
"""What is added where every state is asked for."""

TIMES = ("since", "last_received", "last_event")
"""What in the evidence is a moment."""

STATES = {"inhibited": "held back while its source is silent"}


def command(
    store: Store = STORE,
    config: Config = CONFIG,
    agency: Agency = "",
    indicator: IndicatorId = "",
    unit: Unit = None,
    service: Service = None,
    since: Since = "",
    as_of: StoodAt = "",
    active: Annotated[
        bool, typer.Option("--active", help="Only those that are not closed.")
    ] = False,
    history: Annotated[bool, typer.Option("--history", help="Every state each alert had.")] = False,
    form: FormatOption = Format.table,
) -> None:
    """Read alerts: what changed, how sure it is, since when, and whether it is over."""
    settings = read_settings(config)
    asked = {"agency": agency, "indicator": indicator, "unit": unit, "service": service}
    times = {"since": moment(since, "--since"), "as_of": moment(as_of, "--as-of")}
    with reading(store) as connection:
        rows = read(connection, asked, active=active, history=history, **times)
        found = checked(connection, settings, asked, rows)
        fields = [*FIELDS, *CHANGES] if history else FIELDS
        draw = partial(_blocks, many=short(connection, alert))
        show.listed(found, form, fields, draw, "No alerts.")


def read(
    connection: sqlalchemy.Connection,
    asked: Mapping[str, str | None],
    *,
    since: int | None = None,
    as_of: int | None = None,
    active: bool = False,
    history: bool = False,
) -> Iterator[dict[str, Any]]:
    """One row an alert (with ``history`` one a state of it), in order of opening.

    ``since`` and ``as_of`` are of event time: an alert that was over before ``since`` is left
    out, and every alert is given as it stood at ``as_of``.
    """
    c = alert.c
    known = select(alert, acknowledged.c.at.label("acknowledged")).join(
        acknowledged, acknowledged.c.alert == c.id, isouter=True
    )
    question = narrowed(known, alert, asked).order_by(c.opened, c.id, c.transition)
    if as_of is not None:
        question = question.where(c.updated <= as_of)
    if not history:
        question = question.where(c.latest if as_of is None else _newest(as_of))
    if since is not None:
        over = c.updated >= since if history else or_(c.closed.is_(None), c.closed >= since)
        question = question.where(over)
    if active:
        question = question.where(c.state != "closed")
    for row in connection.execute(question):
        told = row._asdict()
        told |= {name: iso(told[name]) for name in ("opened", "updated", "closed", "acknowledged")}
        yield told | {"evidence": _evidence(row)}


def _newest(as_of: int) -> sqlalchemy.ColumnElement[bool]:
    """Whether a state is the last one that its alert had by then."""
    other = alert.alias()
    last = (
        select(func.max(other.c.transition))
        .where(other.c.id == alert.c.id, other.c.updated <= as_of)
        .scalar_subquery()
    )
    return alert.c.transition == last


def _evidence(row: sqlalchemy.Row[Any]) -> dict[str, Any]:
    """The evidence, its moments as text; the parts that no field of their own names are in it."""
    held: dict[str, Any] = msgspec.json.decode(row.evidence)
    held |= {name: iso(held[name]) for name in TIMES if name in held}
    parts = {"unit": row.unit, "stratum": row.stratum}
    return held | {name: part for name, part in parts.items() if part}


def _blocks(listed: Sequence[Mapping[str, Any]], many: int) -> None:
    for row in listed:
        names = (row["agency"], show.part(row), row["indicator"] or row["alertname"])
        what = " · ".join(show.text(name) for name in names if name)
        state = STATES.get(row["state"], row["state"])
        if row["acknowledged"] and row["state"] != "closed":
            state += f", acknowledged {show.day(row['acknowledged'])}"
        head = [show.text(row["id"][:many]), _span(row), show.text(row["severity"]), state, what]
        show.block(head, [_reason(row)], _style(row))
    still = sum(row["state"] != "closed" for row in listed)
    show.err.print(f"{len(listed):,} shown, {still:,} of them not closed.")


def _reason(row: Mapping[str, Any]) -> str:
    """Why, in full; of one that is over also how bad it was."""
    worst = row["evidence"].get("worst_depth")
    if row["state"] != "closed" or worst is None:
        return show.text(row["reason"])
    known = catalogue().get(row["indicator"])
    deep = at_worst(worst, "" if known is None else known.quantity)
    return f"{show.text(row['reason'])} {deep}"


def _span(row: Mapping[str, Any]) -> str:
    if row["closed"] is None:
        return f"since {show.day(row['opened'])}"
    return f"{show.day(row['opened'])} to {show.day(row['closed'])}"


def _style(row: Mapping[str, Any]) -> str:
    colour = {"critical": "red", "warning": "yellow"}.get(row["severity"], "blue")
    return f"bold {colour}" if row["state"] == "open" else "bold"

"""``headwind marks``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, get_args

import msgspec
import sqlalchemy
import typer
from sqlalchemy import func, select

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
from deploy.reading import checked, like, narrowed, reading
from models.mark import MarkKind
from models.tables import mark

FIELDS = (
    "id",
    "agency",
    "kind",
    "indicator",
    "unit",
    "service",
    "stratum",
    "label",
    "start",
    "end",
    "evidence",
)
"""What a mark is, in JSON and CSV."""

SAME = ("agency", "kind", "unit", "service", "stratum", "label", "start", "end")
"""What in a table makes the marks of several indicators one line."""


def command(
    store: Store = STORE,
    config: Config = CONFIG,
    agency: Agency = "",
    indicator: IndicatorId = "",
    unit: Unit = None,
    service: Service = None,
    kind: Annotated[str, typer.Option("--kind", help="Only this kind: composition …")] = "",
    since: Since = "",
    form: FormatOption = Format.table,
) -> None:
    """Read marks: declared crises, closures, rules, and breaks, where numbers mean something else."""
    settings = read_settings(config)
    kinds = set(get_args(MarkKind))
    if kind and kind not in kinds:
        message = f"{kind!r} is no kind of mark; {like(kind, kinds)}"
        raise typer.BadParameter(message, param_hint="--kind")
    asked = {"agency": agency, "indicator": indicator, "unit": unit, "service": service}
    with reading(store) as connection:
        rows = read(connection, asked, kind=kind, since=moment(since, "--since"))
        found = checked(connection, settings, asked, rows)
        show.listed(found, form, FIELDS, _table, "No marks.")


def read(
    connection: sqlalchemy.Connection,
    asked: Mapping[str, str | None],
    *,
    kind: str = "",
    since: int | None = None,
) -> Iterator[dict[str, Any]]:
    """One row a mark as it stands, in order of its start; those over before ``since`` left out."""
    c = mark.c
    question = narrowed(select(mark).where(c.latest), mark, {**asked, "kind": kind})
    if since is not None:
        question = question.where(func.coalesce(c.end, c.start) >= since)
    for row in connection.execute(question.order_by(c.start, c.agency, c.label, c.id)):
        told = row._asdict()
        told |= {name: iso(told[name]) for name in ("start", "end")}
        yield told | {"evidence": msgspec.json.decode(row.evidence)}


def _table(listed: Sequence[Mapping[str, Any]]) -> None:
    joined: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in listed:
        known = joined.setdefault(tuple(row[name] for name in SAME), {**row, "indicators": []})
        known["indicators"].append(row["indicator"])
    columns = [
        *show.when("start", "from", rank=4),
        show.Column("until", lambda row: show.day(row["end"]), 3),
        show.column("agency"),
        show.column("kind"),
        show.Column("part", show.part, 2),
        show.Column("indicators", lambda row: ", ".join(filter(None, row["indicators"])), 1),
        show.column("label", "what"),
    ]
    show.table(list(joined.values()), columns)

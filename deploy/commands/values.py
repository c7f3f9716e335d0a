"""``headwind values``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import sqlalchemy
import typer
from sqlalchemy import func, select

from deploy import show
from deploy.options import (
    CONFIG,
    STORE,
    Agency,
    AsOf,
    Config,
    Format,
    FormatOption,
    IndicatorId,
    Service,
    Since,
    Store,
    Stratum,
    Unit,
    iso,
    moment,
)
from models.store import open_store
from models.tables import value
from streams.catalogue import catalogue


def command(
    store: Store = STORE,
    config: Config = CONFIG,
    agency: Agency = "",
    indicator: IndicatorId = "",
    unit: Unit = None,
    service: Service = None,
    stratum: Stratum = None,
    since: Since = "",
    as_of: AsOf = "",
    span: str = typer.Option("window", help="window (as shown) or bucket (as detected on)."),
    form: FormatOption = Format.table,
) -> None:
    """Read indicator values, each with its interval, n, coverage and status.

    Without --unit, --service or --stratum the totals are shown; give one of them a name, or
    "*" for all.
    """
    del config
    filters = {"agency": agency, "indicator": indicator}
    cells = {"unit": unit, "service": service, "stratum": stratum}
    with open_store(store).connect() as connection:
        found = list(
            read(
                connection,
                filters,
                cells,
                since=moment(since, "--since"),
                as_of=moment(as_of, "--as-of"),
                span=span,
            )
        )
    columns = (
        "agency",
        "indicator",
        "service",
        "window_end",
        "value",
        "low",
        "high",
        "n",
        "status",
        "reason",
    )
    show.rows(found, form, columns, "No values yet. Load a file or send events first.")


def read(
    connection: sqlalchemy.Connection,
    filters: dict[str, str],
    cells: dict[str, str | None],
    *,
    since: int | None = None,
    as_of: int | None = None,
    span: str = "window",
) -> Iterator[dict[str, Any]]:
    """Rows as DESIGN's JSON of a value has them, in order of time.

    A cell's dimension that is None means totals only, "*" everything.
    """
    indicators = catalogue()
    for row in connection.execute(_question(filters, cells, since, as_of, span)):
        facts = indicators.get(row.indicator)
        yield {
            "agency": row.agency,
            "unit": row.unit,
            "service": row.service,
            "stratum": row.stratum,
            "indicator": row.indicator,
            "window_start": iso(row.window_start),
            "window_end": iso(row.window_end),
            "value": row.value,
            "unit_of_measure": facts.unit if facts else "",
            "n": row.n,
            "low": row.low,
            "high": row.high,
            "coverage": row.coverage,
            "status": row.status,
            "reason": row.reason,
            "revision": row.revision,
            "catalogue_version": row.catalogue_version,
            "rhythm": row.rhythm,
            "detail": msgspec.json.decode(row.detail),
        }


def _question(
    filters: dict[str, str],
    cells: dict[str, str | None],
    since: int | None,
    as_of: int | None,
    span: str,
) -> sqlalchemy.Select[Any]:
    c = value.c
    question = select(value).where(c.span == span)
    for name, wanted in filters.items():
        if wanted:
            question = question.where(c[name] == wanted)
    for name, chosen in cells.items():
        if chosen != "*":
            question = question.where(c[name] == (chosen or ""))
    if since is not None:
        question = question.where(c.window_end > since)
    if as_of is None:
        question = question.where(c.latest)
    else:
        key = [
            c[n]
            for n in ("indicator", "agency", "unit", "service", "stratum", "rhythm", "window_end")
        ]
        known = (
            select(*key, func.max(c.revision).label("revision"))
            .where(c.span == span, c.recorded <= as_of)
            .group_by(*key)
            .subquery()
        )
        same = [column == known.c[column.name] for column in (*key, c.revision)]
        question = question.join(known, sqlalchemy.and_(*same))
    return question.order_by(c.agency, c.indicator, c.unit, c.service, c.stratum, c.window_end)

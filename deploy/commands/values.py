"""``headwind values``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import groupby
from typing import Annotated, Any

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
    read_settings,
)
from deploy.reading import EVERY, checked, reading
from models.tables import value
from streams.catalogue import catalogue

FIELDS = (
    "agency",
    "unit",
    "indicator",
    "window_start",
    "window_end",
    "value",
    "unit_of_measure",
    "n",
    "low",
    "high",
    "coverage",
    "status",
    "reason",
    "revision",
    "catalogue_version",
)
"""What a value is, in JSON and CSV; where parts were asked for, their names are added."""


class Span(StrEnum):
    """Which of the two figures of a bucket."""

    window = "window"
    bucket = "bucket"


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
    span: Annotated[
        Span, typer.Option(help="As shown (window), or as detected on (bucket).")
    ] = Span.window,
    form: FormatOption = Format.table,
) -> None:
    """Read indicator values, each with its interval, n, coverage and status.

    Without --unit, --service or --stratum the totals are shown; give one of them a name, or
    "*" for all.
    """
    settings = read_settings(config)
    filters = {"agency": agency, "indicator": indicator}
    cells = {"unit": unit, "service": service, "stratum": stratum}
    times = {"since": moment(since, "--since"), "as_of": moment(as_of, "--as-of")}
    with reading(store) as connection:
        rows = read(connection, filters, cells, span=span, **times)
        found = checked(connection, settings, filters | cells, rows)
        if form is not Format.table:
            extra = [name for name in ("service", "stratum") if cells[name] is not None]
            show.machine(found, form, [*FIELDS, *extra])
        elif listed := list(found):
            _tables(listed)
        elif connection.execute(select(value.c.n).limit(1)).first():
            show.err.print("No value matches all of that: leave an option out, or go back further.")
        else:
            show.err.print("No values yet. Load a file or send events first.")


def _tables(listed: Sequence[Mapping[str, Any]]) -> None:
    """A headed table a series on a terminal; elsewhere one table, in which each row says all."""
    where = [
        show.column("agency"),
        show.column("indicator"),
        show.Column("part", show.part),
        show.column("rhythm"),
    ]
    what = [
        *show.when("window_end", "to", rank=4),
        show.Column("value", lambda row: _figure(row, "value"), right=True),
        show.Column("low", lambda row: _figure(row, "low"), right=True),
        show.Column("high", lambda row: _figure(row, "high"), right=True),
        show.column("n", right=True),
        show.Column("covered", lambda row: f"{row['coverage']:.0%}", rank=2, right=True),
        show.Column("revision", _revision, rank=3, right=True),
        show.Column("status", _status),
    ]
    if not show.out.is_terminal:
        show.table(listed, [*where, *what])
        return
    sized = show.Sized(listed, what)
    for series, rows in groupby(listed, key=_series):
        show.line("")
        show.hang("", series, "bold")
        sized.head()
        sized.body(rows)


def _series(row: Mapping[str, Any]) -> str:
    names = [row["agency"], row["indicator"], show.part(row)]
    whose = " · ".join(show.text(name) for name in names if name)
    return f"{whose} ({row['unit_of_measure']}, by {row['rhythm']})"


def _figure(row: Mapping[str, Any], name: str) -> str:
    return show.figure(row[name], row["unit_of_measure"])


def _revision(row: Mapping[str, Any]) -> str:
    return show.text(row["revision"] or None)


def _status(row: Mapping[str, Any]) -> str:
    return f"{row['status']}: {show.text(row['reason'])}" if row["reason"] else row["status"]


def read(
    connection: sqlalchemy.Connection,
    filters: dict[str, str],
    cells: dict[str, str | None],
    *,
    since: int | None = None,
    as_of: int | None = None,
    span: str = "window",
) -> Iterator[dict[str, Any]]:
    """One row a value, series by series, each in order of time.

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
        if chosen != EVERY:
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
    series = (c.agency, c.indicator, c.unit, c.service, c.stratum, c.rhythm)
    return question.order_by(*series, c.window_end)

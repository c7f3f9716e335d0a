"""``headwind values``."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import chain, groupby
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
from deploy.reading import EVERY, called, checked, reading
from deploy.show import Row
from models.settings import Settings
from models.tables import expected as kept
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

SERIES = ("agency", "indicator", "unit", "service", "stratum", "rhythm")
"""What tells one series from another, in the order in which they are read."""

LIMIT = 100
"""Rows of a table on a terminal, unless more are asked for: what a person may look through."""

EXPECTED = ("expected", "expected_low", "expected_high", "not_expected")
"""What was expected of the bucket that ends with the window, and why nothing was."""


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
    latest: Annotated[
        bool, typer.Option("--latest", help="Only the newest value of each series.")
    ] = False,
    limit: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="So many rows of a table, of each series the newest; 0: all. Unsaid: "
            f"{LIMIT} on a terminal, all elsewhere.",
        ),
    ] = None,
    expected: Annotated[
        bool,
        typer.Option(
            "--expected",
            help="Also what was expected of each step, or why nothing was. What is watched are "
            "services and units, not their totals.",
        ),
    ] = False,
    form: FormatOption = Format.table,
) -> None:
    """Read indicator values, each with its interval, n, coverage and status.

    Without --unit, --service or --stratum the totals are shown; give one of them a name, or
    "*" for all. JSON and CSV have no limit.
    """
    settings = read_settings(config)
    filters = {"agency": agency, "indicator": indicator}
    cells = {"unit": unit, "service": service, "stratum": stratum}
    times = {"since": moment(since, "--since"), "as_of": moment(as_of, "--as-of")}
    with reading(store) as connection:
        rows = read(connection, filters, cells, span=span, expected=expected, **times)
        found = checked(connection, settings, filters | cells, rows)
        if latest:
            found = (one for _, some in groupby(found, key=_key) for one in deque(some, maxlen=1))
        if form is not Format.table:
            extra = [name for name in ("service", "stratum") if cells[name] is not None]
            show.machine(found, form, [*FIELDS, *(EXPECTED if expected else ()), *extra])
        elif listed := list(found):
            most = limit if limit is not None else LIMIT * show.out.is_terminal
            shown = _newest(listed, most or len(listed))
            _tables(shown, settings)
            _say_rest(shown, listed)
        elif connection.execute(select(value.c.n).limit(1)).first():
            show.err.print("No value matches all of that: leave an option out, or go back further.")
        else:
            show.err.print("No values yet. Load a file or send events first.")


def _newest(listed: Sequence[Row], limit: int) -> list[Row]:
    """At most so many rows: of each series its newest, as many of one as of another."""
    series = [list(some) for _, some in groupby(listed, key=_key)]
    each = max(limit // len(series), 1)
    if len(listed) > limit:
        series = [some[-each:] for some in series[:limit]]
    return list(chain.from_iterable(series))


def _say_rest(shown: Sequence[Row], listed: Sequence[Row]) -> None:
    if len(shown) < len(listed):
        show.err.print(
            f"{len(shown):,} of {len(listed):,} values are shown, of each series the newest. For "
            "more name an --agency or an --indicator, for all say --limit 0; JSON and CSV are "
            "complete."
        )


def _tables(listed: Sequence[Row], settings: Settings) -> None:
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
        show.Column("expected", _usual),
        show.column("n", right=True),
        show.Column("covered", lambda row: f"{row['coverage']:.0%}", rank=2, right=True),
        show.Column("revision", _revision, rank=3, right=True),
        show.Column("status", _status),
    ]
    if not show.out.is_terminal:
        show.table(listed, [*where, *what])
        return
    sized = show.Sized(listed, what)
    for _, some in groupby(listed, key=_key):
        rows = list(some)
        show.line("")
        show.hang("", _series(rows[0], settings), "bold")
        sized.head()
        sized.body(rows)


def _key(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in SERIES)


def _series(row: Row, settings: Settings) -> str:
    names = [called(settings, row["agency"]), row["indicator"], show.part(row)]
    whose = " · ".join(show.text(name) for name in names if name)
    return f"{whose} ({row['unit_of_measure']}, by {row['rhythm']})"


def _figure(row: Row, name: str) -> str:
    return show.figure(row[name], row["unit_of_measure"])


def _usual(row: Row) -> str:
    """What was expected, with its usual interval, or why nothing was; empty where not asked."""
    unit = row["unit_of_measure"]
    if row.get("expected") is None:
        return show.text(row.get("not_expected"))
    bounds = [show.figure(row[f"expected_{end}"], unit) or "open" for end in ("low", "high")]
    return f"{show.figure(row['expected'], unit)} ({' to '.join(bounds)})"


def _revision(row: Row) -> str:
    return show.text(row["revision"] or None)


def _status(row: Row) -> str:
    return f"{row['status']}: {show.text(row['reason'])}" if row["reason"] else row["status"]


def read(
    connection: sqlalchemy.Connection,
    filters: dict[str, str],
    cells: dict[str, str | None],
    *,
    since: int | None = None,
    as_of: int | None = None,
    span: str = "window",
    expected: bool = False,
) -> Iterator[dict[str, Any]]:
    """One row a value, series by series, each in order of time.

    A cell's dimension that is None means totals only, "*" everything.
    """
    indicators = catalogue()
    question = _question(filters, cells, since, as_of, span)
    for row in connection.execute(_with_expected(question) if expected else question):
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
            **({name: getattr(row, name) for name in EXPECTED} if expected else {}),
        }


def _with_expected(question: sqlalchemy.Select[Any]) -> sqlalchemy.Select[Any]:
    e, names = kept.c, ("agency", "indicator", "unit", "service", "stratum", "rhythm")
    same = [e[name] == value.c[name] for name in names]
    columns = (e.expected, e.low, e.high, e.reason)
    named = [column.label(name) for column, name in zip(columns, EXPECTED, strict=True)]
    at = sqlalchemy.and_(*same, e.bucket_end == value.c.window_end)
    return question.add_columns(*named).outerjoin(kept, at)


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
        key = [*(c[name] for name in SERIES), c.window_end]
        known = (
            select(*key, func.max(c.revision).label("revision"))
            .where(c.span == span, c.recorded <= as_of)
            .group_by(*key)
            .subquery()
        )
        same = [column == known.c[column.name] for column in (*key, c.revision)]
        question = question.join(known, sqlalchemy.and_(*same))
    return question.order_by(*(c[name] for name in SERIES), c.window_end)

"""``headwind signals``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy
from sqlalchemy import select

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
from deploy.reading import checked, narrowed, reading
from models.tables import signal
from streams.catalogue import catalogue

FIELDS = tuple(column.name for column in signal.columns)


def command(
    store: Store = STORE,
    config: Config = CONFIG,
    agency: Agency = "",
    indicator: IndicatorId = "",
    unit: Unit = None,
    service: Service = None,
    since: Since = "",
    as_of: StoodAt = "",
    form: FormatOption = Format.table,
) -> None:
    """Read what detectors saw: one line a bucket that left what was expected."""
    settings = read_settings(config)
    asked = {"agency": agency, "indicator": indicator, "unit": unit, "service": service}
    times = {"since": moment(since, "--since"), "as_of": moment(as_of, "--as-of")}
    with reading(store) as connection:
        found = checked(connection, settings, asked, read(connection, asked, **times))
        show.listed(found, form, FIELDS, _table, "No signals: nothing left what was expected.")


def read(
    connection: sqlalchemy.Connection,
    asked: Mapping[str, str | None],
    *,
    since: int | None = None,
    as_of: int | None = None,
) -> Iterator[dict[str, Any]]:
    """One row a signal, in order of time."""
    c = signal.c
    question = narrowed(select(signal), signal, asked).order_by(c.bucket_end, c.id)
    if since is not None:
        question = question.where(c.bucket_end > since)
    if as_of is not None:
        question = question.where(c.bucket_end <= as_of)
    for row in connection.execute(question):
        told = row._asdict()
        yield told | {name: iso(told[name]) for name in ("bucket_start", "bucket_end", "onset")}


def _table(listed: list[dict[str, Any]]) -> None:
    columns = [
        *show.when("bucket_end", "to", rank=5),
        show.column("agency"),
        show.column("indicator"),
        show.Column("part", show.part),
        show.column("direction", "way"),
        show.Column("value", lambda row: _figure(row, "value"), right=True),
        show.Column("usual", lambda row: _figure(row, "expected"), right=True),
        show.Column("usual range", _range, rank=3, right=True),
        show.column("n", rank=2, right=True),
        show.column("score", rank=4, right=True),
        show.column("rhythm", rank=6),
        show.column("detector", rank=7),
        show.column("false_alarm_rate", "false alarms", rank=8, right=True),
    ]
    show.table(listed, columns)


def _range(row: Mapping[str, Any]) -> str:
    return f"{_figure(row, 'low')} to {_figure(row, 'high')}"


def _figure(row: Mapping[str, Any], name: str) -> str:
    one = catalogue().get(row["indicator"])
    return show.figure(row[name], one.unit if one else "")

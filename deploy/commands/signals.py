"""``headwind signals``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy
from sqlalchemy import select

from deploy import show
from deploy.options import (
    STORE,
    Agency,
    Format,
    FormatOption,
    IndicatorId,
    Since,
    Store,
    iso,
    moment,
)
from models.store import open_store
from models.tables import signal


def command(
    store: Store = STORE,
    agency: Agency = "",
    indicator: IndicatorId = "",
    since: Since = "",
    form: FormatOption = Format.table,
) -> None:
    """Read what detectors saw: one line a bucket that left what was expected."""
    with open_store(store).connect() as connection:
        found = list(read(connection, agency, indicator, moment(since, "--since")))
    columns = (
        "agency",
        "indicator",
        "service",
        "bucket_end",
        "direction",
        "value",
        "expected",
        "low",
        "high",
        "score",
    )
    show.rows(found, form, columns, "No signals: nothing left what was expected.")


def read(
    connection: sqlalchemy.Connection, agency: str, indicator: str, since: int | None
) -> Iterator[dict[str, Any]]:
    """Rows in order of time."""
    question = select(signal).order_by(signal.c.bucket_end, signal.c.id)
    if agency:
        question = question.where(signal.c.agency == agency)
    if indicator:
        question = question.where(signal.c.indicator == indicator)
    if since is not None:
        question = question.where(signal.c.bucket_end > since)
    for row in connection.execute(question):
        told = row._asdict()
        yield told | {
            "bucket_start": iso(told["bucket_start"]),
            "bucket_end": iso(told["bucket_end"]),
        }

"""What ``headwind doctor`` says of control charts whose limits were left behind long ago."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import sqlalchemy
from sqlalchemy import func, select

from deploy import control
from deploy.explanation import Asked
from deploy.finding import Finding
from models.chart import LONG, MOST
from models.tables import value
from models.value import GROUP, LENGTH_MS, Cell
from streams.catalogue import catalogue


def outgrown_limits(connection: sqlalchemy.Connection) -> Iterator[Finding]:
    """One an indicator of an agency, by its first series; those that have ended do not count."""
    c = value.c
    charted = [name for name, one in catalogue().items() if one.charted]
    rows = connection.execute(
        select(c.agency, c.indicator, c.unit, c.service, func.max(c.window_end).label("end"))
        .where(c.indicator.in_(charted), c.stratum == "", ~c.agency.startswith(GROUP))
        .group_by(c.agency, c.indicator, c.unit, c.service)
        .order_by(c.agency, c.indicator, c.unit, c.service)
    ).all()
    for (agency, name), cells in groupby(rows, lambda row: (row.agency, row.indicator)):
        found = [words for row in cells if (words := _anew(connection, row))]
        if found:
            says = (
                f"{len(found)} of {agency} have {MOST} of their last {LONG} buckets off on one "
                f"side of limits that were set before"
            )
            fix = f"if that is known and will last: {found[0]}"
            yield Finding(f"limits of {name}", "look", says, fix)


def _anew(
    connection: sqlalchemy.Connection, row: sqlalchemy.Row[Any, Any, Any, Any, Any]
) -> str | None:
    """What begins a new baseline of a cell, where one of its rhythms asks for it."""
    indicator, cell = catalogue()[row.indicator], Cell(row.unit, row.service)
    asked = Asked(indicator, row.agency, cell, row.end)
    begins = control.begins(connection, indicator, row.agency, cell)
    for rhythm, mine in control.readings(connection, indicator, row.agency, cell).items():
        chart = indicator.control(mine, begins, None)
        still = mine[-1].end > row.end - 2 * LENGTH_MS[rhythm]
        if still and chart is not None and (words := control.anew(connection, asked, chart)):
            return words
    return None

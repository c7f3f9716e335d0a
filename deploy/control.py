"""Control charts read from a store: of one cell, as it stands restated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy
from sqlalchemy import select

from dashboards import baselines
from dashboards.panel import Scope
from deploy.explanation import Asked
from deploy.options import iso
from models.chart import ASSURANCES, Begin, Reading, variation_words
from models.settings import Settings
from models.tables import value
from models.value import Cell, Rhythm
from streams.indicator import Indicator


def readings(
    connection: sqlalchemy.Connection, indicator: Indicator, agency: str, cell: Cell
) -> dict[Rhythm, list[Reading]]:
    """The single buckets of a cell that have enough cases, by rhythm, in order of time."""
    c = value.c
    question = select(c.rhythm, c.window_start, c.window_end, c.value).where(
        c.indicator == indicator.id,
        c.agency == agency,
        c.unit == cell.unit,
        c.service == cell.service,
        c.stratum == cell.stratum,
        c.latest,
        c.status == "ok",
    )
    found: dict[Rhythm, list[Reading]] = {}
    for rhythm, start, end, held in connection.execute(question.order_by(c.window_end)):
        if end - start <= baselines.LONGEST_MS[rhythm]:
            found.setdefault(rhythm, []).append(Reading(start, end, held))
    return found


def begins(
    connection: sqlalchemy.Connection, indicator: Indicator, agency: str, cell: Cell
) -> list[Begin]:
    """Where baselines of a cell begin."""
    scope = Scope(agency=agency, indicator=indicator.id, unit=cell.unit, service=cell.service)
    rows = connection.execute(baselines.baselines(scope))
    return [Begin(row.start, row.kind == "rebase") for row in rows]


def told(
    connection: sqlalchemy.Connection, settings: Settings, asked: Asked, shown: Any
) -> dict[str, Any] | None:
    """What the chart says of the last bucket of a shown value; None where there is no chart."""
    indicator, agency, cell = asked.indicator, asked.agency, asked.cell
    if shown is None:
        return None
    mine: Sequence[Reading] = [
        one
        for one in readings(connection, indicator, agency, cell).get(shown.rhythm, [])
        if one.end <= shown.window_end
    ]
    target = settings.targets.get(indicator.id)
    chart = indicator.control(mine, begins(connection, indicator, agency, cell), target)
    if chart is None or chart.now is None:
        return None
    last, now = chart.dots[-1], chart.now
    return {
        "bucket_start": iso(last.reading.start),
        "bucket_end": iso(last.reading.end),
        "value": last.reading.value,
        "variation": last.variation,
        "rule": last.rule,
        "way": last.way,
        "says": variation_words(last),
        "mean": now.mean,
        "low": now.low,
        "high": now.high,
        "baseline_start": iso(now.start),
        "baseline_buckets": now.points,
        "trial": now.trial,
        "target": chart.target,
        "assurance": chart.assurance,
        "assures": ASSURANCES[chart.assurance],
    }

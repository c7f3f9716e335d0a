"""Control charts read from a store: of one cell, as it stands restated."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

import sqlalchemy
from sqlalchemy import or_, select

from dashboards import baselines
from dashboards.panel import Scope
from deploy.explanation import Asked
from deploy.options import iso
from models.chart import ASSURANCES, Begin, Chart, Reading, outgrown, variation_words
from models.settings import Settings
from models.tables import value
from models.value import GROUP, Cell, Rhythm
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
        "rebase": anew(connection, asked, chart),
        "target": chart.target,
        "assurance": chart.assurance,
        "assures": ASSURANCES[chart.assurance],
    }


def anew(connection: sqlalchemy.Connection, asked: Asked, chart: Chart) -> str | None:
    """The command that begins a new baseline, its why left open; None while the old one holds.

    Baselines are begun for what alerts speak of: a part, or a total of which no part is known.
    """
    indicator, agency, cell = asked.indicator, asked.agency, asked.cell
    since = outgrown(chart)
    if since is None or agency.startswith(GROUP) or not _spoken_of(connection, asked):
        return None
    words = ["headwind", "rebase", indicator.id, "--agency", agency]
    for option, name in (("--service", cell.service), ("--unit", cell.unit)):
        words += [option, name] if name else []
    return f"{shlex.join([*words, '--from', str(iso(since))])} --why TEXT"


def _spoken_of(connection: sqlalchemy.Connection, asked: Asked) -> bool:
    if asked.cell != Cell():
        return asked.indicator.is_part(asked.cell)
    c = value.c
    part = select(c.agency).where(
        c.indicator == asked.indicator.id,
        c.agency == asked.agency,
        or_(c.service != "", c.unit != ""),
    )
    return connection.execute(part.limit(1)).first() is None

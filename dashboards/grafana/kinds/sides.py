"""Demand and service of one case side by side: how deep each went."""

from __future__ import annotations

from sqlalchemy import func, select

from dashboards.grafana import asked, casefiles
from dashboards.grafana.cells import Cells
from dashboards.grafana.sheet import Json, Sheet
from dashboards.panel import Panel


def draw(panel: Panel, sheet: Sheet) -> list[Json]:
    """A row for each other side of each case."""
    scope, cells = sheet.scope(), Cells(sheet.facts)
    rows = panel.question(scope).subquery("rows")
    other = panel.overlays["besides"](scope).subquery("other")
    question = (
        select(
            rows.c.agency.label("Agency"),
            casefiles.where(rows).label("Where"),
            cells.title(rows.c.indicator).label("Case of"),
            rows.c.state.label("State"),
            asked.timestamp(rows.c.onset).label("Began"),
            casefiles.percent(rows.c.depth).label("Depth"),
            cells.title(other.c.series).label("Other side"),
            casefiles.percent(func.min(other.c.q)).label("Its lowest, % of expected"),
            casefiles.percent(func.avg(other.c.q)).label("Its mean, % of expected"),
            func.count().label("n (buckets)"),
        )
        .join_from(rows, other, other.c.shock == rows.c.id)
        .group_by(
            *(rows.c[name] for name in ("id", "agency", "unit", "service", "stratum", "indicator")),
            *(rows.c.state, rows.c.onset, rows.c.depth, other.c.series),
        )
        .order_by(*casefiles.open_first(rows), other.c.series)
    )
    return [casefiles.table(panel, sheet, question, 8)]

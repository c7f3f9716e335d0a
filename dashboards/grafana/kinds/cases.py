"""Case files in a table."""

from __future__ import annotations

from sqlalchemy import select

from dashboards.grafana import asked, casefiles
from dashboards.grafana.cells import Cells
from dashboards.grafana.sheet import Json, Sheet
from dashboards.panel import Panel


def draw(panel: Panel, sheet: Sheet) -> list[Json]:
    """What the page shows of each, in numbers."""
    rows = panel.question(sheet.scope()).subquery("rows")
    c, told = rows.c, casefiles.evidence(rows)
    question = select(
        c.agency.label("Agency"),
        casefiles.where(rows).label("Where"),
        Cells(sheet.facts).title(c.indicator).label("Indicator"),
        c.kind.label("Kind"),
        c.state.label("State"),
        asked.timestamp(c.onset).label("Began"),
        casefiles.percent(c.depth).label("Depth"),
        casefiles.days(c.absorbed, c.onset).label("Days to absorb"),
        casefiles.days(c.adapted, c.onset).label("Days to adapt"),
        casefiles.days(c.recovered, c.onset).label("Days to recover"),
        casefiles.number(c.loss_service_days).label("Service-days lost"),
        casefiles.percent(casefiles.number(told["gain"].astext)).label("Gain after"),
        c.declared.label("Declared crisis"),
    ).order_by(*casefiles.open_first(rows))
    return [casefiles.table(panel, sheet, question, 10)]

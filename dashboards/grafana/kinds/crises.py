"""Declared crises in a table: what showed, and how fast people moved."""

from __future__ import annotations

from sqlalchemy import func, select

from dashboards.grafana import asked, casefiles
from dashboards.grafana.sheet import Json, Sheet
from dashboards.panel import Panel


def draw(panel: Panel, sheet: Sheet) -> list[Json]:
    """A row a crisis, whether anything showed or not."""
    rows = panel.question(sheet.scope()).subquery("rows")
    c, told = rows.c, casefiles.evidence(rows)
    ended, answered = (casefiles.number(told[name].astext) for name in ("ended", "answered"))
    question = select(
        c.declared.label("Crisis"),
        c.agency.label("Agency"),
        casefiles.where(rows).label("Where"),
        c.state.label("State"),
        asked.timestamp(c.onset).label("Began"),
        casefiles.days(ended, c.onset).label("Days until ended"),
        func.jsonb_array_length(told["cases"]).label("Cases"),
        casefiles.days(answered, c.onset).label("Days to first decision"),
        casefiles.percent(casefiles.number(told["required_level"].astext)).label("Required"),
        casefiles.days(c.adapted, c.onset).label("Days to 95 % of it"),
    ).order_by(*casefiles.open_first(rows))
    return [casefiles.table(panel, sheet, question, 6)]

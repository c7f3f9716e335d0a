"""Resilience curves: Q over time, a line a case; 1 is as expected."""

from __future__ import annotations

from sqlalchemy import func, select

from dashboards.grafana import asked, casefiles, looks
from dashboards.grafana.cells import Cells
from dashboards.grafana.sheet import WIDTHS, Json, Sheet, frame
from dashboards.panel import Panel


def draw(panel: Panel, sheet: Sheet) -> list[Json]:
    """Each line has the name of its place and indicator."""
    scope = sheet.scope()
    rows = panel.question(scope).subquery("rows")
    points = panel.overlays["curves"](scope).subquery("points")
    title = Cells(sheet.facts).title(rows.c.indicator)
    name = func.concat_ws(" · ", rows.c.agency, casefiles.where(rows), title)
    question = (
        select(
            asked.timestamp(points.c.start).label("time"),
            name.label("metric"),
            points.c.q.label("value"),
        )
        .join_from(rows, points, points.c.shock == rows.c.id)
        .order_by("time", "metric")
    )
    drawn = frame(panel, "timeseries", WIDTHS[panel.place], 9)
    drawn["targets"] = [asked.table("A", question, "time_series")]
    return [level(drawn)]


def level(drawn: Json) -> Json:
    """A panel as a chart of Q, with a line at 1."""
    drawn["fieldConfig"]["defaults"] |= {
        "unit": "percentunit",
        "min": 0,
        "thresholds": {
            "mode": "absolute",
            "steps": [{"color": looks.TEXT, "value": None}, {"color": looks.GREY, "value": 1}],
        },
        "custom": {
            "drawStyle": "line",
            "lineWidth": 2,
            "fillOpacity": 0,
            "showPoints": "auto",
            "pointSize": 4,
            "spanNulls": True,
            "insertNulls": 40 * 86_400_000,
            "thresholdsStyle": {"mode": "dashed"},
            "axisLabel": "as expected = 100 %",
        },
    }
    drawn["options"] = looks.course()
    return drawn

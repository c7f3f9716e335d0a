"""Courses of what Prometheus knows, three beside each other."""

from __future__ import annotations

from dashboards.grafana import asked, looks
from dashboards.grafana.sheet import Json, Sheet, frame
from dashboards.panel import Meter, Panel


def draw(panel: Panel, sheet: Sheet) -> list[Json]:
    """One chart a meter of the board."""
    return [_chart(panel, meter) for meter in sheet.board.meters]


def _chart(panel: Panel, meter: Meter) -> Json:
    drawn = frame(panel, "timeseries", 8, 7) | {
        "title": meter.title,
        "description": meter.description,
        "targets": [asked.metric(chr(ord("A") + at), live) for at, live in enumerate(meter.lives)],
    }
    drawn["fieldConfig"]["defaults"] = {
        "unit": meter.unit,
        "noValue": "nothing to show in this time",
        "thresholds": looks.plain(),
        "custom": {"drawStyle": "line", "lineWidth": 2, "fillOpacity": 0, "showPoints": "never"},
    }
    drawn["options"] = looks.course()
    return drawn

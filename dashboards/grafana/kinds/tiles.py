"""A tile an agency: its state in a word and a colour, with its course."""

from __future__ import annotations

from dashboards.grafana import asked, looks
from dashboards.grafana.links import to_agency
from dashboards.grafana.sheet import WIDTHS, Json, Sheet, frame, live_of
from dashboards.panel import Panel


def draw(panel: Panel, sheet: Sheet) -> list[Json]:
    """One series an agency."""
    drawn = frame(panel, "stat", WIDTHS[panel.place], 4)
    drawn["targets"] = [asked.metric("A", live_of(panel, sheet))]
    drawn["fieldConfig"]["defaults"] |= {
        "mappings": looks.states(),
        "thresholds": looks.plain(),
        "unit": "none",
        "min": 0,
        "max": 3,
        "links": to_agency(sheet, "${__field.labels.agency}"),
    }
    drawn["options"] = looks.stat(graphMode="area", colorMode="value", justifyMode="auto")
    return [drawn]

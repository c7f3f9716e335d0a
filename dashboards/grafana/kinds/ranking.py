"""Agencies by the newest value of one indicator, as bars; a target a unit of measure."""

from __future__ import annotations

from dashboards.grafana import asked, looks
from dashboards.grafana.links import to_agency
from dashboards.grafana.sheet import WIDTHS, Json, Sheet, frame, live_of
from dashboards.panel import Live, Panel


def draw(panel: Panel, sheet: Sheet) -> list[Json]:
    """The unit follows from the indicator: only the target whose indicators hold it answers."""
    drawn = frame(panel, "bargauge", WIDTHS[panel.place], 8)
    live = live_of(panel, sheet)
    overrides = []
    units = looks.by_unit(sheet.facts)
    if known := sheet.fixed.get("indicator"):
        units = {unit: members for unit, members in units.items() if known in members}
    for at, (unit, members) in enumerate(units.items()):
        ref = chr(ord("A") + at)
        # Two conditions on one label: both hold.
        expr = live.expr.replace("{", f'{{indicator=~"{"|".join(members)}", ', 1)
        drawn["targets"].append(asked.metric(ref, Live(expr, live.legend), instant=True))
        overrides.append(looks.of_query(ref, unit=unit))
    drawn["fieldConfig"]["defaults"] |= {
        "thresholds": looks.plain(looks.BLUE),
        "color": looks.fixed(looks.BLUE),
        "unit": "none",
        "links": to_agency(sheet, "${__field.labels.agency}"),
    }
    drawn["fieldConfig"]["overrides"] = overrides
    drawn["options"] = {
        "displayMode": "basic",
        "orientation": "horizontal",
        "showUnfilled": True,
        "valueMode": "color",
        "namePlacement": "auto",
        "sizing": "auto",
        "minVizHeight": 16,
        "minVizWidth": 8,
        "maxVizHeight": 60,
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "legend": {"showLegend": False, "displayMode": "list", "placement": "bottom", "calcs": []},
    }
    return [drawn]

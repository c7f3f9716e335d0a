"""Every agency a row, every indicator a column with its own unit."""

from __future__ import annotations

from dashboards.facts import IndicatorFacts
from dashboards.grafana import asked, looks
from dashboards.grafana.links import to_agency, to_indicator
from dashboards.grafana.sheet import WIDTHS, Json, Sheet, frame, live_of
from dashboards.panel import Panel


def draw(panel: Panel, sheet: Sheet) -> list[Json]:
    """Instant values, turned into a table by Grafana."""
    drawn = frame(panel, "table", WIDTHS[panel.place], 9)
    drawn["targets"] = [asked.metric("A", live_of(panel, sheet), instant=True, form="table")]
    rows = {"rowField": "agency", "columnField": "indicator", "valueField": "Value"}
    drawn["transformations"] = [
        {"id": "groupingToMatrix", "options": {**rows, "emptyValue": "null"}}
    ]
    drawn["fieldConfig"]["defaults"] |= {
        "noValue": "–",
        "thresholds": looks.plain(),
        "unit": "none",
        "custom": {"align": "auto", "cellOptions": {"type": "auto"}, "minWidth": 84},
    }
    first = "agency\\indicator"
    links = to_agency(sheet, "${__data.fields.Agency}")
    overrides = [looks.named(first, displayName="Agency", links=links, custom__minWidth=120)]
    overrides += [_column(fact, sheet) for fact in sheet.facts]
    drawn["fieldConfig"]["overrides"] = overrides
    drawn["options"] = {"showHeader": True, "cellHeight": "sm", "frozenColumns": {"left": 1}}
    return [drawn]


def _column(fact: IndicatorFacts, sheet: Sheet) -> Json:
    unit = looks.unit(fact.unit)
    digits = {"decimals": 1} if unit == "percentunit" else {}
    links = to_indicator(sheet, fact.id)
    return looks.named(fact.id, displayName=fact.title, unit=unit, links=links, **digits)

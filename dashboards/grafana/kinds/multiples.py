"""Small multiples: a chart an indicator of one agency, or a chart an agency on one scale."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select, union_all

from dashboards.grafana import asked, icons, limits, looks, rolling
from dashboards.grafana.sheet import Json, Sheet, frame
from dashboards.panel import Panel, Scope

AXIS = "the scale of all agencies"
"""A line that is not drawn, so that each chart reaches as far as the others."""


def draw(panel: Panel, sheet: Sheet) -> list[Json]:
    """Split by indicator every chart has its own unit; by agency one is repeated, under words."""
    if panel.split == "indicator":
        return [_one(panel, sheet, fact.id) for fact in sheet.facts]
    return [icons.table(panel, sheet), _repeated(panel, sheet)]


def _one(panel: Panel, sheet: Sheet, indicator: str) -> Json:
    fact = sheet.fact(indicator)
    drawn = rolling.chart(frame(panel, "timeseries", 8, 8), looks.unit(fact.unit))
    drawn["title"] = f"{fact.title}, {panel.title.rpartition(', ')[2]}"
    drawn["description"] = f"{fact.summary} {panel.description}"
    scope = sheet.scope(indicator=indicator)
    drawn["targets"] = _targets(panel, scope)
    return drawn


def _targets(panel: Panel, scope: Scope, scale: Any = 1) -> list[Json]:
    return [
        asked.table("A", rolling.values(panel, scope, scale)),
        asked.table("B", rolling.usual(panel, scope, scale)),
        asked.table("C", rolling.signals(panel, scope, scale)),
    ]


def _repeated(panel: Panel, sheet: Sheet) -> Json:
    drawn = rolling.chart(frame(panel, "timeseries", 8, 9), "none")
    # A unit cannot follow a choice: so it stands in the title, and shares are asked as percent.
    drawn["title"] = f"$agency: ${{indicator:text}} ($measure), {panel.title.rpartition(', ')[2]}"
    drawn |= {"repeat": "agency", "repeatDirection": "h", "maxPerRow": 3}
    scope = sheet.scope(agency=asked.chosen("agency"))
    scale = rolling.scale(scope.indicator, sheet.facts)
    targets = _targets(panel, scope, scale)
    targets.append(asked.table("D", limits.limits(panel, scope, sheet.facts, scale)))
    targets.append(asked.table("E", _axis(panel, sheet, scale)))
    drawn["targets"] = targets
    drawn["fieldConfig"]["overrides"] += [*limits.overrides(), *_hidden()]
    return drawn


def _hidden() -> list[Json]:
    out = {"legend": True, "tooltip": True, "viz": False}
    return [
        looks.named(AXIS, custom__lineWidth=0, custom__showPoints="never", custom__hideFrom=out)
    ]


def _axis(panel: Panel, sheet: Sheet, scale: Any) -> Select[Any]:
    """The least and the most that any agency has in the time shown, at its two ends."""
    scope = sheet.scope(agency="")
    rows = panel.question(scope).subquery("rows")
    reach = select(
        (func.min(func.coalesce(rows.c.low, rows.c.value)) * scale).label("least"),
        (func.max(func.coalesce(rows.c.high, rows.c.value)) * scale).label("most"),
    ).cte("reach")
    ends = union_all(
        select(asked.moment("From").label("at"), reach.c.least.label(AXIS)),
        select(asked.moment("To").label("at"), reach.c.most.label(AXIS)),
    ).subquery("ends")
    return select(asked.timestamp(ends.c.at).label("time"), ends.c[AXIS]).order_by("time")

"""The state of each agency over time, as it was decided: from the alerts that were open."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Select, and_, case, cast, func, or_, select, true, union

from dashboards.grafana import asked, looks
from dashboards.grafana.links import to_agency
from dashboards.grafana.sheet import WIDTHS, Json, Sheet, frame, live_of
from dashboards.narrowing import agencies_asked
from dashboards.panel import Panel, Scope
from models.metrics import STATE_NUMBER


def draw(panel: Panel, sheet: Sheet) -> list[Json]:
    """A row an agency."""
    drawn = frame(panel, "state-timeline", WIDTHS[panel.place], 7)
    if panel.live is None:
        target, label = asked.table("A", states(panel, sheet.scope()), "time_series"), "metric"
    else:
        target, label = asked.metric("A", live_of(panel, sheet)), "agency"
    drawn["targets"] = [target]
    drawn["fieldConfig"]["defaults"] |= {
        "mappings": looks.states(),
        "thresholds": looks.plain(),
        "unit": "none",
        "custom": {"fillOpacity": 80, "lineWidth": 0},
        "links": to_agency(sheet, f"${{__field.labels.{label}}}"),
    }
    drawn["options"] = {
        "mergeValues": True,
        "showValue": "auto",
        "alignValue": "left",
        "rowHeight": 0.8,
        "perPage": 20,
        "legend": {"showLegend": True, "displayMode": "list", "placement": "bottom"},
        "tooltip": {"mode": "single", "sort": "none"},
    }
    return [drawn]


def states(panel: Panel, scope: Scope) -> Select[Any]:
    """Columns ``time``, ``metric`` (agency) and ``value`` (the number of its state).

    Every agency has a row at every moment at which any of them changes: what is left out would
    be drawn as a gap.
    """
    held = panel.question(scope).subquery("held")
    known = agencies_asked(scope)
    begin, end = cast(scope.since, BigInteger), cast(scope.until, BigInteger)
    edges = union(
        select(begin.label("at")),
        select(end.label("at")),
        select(held.c.opened.label("at")),
        select(held.c.closed.label("at")).where(held.c.closed.is_not(None)),
    ).subquery("edges")
    weight = case(
        (held.c.alertname == "SourceStale", STATE_NUMBER["unknown"]),
        (held.c.severity == "critical", STATE_NUMBER["strained"]),
        (held.c.severity == "warning", STATE_NUMBER["watch"]),
        else_=STATE_NUMBER["steady"],
    )
    stood = and_(
        held.c.agency == known.c.agency,
        held.c.state != "inhibited",
        held.c.opened <= edges.c.at,
        or_(held.c.closed.is_(None), held.c.closed > edges.c.at),
    )
    worst = (
        select(func.coalesce(func.max(weight), STATE_NUMBER["steady"]))
        .where(stood)
        .correlate(known, edges)
        .scalar_subquery()
    )
    return (
        select(
            asked.timestamp(edges.c.at).label("time"),
            known.c.agency.label("metric"),
            worst.label("value"),
        )
        .select_from(edges.join(known, true()))
        .where(edges.c.at >= begin, edges.c.at <= end)
        .order_by("time", "metric")
    )

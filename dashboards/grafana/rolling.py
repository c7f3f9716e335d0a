"""Rolling values as the series of a chart: the line, its interval, and where it is weak."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Select, case, desc, exists, func, or_, select

from dashboards.facts import IndicatorFacts
from dashboards.grafana import asked, looks
from dashboards.grafana.sheet import Json
from dashboards.panel import Panel, Scope
from dashboards.words import SHARES

VALUE, WEAK, LOW, HIGH = "value", "few cases or stale", "low (95 %)", "high (95 %)"
ALERT = "an alert is open"
USUAL_LOW, USUAL_HIGH = "least expected", "most expected"
ABOVE, BELOW = "signal: higher than expected", "signal: lower than expected"

FAR: Final = 2**53


def scale(indicator: Any, facts: Sequence[IndicatorFacts]) -> Any:
    """What values are multiplied with: 100 where the indicator that was chosen is a share."""
    shares = [fact.id for fact in facts if fact.unit in SHARES]
    return case((indicator.in_(shares), 100), else_=1)


def values(panel: Panel, scope: Scope, scale: Any = 1) -> Select[Any]:
    """Of the rhythm that reaches furthest: time, value, weak value, interval, value in an alert."""
    told = panel.question(scope).subquery("told")
    furthest = (
        func.first_value(told.c.rhythm)
        .over(
            partition_by=(told.c.agency, told.c.indicator),
            order_by=(desc(told.c.window_end), asked.finest(told.c.rhythm)),
        )
        .label("furthest")
    )
    rows = select(told, furthest).subquery("rows")
    sure = rows.c.status == "ok"
    columns = [
        asked.timestamp(rows.c.window_end).label("time"),
        (case((sure, rows.c.value)) * scale).label(VALUE),
        (case((~sure, rows.c.value)) * scale).label(WEAK),
        (rows.c.low * scale).label(LOW),
        (rows.c.high * scale).label(HIGH),
    ]
    if "alerts" in panel.overlays:
        held = panel.overlays["alerts"](scope).subquery("held")
        open_then = exists().where(
            held.c.agency == rows.c.agency,
            held.c.indicator == rows.c.indicator,
            held.c.opened <= rows.c.window_end,
            func.coalesce(held.c.closed, FAR) >= rows.c.window_end,
        )
        columns.append((case((open_then, rows.c.value)) * scale).label(ALERT))
    return select(*columns).where(rows.c.rhythm == rows.c.furthest).order_by(rows.c.window_end)


def usual(panel: Panel, scope: Scope, scale: Any = 1) -> Select[Any]:
    """What was expected of each bucket, where it is watched."""
    rows = panel.overlays["usual"](scope).subquery("rows")
    return (
        select(
            asked.timestamp(rows.c.bucket_end).label("time"),
            (rows.c.low * scale).label(USUAL_LOW),
            (rows.c.high * scale).label(USUAL_HIGH),
        )
        .where(or_(rows.c.low.is_not(None), rows.c.high.is_not(None)))
        .order_by(rows.c.bucket_end)
    )


def signals(panel: Panel, scope: Scope, scale: Any = 1) -> Select[Any]:
    """Each bucket in which a detector saw something, by which way it went."""
    rows = panel.overlays["signals"](scope).subquery("rows")
    up = rows.c.direction == "up"
    return select(
        asked.timestamp(rows.c.bucket_end).label("time"),
        (case((up, rows.c.value)) * scale).label(ABOVE),
        (case((~up, rows.c.value)) * scale).label(BELOW),
    ).order_by(rows.c.bucket_end)


def overrides() -> list[Json]:
    """How each of these series is drawn."""
    quiet = {"legend": True, "tooltip": False, "viz": False}
    points = {"custom__drawStyle": "points", "custom__showPoints": "always"}
    return [
        looks.named(VALUE, color=looks.fixed(looks.BLUE), custom__lineWidth=2),
        looks.named(WEAK, color=looks.fixed(looks.GREY), custom__lineStyle=_dashed()),
        looks.named(
            HIGH,
            color=looks.fixed(looks.BLUE),
            custom__lineWidth=0,
            custom__fillBelowTo=LOW,
            custom__fillOpacity=18,
            custom__hideFrom=quiet,
        ),
        looks.named(
            LOW, color=looks.fixed(looks.BLUE), custom__lineWidth=0, custom__hideFrom=quiet
        ),
        looks.named(
            USUAL_HIGH,
            color=looks.fixed(looks.GREY),
            custom__lineWidth=0,
            custom__fillBelowTo=USUAL_LOW,
            custom__fillOpacity=12,
            custom__spanNulls=True,
        ),
        looks.named(
            USUAL_LOW, color=looks.fixed(looks.GREY), custom__lineWidth=0, custom__spanNulls=True
        ),
        looks.named(ALERT, color=looks.fixed(looks.RED), custom__pointSize=7, **points),
        looks.named(ABOVE, color=looks.fixed(looks.PURPLE), custom__pointSize=9, **points),
        looks.named(BELOW, color=looks.fixed(looks.YELLOW), custom__pointSize=9, **points),
    ]


def _dashed() -> Json:
    return {"fill": "dash", "dash": [6, 6]}


def chart(drawn: Json, unit: str) -> Json:
    """A panel as a chart over time in a unit."""
    drawn["fieldConfig"]["defaults"] |= {
        "unit": unit,
        "thresholds": looks.plain(),
        "custom": {
            "drawStyle": "line",
            "lineInterpolation": "linear",
            "lineWidth": 1,
            "fillOpacity": 0,
            "showPoints": "auto",
            "pointSize": 4,
            "spanNulls": False,
            "axisLabel": "",
            "scaleDistribution": {"type": "linear"},
        },
    }
    drawn["fieldConfig"]["overrides"] = overrides()
    drawn["options"] = looks.course("none")
    return drawn

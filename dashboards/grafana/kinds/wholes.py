"""Shocks of a whole organisation: the mean of its services, and the fan of how far they spread."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on

from dashboards.grafana import asked, looks
from dashboards.grafana.kinds.curves import level
from dashboards.grafana.sheet import WIDTHS, Json, Sheet, frame
from dashboards.panel import Panel

MEAN, LOW, HIGH = "mean of services", "P10 of services", "P90 of services"


def draw(panel: Panel, sheet: Sheet) -> list[Json]:
    """Where two whole organisations fell at once, the deeper of them; choose one to see the other."""
    scope = sheet.scope()
    rows = panel.question(scope).subquery("rows")
    points = panel.overlays["curves"](scope).subquery("points")
    spread = panel.overlays["besides"](scope).subquery("spread")
    side = {name: func.max(spread.c.q).filter(spread.c.series == name) for name in ("p10", "p90")}
    of_it = (spread.c.shock == points.c.shock) & (spread.c.start == points.c.start)
    told = (
        select(
            points.c.start,
            rows.c.depth,
            points.c.q,
            side["p10"].label("low"),
            side["p90"].label("high"),
        )
        .select_from(rows.join(points, points.c.shock == rows.c.id).outerjoin(spread, of_it))
        .group_by(points.c.start, rows.c.depth, points.c.q, rows.c.id)
        .subquery("told")
    )
    question = (
        select(
            asked.timestamp(told.c.start).label("time"),
            told.c.q.label(MEAN),
            told.c.low.label(LOW),
            told.c.high.label(HIGH),
        )
        .ext(distinct_on(told.c.start))
        .order_by(told.c.start, told.c.depth.desc())
    )
    drawn = level(frame(panel, "timeseries", WIDTHS[panel.place], 8))
    drawn["targets"] = [asked.table("A", question)]
    grey = looks.fixed(looks.GREY)
    drawn["fieldConfig"]["overrides"] = [
        looks.named(MEAN, color=looks.fixed(looks.BLUE), custom__lineWidth=3),
        looks.named(
            HIGH, color=grey, custom__lineWidth=0, custom__fillBelowTo=LOW, custom__fillOpacity=20
        ),
        looks.named(LOW, color=grey, custom__lineWidth=0),
    ]
    return [drawn]

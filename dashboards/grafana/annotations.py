"""Breaks, crises and shocks over the charts of a board, as they stand restated."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Numeric, Select, cast, func, literal, select

from dashboards import questions, shock_questions
from dashboards.grafana import asked, looks
from dashboards.grafana.sheet import Json, Sheet

BOARDS = frozenset({"headwind-agency", "headwind-indicator", "headwind-shocks"})
"""Boards with a time axis on which something happened."""


def layers(sheet: Sheet) -> list[Json]:
    """What is drawn over time: a line for a break, a span for a crisis, a shock or an alert."""
    if sheet.board.uid not in BOARDS:
        return []
    scope = _scope(sheet)
    return [
        _layer("Breaks and declared crises", looks.PURPLE, _breaks(scope)),
        _layer("Shocks", looks.RED, _shocks(scope)),
        _layer("Alerts", looks.YELLOW, _alerts(scope), shown=False),
    ]


def _scope(sheet: Sheet) -> Any:
    # The agencies of small multiples are many at once; their marks carry the name.
    return sheet.scope(agency="") if sheet.board.uid == "headwind-indicator" else sheet.scope()


def _layer(name: str, colour: str, question: Select[Any], *, shown: bool = True) -> Json:
    return {
        "name": name,
        "enable": shown,
        "hide": False,
        "iconColor": colour,
        "datasource": asked.POSTGRESQL,
        "target": asked.table("Anno", question),
    }


def _breaks(scope: Any) -> Select[Any]:
    rows = questions.breaks(scope).subquery("rows")
    return select(
        asked.timestamp(rows.c.start).label("time"),
        asked.timestamp(func.coalesce(rows.c.end, rows.c.start)).label("timeend"),
        func.concat(rows.c.agency, ": ", rows.c.label).label("text"),
        func.concat("break,", rows.c.kind).label("tags"),
    ).order_by("time")


def _shocks(scope: Any) -> Select[Any]:
    rows = shock_questions.cases(scope).subquery("rows")
    where = func.concat_ws(
        " · ",
        rows.c.agency,
        func.nullif(rows.c.indicator, ""),
        func.nullif(rows.c.unit, ""),
        func.nullif(rows.c.service, ""),
    )
    depth = func.round(cast(rows.c.depth * 100, Numeric))
    return select(
        asked.timestamp(rows.c.onset).label("time"),
        asked.timestamp(func.coalesce(rows.c.recovered, rows.c.seen)).label("timeend"),
        func.concat(where, ": ", rows.c.state, ", ", depth, " % deep").label("text"),
        func.concat(literal("shock,"), rows.c.kind).label("tags"),
    ).order_by("time")


def _alerts(scope: Any) -> Select[Any]:
    rows = questions.alerts(scope).subquery("rows")
    return select(
        asked.timestamp(rows.c.opened).label("time"),
        asked.timestamp(func.coalesce(rows.c.closed, scope.until)).label("timeend"),
        func.concat(rows.c.agency, ": ", rows.c.reason).label("text"),
        func.concat(literal("alert,"), rows.c.severity).label("tags"),
    ).order_by("time")

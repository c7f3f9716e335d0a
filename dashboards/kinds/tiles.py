"""A tile an agency: its state in a word, and the course of one indicator a pillar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboards import condition, words
from dashboards.drawing import Context, Drawn, Row, render
from dashboards.series import one_rhythm, standing, thin
from dashboards.sparkline import polylines

if TYPE_CHECKING:
    from dashboards.panel import Panel

_MOST = 3


def draw(panel: Panel, answers: dict[str, list[Row]], context: Context) -> Drawn:
    """Rows are current values; overlays: history behind them, open alerts."""
    values = one_rhythm(answers[""])
    lines = one_rhythm(answers["history"])
    main = _main_indicators({indicator for _, indicator in values}, context)
    tiles = []
    for agency in context.agencies:
        alerts = [row for row in answers["alerts"] if row["agency"] == agency]
        known = any(owner == agency for owner, _ in values)
        state = condition.worst(alerts) if known or alerts else "unknown"
        courses = [
            _course(indicator, values.get((agency, indicator)), lines, panel.points, context)
            for indicator in main
        ]
        complete = context.complete.get(agency)
        tiles.append(
            {
                "id": agency,
                "name": context.agency(agency),
                "link": context.agency_link(agency),
                "state": state,
                "why": _why(alerts, state, known=known),
                "alerts": len(alerts),
                "courses": courses,
                "complete": "" if complete is None else context.clock.instant(complete),
            }
        )
    return Drawn(render("kinds/tiles.html", panel=panel, tiles=tiles))


def _main_indicators(present: set[str], context: Context) -> list[str]:
    """One indicator a pillar first, then second ones, as far as any agency has a value."""
    shown = [indicator for indicator in context.scope.headlines if indicator in present]
    pillars = [context.facts[indicator].pillar for indicator in shown]
    repeated = [pillar in pillars[:at] for at, pillar in enumerate(pillars)]
    order = sorted(range(len(shown)), key=lambda at: repeated[at])
    return [shown[at] for at in order[:_MOST]]


def _why(alerts: list[Row], state: words.State, *, known: bool) -> str:
    reasons = [row["reason"] for row in alerts if condition.state_of(row) == state]
    if state != "steady" and reasons:
        return words.sentence_of(reasons[0])
    return "No alert is open." if known else "No value has been computed yet."


def _course(
    indicator: str,
    current: list[Row] | None,
    lines: dict[tuple[str, str], list[Row]],
    most: int,
    context: Context,
) -> dict[str, Any]:
    row = standing(current) if current else None
    history = lines.get((row["agency"], indicator), []) if row else []
    return {
        "title": context.indicator(indicator),
        "link": context.indicator_link(indicator),
        "unit": context.unit(indicator),
        "row": row,
        "note": context.note(row, current) if row and current else "no data",
        "lines": polylines(thin(history, most)),
    }

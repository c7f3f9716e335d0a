"""States over time: one row an agency, the worse the state the higher the bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboards import chart, condition
from dashboards.drawing import Context, Drawn, Figure, Row, render

if TYPE_CHECKING:
    from dashboards.panel import Panel

_ROW_HEIGHT = 36
_WORD_SHARE, _SIGN_SHARE = 0.1, 0.02
_SIGNS = {"strained": "!", "watch": "!", "unknown": "?"}


def draw(panel: Panel, answers: dict[str, list[Row]], context: Context) -> Drawn:
    """Rows are alerts of the chosen time."""
    scope, clock = context.scope, context.clock
    stretches: list[dict[str, Any]] = []
    for agency in context.agencies:
        alerts = [row for row in answers[""] if row["agency"] == agency]
        until = min(scope.until, max(context.complete.get(agency, scope.until), scope.since + 1))
        until = max([until, *(row["updated"] for row in alerts if row["closed"] is None)])
        stretches += [
            {
                "row": context.agency(agency),
                "t": clock.axis(found.start),
                "t2": clock.axis(found.end),
                "mid": clock.axis((found.start + found.end) // 2),
                "state": found.state,
                "label": _label(found, scope.until - scope.since),
                "reason": " \u00b7 ".join(found.reasons) or "no alert was open",
                "when": f"{clock.date(found.start)} to {clock.date(found.end)}",
            }
            for found in condition.stretches(alerts, scope.since, until)
        ]
    rows = [context.agency(agency) for agency in context.agencies]
    frame = [
        {"t": clock.axis(edge), "row": row} for row in rows for edge in (scope.since, scope.until)
    ]
    figure = Figure(
        panel.id, chart.states(_ROW_HEIGHT * len(rows)), {"stretches": stretches, "frame": frame}
    )
    html = render(
        "kinds/states.html",
        panel=panel,
        figure=figure,
        height=_ROW_HEIGHT * len(rows) + 30,
        episodes=[row for row in stretches if row["state"] != "steady"],
    )
    return Drawn(html, [figure])


def _label(found: condition.Stretch, whole: int) -> str:
    """The word where it fits, else a sign; steady needs none."""
    share = (found.end - found.start) / whole
    if found.state == "steady" or share < _SIGN_SHARE:
        return ""
    return found.state if share >= _WORD_SHARE else _SIGNS[found.state]

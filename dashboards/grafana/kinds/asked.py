"""The question that a board answers, where no sentence of its own answers it at once."""

from __future__ import annotations

from dashboards.grafana.sheet import Json, Sheet, frame
from dashboards.panel import Panel


def draw(panel: Panel, sheet: Sheet) -> list[Json]:
    """One line of text."""
    drawn = frame(panel, "text", 18, 2)
    drawn["options"] = {"mode": "markdown", "content": f"**{sheet.board.question}**"}
    drawn["fieldConfig"] = {"defaults": {}, "overrides": []}
    return [drawn]

"""How to read a board: a text, drawn by Grafana alone."""

from __future__ import annotations

from dashboards.grafana.sheet import Json, Sheet, frame
from dashboards.panel import Panel


def draw(panel: Panel, sheet: Sheet) -> list[Json]:
    """The board's own sentences, as a list."""
    drawn = frame(panel, "text", 24, 2 + len(sheet.board.reading))
    lines = [f"- {line}" for line in sheet.board.reading]
    drawn["options"] = {"mode": "markdown", "content": "\n".join(lines)}
    drawn["fieldConfig"] = {"defaults": {}, "overrides": []}
    return [drawn]

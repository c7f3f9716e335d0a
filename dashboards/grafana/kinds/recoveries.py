"""Case files counted by how they stand."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select

from dashboards.grafana import asked, looks
from dashboards.grafana.sheet import Json, Sheet, frame
from dashboards.panel import Panel
from models.shock import OVER


def draw(panel: Panel, sheet: Sheet) -> list[Json]:
    """One row, a column a word; so it reads as a sentence."""
    rows = panel.question(sheet.scope()).subquery("rows")
    state = rows.c.state
    back = state == "recovered"
    counted = {
        "case files": func.count(),
        "not back yet": func.count().filter(state.not_in(sorted(OVER)), ~back),
        "back, still followed": func.count().filter(back),
        **{
            word: func.count().filter(state == word)
            for word in ("thriving", "restored", "degraded")
        },
        "of context, over": func.count().filter(state == "over"),
    }
    columns: list[Any] = [column.label(word) for word, column in counted.items()]
    question: Select[Any] = select(*columns)
    drawn = frame(panel, "stat", 18, 2)
    drawn["targets"] = [asked.table("A", question)]
    drawn["fieldConfig"]["defaults"] |= {"unit": "none", "thresholds": looks.plain()}
    drawn["options"] = looks.stat(text={"titleSize": 14, "valueSize": 20})
    return [drawn]

"""A table of indicator by agency: value, interval and n in every cell, with its state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboards import condition, words
from dashboards.drawing import Context, Drawn, Row, by_pillar, render
from dashboards.series import one_rhythm, standing

if TYPE_CHECKING:
    from dashboards.panel import Panel


def draw(panel: Panel, answers: dict[str, list[Row]], context: Context) -> Drawn:
    """Rows are current values; overlay: open alerts."""
    series = one_rhythm(answers[""])
    alerts: dict[tuple[str, str], list[Row]] = {}
    for row in answers["alerts"]:
        alerts.setdefault((row["agency"], row["indicator"]), []).append(row)
    lines = [
        {
            "title": facts.title,
            "link": context.indicator_link(facts.id),
            "unit": facts.unit,
            "pillar": facts.pillar,
            "better": {"up": "\u2191", "down": "\u2193"}.get(facts.direction, ""),
            "direction": words.DIRECTIONS[facts.direction],
            "cells": [
                _cell(series.get((agency, facts.id)), alerts.get((agency, facts.id), []), context)
                for agency in context.agencies
            ],
        }
        for facts in by_pillar(list(context.facts.values()))
    ]
    heads = [(context.agency(agency), context.agency_link(agency)) for agency in context.agencies]
    return Drawn(render("kinds/matrix.html", panel=panel, heads=heads, lines=lines))


def _cell(rows: list[Row] | None, alerts: list[Row], context: Context) -> dict[str, Any]:
    if rows is None:
        return {"row": None, "note": "no data", "state": "", "window": ""}
    row = standing(rows)
    state = condition.worst(alerts)
    return {
        "row": row,
        "note": context.note(row, rows),
        "is_old": row is not rows[-1],
        "state": "" if state == "steady" else state,
        "window": context.clock.period(row["window_start"], row["window_end"]),
    }

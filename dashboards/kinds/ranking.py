"""A ranking with its doubt: best first, each with interval and n on one scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards import words
from dashboards.drawing import Context, Drawn, Row, render
from dashboards.series import one_rhythm, standing

if TYPE_CHECKING:
    from dashboards.panel import Panel


def draw(panel: Panel, answers: dict[str, list[Row]], context: Context) -> Drawn:
    """Rows are current values of one indicator, one agency each."""
    indicator = context.scope.indicator
    newest = [(standing(rows), rows) for rows in one_rhythm(answers[""]).values()]
    facts = context.facts.get(indicator)
    downwards = facts is not None and facts.direction == "down"
    valued = sorted(
        ((row, rows) for row, rows in newest if row["value"] is not None),
        key=lambda one: one[0]["value"] if downwards else -one[0]["value"],
    )
    edges = [row[side] for row, _ in valued for side in ("low", "value", "high")]
    known = [edge for edge in edges if edge is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    low = 0.0 if 0 <= low < 0.6 * high else low

    def at(value: float) -> str:
        share = (value - low) / (high - low) if high > low else 0.5
        return f"{2 + 96 * share:.1f}%"

    bars = [
        {
            "name": context.agency(row["agency"]),
            "link": context.agency_link(row["agency"]),
            "row": row,
            "note": context.note(row, rows),
            "dot": at(row["value"]),
            "low": at(row["low"]) if row["low"] is not None else "",
            "high": at(row["high"]) if row["high"] is not None else "",
        }
        for row, rows in valued
    ]
    ranked = {row["agency"] for row, _ in valued}
    html = render(
        "kinds/ranking.html",
        panel=panel,
        title=context.indicator(indicator),
        link=context.indicator_link(indicator),
        unit=context.unit(indicator),
        direction=words.DIRECTIONS[facts.direction] if facts else "",
        bars=bars,
        absent=[context.agency(agency) for agency in context.agencies if agency not in ranked],
        scale=(low, high) if known else None,
        why=context.why_link(),
    )
    return Drawn(html)

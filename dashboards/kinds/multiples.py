"""Small multiples: the same chart for each agency, or for each indicator of one agency."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from dashboards import chart, condition, words
from dashboards.control import Buckets, chart_of, control_rows, edges, icons
from dashboards.drawing import Context, Drawn, Figure, Row, by_pillar, render
from dashboards.kinds.timeseries import Marks, rows_of, with_window
from dashboards.series import one_rhythm, standing, thin
from dashboards.usual import unwatched_yet
from dashboards.words import SHARES
from models.value import GROUP

if TYPE_CHECKING:
    from dashboards.panel import Panel
    from models.chart import Chart

_ROW, _CARD, _TALL = 46, 236, 340
_LABELS = 30
_FEW = 2
_TABLE = 12


def draw(panel: Panel, answers: dict[str, list[Row]], context: Context) -> Drawn:
    """Rows are values; overlays: signals, alerts, breaks, what was expected, and what charts need."""
    lines = one_rhythm(answers[""])
    if not lines:
        return Drawn(render("kinds/empty.html", panel=panel))
    if panel.split == "indicator":
        order = [fact.id for fact in by_pillar(list(context.facts.values()))]
        lines = dict(sorted(lines.items(), key=lambda item: _rank(item[0][1], order)))
    found = Buckets(answers.get("buckets", []), answers.get("baselines", []))
    charts = {key: chart_of(found, rows[-1], context) for key, rows in lines.items()}
    domain = _domain(lines, charts, context) if panel.shared_axis else None
    height = _ROW if panel.split == "indicator" else _CARD if len(lines) > _FEW else _TALL
    multiples, figures = [], []
    worded: set[str] = set()
    for at, ((agency, indicator), rows) in enumerate(lines.items()):
        marks = _marks(answers, agency, indicator)
        if panel.split == "indicator":
            marks = marks._replace(breaks=_worded_once(marks.breaks, worded))
        thinned = thin(rows, panel.points)
        unit = context.unit(indicator)
        labels = _labels(at, len(lines)) if panel.split == "indicator" else "bottom"
        ticks = 2 if panel.split == "indicator" else 5
        figure = Figure(
            f"{panel.id}-{at}",
            chart.line(unit, height, domain, ticks, labels),
            rows_of(thinned, marks, indicator, context),
        )
        control = charts[agency, indicator]
        if control is not None:
            figure.data.update(control_rows(control, unit, context))
        figures.append(figure)
        room = height + (10 if labels == "none" else _LABELS)
        multiples.append(
            {
                **_multiple(figure, rows, len(thinned), marks.alerts, context),
                "height": room,
                "unwatched": unwatched_yet(marks.usual, rows[-1]["rhythm"]),
                "control": None if control is None else icons(control, unit),
            }
        )
    html = render(
        f"kinds/multiples-{panel.split}.html",
        panel=panel,
        multiples=multiples,
        absent=_absent(panel, lines, context),
        why=context.why_link(),
    )
    return Drawn(html, figures)


def _labels(at: int, many: int) -> chart.Labels:
    """Rows share one time: it stands over the first and under the last."""
    if at == many - 1:
        return "bottom"
    return "top" if at == 0 else "none"


def _rank(indicator: str, order: list[str]) -> int:
    return order.index(indicator) if indicator in order else len(order)


def _worded_once(breaks: list[Row], worded: set[str]) -> list[Row]:
    """Rows share one time, so a word stands in the first row that its break touches."""
    found: list[Row] = [{**row, "wordless": row["id"] in worded} for row in breaks]
    worded.update(row["id"] for row in breaks)
    return found


def _marks(answers: dict[str, list[Row]], agency: str, indicator: str) -> Marks:
    def own(row: Row) -> bool:
        return bool(row["agency"] == agency and row["indicator"] == indicator)

    # A group is not judged itself: what stands over its line are alerts of those in it.
    grouped = agency.startswith(GROUP)
    shown = [
        row
        for row in answers["alerts"]
        if row["state"] != "inhibited" and (own(row) or (grouped and row["indicator"] == indicator))
    ]
    breaks = [
        row
        for row in answers.get("breaks", [])
        if row["agency"] == agency and row["indicator"] in ("", indicator)
    ]
    usual = [row for row in answers.get("usual", []) if own(row)]
    return Marks([row for row in answers["signals"] if own(row)], shown, breaks, usual)


def _multiple(
    figure: Figure, rows: list[Row], drawn: int, alerts: list[Row], context: Context
) -> dict[str, Any]:
    row = standing(rows)
    facts = context.facts.get(row["indicator"])
    open_ones = [alert for alert in alerts if alert["state"] == "open"]
    state = condition.worst(open_ones)
    newest = [with_window(point, context) for point in rows[-_TABLE:][::-1]]
    return {
        "figure": figure,
        "agency": context.agency(row["agency"]),
        "agency_link": context.agency_link(row["agency"]),
        "indicator": context.indicator(row["indicator"]),
        "indicator_link": context.indicator_link(row["indicator"]),
        "pillar": facts.pillar if facts else "",
        "brief": words.DIRECTIONS[facts.direction].split(":")[0] if facts else "",
        "unit": context.unit(row["indicator"]),
        "row": row,
        "note": context.note(row, rows) if row is rows[-1] else "",
        "age": "" if row is rows[-1] else context.note(row, rows),
        "state": state,
        "reason": words.sentence_of(open_ones[0]["reason"]) if open_ones else "",
        "window": with_window(row, context)["window"],
        "newest": newest,
        "thinned": f"{drawn:,} of {len(rows):,} values drawn" if drawn < len(rows) else "",
    }


def _domain(
    lines: dict[tuple[str, str], list[Row]],
    charts: dict[tuple[str, str], Chart | None],
    context: Context,
) -> tuple[float, float] | None:
    """One scale for all: every value with n enough, its interval, and a round margin."""
    rows = [row for series in lines.values() for row in series if row["value"] is not None]
    firm = [row for row in rows if row["status"] == "ok"] or rows
    drawn = [row[side] for row in firm for side in ("low", "value", "high")]
    for one in charts.values():
        drawn += [] if one is None else edges(one, context.scope.since)
    known = [edge for edge in drawn if edge is not None]
    if not known:
        return None
    low, high = min(known), max(known)
    unit = context.unit(next(iter(lines))[1])
    step = _round_step((high - low) or abs(high) or 1.0)
    low, high = math.floor(low / step) * step, math.ceil(high / step) * step
    if unit in SHARES:
        low, high = max(0.0, low), min(1.0, high)
    return round(low, 10), round(high, 10)


def _round_step(extent: float) -> float:
    rough = extent / 5
    power: float = 10.0 ** math.floor(math.log10(rough))
    return next(power * step for step in (1, 2, 5, 10) if rough <= power * step * 1.0000001)


def _absent(panel: Panel, lines: dict[tuple[str, str], list[Row]], context: Context) -> list[str]:
    if panel.split == "agency":
        present = {agency for agency, _ in lines}
        return [context.agency(agency) for agency in context.agencies if agency not in present]
    shown = {indicator for _, indicator in lines}
    return [facts.title for facts in context.facts.values() if facts.id not in shown]

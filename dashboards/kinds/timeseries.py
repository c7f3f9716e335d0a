"""One line over time: interval band, low n in grey, gaps, alerts and signals over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dashboards import chart, words
from dashboards.breaks import breaks_of
from dashboards.drawing import Context, Drawn, Figure, Row, render
from dashboards.series import one_rhythm, segments, thin
from dashboards.standing import spans
from dashboards.usual import in_words, usual_rows

if TYPE_CHECKING:
    from dashboards.panel import Panel

_HEIGHT = 220
_WORD_SHARE = 0.09


class Marks(NamedTuple):
    """What stands over and behind one line: signals, alerts, breaks, and what was expected."""

    signals: list[Row]
    alerts: list[Row]
    breaks: list[Row]
    usual: list[Row]


def draw(panel: Panel, answers: dict[str, list[Row]], context: Context) -> Drawn:
    """Rows are the values of one agency and one indicator; the first series is drawn."""
    lines = one_rhythm(answers[""])
    for (_, indicator), rows in lines.items():
        marks = Marks(*(answers.get(name, []) for name in Marks._fields))
        data = rows_of(thin(rows, panel.points), marks, indicator, context)
        spec = chart.line(context.unit(indicator), _HEIGHT)
        figure = Figure(panel.id, spec, data)
        newest = rows[-12:][::-1]
        html = render(
            "kinds/timeseries.html",
            panel=panel,
            figure=figure,
            height=_HEIGHT + 30,
            label=context.indicator(indicator),
            unit=context.unit(indicator),
            newest=[with_window(row, context) for row in newest],
        )
        return Drawn(html, [figure])
    return Drawn(render("kinds/empty.html", panel=panel))


def with_window(row: Row, context: Context) -> dict[str, Any]:
    """A row for a table: its window and its status in words."""
    return {
        "row": row,
        "window": context.clock.period(row["window_start"], row["window_end"]),
        "note": words.STATUSES[row["status"]],
    }


def rows_of(
    rows: list[Row],
    marks: Marks,
    indicator: str,
    context: Context,
) -> dict[str, list[dict[str, Any]]]:
    """The named data of one line and of what stands over it."""
    clock, scope, unit = context.clock, context.scope, context.unit(indicator)
    usual = in_words(marks.usual, rows[-1]["rhythm"], unit) if rows else {}
    points: list[dict[str, Any]] = []
    gaps: list[dict[str, Any]] = []
    runs = segments(rows)
    for at, (look, run) in enumerate(runs):
        if look == "gap":
            before = runs[at - 1][1][-1]["window_end"] if at else run[0]["window_start"]
            gaps.append(_gap(run, max(before, scope.since), context))
        else:
            points += [
                _point(row, look, at, unit, context)
                | {"usual": usual.get(row["window_end"], "not watched here")}
                for row in run
            ]
    frame = [{"t": clock.axis(scope.since)}, {"t": clock.axis(scope.until)}]
    return {
        "points": points,
        "gaps": gaps,
        "frame": frame,
        "last": [{"t": row["t"], "v": row["v"]} for row in points[-1:] if row["look"] == "ok"],
        "signals": _signals(marks.signals, rows, indicator, context),
        "spans": spans(marks.alerts, context),
        "breaks": breaks_of(marks.breaks, context),
        **usual_rows(marks.usual, rows, context),
        "limits": [],
        "dots": [],
    }


def _point(row: Row, look: str, run: int, unit: str, context: Context) -> dict[str, Any]:
    note = row["reason"] or words.STATUSES[row["status"]]
    return {
        "t": context.clock.axis(row["window_end"]),
        "v": row["value"],
        "lo": row["value"] if row["low"] is None else row["low"],
        "hi": row["value"] if row["high"] is None else row["high"],
        "look": look,
        "run": run,
        "when": context.clock.period(row["window_start"], row["window_end"]),
        "value": words.measure(row["value"], unit),
        "between": words.interval(row["low"], row["high"], unit) or "not known",
        "n": words.count(row["n"]),
        "note": note or "as usual",
    }


def _gap(run: list[Row], start: int, context: Context) -> dict[str, Any]:
    end = run[-1]["window_end"]
    scope, clock = context.scope, context.clock
    status = run[0]["status"]
    return {
        "t": clock.axis(start),
        "t2": clock.axis(end),
        "mid": clock.axis((start + end) // 2),
        "wide": (end - start) >= _WORD_SHARE * (scope.until - scope.since),
        "word": words.STATUSES[status] or "no value",
        "reason": run[0]["reason"] or words.STATUSES[status] or "no value",
        "when": clock.period(run[0]["window_start"], end),
    }


def _signals(
    signals: list[Row], rows: list[Row], indicator: str, context: Context
) -> list[dict[str, Any]]:
    """Signals placed on the line that is drawn; what they saw stands in the words."""
    facts, unit = context.facts.get(indicator), context.unit(indicator)
    drawn = [row for row in rows if row["value"] is not None]
    found = []
    for row in signals if drawn else []:
        near = min(drawn, key=lambda point: abs(point["window_end"] - row["bucket_end"]))
        meaning = "changed"
        if facts is not None and facts.direction in {"up", "down"}:
            meaning = "better" if facts.direction == row["direction"] else "worse"
        way = "higher" if row["direction"] == "up" else "lower"
        found.append(
            {
                "t": context.clock.axis(near["window_end"]),
                "v": near["value"],
                "direction": row["direction"],
                "meaning": meaning,
                "words": f"{way} than expected: {meaning} ({row['detector']})",
                "when": context.clock.period(row["bucket_start"], row["bucket_end"]),
                "value": words.measure(row["value"], unit),
                "expected": words.measure(row["expected"], unit),
            }
        )
    return found

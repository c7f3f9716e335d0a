"""Two curves a service: demand and service of one case on the same days, and what they say."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from dashboards import course_chart, words
from dashboards.case import sides, told
from dashboards.drawing import Context, Drawn, Figure, Row, render
from dashboards.fan import Course, running, smooth
from dashboards.kinds.curves import SHORTEST, back, courses_of, day_word, level_word, shown
from dashboards.series import thin
from models.shock import OVER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.panel import Panel

HEIGHT = 170
_MOST = 8


class Side(NamedTuple):
    """One line of the chart."""

    name: str
    points: Sequence[Row]
    smooth: bool
    """By day, demand of few requests cannot be read: a running median is drawn."""

    @property
    def label(self) -> str:
        """What the legend calls it."""
        return f"{self.name}, running median of 7" if self.smooth else self.name


def draw(panel: Panel, answers: dict[str, list[Row]], context: Context) -> Drawn:
    """Rows are case files; overlays: their curves, and what runs beside them."""
    beside = _by_case(answers["besides"])
    courses = [
        one for one in courses_of(answers[""], answers["curves"]) if one.case["id"] in beside
    ]
    if not courses:
        return Drawn(render("kinds/empty.html", panel=panel))
    courses.sort(key=lambda one: one.case["state"] in OVER)
    cards: list[dict[str, Any]] = []
    figures: list[Figure] = []
    for one in courses[:_MOST]:
        lines = lines_of(one, beside[one.case["id"]], context)
        figure = figure_of(f"{panel.id}-{len(figures)}", one, lines, context, panel.points)
        figures.append(figure)
        cards.append(_card(one, lines, figure, context))
    html = render("kinds/sides.html", panel=panel, cards=cards, left=len(courses) - len(cards))
    return Drawn(html, figures)


def _by_case(rows: list[Row]) -> dict[str, list[Row]]:
    return {case: list(some) for case, some in groupby(rows, key=lambda row: row["shock"])}


def lines_of(course: Course, beside: list[Row], context: Context) -> list[Side]:
    """The case itself, then what runs beside it in the order in which the case names it."""
    case = course.case
    own = context.indicator(case["indicator"])
    found = [Side(own, course.points, smooth(course.points, demand=course.is_context))]
    runs = {name: list(some) for name, some in groupby(beside, key=lambda row: row["series"])}
    for name, points in sorted(runs.items(), key=lambda run: _ORDER.get(run[0], len(_ORDER))):
        found.append(Side(context.indicator(name), points, smooth(points, demand=name == "demand")))
    return found[: course_chart.SIDES]


_ORDER = {"demand": 0, "within_standard": 1, "completion": 2, "waiting": 3}


def figure_of(name: str, course: Course, lines: list[Side], context: Context, most: int) -> Figure:
    """The chart of one case."""
    last = max(course.day(side.points[-1]["end"]) for side in lines)
    rows = [
        row for at, side in enumerate(lines) for row in _points(course, at, side, context, most)
    ]
    spec = course_chart.sides(HEIGHT, max(int(last) + 1, SHORTEST))
    data = {"levels": course_chart.LEVELS, "points": rows, "backs": back(course, context)}
    return Figure(name, spec, data)


def _points(
    course: Course, at: int, side: Side, context: Context, most: int
) -> list[dict[str, Any]]:
    levels = [float(row["q"]) for row in side.points]
    if side.smooth:
        levels = running(levels)
    series = [
        {"value": q, "window_end": row["end"], "row": row}
        for row, q in zip(side.points, levels, strict=True)
    ]
    kept = ((one["row"], one["value"]) for one in thin(series, most))
    return [
        {
            # A week that holds the onset begins before it.
            "d": round(max(course.day(row["start"]), 0.0), 3),
            "q": shown(q),
            "side": at,
            "name": side.name,
            "day": day_word(course.day(row["start"])),
            "level": level_word(row["q"]),
            "when": context.clock.period(row["start"], row["end"]),
        }
        for row, q in kept
    ]


def _card(course: Course, lines: list[Side], figure: Figure, context: Context) -> dict[str, Any]:
    case = course.case
    known = told(case, context)
    return {
        "title": ", ".join(part for part in (known.agency, known.part) if part),
        "more": f"{case['state']}, began {context.clock.date(case['onset'])}",
        "verdict": sides(case, context.indicator),
        "figure": figure,
        "height": HEIGHT + 30,
        "lines": [side.label for side in lines],
        "table": [_row(course, side) for side in lines],
    }


def _row(course: Course, side: Side) -> dict[str, str]:
    worst = min(side.points, key=lambda row: row["q"])
    newest = side.points[-1]
    return {
        "name": side.name,
        "worst": f"{level_word(worst['q'])}, {day_word(course.day(worst['start']))}",
        "newest": f"{level_word(newest['q'])}, {day_word(course.day(newest['start']))}",
        "buckets": words.count(len(side.points)),
    }

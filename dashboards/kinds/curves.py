"""Resilience curves: one thin line a case file, and the fan of those that began together."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from dashboards import course_chart, words
from dashboards.case import days, told
from dashboards.drawing import Context, Drawn, Figure, Row, render
from dashboards.fan import Course, fan, running, smooth, together
from dashboards.series import thin

if TYPE_CHECKING:
    from dashboards.panel import Panel

HEIGHT, LOW = 270, 150
_LOOKS = {
    **{state: state for state in ("thriving", "restored", "degraded")},
    # Context is drawn in charts of its own: what is over there is as quiet as what is restored.
    "over": "restored",
}
_NAMED = 3
SHORTEST = 7
_ALL = 10**6


def draw(panel: Panel, answers: dict[str, list[Row]], context: Context) -> Drawn:
    """Rows are case files; overlay: their curves."""
    courses = courses_of(answers[""], answers["curves"])
    groups: list[dict[str, Any]] = []
    figures: list[Figure] = []
    for group in together(courses):
        last = max(one.day(one.points[-1]["end"]) for one in group)
        for height, part in _parts(group):
            spec = course_chart.resilience(height, max(int(last) + 1, SHORTEST))
            data = data_of(part, context, panel.points)
            figures.append(Figure(f"{panel.id}-{len(figures)}", spec, data))
            groups.append(_group(figures[-1], height, part, context))
    if not groups:
        return Drawn(render("kinds/empty.html", panel=panel))
    looks = dict.fromkeys(_look(one.case) for one in courses if one.case["state"] != "over")
    html = render(
        "kinds/curves.html",
        panel=panel,
        groups=groups,
        looks=[look for look in ("open", "thriving", "restored", "degraded") if look in looks],
    )
    return Drawn(html, figures)


def courses_of(cases: list[Row], points: list[Row]) -> list[Course]:
    """Case files with their curves; one without a point has none."""
    curves = {shock: list(run) for shock, run in groupby(points, key=lambda row: row["shock"])}
    return [Course(case, curves[case["id"]]) for case in cases if case["id"] in curves]


def _parts(group: list[Course]) -> list[tuple[int, list[Course]]]:
    """Services, and under them the demand that explains them; each with its height, none empty."""
    services = [one for one in group if not one.is_context]
    demand = [one for one in group if one.is_context]
    return [(height, part) for height, part in ((HEIGHT, services), (LOW, demand)) if part]


def _group(figure: Figure, height: int, courses: list[Course], context: Context) -> dict[str, Any]:
    many = len(courses)
    files = f"{many} case file{'' if many == 1 else 's'}"
    return {
        "figure": figure,
        "height": height + 30,
        "title": _title(courses),
        "more": ", ".join([*_agencies(courses, context), _began(courses, context), files]),
        "notes": words.sentence_of("; ".join(_notes(figure, courses))),
        "table": _table(courses, context),
    }


def _notes(figure: Figure, courses: list[Course]) -> list[str]:
    notes = ["days since the onset across", f"Q upwards, capped at {course_chart.MOST_Q}"]
    if figure.data["fan"]:
        notes.append("grey: P10 to P90 of these cases by day")
    if any(lines(one) != [row["q"] for row in one.points] for one in courses):
        notes.append("demand by day as the running median of 7 days")
    return notes


def data_of(courses: list[Course], context: Context, most: int) -> dict[str, list[dict[str, Any]]]:
    """The named data of some curves; at most so many points a curve."""
    rows = _fan(courses)
    return {
        "levels": course_chart.LEVELS,
        "points": [row for one in courses for row in _points(one, context, most)],
        "backs": [row for one in courses for row in back(one, context)],
        "fan": rows,
        "middle": [label(rows, rows[0]["what"])] if rows else [],
    }


def _look(case: Row) -> str:
    return _LOOKS.get(case["state"], "open")


def _points(course: Course, context: Context, most: int) -> list[dict[str, Any]]:
    case, clock = course.case, context.clock
    name, state = told(case, context).name, f"{case['state']}: {words.CASE_STATES[case['state']]}"
    # Thinning asks for a value and its end, as every series has them.
    series = [
        {"value": q, "window_end": row["end"], "row": row}
        for row, q in zip(course.points, lines(course), strict=True)
    ]
    return [
        {
            "d": round(course.day(row["start"]), 3),
            "q": shown(q),
            "line": case["id"],
            "look": _look(case),
            "case": name,
            "day": day_word(course.day(row["start"])),
            "level": level_word(row["q"]),
            "when": clock.period(row["start"], row["end"]),
            "state": state,
        }
        for row, q in ((one["row"], one["value"]) for one in thin(series, most))
    ]


def lines(course: Course) -> list[float]:
    """Q as it is drawn: of demand by day or hour the median of a bucket and its six neighbours.

    A few requests a day leave a curve that nobody can read; the pointer still tells each Q.
    """
    levels = [float(row["q"]) for row in course.points]
    return running(levels) if smooth(course.points, demand=course.is_context) else levels


def back(course: Course, context: Context) -> list[dict[str, Any]]:
    """The dot where a case is back, on its line; none while it is not."""
    at = course.case["recovered"]
    places = zip(course.points, lines(course), strict=True)
    known = [q for row, q in places if row["start"] == at]
    if not known:
        return []
    day = course.day(at)
    case = told(course.case, context).name
    return [{"d": day, "q": shown(known[0]), "case": case, "day": f"back after {days(day)}"}]


def _fan(courses: list[Course]) -> list[dict[str, Any]]:
    return [
        {
            "d": one.day,
            "lo": shown(one.low),
            "mid": shown(one.middle),
            "hi": shown(one.high),
            "day": day_word(one.day),
            "level": f"{one.middle:.2f}",
            "span": f"{one.low:.2f} to {one.high:.2f}",
            "what": f"median of {one.cases} cases",
        }
        for one in fan(courses)
    ]


def label(rows: list[dict[str, Any]], word: str) -> dict[str, Any]:
    """The name of the middle line, where the line is lowest and so stands free."""
    lowest = min(rows, key=lambda row: (row["mid"], row["d"]))
    return {"d": lowest["d"], "q": lowest["mid"], "word": word}


def shown(q: float) -> float:
    """Q as far as it is drawn."""
    return round(min(max(q, 0.0), course_chart.MOST_Q), 4)


def level_word(q: float) -> str:
    """Q in words, and where it is drawn if that is elsewhere."""
    said = f"{q:.2f}".replace("-", "\u2212")
    return f"{said} (drawn at {course_chart.MOST_Q})" if q > course_chart.MOST_Q else said


def day_word(day: float) -> str:
    """A day since the onset."""
    return f"day {round(day):,}"


def _title(group: list[Course]) -> str:
    """The declared crises that they fell into, or that there is none; and that demand is context."""
    declared = {one.case["declared"] for one in group}
    named = words.listed([*sorted(declared - {""}), *(["no declared crisis"] * ("" in declared))])
    title = named[0].upper() + named[1:] if declared == {""} else named
    return f"Demand, the context: {title}" if group[0].is_context else title


def _agencies(group: list[Course], context: Context) -> list[str]:
    agencies = dict.fromkeys(context.agency(one.case["agency"]) for one in group)
    return [words.several([*agencies], _NAMED)]


def _began(group: list[Course], context: Context) -> str:
    first, last = (f(one.case["onset"] for one in group) for f in (min, max))
    dates = dict.fromkeys((context.clock.date(first), context.clock.date(last)))
    return f"began {' to '.join(dates)}"


def _table(group: list[Course], context: Context) -> list[dict[str, str]]:
    """The curves as a table: the worst bucket of each, and the newest."""
    found = []
    for one in group:
        worst = min(one.points, key=lambda row: row["q"])
        newest = one.points[-1]
        found.append(
            {
                "case": told(one.case, context).name,
                "worst": f"{level_word(worst['q'])}, {day_word(one.day(worst['start']))}",
                "newest": f"{level_word(newest['q'])}, {day_word(one.day(newest['start']))}",
                "buckets": words.count(len(one.points)),
            }
        )
    return found

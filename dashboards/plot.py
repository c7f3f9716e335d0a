"""The curves of one file by themselves, as a picture needs them: figure, title, what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards import course_chart, words
from dashboards.case import sides, told
from dashboards.drawing import Context, Figure, Row
from dashboards.fan import Course
from dashboards.kinds import sides as two
from dashboards.kinds import wholes
from dashboards.panel import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dashboards.facts import IndicatorFacts, PageSettings

_ALL = 10**6
_STROKES = ("solid", "dashed", "dotted", "dash and dot")


def context_of(settings: PageSettings, facts: Mapping[str, IndicatorFacts]) -> Context:
    """What names and times are written with, outside of a page."""
    titles = {agency: found.title for agency, found in settings.agencies.items()}
    clock = words.Clock(settings.organisation.timezone)
    return Context(Scope(), dict(facts), titles, [], clock, {}, 0)


def alone(
    case: Row,
    curves: Mapping[str, Sequence[Row]],
    beside: list[Row],
    members: Sequence[Row],
    context: Context,
) -> tuple[Figure, str, list[str]]:
    """The figure of a case, or of an organisation with its members."""
    course = Course(case, curves[case["id"]])
    began = f"{case['state']}, began {context.clock.date(case['onset'])}"
    if case["kind"] == "organisation":
        inside = [Course(one, curves[one["id"]]) for one in members if curves.get(one["id"])]
        spread = {(row["shock"], row["series"], row["start"]): row["q"] for row in beside}
        figure = wholes.figure_of(case["id"], course, inside, spread, context)
        title, lines = wholes.words_of(course, context)
        return figure, f"{title}: {began}", [*lines, _AXES]
    lines_ = two.lines_of(course, beside, context)
    figure = two.figure_of(case["id"], course, lines_, context, _ALL)
    named = ", ".join(f"{how}: {side.label}" for how, side in zip(_STROKES, lines_, strict=False))
    said = [sides(case, context.indicator)] if beside else []
    return figure, f"{told(case, context).name}: {began}", [*said, f"{named}; {_AXES}"]


_AXES = f"Days since the onset across, Q upwards, capped at {course_chart.MOST_Q}; the dot: back."

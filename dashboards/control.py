"""Control charts on a card: limits and marked points on the time axis, and two icons in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dashboards import words
from models.chart import ASSURANCES, Begin, Chart, Reading, variation_words

if TYPE_CHECKING:
    from dashboards.drawing import Context, Row

SHORT: Final = {
    "common": "common cause",
    "improvement": "improvement",
    "concern": "concern",
    "neutral": "special cause",
}
LETTER: Final = {"up": "H", "down": "L", "": ""}
_TARGET = {
    "pass": ("P", "target met consistently"),
    "fail": ("F", "target missed consistently"),
    "hit or miss": ("?", "target hit or missed by chance"),
}


class Buckets(NamedTuple):
    """What a chart is made of: tumbling buckets, and marks at which a baseline begins."""

    buckets: list[Row]
    baselines: list[Row]


def chart_of(found: Buckets, newest: Row, context: Context) -> Chart | None:
    """The chart of the agency, indicator and rhythm of a row; None where none suits."""
    facts = context.facts.get(newest["indicator"])
    if facts is None:
        return None
    agency, indicator, rhythm = newest["agency"], newest["indicator"], newest["rhythm"]
    readings = [
        Reading(row["window_start"], row["window_end"], row["value"])
        for row in found.buckets
        if (row["agency"], row["indicator"], row["rhythm"]) == (agency, indicator, rhythm)
    ]
    begins = [
        Begin(row["start"], row["kind"] == "rebase")
        for row in found.baselines
        if row["agency"] == agency and row["indicator"] in ("", indicator)
    ]
    return facts.control(readings, begins, context.targets.get(indicator))


def edges(chart: Chart, since: int) -> list[float]:
    """Every value that the axis must reach."""
    values = [dot.reading.value for dot in chart.dots if dot.reading.end > since]
    limits = [one for one in chart.stretches if one.end > since]
    target = [] if chart.target is None else [chart.target]
    return [*values, *(one.low for one in limits), *(one.high for one in limits), *target]


def control_rows(chart: Chart, unit: str, context: Context) -> dict[str, list[dict[str, Any]]]:
    """The named data of the lines and points."""
    since, clock = context.scope.since, context.clock
    lines: list[dict[str, Any]] = []
    for at, one in enumerate(chart.stretches):
        if one.end <= since:
            continue
        kind = "trial limit" if one.trial else "limit"
        sides = (("mean", one.mean), (kind, one.low), (kind, one.high))
        for side, (look, value) in enumerate(sides):
            bounds = words.interval(one.low, one.high, unit)
            told = f"{words.measure(one.mean, unit)} ({bounds}), {one.points} buckets"
            for moment in (max(one.start, since), one.end):
                held = {"t": clock.axis(moment), "v": value, "look": look, "line": f"{at}.{side}"}
                lines.append(held | {"told": told})
    if chart.target is not None and lines:
        ends = (min(row["t"] for row in lines), max(row["t"] for row in lines))
        told = words.measure(chart.target, unit)
        held = {"v": chart.target, "look": "target", "line": "target", "told": told}
        lines += [{"t": moment, **held} for moment in ends]
    return {
        "limits": lines,
        "dots": [
            {
                "t": clock.axis(dot.reading.end),
                "v": dot.reading.value,
                "look": dot.variation,
                "words": variation_words(dot),
                "when": clock.period(dot.reading.start, dot.reading.end),
                "value": words.measure(dot.reading.value, unit),
            }
            for dot in chart.dots
            if dot.reading.end > since
        ],
    }


def icons(chart: Chart, unit: str) -> dict[str, Any] | None:
    """What stands beside the name: both icons, each with letter and words; None without limits."""
    last, now = chart.dots[-1], chart.now
    if now is None:
        return None
    letter, target = _TARGET.get(chart.assurance, ("", ""))
    return {
        "variation": last.variation,
        "way": last.way,
        "letter": LETTER[last.way],
        "word": SHORT[last.variation],
        "why": variation_words(last),
        "assurance": chart.assurance.replace(" ", "-"),
        "mark": letter,
        "target": f"{target} ({words.measure(chart.target, unit)})" if target else "",
        "about": ASSURANCES[chart.assurance],
        "limits": f"{words.interval(now.low, now.high, unit)} {words.unit_word(unit)}".strip(),
        "mean": words.measure(now.mean, unit),
        "trial": f"on trial, {now.points} of 12 buckets" if now.trial else "",
    }

"""Shocks of a whole organisation: the weighted mean of its services, and how far they spread."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING, Any

from dashboards import course_chart, words
from dashboards.case import DAY_MS, changed, days, farthest, place, places, slowest, worst
from dashboards.drawing import Context, Drawn, Figure, Row, render
from dashboards.fan import Course, running, smooth
from dashboards.kinds.curves import (
    SHORTEST,
    back,
    courses_of,
    data_of,
    day_word,
    label,
    level_word,
    shown,
)
from models.shock import OVER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboards.panel import Panel

HEIGHT = 270
_MOST = 6
_SLOWEST = 3


def draw(panel: Panel, answers: dict[str, list[Row]], context: Context) -> Drawn:
    """Rows are files of organisations; overlays: case files, curves, and what is beside them."""
    files = courses_of(answers[""], answers["curves"])
    if not files:
        return Drawn(render("kinds/empty.html", panel=panel))
    known = {one.case["id"]: one for one in courses_of(answers["cases"], answers["curves"])}
    spread = _spread(answers["besides"])
    cards: list[dict[str, Any]] = []
    figures: list[Figure] = []
    for one in files[:_MOST]:
        members = _members(one.case)
        inside = [known[m["case"]] for m in members if m["case"] in known]
        figure = figure_of(f"{panel.id}-{len(figures)}", one, inside, spread, context)
        figures.append(figure)
        cards.append(_card(one, figure, context))
    html = render("kinds/wholes.html", panel=panel, cards=cards, left=len(files) - len(cards))
    return Drawn(html, figures)


def _spread(rows: list[Row]) -> dict[tuple[str, str, int], float]:
    """P10 and P90 by file, name and start of the bucket."""
    return {
        (file, name, row["start"]): row["q"]
        for (file, name), some in groupby(rows, key=lambda row: (row["shock"], row["series"]))
        if name in ("p10", "p90")
        for row in some
    }


def _members(case: Row) -> list[dict[str, Any]]:
    members: list[dict[str, Any]] = json.loads(case["evidence"])["members"]
    return members


def figure_of(
    name: str,
    whole: Course,
    members: list[Course],
    spread: Mapping[tuple[str, str, int], float],
    context: Context,
) -> Figure:
    """The mean as a thick line, its fan, and each member as a thin line on the same days."""
    last = max(whole.day(one.points[-1]["end"]) for one in (whole, *members))
    # A member counts from the onset of the whole: so they stand over one another as they fell.
    onset = whole.case["onset"]
    since = [
        Course({**one.case, "onset": onset}, [p for p in one.points if p["start"] >= onset])
        for one in members
    ]
    data = data_of(since, context, 240)
    rows = [_bucket(whole, row, spread) for row in whole.points]
    if smooth(whole.points, demand=json.loads(whole.case["evidence"])["of"] == "demand"):
        for name_ in ("lo", "mid", "hi"):
            for row, level in zip(rows, running([row[name_] for row in rows]), strict=True):
                row[name_] = level
    word = f"mean of {places(_members(whole.case))}"
    data |= {"fan": rows, "middle": [label(rows, word)], "backs": back(whole, context)}
    return Figure(name, course_chart.resilience(HEIGHT, max(int(last) + 1, SHORTEST)), data)


def _bucket(
    whole: Course, row: Row, spread: Mapping[tuple[str, str, int], float]
) -> dict[str, Any]:
    key, q = row["start"], row["q"]
    low, high = (spread.get((whole.case["id"], name, key), q) for name in ("p10", "p90"))
    day = whole.day(row["start"])
    return {
        "d": round(day, 3),
        "lo": shown(low),
        "mid": shown(q),
        "hi": shown(high),
        "day": day_word(day),
        "level": level_word(q),
        "span": f"{low:.2f} to {high:.2f}" if low != high else "\u2014",
        "what": "weighted mean",
    }


def words_of(whole: Course, context: Context) -> tuple[str, list[str]]:
    """What it is called, and what there is to say of it, a line each."""
    case, members = whole.case, _members(whole.case)
    evidence = json.loads(case["evidence"])
    lasted = (case["seen"] - case["onset"]) / DAY_MS
    order = slowest(members, case["onset"], lasted)
    how = "weighted by volume" if evidence["weighted_by"] == "volume" else "each counts the same"
    title = f"{context.agency(case['agency'])}: {places(members)} together, {evidence['of']}"
    most = farthest(case) if evidence.get("context") else "At worst"
    since = f"; {changed(evidence)}" if changed(evidence) else ""
    return title, [
        f"{most} {worst(case)}; {_back(case, evidence, lasted)}{since}.",
        f"Slowest: {words.listed(order[:_SLOWEST])}.",
        f"Thick: the mean, {how}; grey: P10 to P90 from five on; thin: each by itself.",
    ]


def _card(whole: Course, figure: Figure, context: Context) -> dict[str, Any]:
    case = whole.case
    title, lines = words_of(whole, context)
    under = f"declared crisis {case['declared']}" if case["declared"] else "no declared crisis"
    by_volume = json.loads(case["evidence"])["weighted_by"] == "volume"
    return {
        "title": title,
        "state": case["state"],
        "more": f"{under}, began {context.clock.date(case['onset'])}",
        "verdict": " ".join(lines[:2]),
        "figure": figure,
        "height": HEIGHT + 30,
        "spread": any(row["lo"] != row["hi"] for row in figure.data["fan"]),
        "weighted": "weighted by volume" if by_volume else "each counts the same",
        "table": [_row(member, case, context) for member in _members(case)],
    }


def _back(case: Row, evidence: Mapping[str, Any], lasted: float) -> str:
    share = f"{evidence['recovered_weight'] * 100:.0f}\u00a0% of the weight is back"
    if case["recovered"] is not None:
        return f"back after {days((case['recovered'] - case['onset']) / DAY_MS)}"
    never = f"never back in {days(lasted)}"
    return f"{never if case['state'] in OVER else f'not back after {days(lasted)}'}, {share}"


def _row(member: Mapping[str, Any], case: Row, context: Context) -> dict[str, str]:
    took = None if member["recovered"] is None else member["recovered"] - case["onset"]
    return {
        "name": place(member),
        "indicator": context.indicator(member["indicator"]),
        "weight": f"{member['weight'] * 100:.0f}\u00a0%",
        "began": context.clock.date(member["onset"]),
        "back": "\u2014" if took is None else days(took / DAY_MS),
        "state": member["state"],
    }

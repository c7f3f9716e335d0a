"""A sentence that says it all: how many agencies are strained, which, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards import condition, words
from dashboards.drawing import Context, Drawn, Row, render

if TYPE_CHECKING:
    from dashboards.panel import Panel


def draw(panel: Panel, answers: dict[str, list[Row]], context: Context) -> Drawn:
    """Rows are open alerts."""
    rows = answers[""]
    if context.scope.one:
        state, text, why = _of_one(rows, context)
    else:
        state, text, why = _of_all(rows, context)
    return Drawn(render("kinds/sentence.html", panel=panel, state=state, text=text, why=why))


def _of_one(rows: list[Row], context: Context) -> tuple[words.State, str, str]:
    name = context.agency(context.scope.agency)
    if context.scope.agency not in context.agencies:
        return "unknown", f"{name} has sent no event yet.", ""
    state = condition.worst(rows)
    spoken = {
        "strained": f"{name} is strained.",
        "watch": f"{name} is to watch.",
        "unknown": f"{name} cannot be judged: a source is silent.",
        "steady": f"{name} is steady.",
    }
    reasons = [row["reason"] for row in rows if condition.state_of(row) == state]
    why = words.sentence_of(reasons[0]) if reasons and state != "steady" else "No alert is open."
    more = len(reasons) - 1
    if more > 0 and state != "steady":
        why += f" And {more} more of the same weight."
    return state, spoken[state], why


def _of_all(rows: list[Row], context: Context) -> tuple[words.State, str, str]:
    by_agency = {agency: [] for agency in context.agencies}  # type: dict[str, list[Row]]
    for row in rows:
        by_agency.setdefault(row["agency"], []).append(row)
    states = {agency: condition.worst(found) for agency, found in by_agency.items()}
    total = len(states)
    if not total:
        return "unknown", "No agency of this group has sent an event yet.", ""
    for state, adjective in (("strained", "strained"), ("watch", "to watch")):
        hit = [agency for agency in states if states[agency] == state]
        if hit:
            named = words.several([_with_indicators(a, by_agency[a], context) for a in hit])
            worst: words.State = "strained" if state == "strained" else "watch"
            return worst, f"{len(hit)} of {total} agencies {adjective}: {named}.", _rest(states)
    if all(state == "steady" for state in states.values()):
        one = next(iter(states), "")
        whom = f"All {total} agencies are" if total > 1 else f"{context.agency(one)} is"
        return "steady", f"{whom} steady.", "No alert is open."
    return "unknown", f"No agency is strained; {_rest(states)}", ""


def _with_indicators(agency: str, rows: list[Row], context: Context) -> str:
    worst = condition.worst(rows)
    concerned = dict.fromkeys(
        context.indicator(row["indicator"])
        for row in rows
        if condition.state_of(row) == worst and row["indicator"]
    )
    inside = words.several([name[:1].lower() + name[1:] for name in concerned], 2)
    return f"{context.agency(agency)} ({inside})" if inside else context.agency(agency)


def _rest(states: dict[str, words.State]) -> str:
    counted = dict.fromkeys(("to watch", "steady", "unknown"), 0)
    for state in states.values():
        word = "to watch" if state == "watch" else state
        if word in counted:
            counted[word] += 1
    return ", ".join(f"{many} {word}" for word, many in counted.items() if many) + "."

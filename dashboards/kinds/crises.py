"""A table of declared crises: what was declared, what showed, how fast people moved."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dashboards import words
from dashboards.case import DAY_MS, days, per_cent
from dashboards.cells import Cell
from dashboards.drawing import Context, Drawn, Row, render
from models.shock import OVER

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboards.panel import Panel

_MOST = 30
_NONE = "\u2014"


def draw(panel: Panel, answers: dict[str, list[Row]], context: Context) -> Drawn:
    """Rows are declared crises, the newest first; those that are open come before the others."""
    rows = sorted(answers[""], key=lambda row: row["state"] in OVER)
    if not rows:
        return Drawn(render("kinds/empty.html", panel=panel))
    table = [
        [written(row, json.loads(row["evidence"]), context) for written in _COLUMNS.values()]
        for row in rows[:_MOST]
    ]
    html = render(
        "kinds/table.html",
        panel=panel,
        heads=list(_COLUMNS),
        table=table,
        names=[name.lower().replace(" ", "-") for name in _COLUMNS],
        left=len(rows) - len(table),
    )
    return Drawn(html)


Evidence = dict[str, Any]


def _name(row: Row, evidence: Evidence, _: Context) -> Cell:
    return Cell(row["declared"], more=evidence["crisis"])


def _where(row: Row, _: Evidence, context: Context) -> Cell:
    name = context.agency(row["agency"])
    return Cell(name, link=context.agency_link(row["agency"]), more=row["service"] or "all of it")


def _state(row: Row, _: Evidence, __: Context) -> Cell:
    return Cell(row["state"], more=words.CRISIS_STATES[row["state"]], state=row["state"])


def _began(row: Row, evidence: Evidence, context: Context) -> Cell:
    if row["state"] == "undeclared":
        return Cell(_NONE, more="never")
    again = [context.clock.date(at) for at in evidence["declared_again"]]
    more = f"again on {words.several(again, 2)}" if again else ""
    return Cell(context.clock.date(row["onset"]), more=more)


def _ended(_: Row, evidence: Evidence, context: Context) -> Cell:
    early = evidence["closed_before_it_began"]
    more = "" if early is None else f"a closing of {context.clock.date(early)} is no end"
    if evidence["ended"] is None:
        return Cell("open", more=more, quiet=True)
    return Cell(context.clock.date(evidence["ended"]), more=more)


def _cases(_: Row, evidence: Evidence, __: Context) -> Cell:
    return Cell(words.count(len(evidence["cases"])), numeric=True)


def _decision(row: Row, evidence: Evidence, __: Context) -> Cell:
    at = evidence["answered"]
    if at is None:
        return Cell(_NONE, more="none told", numeric=True)
    return Cell(days((at - row["onset"]) / DAY_MS), numeric=True)


def _required(_: Row, evidence: Evidence, __: Context) -> Cell:
    level = evidence["required_level"]
    return Cell(per_cent(level), numeric=True) if level else Cell(_NONE, more="none", numeric=True)


def _ready(row: Row, evidence: Evidence, __: Context) -> Cell:
    steps = evidence["adapted"]
    half = [
        f"{share}\u00a0% {days((at - row['onset']) / DAY_MS)}"
        for share, at in steps.items()
        if at is not None and share != "95"
    ]
    if row["adapted"] is not None:
        return Cell(
            days((row["adapted"] - row["onset"]) / DAY_MS), more=", ".join(half), numeric=True
        )
    why = "not reached" if evidence["required_level"] else "nothing required"
    return Cell(_NONE, more=", ".join([why, *half]), numeric=True)


def _together(_: Row, evidence: Evidence, __: Context) -> Cell:
    others = evidence["overlaps"]
    return Cell(words.several(others)) if others else Cell(_NONE)


_COLUMNS: dict[str, Callable[[Row, Evidence, Context], Cell]] = {
    "Crisis": _name,
    "Agency": _where,
    "State": _state,
    "Declared on": _began,
    "Ended": _ended,
    "Cases": _cases,
    "First decision": _decision,
    "Required": _required,
    "To 95 % of it": _ready,
    "At the same time": _together,
}

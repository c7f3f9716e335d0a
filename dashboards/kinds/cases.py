"""A table of case files: how deep, how soon back, and better or worse than before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards import words
from dashboards.case import Told, days, signed, told, worst
from dashboards.cells import Cell
from dashboards.drawing import Context, Drawn, Row, render
from models.shock import OVER

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboards.panel import Panel

_MOST = 60
_NONE = "\u2014"


def draw(panel: Panel, answers: dict[str, list[Row]], context: Context) -> Drawn:
    """Rows are case files, the newest first; those that are open come before the others."""
    rows = sorted(answers[""], key=lambda row: row["state"] in OVER)
    if not rows:
        return Drawn(render("kinds/empty.html", panel=panel))
    table = []
    for row in rows[:_MOST]:
        case = told(row, context)
        table.append([written(row, case, context) for written in _COLUMNS.values()])
    html = render(
        "kinds/table.html",
        panel=panel,
        heads=list(_COLUMNS),
        table=table,
        names=[name.lower().replace(" ", "-") for name in _COLUMNS],
        left=len(rows) - len(table),
    )
    return Drawn(html)


def _agency(row: Row, _: Told, context: Context) -> Cell:
    return Cell(context.agency(row["agency"]), link=context.agency_link(row["agency"]))


def _where(row: Row, case: Told, context: Context) -> Cell:
    link = context.indicator_link(row["indicator"])
    indicator = context.indicator(row["indicator"])
    return Cell(case.part or "the whole agency", more=indicator, more_link=link)


def _state(row: Row, case: Told, _: Context) -> Cell:
    more = "the new level stays" if case.stays else ""
    return Cell(row["state"], more=more, state=row["state"])


def _depth(row: Row, _: Told, __: Context) -> Cell:
    depth = f"{words.number(row['depth'], 'share')}\u00a0%"
    more = worst(row) if row["direction"] == "up" else "below the expected"
    return Cell(depth, more=more, numeric=True)


def _days(name: str) -> Callable[[Row, Told, Context], Cell]:
    def written(_: Row, case: Told, __: Context) -> Cell:
        many: float | None = getattr(case, name)
        if many is not None:
            return Cell(days(many), numeric=True)
        return Cell(_NONE, more="never" if case.over else "not yet", numeric=True)

    return written


def _loss(row: Row, case: Told, _: Context) -> Cell:
    if case.context:
        return Cell(_NONE, more="context", numeric=True)
    return Cell(f"{row['loss_service_days']:,.1f}", numeric=True)


def _declared(row: Row, _: Told, __: Context) -> Cell:
    return Cell(row["declared"]) if row["declared"] else Cell("not declared", quiet=True)


def _lag(_: Row, case: Told, __: Context) -> Cell:
    if case.lag is not None:
        return Cell(days(case.lag), numeric=True)
    return Cell(_NONE, more="no decision" if case.over else "none yet", numeric=True)


def _gain(_: Row, case: Told, __: Context) -> Cell:
    known = case.change if case.context else case.gain
    if known is not None:
        mean, low, high = known
        between = f"{signed(low)} to {signed(high)}" + (", no verdict" if case.context else "")
        return Cell(f"{signed(mean)}\u00a0%", more=between, numeric=True)
    return Cell(_NONE, more="not known" if case.over else "not yet", numeric=True)


_COLUMNS: dict[str, Callable[[Row, Told, Context], Cell]] = {
    "Agency": _agency,
    "Where": _where,
    "Kind": lambda row, _, __: Cell(row["kind"]),
    "Onset": lambda row, _, context: Cell(context.clock.date(row["onset"])),
    "State": _state,
    "Depth": _depth,
    "To absorb": _days("absorb"),
    "To adapt": _days("adapt"),
    "To recover": _days("recover"),
    "Service-days lost": _loss,
    "Declared": _declared,
    "First decision": _lag,
    "Gain after": _gain,
}

"""The two icons of a control chart in words, as Making Data Count has them, an agency a row.

Variation: the class of the last step. Assurance: the target from the settings against the limits
that hold now; P where all common variation meets it, F where none does, ? where chance decides.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, Float, Select, and_, case, cast, func, literal, or_, select

from dashboards.control import LETTER, SHORT
from dashboards.grafana import asked, limits, looks
from dashboards.grafana.cells import Cells
from dashboards.grafana.links import to_agency
from dashboards.grafana.sheet import Json, Sheet, table_of
from dashboards.panel import Panel, Scope
from models.chart import ASSURANCES
from models.mirror import OF_TARGET
from models.tables import setting

AGENCY, VARIATION, ASSURANCE = "Agency", "Variation", "Target"
NO_TARGET: Final = "no target is set"
NOTHING: Final = (
    "No agency has a control chart of this indicator: those are for shares, by week or longer."
)

_LETTERS: Final = {1: LETTER["up"], -1: LETTER["down"]}
_CLASSES: Final = {
    SHORT["improvement"]: looks.BLUE,
    SHORT["concern"]: looks.ORANGE,
    SHORT["neutral"]: looks.PURPLE,
}
_TARGETS: Final = {"pass": looks.BLUE, "fail": looks.ORANGE, "hit or miss": looks.GREY}


def table(panel: Panel, sheet: Sheet) -> Json:
    """The panel beside the charts that ``panel`` is drawn as."""
    drawn = table_of(panel, 24, 6)
    drawn["title"] = "Control charts in words, now"
    drawn["description"] = (
        "Of each agency with a control chart: whether the last single step is common cause or a "
        "special one, and whether usual variation meets the target from the settings. n, the "
        "steps of a baseline, is 12; while there are fewer the limits are on trial."
    )
    drawn["targets"] = [asked.table("A", rows(panel, sheet.scope(agency=""), Cells(sheet.facts)))]
    variations = {
        f"{letter}: {word}": (f"{letter}: {word}", colour)
        for letter in _LETTERS.values()
        for word, colour in _CLASSES.items()
    }
    assurances = {ASSURANCES[key]: (ASSURANCES[key], colour) for key, colour in _TARGETS.items()}  # type: ignore[index]
    drawn["fieldConfig"]["defaults"]["noValue"] = NOTHING
    worded = {"custom__cellOptions": {"type": "color-text"}}
    links = to_agency(sheet, f"${{__data.fields.{AGENCY}}}")
    drawn["fieldConfig"]["overrides"] = [
        looks.named(AGENCY, links=links),
        looks.named(VARIATION, mappings=looks.mapped(variations), **worded),
        looks.named(ASSURANCE, mappings=looks.mapped(assurances), **worded),
    ]
    return drawn


def rows(panel: Panel, scope: Scope, cells: Cells) -> Select[Any]:
    """Of each agency the last step of the rhythm that reaches furthest."""
    last = limits.latest(panel, scope, cells.facts)
    chosen: Any = scope.indicator
    target = (
        select(cast(setting.c.held, Float))
        .where(setting.c.kind == OF_TARGET, setting.c.name == chosen)
        .scalar_subquery()
    )
    low, high = last.c.mean - last.c.width, last.c.mean + last.c.width
    wanted = limits.wanted(chosen, cells.facts)
    told = {
        AGENCY: last.c.agency,
        VARIATION: _variation(last.c.way, wanted),
        ASSURANCE: _assurance(low, high, target, wanted),
        "What is to be reached": func.coalesce(cells.measure(target, chosen), "–"),
        "Last step": cells.measure(last.c.value, chosen),
        "Mean": cells.measure(last.c.mean, chosen),
        "Limits": func.concat(cells.measure(low, chosen), " to ", cells.measure(high, chosen)),
        "To": asked.timestamp(last.c.window_end),
    }
    columns = [column.label(name) for name, column in told.items()]
    return select(*columns).where(last.c.width.is_not(None)).order_by(last.c.agency)


def _variation(way: ColumnElement[Any], wanted: ColumnElement[Any]) -> ColumnElement[Any]:
    better, worse, neither = _CLASSES
    word = case((wanted == 0, neither), (way == wanted, better), else_=worse)
    letter = case(*((way == sign, name) for sign, name in _LETTERS.items()))
    return case((way == 0, literal(SHORT["common"])), else_=func.concat(letter, ": ", word))


def _assurance(
    low: ColumnElement[Any], high: ColumnElement[Any], target: Any, wanted: ColumnElement[Any]
) -> ColumnElement[Any]:
    beyond = or_(and_(target < low, wanted == 1), and_(target > high, wanted == -1))
    return case(
        (target.is_(None), literal(NO_TARGET)),
        (or_(wanted == 0, low == high), literal("–")),
        (target.between(low, high), literal(ASSURANCES["hit or miss"])),
        (beyond, literal(ASSURANCES["pass"])),
        else_=literal(ASSURANCES["fail"]),
    )

"""Case files as tables: days are counted by PostgreSQL, what has not come yet stays empty."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, Numeric, Select, Subquery, case, cast, func
from sqlalchemy.dialects.postgresql import JSONB

from dashboards.grafana import asked, looks
from dashboards.grafana.cells import parts
from dashboards.grafana.links import to_agency
from dashboards.grafana.sheet import Json, Sheet, table_of
from dashboards.panel import Panel
from dashboards.words import CASE_STATES, CRISIS_STATES
from models.shock import OVER

_DAY: Final = 86_400_000

COLOURS: Final = {
    **dict.fromkeys([*CASE_STATES, *CRISIS_STATES], looks.TEXT),
    **dict.fromkeys(("disrupted", "absorbing", "degraded", "declared", "showing"), looks.RED),
    "recovering": looks.YELLOW,
    "recovered": looks.BLUE,
    "thriving": looks.BLUE,
}


def days(until: ColumnElement[Any], since: ColumnElement[Any]) -> ColumnElement[Any]:
    """Days between two moments (ms), to a tenth; none where either is none."""
    return func.round(cast(until - since, Numeric) / _DAY, 1)


def evidence(rows: Subquery) -> ColumnElement[Any]:
    """The evidence of a file, to look into."""
    return cast(rows.c.evidence, JSONB)


def where(rows: Subquery) -> ColumnElement[Any]:
    """The part of the agency that a file is about."""
    part = func.nullif(func.concat_ws(" · ", *parts(rows)), "")
    return func.coalesce(part, "the whole agency")


def open_first(rows: Subquery) -> tuple[ColumnElement[Any], ...]:
    """Files that are followed still, before those that are over; the newest of each first."""
    over = case((rows.c.state.in_(sorted(OVER)), 1), else_=0)
    return over, rows.c.onset.desc(), rows.c.id


def table(panel: Panel, sheet: Sheet, question: Select[Any], height: int = 9) -> Json:
    """A panel over the whole width with one target; columns keep the names of the question."""
    drawn = table_of(panel, 24, height, "auto")
    drawn["targets"] = [asked.table("A", question)]
    colours = {state: (state, colour) for state, colour in COLOURS.items()}
    drawn["fieldConfig"]["overrides"] = [
        looks.named(
            "State", mappings=looks.mapped(colours), custom__cellOptions={"type": "color-text"}
        ),
        looks.named("Agency", links=to_agency(sheet, "${__data.fields.Agency}")),
        looks.named("Began", unit="dateTimeAsIsoNoDateIfToday"),
        *(looks.named(name, unit="percent") for name in ("Depth", "Gain after", "Required")),
    ]
    return drawn


def percent(share: ColumnElement[Any]) -> ColumnElement[Any]:
    """A share as percent, to a tenth."""
    return func.round(cast(share, Numeric) * 100, 1)


def number(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """A number out of the evidence."""
    return cast(text, Numeric)

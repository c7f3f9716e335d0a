"""A panel: one title, one question about history, one way to draw the answer.

A question is a function from a Scope to a SQLAlchemy select over ``models.tables``. It is run
as it is on SQLite and can be compiled for PostgreSQL, so that one definition serves every
front. The kind says how the rows are drawn, and which columns they must have
(``COLUMNS``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec
from sqlalchemy import Select

from models.value import GROUP

Kind = Literal[
    "sentence",
    "tiles",
    "timeseries",
    "states",
    "ranking",
    "table",
    "matrix",
    "multiples",
    "recoveries",
    "curves",
    "cases",
    "wholes",
    "sides",
    "crises",
]
Place = Literal["top", "main", "side", "foot"]

_NUMBER = ("value", "low", "high", "n", "status", "reason", "window_start", "window_end")
_POINT = ("agency", "indicator", "rhythm", *_NUMBER)
_CASE = (
    *("id", "agency", "indicator", "unit", "service", "stratum", "kind", "state", "onset"),
    *(
        "depth",
        "absorbed",
        "adapted",
        "recovered",
        "loss_service_days",
        "declared",
        "evidence",
        "seen",
    ),
)
_EPISODE = ("agency", "alertname", "indicator", "severity", "state", "reason", "opened", "closed")

COLUMNS: dict[Kind, tuple[str, ...]] = {
    "sentence": _EPISODE,
    "tiles": _POINT,
    "timeseries": _POINT,
    "states": _EPISODE,
    "ranking": _POINT,
    "table": (),
    "matrix": _POINT,
    "multiples": _POINT,
    "recoveries": _CASE,
    "curves": _CASE,
    "cases": _CASE,
    "wholes": _CASE,
    "sides": _CASE,
    "crises": _CASE,
}


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What is being looked at.

    "" for agency, group or indicator means all; "" for unit, service or stratum means the whole
    of the agency. A group narrows all agencies to those in it. ``since`` and ``until`` are
    milliseconds since the epoch, UTC; windows that end after ``since`` and not after ``until``
    are in. ``indicators`` are the ids of the catalogue, ``headlines`` those that may stand for
    their pillar on a tile.
    """

    agency: str = ""
    group: str = ""
    indicator: str = ""
    unit: str = ""
    service: str = ""
    stratum: str = ""
    since: int = 0
    until: int = 2**53
    indicators: tuple[str, ...] = ()
    headlines: tuple[str, ...] = ()

    @property
    def one(self) -> bool:
        """Whether one agency was chosen, which is no group."""
        return bool(self.agency) and not self.agency.startswith(GROUP)


Question = Callable[[Scope], Select[Any]]


class Live(msgspec.Struct, frozen=True):
    """A question about now: PromQL over the series of ``models.metrics``.

    ``legend`` names each answer by its labels, as Grafana has it. Where several workers and
    fronts export a series, an aggregation makes one of them. ``$indicator``, ``$agency``
    and ``$group`` stand for what was chosen, quoted.
    """

    expr: str
    legend: str = "{{agency}}"


IN_GROUP = "and on (agency) headwind_agency_group{group=$group}"
"""Behind an expression: of the agencies in the group that was chosen."""


def of_chosen(metric: str) -> str:
    """PromQL of a metric of the agency that was chosen; of a group that of each agency in it."""
    members = "headwind_agency_group{name=$agency}"
    return f"({metric}{{agency=$agency}} or {metric} and on (agency) {members})"


class Meter(msgspec.Struct, frozen=True, kw_only=True):
    """A course of what Prometheus knows, as it was known then; drawn in Grafana alone.

    ``title`` ends in "now", ``description`` says what, how and from what n, ``unit`` is
    Grafana's name of the unit.
    """

    title: str
    description: str
    unit: str
    lives: tuple[Live, ...]


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """One panel of a board.

    ``title`` ends in "now" (the latest that is known) or "as restated" (history with every
    later arrival in it). ``description`` says what is shown, how it is computed and from what
    n. ``unit`` is a unit of measure, or "indicator" where each row has its indicator's own.
    ``live`` is what Grafana asks Prometheus in its place, ``known`` what it asks where there is
    no PostgreSQL.
    ``overlays`` are further questions drawn over the first: ``history`` behind tiles,
    ``signals``, ``alerts`` and ``breaks`` over a line, ``curves`` of case files. ``split`` names the column that gives each small
    multiple; ``shared_axis`` puts all of them on one scale; ``columns`` are those of a table,
    in order; ``points`` is the most that is drawn of one line; ``rows`` is the most
    that the page shows of a table.
    """

    id: str
    kind: Kind
    title: str
    description: str
    unit: str
    question: Question
    live: Live | None = None
    known: Meter | None = None
    overlays: dict[str, Question] = {}
    place: Place = "main"
    split: Literal["agency", "indicator"] = "agency"
    shared_axis: bool = False
    points: int = 600
    columns: tuple[str, ...] = ()
    rows: int = 12
    empty: str = "Nothing to show for this selection."

"""A mark: something on the time line that explains numbers and is no decision of ours."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from models.value import Cell

MarkKind = Literal[
    "crisis",
    "definition",
    "closure",
    "release_freeze",
    "policy",
    "rebase",
    "composition",
    "scale",
    "rhythm",
]

DRAWN = ("crisis", "policy", "definition", "rebase", "composition", "scale", "rhythm")
"""Kinds that stand on a time axis."""

SMALL = 0.02
"""A change of parts that moved the total by less is listed, and drawn nowhere."""


RULES = ("under no rule", "recommended", "required of some", "required of all")
"""What working from elsewhere is, by the level of the rule."""


def rule(level: int) -> str:
    """A level in words.

    >>> rule(2), rule(7)
    ('required of some', 'under a rule of level 7')
    """
    return RULES[level] if level < len(RULES) else f"under a rule of level {level}"


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """A declared crisis, a planned closure or freeze, a rule, a new baseline, or a break.

    A rule (``policy``) is one on working from elsewhere, which holds until the next one.

    A break is what makes numbers before and after it hard to compare: a changed definition, other
    parts in a total (``composition``), another scale of ratings, another rhythm of reports. All
    but the first are found by the engine, which builds their ``label`` of names of cells, sources
    and types; else it is what the event called it. A span in the calendar has no name.
    ``start`` and ``end`` are in ms, event time. ``cell`` and ``indicator`` say
    what it touches, empty for everything. (id, transition) names one state.
    """

    id: str
    agency: str
    kind: MarkKind
    indicator: str = ""
    cell: Cell = Cell()
    label: str = ""
    start: int
    end: int | None = None
    evidence: dict[str, Any] = {}
    transition: int = 0
    epoch: int = 0

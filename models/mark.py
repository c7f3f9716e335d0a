"""A mark: something on the time line that explains numbers and is no decision of ours."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from models.value import Cell

MarkKind = Literal["crisis", "definition", "closure", "release_freeze", "rebase"]


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """A declared crisis, a changed definition, a planned closure, a freeze of releases, a new baseline.

    ``start`` and ``end`` are in ms, event time. ``label`` is what the event called it: the
    crisis, what changed, why a baseline begins; a span in the calendar has no name. ``cell`` and
    ``indicator`` say what it touches, empty for everything. (id, transition) names one state.
    """

    id: str
    agency: str
    kind: MarkKind
    indicator: str
    cell: Cell
    label: str
    start: int
    end: int | None
    evidence: dict[str, Any]
    transition: int
    epoch: int = 0

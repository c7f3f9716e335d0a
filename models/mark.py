"""A mark: something on the time line that explains numbers and is no decision of ours."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from models.value import Cell

MarkKind = Literal["crisis", "definition"]


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """A declared crisis or a changed definition; ``start`` and ``end`` in ms, event time.

    ``label`` is what the event called it: the crisis, or what changed. ``cell`` and
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

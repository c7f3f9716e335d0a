"""An alert: a stored record with a life, a reason and its evidence."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from models.value import Cell

AlertState = Literal["open", "inhibited", "closed"]
Severity = Literal["critical", "warning", "info"]


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """Something a person should look at, from its opening to its closing.

    The id is derived from what the alert is about and when it opened, so that a replay
    gives the same one. ``opened``, ``updated`` and ``closed`` are event time in milliseconds
    (``SourceStale`` opens at the logged tick that made the silence visible). ``transition``
    counts the changes of this record; (id, transition) names one state of it for ever. Left out,
    the fields are those of a warning that opens.
    """

    id: str
    alertname: str
    agency: str
    indicator: str = ""
    cell: Cell = Cell()
    severity: Severity = "warning"
    state: AlertState = "open"
    old_state: str = ""
    reason: str
    evidence: dict[str, Any]
    opened: int
    updated: int
    closed: int | None = None
    transition: int = 0
    epoch: int = 0

    def closing(self, at: int, reason: str) -> Alert:
        """The state after this one, in which it is closed: when (ms, event time) and why."""
        return msgspec.structs.replace(
            self,
            state="closed",
            old_state=self.state,
            reason=reason,
            updated=at,
            closed=at,
            transition=self.transition + 1,
        )

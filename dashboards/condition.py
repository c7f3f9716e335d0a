"""The state of an agency, now and over time, read from its alerts."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dashboards.words import State

    Row = Mapping[str, Any]

ORDER: tuple[State, ...] = ("strained", "watch", "unknown", "steady")
_BY_SEVERITY: dict[str, State] = {"critical": "strained", "warning": "watch"}


class Stretch(msgspec.Struct, frozen=True):
    """One agency in one state from ``start`` to ``end`` (ms), with the reasons."""

    state: State
    start: int
    end: int
    reasons: tuple[str, ...]


def state_of(alert: Row) -> State:
    """What one open alert makes of its agency; silence makes it unknown."""
    if alert["alertname"] == "SourceStale":
        return "unknown"
    return _BY_SEVERITY.get(str(alert["severity"]), "steady")


def worst(alerts: Iterable[Row]) -> State:
    """The gravest of the states that the alerts give; steady when there are none."""
    return min((state_of(row) for row in alerts), key=ORDER.index, default="steady")


def stretches(alerts: Iterable[Row], start: int, end: int) -> list[Stretch]:
    """One agency's states from start to end, without a hole, equal neighbours merged.

    An alert counts from its opening to its closing in event time, inhibited ones do not.
    """
    held = [row for row in alerts if row["state"] != "inhibited"]
    edges = {start, end}
    for row in held:
        edges.update(edge for edge in (row["opened"], row["closed"]) if edge is not None)
    marks = sorted(edge for edge in edges if start <= edge <= end)
    found: list[Stretch] = []
    for left, right in pairwise(marks):
        live = [
            row
            for row in held
            if row["opened"] <= left and (row["closed"] is None or row["closed"] >= right)
        ]
        state = worst(live)
        reasons = tuple(
            dict.fromkeys(str(row["reason"]) for row in live if state_of(row) == state != "steady")
        )
        if found and found[-1].state == state:
            before = found.pop()
            reasons = tuple(dict.fromkeys((*before.reasons, *reasons)))
            left = before.start  # noqa: PLW2901 (the stretch begins where its neighbour did)
        found.append(Stretch(state, left, right, reasons))
    return found

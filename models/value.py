"""A value: one indicator, of one agency, over one window, with how sure it is."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Status = Literal["ok", "low_n", "stale", "suppressed", "undefined"]
Span = Literal["window", "bucket"]
Rhythm = Literal["hour", "day", "week", "month", "quarter"]

GROUP: Final = "group:"
"""What the names of groups begin with, where agencies' names stand."""

RHYTHMS: tuple[Rhythm, ...] = ("hour", "day", "week", "month", "quarter")

_DAY_MS = 86_400_000
LENGTH_MS: dict[str, int] = {
    "hour": _DAY_MS // 24,
    "day": _DAY_MS,
    "week": 7 * _DAY_MS,
    "month": 31 * _DAY_MS,
    "quarter": 92 * _DAY_MS,
}
"""How long a bucket of each rhythm is at most."""


class Cell(msgspec.Struct, frozen=True, order=True):
    """Where in an agency a number belongs; "" means all of them.

    ``stratum`` is the class the indicator is split by: a channel for demand, a class of
    decision for decision_speed, a size class for exploit_speed.
    """

    unit: str = ""
    service: str = ""
    stratum: str = ""


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """One published number, or the reason why there is none.

    ``span`` is ``window`` for the rolling figure that people see and ``bucket`` for the
    tumbling one that detection uses; where both are the same only ``window`` is kept.
    Times are milliseconds since 1970-01-01T00:00:00Z. ``value``, ``low`` and ``high`` are in
    the indicator's unit; shares run from 0 to 1. ``low`` and ``high`` bound a 95 % interval.
    """

    agency: str
    indicator: str
    cell: Cell
    rhythm: Rhythm
    span: Span
    window_start: int
    window_end: int
    value: float | None
    n: int | None
    low: float | None
    high: float | None
    coverage: float
    status: Status
    reason: str
    catalogue_version: int
    revision: int = 0
    recorded: int = 0
    detail: str = "{}"
    """JSON: how many facts were used, how many left out by reason, further figures."""

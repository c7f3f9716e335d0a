"""A shock: the case file of one series that fell deep, from its onset to what became of it."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from models.value import Cell

ShockState = Literal[
    "disrupted",
    "absorbing",
    "recovering",
    "recovered",
    "thriving",
    "restored",
    "degraded",
    "broken",
    "declared",
    "showing",
    "over",
    "unshown",
    "undeclared",
]
"""The last five are those of declared crises; demand and other context end as over, too."""

OVER: Final = frozenset(
    {"thriving", "restored", "degraded", "broken", "over", "unshown", "undeclared"}
)
"""States that end a case file: nothing more can be learned, or need be."""

ShockKind = Literal["demand", "service", "delivery", "decision", "remote", "organisation", "crisis"]

UMBRELLAS: Final = ("organisation", "crisis")
"""Kinds that are made of other cases, or hold them."""


class Shock(msgspec.Struct, frozen=True, kw_only=True):
    """One state of a case file. Times are event time in milliseconds.

    ``onset`` is the start of the first bucket that was off; ``trough`` that of the worst.
    ``depth`` is 1 - min Q, where Q is actual / expected (expected / actual where more is
    worse) and what was expected is frozen at the onset. ``absorbed`` is the end of the trough's
    bucket, ``adapted`` the first return to 95 % of what was expected, ``recovered`` the first
    of enough returns in a row; each is absent while it has not come (right-censored).
    ``loss_service_days`` is the sum of 1 - Q over the first 90 days, where Q is below 1; of
    context (its evidence says so) nothing is lost, and it is 0.
    ``declared`` names the declared crisis that it fell into, if any. The id is derived from
    what the case is about and when it began; (id, transition) names one state of it for ever.

    An *organisation* has no indicator and cell: its evidence names its members. Of a *crisis*
    ``onset`` is when it was declared to begin, ``adapted`` when readiness for remote work came to
    what it required, and depth and loss are none: those of its cases stand with these.
    """

    id: str
    agency: str
    indicator: str
    cell: Cell
    kind: ShockKind
    direction: Literal["up", "down"]
    state: ShockState
    onset: int
    trough: int
    depth: float
    absorbed: int | None
    adapted: int | None
    recovered: int | None
    loss_service_days: float
    declared: str
    evidence: dict[str, Any]
    updated: int
    transition: int
    epoch: int = 0


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """One bucket [start, end) of a case's curve, ms; ``q`` is 1 where all is as expected.

    ``series`` is empty for the curve itself. Beside it stand, by indicator, the curves of the
    other side of the same service; of an organisation ``p10`` and ``p90`` of its services.
    """

    shock: str
    series: str = ""
    start: int
    end: int
    q: float

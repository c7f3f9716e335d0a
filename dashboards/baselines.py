"""The selects behind a control chart: its buckets, and the marks at which a baseline begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, or_, select

from dashboards.narrowing import agencies_asked, among, is_all, narrowed
from models.tables import mark, value
from models.value import Rhythm

if TYPE_CHECKING:
    from dashboards.panel import Scope

LONGEST_MS: Final[dict[Rhythm, int]] = {
    "hour": 3_600_000,
    "day": 25 * 3_600_000,
    "week": 8 * 86_400_000,
    "month": 32 * 86_400_000,
    "quarter": 93 * 86_400_000,
}
"""What no single bucket exceeds; what is longer is a rolling window."""

_DRAWN: Final[tuple[Rhythm, ...]] = ("week", "month", "quarter")


def buckets(scope: Scope) -> Select[Any]:
    """Every tumbling bucket of weeks and longer with enough cases, from the beginning on."""
    length = case(*((value.c.rhythm == name, LONGEST_MS[name]) for name in _DRAWN), else_=0)
    return (
        select(
            value.c.agency,
            value.c.indicator,
            value.c.rhythm,
            value.c.window_start,
            value.c.window_end,
            value.c.value,
        )
        .where(
            value.c.indicator.in_(
                scope.indicators if is_all(scope.indicator) else (scope.indicator,)
            ),
            among(value.c.agency, select(agencies_asked(scope).c.agency)),
            value.c.unit == scope.unit,
            value.c.service == scope.service,
            value.c.stratum == scope.stratum,
            value.c.rhythm.in_(_DRAWN),
            value.c.span.in_(("window", "bucket")),
            value.c.window_end <= scope.until,
            value.c.window_end - value.c.window_start <= length,
            value.c.latest,
            value.c.status == "ok",
        )
        .order_by(value.c.indicator, value.c.agency, value.c.rhythm, value.c.window_end)
    )


def baselines(scope: Scope) -> Select[Any]:
    """Where a baseline of this very cell begins: rebased, or with a changed definition."""
    wanted = select(mark.c.agency, mark.c.indicator, mark.c.kind, mark.c.start).where(
        mark.c.latest,
        mark.c.agency.in_(select(agencies_asked(scope).c.agency)),
        mark.c.kind.in_(("definition", "rebase")),
        mark.c.start <= scope.until,
        begun_here(scope),
    )
    here = or_(narrowed(mark.c.indicator, scope.indicator), mark.c.indicator == "")
    return wanted.where(here).order_by(mark.c.start, mark.c.id)


def begun_here(scope: Scope) -> ColumnElement[bool]:
    """Whether a mark touches this very cell, and not only a part of it."""
    return and_(mark.c.unit.in_(("", scope.unit)), mark.c.service.in_(("", scope.service)))

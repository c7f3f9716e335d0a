"""The selects behind the panels, each a function of a Scope.

All of them seek: the primary key of ``value`` starts with (indicator, agency, unit, service,
stratum, rhythm, span, window_end), so a question names the wanted keys first and joins
``value`` on all of them. Rows are always the latest revision and the rolling window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from sqlalchemy import CTE, ColumnElement, Select, String, and_, case, column, func, or_, select
from sqlalchemy import values as value_list

from models.tables import alert, refused, signal, source, value
from models.value import Rhythm

if TYPE_CHECKING:
    from dashboards.panel import Scope

REFUSED_LATELY = 500


def _wanted(name: str, members: tuple[str, ...]) -> CTE:
    rows = [(member,) for member in members or ("",)]
    return value_list(column(name, String), name=f"{name}_list").data(rows).cte(f"{name}s")


def _agencies(scope: Scope) -> CTE:
    known = select(source.c.agency).distinct()
    if scope.agency:
        known = known.where(source.c.agency == scope.agency)
    return known.cte("agencies")


def _keyed(scope: Scope) -> tuple[tuple[CTE, CTE, CTE], ColumnElement[bool]]:
    agencies = _agencies(scope)
    indicators = _wanted("indicator", (scope.indicator,) if scope.indicator else scope.indicators)
    rhythms = _wanted("rhythm", get_args(Rhythm))
    match = and_(
        value.c.indicator == indicators.c.indicator,
        value.c.agency == agencies.c.agency,
        value.c.unit == scope.unit,
        value.c.service == scope.service,
        value.c.stratum == scope.stratum,
        value.c.rhythm == rhythms.c.rhythm,
        value.c.span == "window",
        value.c.latest,
    )
    return (agencies, indicators, rhythms), match


_POINT = (
    value.c.agency,
    value.c.indicator,
    value.c.rhythm,
    value.c.window_start,
    value.c.window_end,
    value.c.value,
    value.c.low,
    value.c.high,
    value.c.n,
    value.c.coverage,
    value.c.status,
    value.c.reason,
)


def history(scope: Scope) -> Select[Any]:
    """Every rolling value in the scope's time, oldest first, one series after another."""
    (agencies, indicators, rhythms), match = _keyed(scope)
    return (
        select(*_POINT)
        .select_from(agencies, indicators, rhythms, value)
        .where(match, value.c.window_end > scope.since, value.c.window_end <= scope.until)
        .order_by(value.c.indicator, value.c.agency, value.c.rhythm, value.c.window_end)
    )


def current(scope: Scope) -> Select[Any]:
    """The newest rolling value, one row for each agency, indicator and rhythm."""
    (agencies, indicators, rhythms), match = _keyed(scope)
    newer = value.alias("newer")
    newest = (
        select(func.max(newer.c.window_end))
        .where(
            newer.c.indicator == indicators.c.indicator,
            newer.c.agency == agencies.c.agency,
            newer.c.unit == scope.unit,
            newer.c.service == scope.service,
            newer.c.stratum == scope.stratum,
            newer.c.rhythm == rhythms.c.rhythm,
            newer.c.span == "window",
            newer.c.window_end <= scope.until,
        )
        .correlate(agencies, indicators, rhythms)
        .scalar_subquery()
    )
    return (
        select(*_POINT)
        .select_from(agencies, indicators, rhythms, value)
        .where(match, value.c.window_end == newest)
        .order_by(value.c.indicator, value.c.agency, value.c.window_end)
    )


_EPISODE = (
    alert.c.id,
    alert.c.alertname,
    alert.c.agency,
    alert.c.indicator,
    alert.c.unit,
    alert.c.service,
    alert.c.stratum,
    alert.c.severity,
    alert.c.state,
    alert.c.reason,
    alert.c.opened,
    alert.c.updated,
    alert.c.closed,
)


def _episodes(scope: Scope) -> Select[Any]:
    agencies = _agencies(scope)
    wanted = (
        select(*_EPISODE)
        .join(agencies, agencies.c.agency == alert.c.agency)
        .where(alert.c.latest, alert.c.opened <= scope.until)
        .order_by(alert.c.opened.desc(), alert.c.id)
    )
    if scope.indicator:
        wanted = wanted.where(or_(alert.c.indicator == scope.indicator, alert.c.indicator == ""))
    return wanted


def alerts(scope: Scope) -> Select[Any]:
    """Alerts open at some moment of the scope's time, the newest first."""
    return _episodes(scope).where(or_(alert.c.closed.is_(None), alert.c.closed >= scope.since))


def open_alerts(scope: Scope) -> Select[Any]:
    """Alerts that are open now, the newest first."""
    return _episodes(scope).where(alert.c.state == "open")


def signals(scope: Scope) -> Select[Any]:
    """What detectors saw in the scope's time and cell, the newest first."""
    agencies = _agencies(scope)
    wanted = (
        select(
            signal.c.agency,
            signal.c.indicator,
            signal.c.rhythm,
            signal.c.bucket_start,
            signal.c.bucket_end,
            signal.c.detector,
            signal.c.direction,
            signal.c.score,
            signal.c.value,
            signal.c.expected,
            signal.c.low,
            signal.c.high,
            signal.c.n,
            signal.c.false_alarm_rate,
        )
        .join(agencies, agencies.c.agency == signal.c.agency)
        .where(
            signal.c.bucket_end > scope.since,
            signal.c.bucket_end <= scope.until,
            signal.c.unit == scope.unit,
            signal.c.service == scope.service,
            signal.c.stratum == scope.stratum,
        )
        .order_by(signal.c.bucket_end.desc(), signal.c.id)
    )
    return wanted.where(signal.c.indicator == scope.indicator) if scope.indicator else wanted


def sources(scope: Scope) -> Select[Any]:
    """Each source of the scope's agencies: what came, when last, and whether it went silent."""
    wanted = select(
        source.c.agency,
        source.c.source,
        func.sum(source.c.accepted).label("accepted"),
        func.sum(source.c.repeats).label("repeats"),
        func.sum(source.c.late).label("late"),
        func.min(source.c.first_time).label("first_time"),
        func.max(source.c.last_time).label("last_time"),
        func.max(source.c.last_received).label("last_received"),
        func.min(case((source.c.stale, 1), else_=0)).label("stale"),
    )
    if scope.agency:
        wanted = wanted.where(source.c.agency == scope.agency)
    return wanted.group_by(source.c.agency, source.c.source).order_by(
        source.c.agency, source.c.source
    )


def refusals(scope: Scope) -> Select[Any]:
    """The newest refused events of the scope's agency, at most 500, with every reason."""
    wanted = select(
        refused.c.agency,
        refused.c.received,
        refused.c.origin,
        refused.c.event_source,
        refused.c.event_type,
        refused.c.problems,
    )
    if scope.agency:
        wanted = wanted.where(refused.c.agency == scope.agency)
    return wanted.order_by(refused.c.received.desc()).limit(REFUSED_LATELY)


def cells(scope: Scope) -> Select[Any]:
    """The units, services and strata that had a value in the last 100 days."""
    agencies = _agencies(scope)
    since = scope.until - 100 * 86_400_000
    wanted = (
        select(value.c.unit, value.c.service, value.c.stratum)
        .distinct()
        .join(agencies, agencies.c.agency == value.c.agency)
        .where(value.c.window_end > since, value.c.window_end <= scope.until)
        .limit(500)
    )
    return wanted.where(value.c.indicator == scope.indicator) if scope.indicator else wanted

"""The selects behind the panels, each a function of a Scope.

All of them seek: the primary key of ``value`` starts with (indicator, agency, unit, service,
stratum, rhythm, span, window_end), so a question gives every one of these columns. Rows are always the latest revision and the rolling window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    String,
    Subquery,
    and_,
    case,
    column,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy import values as value_list

from dashboards.baselines import begun_here
from dashboards.narrowing import (
    GROUP_OF,
    agencies_asked,
    among,
    is_all,
    narrowed,
    senders_asked,
    sent_by,
    unchosen,
)
from dashboards.series import WEEK_MS
from models.mark import DRAWN
from models.tables import DAY_ENDS, alert, expected, mark, refused, signal, source, value
from models.value import GROUP, Rhythm

if TYPE_CHECKING:
    from dashboards.panel import Scope

REFUSED_LATELY = 500

FINE_MS = 14 * 86_400_000
"""The longest time over which every hour is shown."""


def _wanted(name: str, members: tuple[str, ...]) -> CTE:
    rows = [(member,) for member in members or ("",)]
    return value_list(column(name, String), name=f"{name}_list").data(rows).cte(f"{name}s")


def group_names() -> Select[Any]:
    """The groups in which the agencies are that ever sent something."""
    return select(GROUP_OF.label("name")).select_from(source).distinct().order_by("name")


def groups(scope: Scope) -> Select[Any]:
    """The groups that had a value in the last 100 days, which are chosen as agencies are."""
    since = scope.until - 100 * 86_400_000
    chosen: ColumnElement[bool] = true()
    if not is_all(scope.group):
        chosen = or_(unchosen(scope.group), value.c.agency == literal(GROUP) + scope.group)
    return (
        select(value.c.agency)
        .distinct()
        .where(
            value.c.agency >= GROUP,
            value.c.agency < GROUP.replace(":", ";"),
            value.c.window_end > since,
            value.c.window_end <= scope.until,
            chosen,
        )
        .order_by(value.c.agency)
    )


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


def _indicators(scope: Scope) -> tuple[str, ...]:
    return scope.indicators if is_all(scope.indicator) else (scope.indicator,)


def history(scope: Scope) -> Select[Any]:
    """Every rolling value in the scope's time, oldest first, one series after another."""
    every = rolling(scope, *_POINT)
    return select(every).order_by(
        every.c.indicator, every.c.agency, every.c.rhythm, every.c.window_end
    )


def rolling(scope: Scope, *columns: Any) -> Subquery:
    """Rolling values of the scope's time and very cell, as they stand.

    Of a series by the hour only the value at the end of each day (UTC), where more than two
    weeks are shown: an index holds just these.
    """
    asked = select(*columns).where(
        value.c.indicator.in_(_indicators(scope)),
        among(value.c.agency, select(agencies_asked(scope).c.agency)),
        value.c.unit == scope.unit,
        value.c.service == scope.service,
        value.c.stratum == scope.stratum,
        value.c.span == "window",
        value.c.window_end > scope.since,
        value.c.window_end <= scope.until,
        value.c.latest,
    )
    slower = value.c.rhythm.in_([rhythm for rhythm in get_args(Rhythm) if rhythm != "hour"])
    fine, coarse = asked.where(value.c.rhythm == "hour"), asked.where(DAY_ENDS)
    long = scope.until - scope.since > FINE_MS
    if isinstance(long, bool):
        by_hour = [coarse if long else fine]
    else:
        by_hour = [fine.where(not_(long)), coarse.where(long)]
    return union_all(asked.where(slower), *by_hour).subquery()


def usual(scope: Scope) -> Select[Any]:
    """What was expected of every bucket in the scope's time and very cell, oldest first."""
    c = expected.c
    return (
        select(
            *(c.agency, c.indicator, c.rhythm, c.bucket_end),
            *(c.expected, c.low, c.high, c.reason),
        )
        .where(
            c.indicator.in_(_indicators(scope)),
            among(c.agency, select(agencies_asked(scope).c.agency)),
            c.unit == scope.unit,
            c.service == scope.service,
            c.stratum == scope.stratum,
            c.rhythm.in_(get_args(Rhythm)),
            c.bucket_end > scope.since,
            c.bucket_end <= scope.until,
        )
        .order_by(c.indicator, c.agency, c.rhythm, c.bucket_end)
    )


def current(scope: Scope) -> Select[Any]:
    """The rolling values of the last week of each agency, indicator and rhythm, oldest first.

    The last of them is the newest; the others stand for it where it counted nothing.
    """
    newest = newest_ends(scope)
    match = and_(
        value.c.indicator == newest.c.indicator,
        value.c.agency == newest.c.agency,
        value.c.unit == scope.unit,
        value.c.service == scope.service,
        value.c.stratum == scope.stratum,
        value.c.rhythm == newest.c.rhythm,
        value.c.span == "window",
        value.c.window_end > newest.c.window_end - WEEK_MS,
        value.c.window_end <= newest.c.window_end,
        value.c.latest,
    )
    # An outer join keeps SQLite from walking through `value`; each of its rows has a partner.
    return (
        select(*_POINT)
        .select_from(newest.outerjoin(value, match))
        .where(newest.c.window_end.is_not(None))
        .order_by(newest.c.indicator, newest.c.agency, newest.c.rhythm, value.c.window_end)
    )


def newest_ends(scope: Scope) -> CTE:
    """The end of the newest window for every wanted key, found by one seek each."""
    agencies = agencies_asked(scope)
    indicators = _wanted("indicator", _indicators(scope))
    rhythms = _wanted("rhythm", get_args(Rhythm))
    end = (
        select(func.max(value.c.window_end))
        .where(
            value.c.indicator == indicators.c.indicator,
            value.c.agency == agencies.c.agency,
            value.c.unit == scope.unit,
            value.c.service == scope.service,
            value.c.stratum == scope.stratum,
            value.c.rhythm == rhythms.c.rhythm,
            value.c.span == "window",
            value.c.window_end <= scope.until,
        )
        .correlate(agencies, indicators, rhythms)
        .scalar_subquery()
    )
    everything = agencies.join(indicators, true()).join(rhythms, true())
    return (
        select(agencies.c.agency, indicators.c.indicator, rhythms.c.rhythm, end.label("window_end"))
        .select_from(everything)
        .cte("newest")
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
    agencies = senders_asked(scope)
    wanted = (
        select(*_EPISODE).join(agencies, agencies.c.agency == alert.c.agency).where(alert.c.latest)
    )
    return wanted.where(or_(narrowed(alert.c.indicator, scope.indicator), alert.c.indicator == ""))


def alerts(scope: Scope) -> Select[Any]:
    """Alerts open at some moment of the scope's time, the newest first."""
    return (
        _episodes(scope)
        .where(alert.c.opened <= scope.until)
        .where(or_(alert.c.closed.is_(None), alert.c.closed >= scope.since))
        .order_by(alert.c.opened.desc(), alert.c.id)
    )


def open_alerts(scope: Scope) -> Select[Any]:
    """Alerts that are open now, the gravest first, of these the newest."""
    weight = case((alert.c.severity == "critical", 0), (alert.c.severity == "warning", 1), else_=2)
    return (
        _episodes(scope)
        .where(alert.c.state == "open")
        .order_by(weight, alert.c.opened.desc(), alert.c.id)
    )


CELL = ("unit", "service", "stratum")


def signals(scope: Scope) -> Select[Any]:
    """What detectors saw in the scope's time and very cell, the newest first."""
    here = [signal.c[name] == getattr(scope, name) for name in CELL]
    return signals_within(scope).where(*here)


def signals_within(scope: Scope) -> Select[Any]:
    """What detectors saw in the scope's time and anywhere in its cell, the newest first."""
    agencies = agencies_asked(scope)
    inside = [narrowed(signal.c[name], getattr(scope, name)) for name in ("indicator", *CELL)]
    return (
        select(
            signal.c.agency,
            signal.c.indicator,
            *(signal.c[name] for name in CELL),
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
            *inside,
        )
        .order_by(signal.c.bucket_end.desc(), signal.c.id)
    )


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
    return (
        wanted.where(sent_by(source.c.agency, scope))
        .group_by(source.c.agency, source.c.source)
        .order_by(source.c.agency, source.c.source)
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
    mine = wanted.where(sent_by(refused.c.agency, scope))
    return mine.order_by(refused.c.received.desc()).limit(REFUSED_LATELY)


def cells(scope: Scope) -> Select[Any]:
    """The units, services and strata that had a value in the last 100 days."""
    agencies = agencies_asked(scope)
    since = scope.until - 100 * 86_400_000
    return (
        select(value.c.unit, value.c.service, value.c.stratum)
        .distinct()
        .join(agencies, agencies.c.agency == value.c.agency)
        .where(value.c.window_end > since, value.c.window_end <= scope.until)
        .where(narrowed(value.c.indicator, scope.indicator))
        .limit(500)
    )


def breaks(scope: Scope) -> Select[Any]:
    """Declared crises and breaks that touch the scope's time and cell."""
    agencies = agencies_asked(scope)
    wanted = (
        select(
            mark.c.id,
            mark.c.agency,
            mark.c.kind,
            mark.c.indicator,
            *(mark.c[name] for name in CELL),
            mark.c.label,
            mark.c.start,
            mark.c.end,
            mark.c.evidence,
        )
        .join(agencies, agencies.c.agency == mark.c.agency)
        .where(
            mark.c.latest,
            mark.c.kind.in_(DRAWN),
            # A baseline is that of a series: of one service it is none of the whole.
            or_(mark.c.kind != "rebase", begun_here(scope)),
            mark.c.start <= scope.until,
            case(
                (mark.c.kind == "crisis", func.coalesce(mark.c.end, scope.until)),
                else_=mark.c.start,
            )
            >= scope.since,
        )
        .order_by(mark.c.start, mark.c.id)
    )
    here = and_(*(mark.c[name] == getattr(scope, name) for name in CELL))
    # What a declaration names may be a unit or a service; it stands in the same column.
    named = mark.c.service.in_(("", scope.unit, scope.service))
    whole = and_(unchosen(scope.unit), unchosen(scope.service))
    return wanted.where(
        or_(narrowed(mark.c.indicator, scope.indicator), mark.c.indicator == ""),
        or_(mark.c.kind != "composition", here),  # Parts of this very total.
        or_(whole, named),
    )

"""The selects behind "why is it this number": what came, what was made of it, what changed since.

As in ``dashboards.questions`` each is a function of a Scope, seeks in ``value`` and runs on
SQLite and PostgreSQL alike. A reader's choice may be SQL (``dashboards.narrowing``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_args

import msgspec
from sqlalchemy import (
    ColumnElement,
    Float,
    Select,
    String,
    Subquery,
    and_,
    case,
    cast,
    column,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy import values as value_list

from dashboards.narrowing import agencies_asked, among, narrowed, sent_by
from dashboards.questions import REFUSED_LATELY, newest_ends, rolling
from models.problem import MEANINGS
from models.tables import RESTATED, refused, source, value
from models.value import Rhythm

if TYPE_CHECKING:
    from dashboards.panel import Scope

NEVER: Final = (
    "never computed: nothing that feeds it has come, its first window has not closed, or it rests"
)
"""The reason where an agency has no value of an indicator at all."""

LATE: Final = "beyond_retention"
"""The code of what ``source.late`` counts, so that it is not counted as refused once more."""


def received(scope: Scope) -> Select[Any]:
    """Each source: what it sent, and what became of it; also one of which nothing was taken.

    ``taken`` is the share of its events, repeats left out, that count.
    """
    both = union_all(_taken(scope), _refused(scope)).subquery()
    c = both.c
    taken, late, out = func.sum(c.accepted), func.sum(c.late), func.sum(c.refused)
    return (
        select(
            c.agency,
            c.source,
            (cast(taken, Float) / cast(func.nullif(taken + late + out, 0), Float)).label("taken"),
            taken.label("accepted"),
            func.sum(c.repeats).label("repeats"),
            late.label("late"),
            out.label("refused"),
            func.min(c.first_time).label("first_time"),
            func.max(c.last_time).label("last_time"),
            func.max(c.last_received).label("last_received"),
            func.coalesce(func.min(c.stale), 0).label("stale"),
        )
        .group_by(c.agency, c.source)
        .order_by(c.agency, c.source)
    )


def _taken(scope: Scope) -> Select[Any]:
    c = source.c
    some = c.accepted > 0
    return (
        select(
            c.agency,
            c.source,
            func.sum(c.accepted).label("accepted"),
            func.sum(c.repeats).label("repeats"),
            func.sum(c.late).label("late"),
            literal(0).label("refused"),
            # Before the first event that counts, its times are those of no event.
            func.min(case((some, c.first_time))).label("first_time"),
            func.max(case((some, c.last_time))).label("last_time"),
            func.max(c.last_received).label("last_received"),
            func.min(case((c.stale, 1), else_=0)).label("stale"),
        )
        .where(sent_by(c.agency, scope))
        .group_by(c.agency, c.source)
    )


def _refused(scope: Scope) -> Select[Any]:
    c = refused.c
    return (
        select(
            c.agency,
            c.event_source,
            *(literal(0) for _ in range(3)),
            func.count(),
            cast(null(), source.c.first_time.type),
            cast(null(), source.c.last_time.type),
            func.max(c.received),
            cast(null(), refused.c.received.type),
        )
        .where(sent_by(c.agency, scope), ~_names(c.problems, literal(LATE)))
        .group_by(c.agency, c.event_source)
    )


def _names(problems: ColumnElement[Any], code: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a JSON list of problems has one of this code; no other text in it is just a code."""
    quoted = literal('"') + code + literal('"')
    return func.replace(problems, quoted, "") != problems


def reasons(scope: Scope) -> Select[Any]:
    """The newest refused events, at most 500, by agency and code; one with two codes is in both rows."""
    c = refused.c
    lately = (
        select(c.agency, c.received, c.problems)
        .where(sent_by(c.agency, scope))
        .order_by(c.received.desc())
        .limit(REFUSED_LATELY)
        .subquery()
    )
    known = value_list(column("code", String), column("message", String), name="codes")
    codes = known.data(list(MEANINGS.items())).cte("known_codes")
    each = (
        select(
            lately.c.agency,
            lately.c.received,
            func.coalesce(codes.c.code, "another").label("problem"),
            func.coalesce(codes.c.message, "a code of another version").label("message"),
        )
        .select_from(lately.outerjoin(codes, _names(lately.c.problems, codes.c.code)))
        .subquery()
    )
    many = func.count()
    return (
        select(
            each.c.agency,
            each.c.problem,
            each.c.message,
            many.label("count"),
            func.max(each.c.received).label("received"),
        )
        .group_by(each.c.agency, each.c.problem, each.c.message)
        .order_by(each.c.agency, many.desc(), each.c.problem)
    )


def newest(scope: Scope) -> Select[Any]:
    """The newest rolling value of each agency and indicator, those without a number first.

    Where an agency has none of an indicator, one row says so: status ``absent``.
    """
    ends = _ends(scope)
    c, v = ends.c, value.c
    same = and_(
        v.indicator == c.indicator,
        v.agency == c.agency,
        v.unit == scope.unit,
        v.service == scope.service,
        v.stratum == scope.stratum,
        v.rhythm == c.rhythm,
        v.span == "window",
        v.window_end == c.window_end,
        v.latest,
    )
    status = func.coalesce(v.status, "absent").label("status")
    order = {"undefined": 0, "stale": 1, "suppressed": 2, "absent": 3, "low_n": 4}
    weight = case(order, value=status, else_=case((v.coverage < 1, 5), else_=6))
    return (
        select(
            c.agency,
            c.indicator,
            *(v.rhythm, v.window_start, v.window_end, v.value, v.low, v.high, v.n, v.coverage),
            status,
            func.coalesce(v.reason, NEVER).label("reason"),
            *(v.revision, v.catalogue_version, v.recorded),
            v.detail.label("left_out"),
        )
        .select_from(ends.outerjoin(value, same))
        .order_by(weight, c.agency, c.indicator, c.rhythm)
    )


def _ends(scope: Scope) -> Subquery:
    """The newest window of each key, and one empty row where an agency never had any."""
    found = newest_ends(msgspec.structs.replace(scope, indicator=""))
    c = found.c
    pair = func.max(c.window_end).over(partition_by=(c.agency, c.indicator))
    every = select(c.agency, c.indicator, c.rhythm, c.window_end, pair.label("ever")).where(
        narrowed(c.indicator, scope.indicator)
    )
    told = every.subquery()
    first = told.c.rhythm == get_args(Rhythm)[0]
    none = and_(told.c.ever.is_(None), first, told.c.agency.in_(select(source.c.agency)))
    return select(told).where(or_(told.c.window_end.is_not(None), none)).subquery()


def restated(scope: Scope) -> Select[Any]:
    """How many values of the scope's time were published again with other numbers, and when last."""
    v = value.c
    many = func.count()
    return (
        select(
            v.agency,
            v.indicator,
            many.label("restated"),
            func.max(v.revision).label("revision"),
            func.max(v.recorded).label("recorded"),
        )
        .where(
            RESTATED,
            v.indicator.in_(scope.indicators),
            narrowed(v.indicator, scope.indicator),
            among(v.agency, select(agencies_asked(scope).c.agency)),
            v.unit == scope.unit,
            v.service == scope.service,
            v.stratum == scope.stratum,
            v.window_end > scope.since,
            v.window_end <= scope.until,
        )
        .group_by(v.agency, v.indicator)
        .order_by(many.desc(), v.agency, v.indicator)
    )


def versions(scope: Scope) -> Select[Any]:
    """Under which version of its formula each indicator was computed in the scope's time.

    Of values by the hour those are counted that the charts show.
    """
    v = value.c
    every = msgspec.structs.replace(scope, indicator="")
    told = rolling(every, v.indicator, v.catalogue_version, v.window_end)
    c = told.c
    return (
        select(
            c.indicator,
            c.catalogue_version,
            func.count().label("values"),
            func.min(c.window_end).label("start"),
            func.max(c.window_end).label("end"),
        )
        .where(narrowed(c.indicator, scope.indicator))
        .group_by(c.indicator, c.catalogue_version)
        .order_by(c.indicator, c.catalogue_version)
    )

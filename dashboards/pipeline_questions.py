"""The selects behind "does everything arrive": the log, its workers, sources and deliveries.

Each is a function of a Scope and speaks of now; nothing here reads ``value``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select

from dashboards import questions
from models.tables import delivery, log, outbox, position, worker

if TYPE_CHECKING:
    from dashboards.panel import Scope

UNWANTED: Final = "unwanted"
"""The state of a delivery to a receiver that did not ask for it."""


def positions(scope: Scope) -> Select[Any]:
    """Each stage of the engine: how far its log is written, and how far it is applied.

    ``written`` and ``behind`` are absent where the log stands in Kafka.
    """
    del scope
    p, entry = position.c, log.c
    mine = and_(entry.stage == p.stage, entry.partition == p.partition)
    last = select(func.max(entry.position)).where(mine).scalar_subquery()
    waits = select(entry.received).where(mine, entry.position == p.applied + 1).scalar_subquery()
    parts = select(p.stage, p.applied, last.label("last"), waits.label("waits")).subquery()
    c = parts.c
    return (
        select(
            c.stage,
            func.count().label("lanes"),
            func.sum(c.last).label("written"),
            func.sum(c.applied).label("applied"),
            func.sum(c.last - c.applied).label("behind"),
            func.min(c.waits).label("behind_since"),
        )
        .group_by(c.stage)
        .order_by(c.stage)
    )


def workers(scope: Scope) -> Select[Any]:
    """Each worker that spoke within a day, and how far it is behind."""
    del scope
    c = worker.c
    return select(c.name, c.seen, c.lanes, c.behind, c.behind_since).order_by(c.name)


def sources(scope: Scope) -> Select[Any]:
    """Each source with its last event, of each agency the silent and the slowest first.

    ``complete`` is the time up to which all live sources of its agency have reported.
    """
    each = questions.sources(scope).order_by(None).cte("each_source")
    live = (
        select(each.c.agency, func.min(each.c.last_time).label("complete"))
        .where(each.c.stale == 0, each.c.accepted > 0)
        .group_by(each.c.agency)
        .subquery()
    )
    return (
        select(
            each.c.agency,
            each.c.source,
            each.c.last_time,
            each.c.last_received,
            each.c.stale,
            live.c.complete,
        )
        .select_from(each.outerjoin(live, live.c.agency == each.c.agency))
        .where(each.c.accepted > 0)
        .order_by(each.c.agency, each.c.stale.desc(), each.c.last_time, each.c.source)
    )


def deliveries(scope: Scope) -> Select[Any]:
    """Each receiver: what it took, what waits, what is held back, what was given up, and why."""
    del scope
    d = delivery.c
    other = delivery.alias("failed")
    failed = (
        select(other.c.last_error)
        .where(
            other.c.channel == d.channel,
            other.c.state.in_(("pending", "dead")),
            other.c.last_error != "",
        )
        .order_by(other.c.next_attempt.desc())
        .limit(1)
        .correlate(delivery)
        .scalar_subquery()
    )
    each = select(
        d.channel,
        _many("delivered").label("told"),
        _many("pending").label("pending"),
        _many("held", "silenced").label("aside"),
        _many("dead").label("dead"),
        func.max(d.delivered).label("delivered"),
        failed.label("said"),
    )
    found = each.where(d.state != UNWANTED).group_by(d.channel).subquery()
    c = found.c
    counted = [column for column in c if column.name != "said"]
    return select(*counted, _code(c.said).label("last_error")).order_by(c.channel)


def _many(*states: str) -> ColumnElement[Any]:
    return func.sum(case((delivery.c.state.in_(states), 1), else_=0))


def _code(said: ColumnElement[Any]) -> ColumnElement[Any]:
    """An answer of the network as it is; of anything else only that there is more to read.

    Other answers name files of the server, which are nobody's business here.
    """
    plain = or_(said.like("HTTP ___"), ~said.like("% %"))
    return case((said.is_(None), ""), (plain, said), else_="another, see headwind notify log")


def untold(scope: Scope) -> Select[Any]:
    """Alerts that were decided and of which no receiver was to be told, by agency."""
    del scope
    c, d = outbox.c, delivery.c
    told = exists().where(d.outbox == c.id, d.state != UNWANTED)
    return (
        select(
            c.agency,
            func.count(c.alert.distinct()).label("alerts"),
            func.min(c.created).label("start"),
            func.max(c.created).label("end"),
        )
        .where(~told)
        .group_by(c.agency)
        .order_by(func.max(c.created).desc(), c.agency)
    )

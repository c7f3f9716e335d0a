"""The selects behind case files, organisations and declared crises, each a function of a Scope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from dashboards.narrowing import narrowed, senders_asked
from dashboards.questions import CELL
from models.shock import OVER, UMBRELLAS
from models.tables import beside, quality, shock

if TYPE_CHECKING:
    from dashboards.panel import Scope

DAY_MS = 86_400_000
FOLLOWED_MS = 90 * DAY_MS


def _told() -> list[ColumnElement[Any]]:
    """What stands in the row, how far its curve has come since, and what was lost by then.

    A row is written when something changes; that more days are lost is no such change.
    """
    of_it = quality.c.shock == shock.c.id
    seen = select(func.max(quality.c.end)).where(of_it).scalar_subquery()
    inside = and_(
        of_it,
        quality.c.q < 1,
        quality.c.start < shock.c.onset + FOLLOWED_MS,
        or_(shock.c.recovered.is_(None), quality.c.start < shock.c.recovered),
    )
    area = (1 - quality.c.q) * (quality.c.end - quality.c.start)
    lost = select(func.sum(area)).where(inside).scalar_subquery()
    names = [column.name for column in shock.c if column.name not in _SPECIAL]
    told: list[ColumnElement[Any]] = [shock.c[name] for name in names]
    told.append(func.coalesce(seen, shock.c.updated).label("seen"))
    still = func.coalesce(lost / DAY_MS, shock.c.loss_service_days)
    over = shock.c.state.in_(sorted(OVER))
    # Of context nothing is lost, whichever way it goes.
    context = shock.c.evidence.contains('"context":true')
    known = case((context, None), (over, shock.c.loss_service_days), else_=still)
    told.append(known.label("loss_service_days"))
    return told


_SPECIAL = ("loss_service_days", "latest", "epoch")


def cases(scope: Scope) -> Select[Any]:
    """Case files open at some moment of the scope's time, as they stand, the newest first."""
    return _files(scope, shock.c.kind.not_in(UMBRELLAS))


def wholes(scope: Scope) -> Select[Any]:
    """Shocks of whole organisations, in the same way."""
    return _files(scope, shock.c.kind == "organisation")


def crises(scope: Scope) -> Select[Any]:
    """Declared crises, in the same way."""
    return _files(scope, shock.c.kind == "crisis")


def _files(scope: Scope, wanted: ColumnElement[bool]) -> Select[Any]:
    found = select(*_told()).where(wanted, *_followed(scope))
    return found.order_by(shock.c.onset.desc(), shock.c.id)


def files() -> Select[Any]:
    """Everything as it stands now, in order of onset, what holds others before them."""
    order = case((shock.c.kind == "crisis", 0), (shock.c.kind == "organisation", 1), else_=2)
    return select(*_told()).where(shock.c.latest).order_by(shock.c.onset, order, shock.c.id)


def states(shock_id: str) -> Select[Any]:
    """Every state of one file."""
    return select(shock, shock.c.updated.label("seen")).where(shock.c.id == shock_id)


def curves(scope: Scope) -> Select[Any]:
    """The curves of these files, bucket by bucket."""
    c = quality.c
    wanted = select(shock.c.id).where(*_followed(scope))
    return (
        select(c.shock, c.start, c.end, c.q).where(c.shock.in_(wanted)).order_by(c.shock, c.start)
    )


def besides(scope: Scope) -> Select[Any]:
    """What runs beside them: the other side of a service, the spread of an organisation."""
    c = beside.c
    wanted = select(shock.c.id).where(*_followed(scope))
    found = select(c.shock, c.series, c.start, c.end, c.q).where(c.shock.in_(wanted))
    return found.order_by(c.shock, c.series, c.start)


def case_curve(shock_id: str) -> Select[Any]:
    """The curve of one file, bucket by bucket."""
    c = quality.c
    return select(c.shock, c.start, c.end, c.q).where(c.shock == shock_id).order_by(c.start)


def case_beside(shock_id: str) -> Select[Any]:
    """What runs beside it, one series after the other."""
    c = beside.c
    found = select(c.shock, c.series, c.start, c.end, c.q).where(c.shock == shock_id)
    return found.order_by(c.series, c.start)


def _followed(scope: Scope) -> list[ColumnElement[bool]]:
    still = shock.c.state.not_in(sorted(OVER))
    wanted = [
        shock.c.latest,
        shock.c.agency.in_(select(senders_asked(scope).c.agency)),
        shock.c.onset <= scope.until,
        or_(still, shock.c.updated >= scope.since),
    ]
    return [*wanted, *(narrowed(shock.c[n], getattr(scope, n)) for n in ("indicator", *CELL))]

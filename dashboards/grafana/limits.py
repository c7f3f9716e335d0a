"""Control limits as SQL: the rule of ``streams.detectors._control``, over a series restated.

The baseline is the first twelve buckets after it began; limits lie 2.66 mean moving ranges from
the mean, after moving ranges of 3.267 times their mean and more were left out once.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Select, and_, case, func, or_, select

from dashboards.grafana import asked, looks
from dashboards.grafana.sheet import Json
from dashboards.panel import Panel, Scope

BUCKET, MEAN, LOWER, UPPER = "single step", "mean", "lower limit", "upper limit"
OUTSIDE = "special cause: beyond a limit"
RUN = "special cause: seven on one side"

_BASELINE: Final = 12
_LIMIT: Final = 2.66
_SCREEN: Final = 3.267
_SEVEN: Final = 7


def limits(panel: Panel, scope: Scope, scale: Any = 1) -> Select[Any]:
    """Single steps, the limits that hold for them, and those that have a special cause."""
    rows = _staged(panel, scope)
    after = rows.c.value.is_not(None)
    side = func.sign(rows.c.value - rows.c.mean)
    last: dict[str, Any] = {
        "partition_by": rows.c.part,
        "order_by": rows.c.window_end,
        "rows": (1 - _SEVEN, 0),
    }
    seven = and_(
        func.count().over(**last) == _SEVEN,
        func.min(side).over(**last) == func.max(side).over(**last),
        side != 0,
    )
    beyond = or_(rows.c.value < rows.c.low, rows.c.value > rows.c.high)
    return (
        select(
            asked.timestamp(rows.c.window_end).label("time"),
            (rows.c.value * scale).label(BUCKET),
            (rows.c.mean * scale).label(MEAN),
            (rows.c.low * scale).label(LOWER),
            (rows.c.high * scale).label(UPPER),
            (case((beyond, rows.c.value)) * scale).label(OUTSIDE),
            (case((and_(seven, ~beyond), rows.c.value)) * scale).label(RUN),
        )
        .where(after, rows.c.window_end > scope.since)
        .order_by(rows.c.window_end)
    )


def _staged(panel: Panel, scope: Scope) -> Any:
    """Each bucket with mean and limits of the part that it lies in; a part begins anew."""
    told = panel.overlays["buckets"](scope).subquery("told")
    begun = panel.overlays["baselines"](scope).subquery("begun")
    whole = begun.c.kind == "rebase"
    before = or_(
        and_(whole, begun.c.start <= told.c.window_start),
        and_(~whole, begun.c.start < told.c.window_end),
    )
    part = (
        select(func.count())
        .where(begun.c.agency == told.c.agency, before)
        .correlate(told)
        .scalar_subquery()
    )
    cut = select(told, part.label("part")).subquery("cut")
    inside: dict[str, Any] = {
        "partition_by": (cut.c.rhythm, cut.c.part),
        "order_by": cut.c.window_end,
    }
    step = select(
        *cut.c,
        func.row_number().over(**inside).label("nth"),
        func.abs(cut.c.value - func.lag(cut.c.value).over(**inside)).label("move"),
    ).subquery("step")
    same: dict[str, Any] = {"partition_by": (step.c.rhythm, step.c.part)}
    first = step.c.nth <= _BASELINE
    based = select(
        *step.c,
        func.avg(step.c.value).filter(first).over(**same).label("mean"),
        func.avg(step.c.move).filter(first).over(**same).label("moves"),
    ).subquery("based")
    same = {"partition_by": (based.c.rhythm, based.c.part)}
    common = and_(based.c.nth <= _BASELINE, based.c.move < _SCREEN * based.c.moves)
    width = _LIMIT * func.coalesce(func.avg(based.c.move).filter(common).over(**same), 0)
    return select(
        based.c.window_end,
        based.c.value,
        based.c.part,
        based.c.mean,
        case((based.c.moves.is_not(None), based.c.mean - width)).label("low"),
        case((based.c.moves.is_not(None), based.c.mean + width)).label("high"),
    ).subquery("staged")


def overrides() -> list[Json]:
    """How limits and points are drawn: limits dashed and in steps, points by their class."""
    dashed = {"fill": "dash", "dash": [8, 4]}
    stepped = {"custom__lineInterpolation": "stepAfter", "custom__showPoints": "never"}
    points = {"custom__drawStyle": "points", "custom__showPoints": "always"}
    return [
        looks.named(BUCKET, color=looks.fixed(looks.GREY), custom__pointSize=3, **points),
        looks.named(MEAN, color=looks.fixed(looks.GREY), **stepped),
        *(
            looks.named(name, color=looks.fixed(looks.GREY), custom__lineStyle=dashed, **stepped)
            for name in (LOWER, UPPER)
        ),
        *(
            looks.named(name, color=looks.fixed(looks.PURPLE), custom__pointSize=8, **points)
            for name in (OUTSIDE, RUN)
        ),
    ]

"""Control limits as SQL: the rule of ``streams.detectors._control``, over a series restated.

The baseline is the first twelve buckets after it began; limits lie 2.66 mean moving ranges from
the mean, after moving ranges of 3.267 times their mean and more were left out once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, desc, func, or_, select

from dashboards.facts import IndicatorFacts
from dashboards.grafana import asked, looks
from dashboards.grafana.sheet import Json
from dashboards.panel import Panel, Scope
from models.chart import BASELINE, CLOSE, LIMIT, RUN, SCREEN

BUCKET, MEAN, LOWER, UPPER = "single step", "mean", "lower limit", "upper limit"
BETTER, WORSE = "special cause: improvement", "special cause: concern"
NEITHER = "special cause: no direction is better"


def limits(
    panel: Panel, scope: Scope, facts: Sequence[IndicatorFacts], scale: Any = 1
) -> Select[Any]:
    """Single steps, the limits that hold for them, and those at which a rule was seen to hold.

    As the page has it, but that of a run only the step is marked that completes it.
    """
    rows = _ruled(panel, scope, facts)
    better, marked = wanted(scope.indicator, facts), rows.c.way != 0
    classes = {
        BETTER: and_(marked, better != 0, rows.c.way == better),
        WORSE: and_(marked, better != 0, rows.c.way != better),
        NEITHER: and_(marked, better == 0),
    }
    return (
        select(
            asked.timestamp(rows.c.window_end).label("time"),
            (rows.c.value * scale).label(BUCKET),
            (rows.c.mean * scale).label(MEAN),
            ((rows.c.mean - rows.c.width) * scale).label(LOWER),
            ((rows.c.mean + rows.c.width) * scale).label(UPPER),
            *((case((of_it, rows.c.value)) * scale).label(n) for n, of_it in classes.items()),
        )
        .where(rows.c.value.is_not(None), rows.c.window_end > scope.since)
        .order_by(rows.c.window_end)
    )


def wanted(indicator: Any, facts: Sequence[IndicatorFacts]) -> ColumnElement[Any]:
    """Which way of an indicator is better: up (1), down (-1) or neither (0)."""
    better = [
        (indicator.in_([one.id for one in facts if one.direction == way]), sign)
        for way, sign in (("up", 1), ("down", -1))
    ]
    return case(*better, else_=0)


def latest(panel: Panel, scope: Scope, facts: Sequence[IndicatorFacts]) -> Any:
    """Of each agency the last step, with its limits, of the rhythm that reaches furthest."""
    rows = _ruled(panel, scope, facts)
    order = (desc(rows.c.window_end), asked.finest(rows.c.rhythm))
    place = func.row_number().over(partition_by=rows.c.agency, order_by=order).label("place")
    placed = select(*rows.c, place).subquery("placed")
    return select(*placed.c).where(placed.c.place == 1).subquery("latest")


def _ruled(panel: Panel, scope: Scope, facts: Sequence[IndicatorFacts]) -> Any:
    """Each step with its limits and ``way``: up (1) or down (-1) by the first rule that holds."""
    rows = _staged(panel, scope, [one.id for one in facts if one.charted])
    off = rows.c.value - rows.c.mean
    side, wide = func.sign(off), rows.c.width > 0
    far = func.abs(off) > rows.c.width
    close = and_(func.abs(off) > CLOSE * rows.c.width, ~far)

    def last(many: int) -> dict[str, Any]:
        part = _stretch(rows)
        return {"partition_by": part, "order_by": rows.c.window_end, "rows": (1 - many, 0)}

    def together(signs: Any, many: int) -> Any:
        """Whether so many in a row have one sign."""
        all_there = func.count(signs).over(**last(many)) == many
        return and_(all_there, func.abs(func.sum(signs).over(**last(many))) == many)

    near = func.sum(case((close, 1), else_=0)).over(**last(3))
    way = case(
        (and_(wide, far), side),
        (together(rows.c.move_sign, RUN - 1), rows.c.move_sign),
        (and_(wide, close, together(side, 3), near >= 2), side),
        (together(side, RUN), side),
        else_=0,
    )
    return select(*rows.c, way.label("way")).subquery("ruled")


def _staged(panel: Panel, scope: Scope, charted: Sequence[str]) -> Any:
    """Each bucket with mean and limits of the part that it lies in; a part begins anew."""
    rows = panel.overlays["buckets"](scope).subquery("rows")
    told = select(rows).where(rows.c.indicator.in_(charted)).subquery("told")
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
        "partition_by": _stretch(cut),
        "order_by": cut.c.window_end,
    }
    step = select(
        *cut.c,
        func.row_number().over(**inside).label("nth"),
        func.abs(cut.c.value - func.lag(cut.c.value).over(**inside)).label("move"),
        func.sign(cut.c.value - func.lag(cut.c.value).over(**inside)).label("move_sign"),
    ).subquery("step")
    same: dict[str, Any] = {"partition_by": _stretch(step)}
    first = step.c.nth <= BASELINE
    based = select(
        *step.c,
        func.avg(step.c.value).filter(first).over(**same).label("mean"),
        func.avg(step.c.move).filter(first).over(**same).label("moves"),
    ).subquery("based")
    same = {"partition_by": _stretch(based)}
    common = and_(based.c.nth <= BASELINE, based.c.move < SCREEN * based.c.moves)
    width = LIMIT * func.coalesce(func.avg(based.c.move).filter(common).over(**same), 0)
    return select(
        *(based.c[name] for name in _STEP),
        case((based.c.moves.is_not(None), width)).label("width"),
    ).subquery("staged")


_STEP: Final = ("agency", "window_end", "value", "rhythm", "part", "mean", "move_sign")


def _stretch(rows: Any) -> tuple[Any, ...]:
    """What the steps of one baseline have in common."""
    return rows.c.agency, rows.c.rhythm, rows.c.part


_COLOURS: Final = {BETTER: looks.BLUE, WORSE: looks.ORANGE, NEITHER: looks.PURPLE}


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
            looks.named(name, color=looks.fixed(colour), custom__pointSize=8, **points)
            for name, colour in _COLOURS.items()
        ),
    ]

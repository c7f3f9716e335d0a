"""Vega-Lite specifications of what became of something: Q by days since an onset."""

from __future__ import annotations

import functools
from typing import Any

import altair as alt

from dashboards.chart import finished, named

MOST_Q = 1.5
"""Where the display of Q is capped."""

LEVELS = [
    {"q": 1.0, "word": "1 as expected", "style": "level"},
    {"q": 0.95, "word": "", "style": "level-back"},
]
"""Where a curve is as expected, and from where it is back."""

_LOOKS = ("restored", "thriving", "degraded", "open")


@functools.lru_cache(maxsize=16)
def resilience(height: int, days: int) -> dict[str, Any]:
    """Curves of case files: days since the onset across, Q upwards, one thin line a case.

    ``height`` is in pixels, ``days`` the last day that is drawn. Named data: points{d, q, line,
    look, case, day, level, when, state}, levels{q, word, style}, fan{d, lo, mid, hi, day, span},
    middle{d, q, word}, backs{d, q, case, day}.
    """
    x = _since(days)
    chart = alt.layer(
        *_levels(),
        named("fan").mark_area(style="fan").encode(x=x, y=_q("lo"), y2="hi:Q"),
        *_courses(x),
        *_middle(x),
        _backs(x),
    )
    return finished(chart.properties(width="container", height=height))


SIDES = 4
"""Lines that can be told apart without colour: solid, and three kinds of broken."""


@functools.lru_cache(maxsize=16)
def sides(height: int, days: int) -> dict[str, Any]:
    """The curve of a case and, on the same days, what ran beside it; each line of its own kind.

    Named data: points{d, q, side, name, day, level, when}, levels, backs as in ``resilience``.
    """
    x = _since(days)
    found = []
    for side in range(SIDES - 1, -1, -1):
        rows = named("points").transform_filter(f"datum.side == {side}")
        found.append(rows.mark_line(style=f"side-{side}").encode(x=x, y=_q("q")))
    near = named("points").mark_point(size=90, opacity=0, filled=True)
    tooltip = [
        alt.Tooltip("name:N", title="Curve"),
        alt.Tooltip("day:N", title="Day"),
        alt.Tooltip("level:N", title="Q"),
        alt.Tooltip("when:N", title="When"),
    ]
    chart = alt.layer(*_levels(), *found, near.encode(x=x, y=_q("q"), tooltip=tooltip), _backs(x))
    return finished(chart.properties(width="container", height=height))


def _since(days: int) -> alt.X:
    """Days since the onset, up to this one."""
    return alt.X(
        "d:Q",
        scale=alt.Scale(domain=[0, days], nice=False),
        axis=alt.Axis(tickCount=8, format="d", labelFlush=True),
    )


def _q(field: str) -> alt.Y:
    """Every layer has the same scale and axis, or they would be merged into another one."""
    scale = alt.Scale(domain=[0, MOST_Q], nice=False, clamp=True)
    return alt.Y(
        f"{field}:Q", scale=scale, axis=alt.Axis(values=[0, 0.5, 1, 1.5], tickCount=4, format=".1f")
    )


def _levels() -> list[Any]:
    layers = []
    for style in ("level", "level-back"):
        rows = named("levels").transform_filter(f"datum.style == '{style}'").encode(y=_q("q"))
        word = rows.mark_text(style="level-word", align="left", dx=6)
        layers += [
            rows.mark_rule(style=style),
            word.encode(x=alt.value("width"), text="word:N"),
        ]
    return layers


def _courses(x: alt.X) -> list[Any]:
    found = []
    for look in _LOOKS:
        rows = named("points").transform_filter(f"datum.look == '{look}'")
        line = rows.mark_line(style=f"case-{look}")
        found.append(line.encode(x=x, y=_q("q"), detail="line:N"))
    near = named("points").mark_point(size=90, opacity=0, filled=True)
    tooltip = [
        alt.Tooltip("case:N", title="Case"),
        alt.Tooltip("day:N", title="Day"),
        alt.Tooltip("level:N", title="Q"),
        alt.Tooltip("when:N", title="When"),
        alt.Tooltip("state:N", title="State"),
    ]
    return [*found, near.encode(x=x, y=_q("q"), tooltip=tooltip)]


def _middle(x: alt.X) -> list[Any]:
    line = named("fan").mark_line(style="middle")
    hover = named("fan").mark_point(size=60, opacity=0, filled=True)
    tooltip = [
        alt.Tooltip("what:N", title="Line"),
        alt.Tooltip("day:N", title="Day"),
        alt.Tooltip("level:N", title="Q"),
        alt.Tooltip("span:N", title="P10 to P90"),
    ]
    y = _q("mid")
    label = named("middle").encode(x=x, y=_q("q"), text="word:N")
    texts = [
        label.mark_text(style=f"middle-{part}", align="left", dx=5) for part in ("halo", "word")
    ]
    return [line.encode(x=x, y=y), hover.encode(x=x, y=y, tooltip=tooltip), *texts]


def _backs(x: alt.X) -> Any:
    shape = named("backs").mark_point(style="back", size=46, filled=True, opacity=1)
    tooltip = [alt.Tooltip("case:N", title="Back"), alt.Tooltip("day:N", title="Day")]
    return shape.encode(x=x, y=_q("q"), tooltip=tooltip)

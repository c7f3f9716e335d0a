"""Vega-Lite specifications, made with Altair: what stays the same while the numbers change.

Data is named, never inlined, so that the page can exchange the rows in place. Colours come
from the theme's styles, so that one specification serves light and dark.
"""

from __future__ import annotations

import functools
from typing import Any, Literal

import altair as alt

from dashboards.theme import BLUE, GREY, MDC, ON_COLOUR, RED, STATE_COLOURS, YELLOW
from dashboards.words import SHARES

_TIME = alt.Scale(type="utc", nice=False)
_COLOURS = {
    "better": BLUE,
    "worse": RED,
    "changed": GREY,
    "critical": RED,
    "warning": YELLOW,
    "info": GREY,
}
_SCALE = alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values()))
_TINY = 100
LANES = 3
"""Rows of words over one another, where breaks are close."""

Labels = Literal["top", "bottom", "none"]


def named(name: str) -> alt.Chart:
    """A chart of the named data."""
    return alt.Chart(alt.NamedData(name=name))


def _x(labels: Labels) -> alt.X:
    axis = alt.Axis(
        labels=labels != "none",
        orient="top" if labels == "top" else "bottom",
        tickCount=6,
        labelOverlap=True,
        labelFlush=True,
        labelBound=True,
    )
    return alt.X("t:T", scale=_TIME, axis=axis)


def _spans() -> list[Any]:
    blocks = named("spans").encode(
        x=alt.X("t:T", scale=_TIME),
        x2="t2:T",
        tooltip=[alt.Tooltip("reason:N", title="Alert"), alt.Tooltip("when:N", title="Open")],
    )
    colour = alt.Color("severity:N", scale=_SCALE, legend=None)
    edge = named("spans").mark_rule(style="alert-edge").encode(x="t:T", color=colour)
    return [blocks.mark_rect(opacity=0.22).encode(color=colour), edge]


def _gaps(*, words: bool) -> list[Any]:
    gaps = named("gaps").encode(
        x=alt.X("t:T", scale=_TIME),
        x2="t2:T",
        tooltip=[alt.Tooltip("reason:N", title="No value"), alt.Tooltip("when:N", title="Window")],
    )
    if not words:
        return [gaps.mark_rect(style="gap")]
    word = named("gaps").transform_filter("datum.wide").mark_text(style="gap-word")
    return [gaps.mark_rect(style="gap"), word.encode(x="mid:T", text="word:N")]


def _usual(*, words: bool) -> list[Any]:
    """What was expected, and blocks where nothing was yet."""
    x = alt.X("t:T", scale=_TIME)
    early = named("unwatched").encode(
        x=x, x2="t2:T", tooltip=[alt.Tooltip("reason:N", title="Expected")]
    )
    rows = named("usual").encode(x=x, detail="run:N")
    layers: list[Any] = [
        early.mark_rect(style="unwatched"),
        rows.mark_area(style="usual").encode(y=alt.Y("lo:Q"), y2="hi:Q"),
        *(rows.mark_line(style="usual-edge").encode(y=alt.Y(f"{end}:Q")) for end in ("lo", "hi")),
    ]
    sides: list[tuple[str, Literal["left", "right"], int]]
    sides = [("right", "left", 5), ("left", "right", -5)] if words else []
    for side, align, dx in sides:
        word = named("unwatched").transform_filter(f"datum.side == '{side}'")
        text = word.mark_text(style="gap-word", align=align, dx=dx)
        at = "t:T" if side == "right" else "t2:T"
        layers.append(text.encode(x=at, y=alt.value(9), text="word:N"))
    return layers


def _signals() -> Any:
    return (
        named("signals")
        .mark_point(filled=True, size=64, opacity=1)
        .encode(
            x=alt.X("t:T", scale=_TIME),
            y="v:Q",
            color=alt.Color("meaning:N", scale=_SCALE, legend=None),
            shape=alt.Shape(
                "direction:N",
                scale=alt.Scale(domain=["up", "down"], range=["triangle-up", "triangle-down"]),
                legend=None,
            ),
            tooltip=[
                alt.Tooltip("words:N", title="Signal"),
                alt.Tooltip("when:N", title="Bucket"),
                alt.Tooltip("value:N", title="Value"),
                alt.Tooltip("expected:N", title="Expected"),
            ],
        )
    )


def _breaks() -> list[Any]:
    """Crises and breaks: an upright rule, dotted if found by us, and a word in one of three lanes."""
    rows = named("breaks").encode(
        x=alt.X("t:T", scale=_TIME),
        tooltip=[
            alt.Tooltip("what:N", title="Break"),
            alt.Tooltip("label:N", title="Called"),
            alt.Tooltip("when:N", title="When"),
        ],
    )
    declared = rows.transform_filter("!datum.found").mark_rule(style="break")
    found = rows.transform_filter("datum.found").mark_rule(style="break", strokeDash=[2, 3])
    layers: list[Any] = [declared, found]
    for lane in range(LANES):
        words = rows.transform_filter(f"datum.word != '' && datum.lane == {lane}")
        for side, dx in (("left", -4), ("right", 4)):
            word = words.transform_filter(f"datum.side == '{side}'")
            align: Literal["left", "right"] = "left" if side == "right" else "right"
            for style in ("break-halo", "break-word"):
                text = word.mark_text(style=style, align=align, dx=dx)
                layers.append(text.encode(y=alt.value(7 + 13 * lane), text="word:N"))
    return layers


def _lines(y: alt.Y) -> list[Any]:
    found: list[Any] = []
    for look, suffix in (("ok", ""), ("weak", "-weak")):
        rows = named("points").transform_filter(f"datum.look == '{look}'")
        band = rows.mark_area(style=f"band{suffix}")
        line = rows.mark_line(style=f"line{suffix}")
        found += [
            band.encode(x="t:T", y=alt.Y("lo:Q"), y2="hi:Q", detail="run:N"),
            line.encode(x="t:T", y=y, detail="run:N"),
        ]
    return found


_LOOKS_OF_DOTS = {
    "common": (14, "circle", MDC["common"]),
    "improvement": (80, "diamond", MDC["improvement"]),
    "concern": (62, "square", MDC["concern"]),
    "neutral": (70, "cross", MDC["neutral"]),
}
_LOOKS_OF_LIMITS = ("mean", "limit", "trial limit", "target")


def _control() -> list[Any]:
    """Limits as they step from baseline to baseline, and each bucket by its class."""
    rows = named("limits").encode(
        x=alt.X("t:T", scale=_TIME),
        y="v:Q",
        detail="line:N",
        tooltip=[alt.Tooltip("look:N", title="Line"), alt.Tooltip("told:N", title="Mean, limits")],
    )
    layers: list[Any] = [
        rows.transform_filter(f"datum.look == '{look}'").mark_line(
            style=f"control-{look.replace(' ', '-')}"
        )
        for look in _LOOKS_OF_LIMITS
    ]
    for look, (size, shape, colour) in _LOOKS_OF_DOTS.items():
        dots = named("dots").transform_filter(f"datum.look == '{look}'")
        style = "control-dot" if look == "common" else "control-marked"
        point = dots.mark_point(filled=True, size=size, shape=shape, fill=colour, style=style)
        layers.append(
            point.encode(
                x=alt.X("t:T", scale=_TIME),
                y="v:Q",
                tooltip=[
                    alt.Tooltip("words:N", title="Control chart"),
                    alt.Tooltip("when:N", title="Bucket"),
                    alt.Tooltip("value:N", title="Value"),
                ],
            )
        )
    return layers


@functools.lru_cache(maxsize=128)
def line(
    unit: str,
    height: int,
    domain: tuple[float, float] | None = None,
    ticks: int = 4,
    labels: Labels = "bottom",
) -> dict[str, Any]:
    """One line with its interval band; gaps, alerts, signals and breaks over it.

    ``unit`` settles how the axis writes numbers, ``height`` is in pixels, ``domain`` fixes the
    vertical scale (none: fitted to what is drawn, zero not forced), ``labels`` says where the
    times stand. Named data: points{t, v, lo, hi, look, run, …}, frame{t}, last, gaps, spans,
    usual{t, lo, hi, run}, unwatched{t, t2, word, …},
    signals, breaks{t, word, side, lane, …}, limits{t, v, look, line}, dots{t, v, look, …}.
    """
    scale = alt.Scale(zero=False, nice=True)
    if domain is not None:
        scale = alt.Scale(domain=list(domain), nice=False, zero=False, clamp=True)
    axis = alt.Axis(format="~%" if unit in SHARES else ",~r", tickCount=ticks, minExtent=38)
    y = alt.Y("v:Q", scale=scale, axis=axis)
    frame = named("frame").mark_point(opacity=0).encode(x=_x(labels))
    hover = (
        named("points")
        .mark_rule(strokeWidth=5, opacity=0)
        .encode(
            x="t:T",
            tooltip=[
                alt.Tooltip("when:N", title="Window"),
                alt.Tooltip("value:N", title="Value"),
                alt.Tooltip("between:N", title="95 % interval"),
                alt.Tooltip("n:N", title="n"),
                alt.Tooltip("usual:N", title="Expected of the step"),
                alt.Tooltip("note:N", title="Note"),
            ],
        )
    )
    last = named("last").mark_circle(size=42, style="last").encode(x="t:T", y="v:Q")
    layers = alt.layer(
        frame,
        *_spans(),
        *_gaps(words=height > _TINY),
        *_usual(words=height > _TINY),
        *_lines(y),
        hover,
        last,
        *_control(),
        *_breaks(),
        _signals(),
    )
    return finished(layers.properties(width="container", height=height))


_HEAD = "substring(datum.label, 0, 32)"
_TWO_LINES = (
    f"length(datum.label) > 32 && indexof({_HEAD}, ' ') > 0 ? "
    f"[substring(datum.label, 0, lastindexof({_HEAD}, ' ')), "
    f"substring(datum.label, lastindexof({_HEAD}, ' ') + 1)] : datum.label"
)
"""A long name goes on in a second line, after a space."""


@functools.lru_cache(maxsize=8)
def states(height: int) -> dict[str, Any]:
    """States over time, one row an agency: the worse the state, the higher its bar.

    ``height`` of all rows together, in pixels.

    Named data: stretches{row, t, t2, state, size, label, reason, when}, frame{t, row}.
    """
    rows = alt.Y(
        "row:N",
        sort=None,
        axis=alt.Axis(
            labelExpr=_TWO_LINES,
            labelLimit=260,
            labelFontSize=12,
            labelPadding=10,
            grid=False,
            ticks=False,
        ),
        scale=alt.Scale(paddingInner=0.2, paddingOuter=0.1),
    )
    domain = list(STATE_COLOURS)
    colour = alt.Scale(domain=domain, range=list(STATE_COLOURS.values()))
    ink = alt.Scale(domain=domain, range=list(ON_COLOUR.values()))
    frame = named("frame").mark_point(opacity=0).encode(x=_x("bottom"), y=rows)
    layers: list[Any] = [frame]
    heights = {"steady": 6, "unknown": 12, "watch": 18, "strained": 26}
    for state, thick in heights.items():
        layers.append(
            named("stretches")
            .transform_filter(f"datum.state == '{state}'")
            .mark_bar(height=thick, cornerRadius=1)
            .encode(
                x=alt.X("t:T", scale=_TIME),
                x2="t2:T",
                y=rows,
                color=alt.Color("state:N", scale=colour, legend=None),
                tooltip=[
                    alt.Tooltip("row:N", title="Agency"),
                    alt.Tooltip("state:N", title="State"),
                    alt.Tooltip("when:N", title="From, to"),
                    alt.Tooltip("reason:N", title="Why"),
                ],
            )
        )
    label = (
        named("stretches")
        .transform_filter("datum.label != ''")
        .mark_text(fontSize=11, fontWeight=600)
        .encode(
            x="mid:T",
            y=rows,
            text="label:N",
            color=alt.Color("state:N", scale=ink, legend=None),
        )
    )
    chart = alt.layer(*layers, label).resolve_scale(color="independent")
    return finished(chart.properties(width="container", height=height))


def finished(chart: Any) -> dict[str, Any]:
    """The specification of a chart: no colours in it, and as wide as its place."""
    spec: dict[str, Any] = chart.to_dict()
    spec.pop("config", None)
    spec["autosize"] = {"type": "fit-x", "contains": "padding"}
    spec["padding"] = {"left": 0, "right": 6, "top": 4, "bottom": 4}
    return spec

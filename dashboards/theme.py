"""The house style of charts, light and dark; the page's CSS uses the same colours."""

from __future__ import annotations

from typing import Any

import msgspec

BLUE, YELLOW, RED, GREY = "#3274D9", "#FADE2A", "#F2495C", "#808080"
MDC = {
    "common": "#A6A6A6",
    "improvement": "#00B0F0",
    "concern": "#E46C0A",
    "neutral": "#490092",
}
"""The colours of *Making Data Count*; a shape and a word go with each."""
STATE_COLOURS = {"strained": RED, "watch": YELLOW, "unknown": GREY, "steady": BLUE}
ON_COLOUR = {"strained": "#16181C", "watch": "#16181C", "unknown": "#16181C", "steady": "#FFFFFF"}
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', Arial, sans-serif"


class Theme(msgspec.Struct, frozen=True):
    """Colours of one theme: paper, panel, text and quiet text, and lines."""

    page: str
    panel: str
    text: str
    quiet: str
    line: str
    link: str
    better: str
    worse: str


LIGHT = Theme(
    "#F2F4F7", "#FFFFFF", "#16181C", "#555C68", "#DDE1E7", "#1D5BBF", "#1D5BBF", "#C4213A"
)
DARK = Theme("#0E1014", "#181B1F", "#E4E6EA", "#A3ABB8", "#30353D", "#8AB8FF", "#6FA8FF", "#FF6B7C")


def config(theme: Theme) -> dict[str, Any]:
    """The Vega-Lite configuration of a theme; marks name their style, never a colour."""
    axis = {
        "domain": False,
        "gridColor": theme.line,
        "gridOpacity": 0.9,
        "labelColor": theme.quiet,
        "labelFontSize": 11,
        "labelPadding": 6,
        "tickColor": theme.line,
        "title": None,
    }
    return {
        "background": "transparent",
        "font": FONT,
        "view": {"stroke": None},
        "axis": axis,
        "axisX": {"grid": True, "gridOpacity": 0.55, "ticks": False},
        "axisY": {"ticks": False, "tickCount": 3},
        "style": {
            "band": {"color": BLUE, "opacity": 0.2},
            "band-weak": {"color": GREY, "opacity": 0.22},
            "line": {"color": theme.better, "strokeWidth": 1.6, "strokeJoin": "round"},
            "line-weak": {"color": GREY, "strokeWidth": 1.4, "strokeDash": [3, 2]},
            "usual": {"color": theme.quiet, "opacity": 0.11},
            "usual-edge": {"color": theme.quiet, "strokeWidth": 0.8, "opacity": 0.55},
            "unwatched": {"color": GREY, "opacity": 0.1},
            "gap": {"color": GREY, "opacity": 0.16},
            "gap-word": {"color": theme.quiet, "fontSize": 10, "fontStyle": "italic"},
            "alert-edge": {"strokeWidth": 2, "strokeOpacity": 0.9},
            "last": {"color": theme.better},
            "break": {"color": theme.text, "strokeWidth": 1.4, "strokeDash": [5, 3]},
            "break-word": {"color": theme.text, "fontSize": 10.5, "fontWeight": 600},
            "break-halo": {"fontSize": 10.5, "fontWeight": 600, **_halo(theme)},
            "control-mean": {"color": theme.quiet, "strokeWidth": 1},
            "control-limit": {"color": theme.quiet, "strokeWidth": 1, "strokeDash": [6, 4]},
            "control-trial-limit": {"color": theme.quiet, "strokeWidth": 1, "strokeDash": [2, 4]},
            "control-target": {
                "color": theme.worse,
                "strokeWidth": 1.2,
                "strokeDash": [9, 3, 2, 3],
            },
            "control-dot": {"opacity": 0.9},
            "control-marked": {"opacity": 1, "stroke": theme.text, "strokeWidth": 0.7},
            "level": {"color": theme.quiet, "strokeWidth": 1},
            "level-back": {"color": theme.quiet, "strokeWidth": 1, "strokeDash": [2, 3]},
            "level-word": {"color": theme.quiet, "fontSize": 10.5},
            "case-restored": {"color": theme.quiet, "strokeWidth": 1, "opacity": 0.7},
            "case-thriving": {"color": theme.better, "strokeWidth": 1.1, "opacity": 0.8},
            "case-degraded": {"color": theme.worse, "strokeWidth": 1.1, "opacity": 0.7},
            "case-open": {"color": theme.text, "strokeWidth": 1.2, "opacity": 0.6},
            "side-0": {"color": theme.text, "strokeWidth": 2.2, "strokeJoin": "round"},
            "side-1": {"color": theme.better, "strokeWidth": 2, "strokeDash": [7, 3]},
            "side-2": {"color": theme.better, "strokeWidth": 2, "strokeDash": [2, 3]},
            "side-3": {"color": theme.better, "strokeWidth": 2, "strokeDash": [9, 3, 2, 3]},
            "fan": {"color": GREY, "opacity": 0.26},
            "middle": {"color": theme.text, "strokeWidth": 3, "strokeJoin": "round"},
            "middle-word": {"color": theme.text, "fontSize": 11, "fontWeight": 600},
            "middle-halo": {"fontSize": 11, "fontWeight": 600, **_halo(theme)},
            "back": {"color": theme.text, "stroke": theme.panel, "strokeWidth": 1},
        },
        "range": {"category": [BLUE, YELLOW, RED, GREY]},
    }


def _halo(theme: Theme) -> dict[str, Any]:
    """Under a word, so that it can be read over lines."""
    return {"color": theme.panel, "stroke": theme.panel, "strokeWidth": 4, "strokeJoin": "round"}


THEMES = {"light": config(LIGHT), "dark": config(DARK)}

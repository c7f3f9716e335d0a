"""A figure as a file of its own: SVG, PNG or PDF, made without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboards.bundle import VEGA_LITE
from dashboards.theme import LIGHT, THEMES

if TYPE_CHECKING:
    from dashboards.drawing import Figure

FORMS = ("svg", "png", "pdf")
_WIDTH = 900


def picture(figure: Figure, title: str, about: list[str], form: str) -> bytes:
    """The figure on paper under its title and lines about it, in one of ``FORMS``."""
    import vl_convert

    spec: dict[str, Any] = {
        **figure.spec,
        "title": {
            "text": title,
            "subtitle": about,
            "anchor": "start",
            "color": LIGHT.text,
            "subtitleColor": LIGHT.quiet,
        },
        "datasets": figure.data,
        "width": _WIDTH,
        "padding": 16,
    }
    how: dict[str, Any] = {
        "vl_version": VEGA_LITE,
        "config": {**THEMES["light"], "background": LIGHT.panel},
    }
    if form == "svg":
        return vl_convert.vegalite_to_svg(spec, **how).encode()
    if form == "png":
        return vl_convert.vegalite_to_png(spec, **how, scale=2)
    return vl_convert.vegalite_to_pdf(spec, **how)

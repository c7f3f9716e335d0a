"""The page's static files: two of our own, an icon, and the libraries' bundle."""

from __future__ import annotations

import functools
import importlib
from pathlib import Path

from dashboards.bundle import bundle, bundle_mark, mark

_FOLDER = Path(__file__).parent / "static"
_KINDS = {
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "vega.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


@functools.cache
def asset(name: str) -> tuple[bytes, str] | None:
    """Body and media type of a static file; None for a name that is not ours."""
    if name not in _KINDS:
        return None
    body = bundle() if name == "vega.js" else (_FOLDER / name).read_bytes()
    return body, _KINDS[name]


@functools.cache
def asset_link(name: str) -> str:
    """The address of a static file; it changes with the content, so browsers may keep it."""
    if name == "vega.js":
        return f"/static/{name}?v={bundle_mark()}"
    found = asset(name)
    return f"/static/{name}?v={mark(found[0])}" if found else f"/static/{name}"


def warm() -> None:
    """Makes ready what the first reader would wait for: the bundle and the chart library."""
    asset("vega.js")
    importlib.import_module("dashboards.kinds.multiples")

"""The page's JavaScript libraries (Vega, Vega-Lite, Vega-Embed), made once without a network.

vl-convert carries them. Making the bundle needs a JavaScript engine and some 100 MB for two
seconds, so it happens in a process of its own and the result is kept in the user's cache.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from threading import Lock

VEGA_LITE = "6.4"
_MAKE = (
    "import sys, vl_convert;"
    f"sys.stdout.buffer.write(vl_convert.javascript_bundle(vl_version='{VEGA_LITE}').encode())"
)
_ONE_AT_A_TIME = Lock()


def _cache_file() -> Path:
    home = os.environ.get("XDG_CACHE_HOME")
    folder = Path(home) if home else Path.home() / ".cache"
    return folder / "headwind" / f"vega-{version('vl-convert-python')}-{VEGA_LITE}.js"


def bundle() -> bytes:
    """The libraries as one script; the first call ever takes a few seconds.

    Raises subprocess.CalledProcessError when vl-convert cannot make it.
    """
    with _ONE_AT_A_TIME:
        try:
            return _cache_file().read_bytes()
        except OSError:
            made = subprocess.run(  # noqa: S603 (our own interpreter, our own constant)
                [sys.executable, "-c", _MAKE], check=True, capture_output=True
            ).stdout
            _keep(made)
            return made


def bundle_mark() -> str:
    """What names this bundle among others, without making it."""
    return mark(_cache_file().name.encode())


def _keep(made: bytes) -> None:
    """Put it into the cache in one step; a cache that cannot be written is done without."""
    kept = _cache_file()
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as file:
            file.write(made)
        Path(file.name).replace(kept)
    except OSError:
        return


def mark(body: bytes) -> str:
    """A short fingerprint for an address or an ETag."""
    return hashlib.sha256(body).hexdigest()[:16]

"""Packages of npm's registry that ``tests/servers.sh`` fetches, with the versions it has."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tests.conftest import ROOT, missing


def fetched(name: str) -> Path:
    """The folder of a package; without it the test fails in CI, and is skipped elsewhere."""
    known = re.findall(
        r"^fetched (\S+) (\S+) ", (ROOT / "tests" / "servers.sh").read_text(), re.MULTILINE
    )
    home = os.environ.get("XDG_CACHE_HOME")
    cache = (Path(home) if home else Path.home() / ".cache") / "headwind"
    place = cache / f"{name.replace('@', '').replace('/', '-')}-{dict(known)[name]}"
    if not (place / "package.json").exists():
        missing(f"no {name} at {place}; sh tests/servers.sh fetches it")
    return place

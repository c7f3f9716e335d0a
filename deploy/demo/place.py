"""Where a demo is kept."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Place(NamedTuple):
    """Where the demo is kept, and its settings."""

    store: str
    config: Path

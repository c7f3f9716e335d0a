"""A finding of ``headwind doctor``."""

from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    """What was looked at, how it is (ok, look or wrong), and what to do."""

    about: str
    state: str
    says: str
    fix: str = ""

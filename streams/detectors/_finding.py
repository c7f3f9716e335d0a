"""What a detector that keeps its own history has found."""

from __future__ import annotations

from typing import Literal

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """Something left its own past: how far, which way, and since when (the caller's time)."""

    score: float
    """In units of the detector's threshold: 1 is just enough."""
    direction: Literal["up", "down"]
    onset: int
    bounds: tuple[float, float, float] | None = None
    """Centre, low and high that it was judged by; None where that is what was expected."""

"""What a detector that keeps its own history has found."""

from __future__ import annotations

from typing import Literal

import msgspec

from streams.expectation import Expectation


class Finding(msgspec.Struct, frozen=True):
    """Something left its own past: how far, which way, and since when (the caller's time)."""

    score: float
    """In units of the detector's threshold: 1 is just enough."""
    direction: Literal["up", "down"]
    onset: int
    bounds: tuple[float, float, float] | None = None
    """Centre, low and high that it was judged by; None where that is what was expected."""


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """How things stand after a bucket, as a detector says that decides by itself."""

    usual: Expectation
    """What a bucket should hold, in the unit of its value."""
    severity: Literal["", "warning", "critical"] = ""
    """Empty where nothing is off."""
    direction: Literal["up", "down"] = "up"
    since: int = 0
    """Start of the first bucket that belongs to it, ms; later than any of what was off before."""
    score: float = 0.0
    """How many times what is usual."""
    fresh: bool = False
    """Whether it is news in this bucket: it began, or it got worse."""
    why: str = ""
    """The numbers in words, to stand behind the indicator's name."""

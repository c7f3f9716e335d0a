"""A source: one feed of one agency, how far it has come and whether it still speaks."""

from __future__ import annotations

import msgspec

from models.events.context import BaselineRebased

FAR_PAST = -(1 << 62)

BY_HAND = frozenset({BaselineRebased.TYPE})
"""Types of event that a human tells now and then, in no rhythm."""


class Traffic(msgspec.Struct):
    """What came from a source by type of event; times in ms."""

    accepted: int = 0
    repeats: int = 0
    late: int = 0
    first_time: int = 1 << 62
    last_time: int = FAR_PAST
    last_received: int = FAR_PAST


class Source(msgspec.Struct):
    """``watermark`` (ms): nothing older is expected any more."""

    name: str
    lateness: int
    quiet_after: int
    watermark: int = FAR_PAST
    last_received: int = FAR_PAST
    last_time: int = FAR_PAST
    stale: bool = False
    types: set[str] = set()
    """Types of event that it has sent, as far as they are folded."""
    traffic: dict[str, Traffic] = {}
    patience: int = 0
    """Silence that its present rhythm makes usual, ms; 0 while it has not changed."""

    @property
    def allowed(self) -> int:
        """Silence that is no news, ms: what is declared, or what its new rhythm asks for."""
        return max(self.quiet_after, self.patience)

    @property
    def by_hand(self) -> bool:
        """Whether it is no feed: nothing but what a human said, and no more is awaited."""
        return bool(self.traffic) and self.traffic.keys() <= BY_HAND

    def lacks(self, end: int) -> bool:
        """Whether it fell silent before it had told all of what ends at ``end`` (ms)."""
        return self.stale and self.watermark < end

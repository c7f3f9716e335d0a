"""How many events an agency may send a second."""

from __future__ import annotations

from math import ceil
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

BURST_S = 10.0
"""A quiet agency may send this many seconds' worth of events at once."""


class TokenBuckets:
    """One token bucket an agency; a token is an event.

    A request is let in while the bucket holds anything and may take it below nothing, since
    nobody knows how many events a body holds before it is read; the next one then waits.
    """

    def __init__(
        self, per_second: float, elapsed: Callable[[], float], *, burst_s: float = BURST_S
    ) -> None:
        """``per_second`` 0 or less: no limit. ``elapsed``: seconds that never run back."""
        self._per_second = per_second
        self._most = per_second * burst_s
        self._elapsed = elapsed
        self._buckets: dict[str, tuple[float, float]] = {}
        self._lock = Lock()

    def wait(self, agency: str) -> int:
        """Whole seconds until the agency may send again; 0: now."""
        if self._per_second <= 0:
            return 0
        tokens = self._tokens(agency, self._elapsed())
        return 0 if tokens > 0 else max(1, ceil(-tokens / self._per_second))

    def take(self, agency: str, events: int) -> None:
        """Take ``events`` out of the agency's bucket."""
        if self._per_second <= 0:
            return
        with self._lock:
            elapsed = self._elapsed()
            self._buckets[agency] = (self._tokens(agency, elapsed) - events, elapsed)

    def _tokens(self, agency: str, elapsed: float) -> float:
        tokens, since = self._buckets.get(agency, (self._most, elapsed))
        return min(self._most, tokens + (elapsed - since) * self._per_second)

"""How many requests an agency may send a second."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from threading import Lock

BURST_S = 10.0
"""A quiet agency may send this many seconds' worth of requests at once."""


class TokenBuckets:
    """One token bucket an agency; a token is a request."""

    def __init__(
        self, per_second: float, elapsed: Callable[[], float], *, burst_s: float = BURST_S
    ) -> None:
        """``per_second`` 0 or less: no limit. ``elapsed``: seconds that never run back."""
        self._per_second = per_second
        self._most = max(1.0, per_second * burst_s)
        self._elapsed = elapsed
        self._buckets: dict[str, tuple[float, float]] = {}
        self._lock = Lock()

    def take(self, agency: str) -> int:
        """Take a token: 0 when there was one, else the whole seconds until there is."""
        if self._per_second <= 0:
            return 0
        with self._lock:
            elapsed = self._elapsed()
            tokens, since = self._buckets.get(agency, (self._most, elapsed))
            tokens = min(self._most, tokens + (elapsed - since) * self._per_second)
            let_in = tokens >= 1
            self._buckets[agency] = (tokens - let_in, elapsed)
        return 0 if let_in else ceil((1 - tokens) / self._per_second)

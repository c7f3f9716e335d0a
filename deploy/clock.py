"""A clock that can be turned by hand, so that three years can be lived in half a minute."""

from __future__ import annotations

from threading import Lock
from time import time


class SettableClock:
    """Called, it gives milliseconds since the epoch: as set, and once released it goes.

    It may be read and set from any thread. Once released it goes at the pace of real time.
    """

    def __init__(self, now: int = 0) -> None:
        """Stand at ``now``, in milliseconds since the epoch."""
        self._lock = Lock()
        self._now: int | None = now
        self._behind = 0
        """How far it is behind real time once it goes, ms."""

    def __call__(self) -> int:
        """What time it is, in milliseconds since the epoch."""
        with self._lock:
            return int(time() * 1000) - self._behind if self._now is None else self._now

    def set(self, now: int) -> None:
        """Turn the clock to ``now`` (ms).

        Raises ValueError when that is earlier than it stands, since receipts must not run
        back, and RuntimeError when the clock was released.
        """
        with self._lock:
            if self._now is None:
                message = "the clock was released and cannot be set any more"
                raise RuntimeError(message)
            if now < self._now:
                message = f"the clock stands at {self._now} ms and cannot be set back to {now} ms"
                raise ValueError(message)
            self._now = now

    def release(self, at: int | None = None) -> None:
        """Go from now on: with real time, or as if it were ``at`` (ms) now."""
        with self._lock:
            self._now = None
            self._behind = 0 if at is None else int(time() * 1000) - at

"""Laney's chart of shares, as the product watches by it."""

from __future__ import annotations

from typing import Any, ClassVar

from models.value import Rhythm
from streams.detector import Remembering
from streams.detectors import _p_prime
from streams.detectors._finding import Finding
from streams.series import Bucket


class PPrime(Remembering):
    """News where a share goes beyond limits that know how many cases stand behind it.

    What it looks at, its source and its limits stand in :mod:`streams.detectors._p_prime`; its
    baseline stays as that of :class:`~streams.detectors.xmr.Xmr` does.
    """

    family = "chart"
    rhythms = ("week", "month", "quarter")
    false_alarm_rate = _p_prime.PPrime.false_alarm_rate
    keeps_baseline = True
    Memory: ClassVar = _p_prime.PPrime

    def start(self, rhythm: Rhythm) -> _p_prime.PPrime:
        """A new chart."""
        del rhythm
        return _p_prime.PPrime()

    def look(self, bucket: Bucket, memory: Any) -> Finding | None:
        """Learn a bucket of shares, and say whether it goes beyond; the onset in ms."""
        found: Finding | None = memory.look(bucket.start, bucket.value, bucket.n)
        return found

    def since(self, memory: Any, at: int) -> _p_prime.PPrime:
        """The chart with a baseline that begins at this moment (ms)."""
        made: _p_prime.PPrime = memory.since(at)
        return made

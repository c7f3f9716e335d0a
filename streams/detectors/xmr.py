"""The NHS's chart of single values, as the product watches by it."""

from __future__ import annotations

from typing import Any, ClassVar

from models.value import Rhythm
from streams.detector import Remembering
from streams.detectors import _xmr
from streams.detectors._finding import Finding
from streams.series import Bucket


class Xmr(Remembering):
    """News where one of the four rules of *Making Data Count* begins to hold.

    The rules and their source stand in :mod:`streams.detectors._control`. Its limits stay until
    somebody says ``headwind rebase``: a new level does not move them. It takes buckets as
    independent, knows no season, and is wrong more often than the others: an annotation.
    """

    family = "chart"
    rhythms = ("week", "month", "quarter")
    false_alarm_rate = _xmr.Xmr.false_alarm_rate
    keeps_baseline = True
    Memory: ClassVar = _xmr.Xmr

    def start(self, rhythm: Rhythm) -> _xmr.Xmr:
        """A new chart."""
        del rhythm
        return _xmr.Xmr()

    def look(self, bucket: Bucket, memory: Any) -> Finding | None:
        """Learn a bucket, and say whether a rule begins to hold; the onset in ms."""
        found: Finding | None = memory.look(bucket.start, bucket.value)
        return found

    def since(self, memory: Any, at: int) -> _xmr.Xmr:
        """The chart with a baseline that begins at this moment (ms)."""
        made: _xmr.Xmr = memory.since(at)
        return made

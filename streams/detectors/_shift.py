"""A lasting change of level, told from a slow drift, a single peak and an autocorrelated walk."""

from __future__ import annotations

from typing import ClassVar, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from streams.detectors._finding import Finding

F64 = NDArray[np.float64]

SPANS: Final = (12, 24)
"""Buckets before and after that are compared; rounded up to whole seasons."""

WARM: Final = 4
"""Spans behind the first comparison before anything is said."""

HISTORY: Final = 20
"""Spans of past comparisons that a new one is measured by."""

SMALLEST: Final = 0.005
"""A shift's standard deviation is at least this share of the level: nothing real is steadier."""

NORMAL: Final = 1.4826
"""Median absolute deviation to standard deviation, for normal noise."""


class Shift(msgspec.Struct):
    """News where the mean of a span differs from the span before as it hardly ever did.

    The difference of two neighbouring means is compared with its own past (median and median
    absolute deviation of earlier differences), not with the noise of single buckets. So a trend
    is in the median, and the more a series wanders by itself the more it takes to be news: that
    is the self-normalisation of Shao and Zhang (2010), *Testing for change points in time
    series*, in a form that goes bucket by bucket. The onset is the best split in two levels of
    the buckets that were compared. After news a span is silent until both of its means lie
    behind the onset. Keeps 552 buckets (as many with a season of months), some 2 KB.
    """

    false_alarm_rate: ClassVar[float] = 1e-3
    threshold: ClassVar[float] = 4.5

    period: int = 1
    """Buckets in a season; means over whole seasons need no other correction."""
    history: bytearray = msgspec.field(default_factory=bytearray)
    """Single precision, the oldest first."""
    times: list[int] = msgspec.field(default_factory=list)
    """Of the buckets that an onset may lie in, the newest last."""
    settled: int = 1 << 30
    """Buckets from the last onset on: a span speaks again when both its means are new."""

    def look(self, time: int, value: float) -> Finding | None:
        """Learn a bucket, and judge what the newest spans say."""
        spans = [-(-span // self.period) * self.period for span in SPANS]
        self.history += np.float32(value).tobytes()
        del self.history[: -4 * (HISTORY + 3) * max(spans)]
        self.times.append(time)
        del self.times[: -2 * max(spans)]
        self.settled += 1
        values = np.frombuffer(bytes(self.history), np.float32).astype(np.float64)
        scores = [(_score(values, span), span) for span in spans if self.settled >= 2 * span]
        score, span = max(scores, key=_strength, default=(0.0, 0))
        if abs(score) <= self.threshold:
            return None
        self.settled = after = 2 * span - _split(values[-2 * span :])
        strength = abs(score) / self.threshold
        return Finding(strength, "up" if score > 0 else "down", self.times[-after])


def _strength(one: tuple[float, int]) -> float:
    return abs(one[0])


def _score(values: F64, span: int) -> float:
    """The newest difference of means, in standard deviations of what such differences were."""
    if len(values) < (WARM + 2) * span:
        return 0.0
    total = np.concatenate(([0.0], np.cumsum(values)))
    differences = (total[2 * span :] - 2 * total[span:-span] + total[: -2 * span]) / span
    past = differences[:-span][-HISTORY * span :]
    middle = float(np.median(past))
    spread = NORMAL * float(np.median(np.abs(past - middle)))
    least = max(SMALLEST * abs(float(np.median(values))), 1e-12)
    return (float(differences[-1]) - middle) / max(spread, least)


def _split(values: F64) -> int:
    """Where two levels fit best: the place of the first bucket of the second."""
    many = np.arange(1, len(values))
    total = np.cumsum(values)
    left, all_of_it = total[:-1], total[-1]
    fit = left**2 / many + (all_of_it - left) ** 2 / (len(values) - many)
    return int(np.argmax(fit)) + 1

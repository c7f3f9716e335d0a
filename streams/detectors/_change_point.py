"""Bayesian online change point detection: how long the present regime has lasted."""

from __future__ import annotations

from math import lgamma, log, pi
from typing import ClassVar, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from streams.detectors._finding import Finding

F64 = NDArray[np.float64]

SAME: Final = 8
"""Seasons from which the place of a bucket in its season is known."""

LONGEST: Final = 150
"""Run lengths that are told apart; a longer run counts as one of this length."""

YOUNG, OLD = 4, 28
"""Buckets that a regime must have lasted to be news, and after which it is none any more."""

SMALLEST: Final = 0.005
"""The scale is at least this share of the level: nothing real is steadier."""

NORMAL: Final = 1.4826
"""Median absolute deviation to standard deviation, for normal noise."""

KAPPA, ALPHA, BETA = 0.1, 1.0, 1.0
"""What is known of a regime beforehand, in scales of the warm-up: the precision is
Gamma(ALPHA, BETA), the mean normal about the warm-up's with KAPPA times that precision."""


class ChangePoint(msgspec.Struct):
    """News where a regime of another level began not long ago, almost surely.

    Keeps the posterior of the run length, that is of how many buckets ago mean or variance last
    changed, for a normal series with unknown mean and variance in each regime and a constant
    hazard. Source: Adams and MacKay (2007), *Bayesian online changepoint detection*. The season
    is taken off as the median of a bucket's place over the last eight seasons less that of all
    of them, so that a change of level stays in. News comes once a regime, and is dated at its
    most probable first bucket. A regime whose median is within a scale of what was before (other
    noise at the same level, or what follows on a single wild bucket) is none to tell of.
    """

    false_alarm_rate: ClassVar[float] = 1e-3
    threshold: ClassVar[float] = 0.95
    hazard: ClassVar[float] = 1 / 250

    period: int = 1
    """Buckets in a season."""
    warm: int = 28
    """Buckets from which location and scale are taken, before anything is said."""
    history: bytearray = msgspec.field(default_factory=bytearray)
    """The last seasons, single precision, the oldest first."""
    times: list[int] = msgspec.field(default_factory=list)
    """Of the buckets that an onset may lie in, the newest last."""
    location: float = 0.0
    scale: float = 0.0
    """Of the warm-up; 0 while it lasts."""
    runs: bytes = b""
    """Three rows with a column a run length: probability, mean, beta."""
    settled: int = 1 << 30
    """Buckets from the last onset on."""

    def look(self, time: int, value: float) -> Finding | None:
        """Learn a bucket, and judge how old the regime is that it belongs to."""
        self.history += np.float32(value).tobytes()
        del self.history[: -4 * max(SAME * self.period, self.warm, 2 * OLD)]
        self.times.append(time)
        del self.times[:-OLD]
        self.settled += 1
        values = np.frombuffer(bytes(self.history), np.float32).astype(np.float64)
        if not self.scale:
            if len(values) >= self.warm:
                self._begin(values)
            return None
        chance = self._learn((values[-1] - self._season(values) - self.location) / self.scale)
        recent = chance[YOUNG : OLD + 1]
        sure = float(recent.sum())
        age = YOUNG + int(np.argmax(recent)) if len(recent) else 0
        if sure < self.threshold or self.settled <= age + YOUNG:
            return None
        move = float(np.median(values[-age:]) - np.median(values[:-age]))
        if abs(move) < self.scale:
            return None
        self.settled = age
        return Finding(sure / self.threshold, "up" if move > 0 else "down", self.times[-age])

    def _begin(self, values: F64) -> None:
        """Take location and scale from the warm-up; the first regime begins here, and is no news."""
        flat = values - [self._season(values[: at + 1], values) for at in range(len(values))]
        self.location = float(np.median(flat))
        spread = NORMAL * float(np.median(np.abs(flat - self.location)))
        self.scale = max(spread, SMALLEST * abs(self.location), 1e-9)
        self.runs = np.array([[1.0], [0.0], [BETA]]).tobytes()
        self.settled = 0

    def _season(self, values: F64, among: F64 | None = None) -> float:
        """How far the place of the newest value lies from all places of its season."""
        if self.period == 1:
            return 0.0
        among = values if among is None else among
        mine = among[(len(values) - 1) % self.period :: self.period]
        return float(np.median(mine) - np.median(among))

    def _learn(self, x: float) -> F64:
        """Take in a standardised value; the posterior of the run length, from 0 on.

        Conjugate updates of a normal-gamma prior (Murphy 2007, *Conjugate Bayesian analysis of
        the Gaussian distribution*); the predictive is Student's t.
        """
        chance, mean, beta = np.frombuffer(self.runs).reshape(3, -1)
        many = len(chance)
        kappa, alpha = KAPPA + _RUN[:many], ALPHA + _RUN[:many] / 2
        spread = beta * (kappa + 1) / (alpha * kappa)
        off = (x - mean) ** 2
        log_density = (
            _CONSTANT[:many]
            - np.log(spread) / 2
            - (alpha + 0.5) * np.log1p(off / (2 * alpha * spread))
        )
        joint = chance * np.exp(log_density - log_density.max())
        grown = np.stack(
            (
                joint * (1 - self.hazard),
                (kappa * mean + x) / (kappa + 1),
                beta + kappa * off / (2 * (kappa + 1)),
            )
        )
        fresh = np.array([[joint.sum() * self.hazard], [0.0], [BETA]])
        runs = np.concatenate((fresh, grown), axis=1)
        if runs.shape[1] > LONGEST + 1:
            # The longest run stays as long as it is, with what is newest in it.
            runs[0, -1] += runs[0, -2]
            runs = np.delete(runs, -2, axis=1)
        runs[0] /= runs[0].sum()
        self.runs = runs.tobytes()
        now: F64 = runs[0]
        return now


_RUN: Final = np.arange(LONGEST + 1, dtype=np.float64)
_CONSTANT: Final = np.array(
    [
        lgamma(ALPHA + run / 2 + 0.5)
        - lgamma(ALPHA + run / 2)
        - log(2 * pi * (ALPHA + run / 2)) / 2
        for run in range(LONGEST + 1)
    ]
)

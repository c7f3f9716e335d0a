"""Laney's chart of shares, one bucket after the other."""

from __future__ import annotations

from itertools import pairwise
from math import sqrt
from statistics import fmean
from typing import ClassVar, NamedTuple

import msgspec

from models.chart import BASELINE
from streams.detectors._control import Past
from streams.detectors._finding import Finding

MOVES = 1.128
"""Mean moving range of standard normal noise."""

SIGMAS = 3.0


class Spread(NamedTuple):
    """Centre of a baseline, and how much more its shares vary than counting alone."""

    centre: float
    extra: float
    """1 where cases fall independently of one another; Laney's sigma of z."""

    def sigma(self, n: int) -> float:
        """Standard deviation of a share of so many cases."""
        return sqrt(self.centre * (1 - self.centre) / n) * self.extra


def spread(baseline: list[tuple[float, int]]) -> Spread | None:
    """Centre and spread of shares, each with its number of cases; None where all are 0 or 1."""
    whole = sum(n for _, n in baseline)
    centre = sum(share * n for share, n in baseline) / whole if whole else 0.0
    if len(baseline) < 2 or not 0 < centre < 1:
        return None
    counted = Spread(centre, 1.0)
    z = [(share - centre) / counted.sigma(n) for share, n in baseline]
    return Spread(centre, fmean(abs(b - a) for a, b in pairwise(z)) / MOVES)


class PPrime(msgspec.Struct):
    """News where a share goes beyond three sigma of its own number of cases.

    Source: Laney (2002), *Improved control charts for attributes*. A plain p chart takes cases
    as independent; of ten thousand a week its limits are so narrow that nearly every week lies
    beyond them. Here sigma is widened by what the baseline's shares varied more than that, as
    their standardised moving ranges say. Centre and sigma are those of the first twelve buckets
    until somebody begins a new baseline. What stays beyond a limit is told once.
    """

    past: Past = msgspec.field(default_factory=Past)
    baseline: list[tuple[float, int]] = []
    seen: int = 0
    held: str = ""
    """The direction in which the last bucket was beyond; empty where it was not."""

    false_alarm_rate: ClassVar[float] = 0.02

    def look(self, start: int, share: float, n: int) -> Finding | None:
        """Learn a bucket of n cases, and say whether it goes beyond."""
        if n <= 0:
            return None
        self.past.add(start, share, n)
        self.seen += 1
        if self.seen <= BASELINE:
            self.baseline.append((share, n))
            return None
        within = spread(self.baseline)
        if within is None or not within.extra:
            return None
        width = SIGMAS * within.sigma(n)
        beyond = (share - within.centre) / width
        before, self.held = self.held, "" if abs(beyond) <= 1 else "up" if beyond > 0 else "down"
        if not self.held or self.held == before:
            return None
        bounds = (within.centre, within.centre - width, within.centre + width)
        return Finding(abs(beyond), "up" if beyond > 0 else "down", start, bounds)

    def since(self, at: int) -> PPrime:
        """As if it had begun at this moment (ms), by what it remembers."""
        made = PPrime()
        for start, share, n in self.past.since(at):
            made.look(start, share, n)
        return made

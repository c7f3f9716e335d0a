"""What many simulated lives say together, each figure with its 95 % interval.

- **False alarms a bucket**: all alarms in control over all buckets. Alarms may come in clusters,
  so the interval is the wider of that of a Poisson count (Garwood) and of a bootstrap that draws
  whole series.
- **Run length**: buckets to the first alarm. The median is that of Kaplan and Meier; as every
  run is censored at the same horizon, that is the middle of the runs, "≥ horizon" where fewer
  than half have alarmed. Its interval is that of the order statistics. The mean is buckets at
  risk over first alarms, with the exact interval of that ratio: right if the hazard is constant.
- **Delay**: the same median of the delays, and the share found in time with the interval of
  Clopper and Pearson. Series in which an alert stood already are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import NamedTuple

import numpy as np
from scipy.stats import beta, binom, chi2

from tests.bench.signals.life import SHIFTS, WATCHED, Life

DRAWS = 1000
"""Of the bootstrap."""


class Figure(NamedTuple):
    """A figure and its interval; infinite where the horizon ended before it was reached."""

    value: float
    low: float
    high: float


class Delay(NamedTuple):
    """How soon a shift was seen, in buckets, and how often within :data:`WATCHED`."""

    median: Figure
    found: Figure


class Summary(NamedTuple):
    """The figures of one watcher under one noise."""

    buckets: int
    alarms: int
    rate: Figure
    median: Figure
    mean: Figure
    chance: Figure
    """Share of series that alarm in as many buckets in control as a shift is watched for."""
    delays: list[Delay]


def summary(lives: Sequence[Life], horizon: int) -> Summary:
    """All figures of lives in control up to the horizon."""
    counts = [len(one.alarms) for one in lives]
    firsts = [one.alarms[0] if one.alarms else inf for one in lives]
    usable = [one.delays for one in lives if one.delays is not None]
    delays = [[_or_never(one[at]) for one in usable] for at in range(len(SHIFTS))]
    return Summary(
        buckets=len(lives) * horizon,
        alarms=sum(counts),
        rate=rate(counts, horizon),
        median=middle(firsts),
        mean=mean_run(firsts, horizon),
        chance=share(sum(first <= WATCHED for first in firsts), len(firsts)),
        delays=[
            Delay(middle(each), share(sum(x < inf for x in each), len(each))) for each in delays
        ],
    )


def _or_never(delay: int | None) -> float:
    return inf if delay is None else delay


def rate(counts: Sequence[int], horizon: int) -> Figure:
    """Alarms a bucket of series that were watched for this many buckets each."""
    buckets, total = len(counts) * horizon, sum(counts)
    low, high = _poisson(total)
    drawn = np.random.default_rng(1).choice(counts, (DRAWS, len(counts))).sum(axis=1)
    low, high = min(low, np.quantile(drawn, 0.025)), max(high, np.quantile(drawn, 0.975))
    return Figure(total / buckets, float(low) / buckets, float(high) / buckets)


def middle(times: Sequence[float]) -> Figure:
    """The median of times of which some, infinite, are censored behind all others."""
    if not times:
        return Figure(inf, inf, inf)
    rising = sorted(times)
    many = len(rising)
    rank = int(binom.ppf(0.025, many, 0.5))
    return Figure(
        rising[(many - 1) // 2], rising[max(rank - 1, 0)], rising[min(many - rank, many - 1)]
    )


def mean_run(firsts: Sequence[float], horizon: int) -> Figure:
    """Buckets at risk over first alarms; infinite where there was none."""
    at_risk = sum(min(first, horizon) for first in firsts)
    events = sum(first < inf for first in firsts)
    low, high = _poisson(events)
    return Figure(
        at_risk / events if events else inf, at_risk / high, at_risk / low if low else inf
    )


def share(part: int, whole: int) -> Figure:
    """A share with its exact interval."""
    if not whole:
        return Figure(float("nan"), 0.0, 1.0)
    low = float(beta.ppf(0.025, part, whole - part + 1)) if part else 0.0
    high = float(beta.ppf(0.975, part + 1, whole - part)) if part < whole else 1.0
    return Figure(part / whole, low, high)


def _poisson(count: int) -> tuple[float, float]:
    low = float(chi2.ppf(0.025, 2 * count)) / 2 if count else 0.0
    return low, float(chi2.ppf(0.975, 2 * count + 2)) / 2

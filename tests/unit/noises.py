"""Series in which nothing happens, of several kinds of noise, from a seed.

Each may be shifted: ``sigmas`` is by how many standard deviations of its noise a bucket lies
beyond its mean, one number for all or one a bucket. The same seed gives the same series up to
the first bucket that is shifted differently.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.expectation import Quantity

F64 = NDArray[np.float64]
Shifts = F64 | float

WEEK = np.array([1.2, 1.1, 1.0, 1.0, 0.9, 0.3, 0.2])
"""What a weekday is of the mean, Monday first."""

DAY = np.repeat([0.2, 0.1, 0.5, 1.6, 1.9, 1.4, 1.3, 1.0], 3)
"""What an hour is of the mean."""

SIZE, SHARE, ALIKE = 500, 0.85, 0.01
"""Cases, share and correlation within a bucket of the over-dispersed shares."""

UNEVEN = 25.0
"""Shape of the over-dispersed counts: the variance is mean + mean² / this."""

GROWTH = 30.0
"""By how much a trending series grows in 365 buckets, of a mean of 100 and a noise of 10."""


def normal(random: np.random.Generator, days: int, sigmas: Shifts = 0.0) -> F64:
    """Independent, a tenth of the mean."""
    noise: F64 = random.standard_normal(days) + sigmas
    return 100 + 10 * noise


def poisson(random: np.random.Generator, days: int, sigmas: Shifts = 0.0) -> F64:
    """Independent counts, a hundred a day."""
    return _counts(random, np.full(days, 100.0), sigmas)


def _counts(random: np.random.Generator, means: F64, sigmas: Shifts) -> F64:
    return random.poisson(means + np.sqrt(means) * sigmas).astype(float)


def _autocorrelated(random: np.random.Generator, days: int, phi: float, sigmas: Shifts) -> F64:
    noise = random.standard_normal(days)
    state = np.empty(days)
    state[0] = noise[0]
    for day in range(1, days):
        state[day] = phi * state[day - 1] + np.sqrt(1 - phi**2) * noise[day]
    return 100 + 10 * (state + sigmas)


def ar_03(random: np.random.Generator, days: int, sigmas: Shifts = 0.0) -> F64:
    """First order, 0.3 from one day to the next."""
    return _autocorrelated(random, days, 0.3, sigmas)


def ar_06(random: np.random.Generator, days: int, sigmas: Shifts = 0.0) -> F64:
    """First order, 0.6 from one day to the next."""
    return _autocorrelated(random, days, 0.6, sigmas)


def weekly(random: np.random.Generator, days: int, sigmas: Shifts = 0.0) -> F64:
    """Counts with a season of weekdays, days without anything but Poisson noise."""
    return _counts(random, 200 * np.resize(WEEK, days), sigmas)


def _yearly(many: int, length: float) -> F64:
    """A wave of three tenths of the mean over a year of so many buckets."""
    wave: F64 = 1 + 0.3 * np.sin(np.arange(many, dtype=np.float64) * (2 * np.pi / length))
    return wave


def year_of_days(random: np.random.Generator, many: int, sigmas: Shifts = 0.0) -> F64:
    """Counts of days with a season of weekdays and one of the year."""
    return _counts(random, 200 * np.resize(WEEK, many) * _yearly(many, 365.25), sigmas)


def year_of_weeks(random: np.random.Generator, many: int, sigmas: Shifts = 0.0) -> F64:
    """Counts of weeks with a season of the year."""
    return _counts(random, 1000 * _yearly(many, 365.25 / 7), sigmas)


def year_of_months(random: np.random.Generator, many: int, sigmas: Shifts = 0.0) -> F64:
    """Counts of months with a season of the year."""
    return _counts(random, 4000 * _yearly(many, 12), sigmas)


def week_of_hours(random: np.random.Generator, many: int, sigmas: Shifts = 0.0) -> F64:
    """Counts of hours with seasons of the day and the week."""
    return _counts(random, 60 * np.resize(np.outer(WEEK, DAY).ravel(), many), sigmas)


def uneven_counts(random: np.random.Generator, many: int, sigmas: Shifts = 0.0) -> F64:
    """Negative binomial counts, a hundred a bucket, five times the variance of chance alone."""
    deviation = np.sqrt(100 + 100**2 / UNEVEN)
    means = np.maximum(np.full(many, 100.0) + deviation * sigmas, 1.0)
    counts: F64 = random.negative_binomial(UNEVEN, UNEVEN / (UNEVEN + means)).astype(float)
    return counts


def uneven_shares(random: np.random.Generator, many: int, sigmas: Shifts = 0.0) -> F64:
    """Beta-binomial shares of 500 cases, six times the variance of chance alone."""
    deviation = np.sqrt(SHARE * (1 - SHARE) / SIZE * (1 + (SIZE - 1) * ALIKE))
    means = np.clip(np.full(many, SHARE) + deviation * sigmas, 0.01, 0.99)
    cases, drawn = random.spawn(2)
    shape = 1 / ALIKE - 1
    chances = cases.beta(means * shape, (1 - means) * shape)
    shares: F64 = drawn.binomial(SIZE, chances) / SIZE
    return shares


def trending(random: np.random.Generator, many: int, sigmas: Shifts = 0.0) -> F64:
    """Independent noise about a mean that grows steadily."""
    return normal(random, many, sigmas) + GROWTH * np.arange(many) / 365


Noise = Callable[..., F64]
"""Takes a generator, how many buckets, and perhaps ``sigmas``."""


class Kind(NamedTuple):
    """A noise as a detector meets it: what it measures, and of how many cases a bucket."""

    says: str
    make: Noise
    quantity: Quantity
    cases: int = 1000
    year: int = 0
    """Buckets after which its season of the year is known."""


NORMAL = Kind("independent", normal, "level")
AR_03 = Kind("AR(1) 0.3", ar_03, "level")
AR_06 = Kind("AR(1) 0.6", ar_06, "level")
COUNTS = Kind("over-dispersed counts", uneven_counts, "count")
SHARES = Kind("over-dispersed shares", uneven_shares, "share", SIZE)
TREND = Kind("trend", trending, "level")

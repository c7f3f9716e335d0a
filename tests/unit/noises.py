"""Series in which nothing happens, of several kinds of noise, from a seed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

WEEK = np.array([1.2, 1.1, 1.0, 1.0, 0.9, 0.3, 0.2])
"""What a weekday is of the mean, Monday first."""


def normal(random: np.random.Generator, days: int) -> F64:
    """Independent, a tenth of the mean."""
    return 100 + 10 * random.standard_normal(days)


def poisson(random: np.random.Generator, days: int) -> F64:
    """Independent counts, a hundred a day."""
    return random.poisson(100, days).astype(float)


def _autocorrelated(random: np.random.Generator, days: int, phi: float) -> F64:
    noise = random.standard_normal(days)
    state = np.empty(days)
    state[0] = noise[0]
    for day in range(1, days):
        state[day] = phi * state[day - 1] + np.sqrt(1 - phi**2) * noise[day]
    return 100 + 10 * state


def ar_03(random: np.random.Generator, days: int) -> F64:
    """First order, 0.3 from one day to the next."""
    return _autocorrelated(random, days, 0.3)


def ar_06(random: np.random.Generator, days: int) -> F64:
    """First order, 0.6 from one day to the next."""
    return _autocorrelated(random, days, 0.6)


def weekly(random: np.random.Generator, days: int) -> F64:
    """Counts with a season of weekdays, days without anything but Poisson noise."""
    return random.poisson(200 * np.resize(WEEK, days)).astype(float)


Noise = Callable[[np.random.Generator, int], F64]

"""The cumulative sum: how often it is wrong, and what it sees that no single bucket shows.

The sum by itself, fed with standard normal numbers, against Siegmund's approximation; and in the
product's chain, signals per quiet bucket behind the warm-up as in ``test_seasonal_z``.
"""

from __future__ import annotations

from math import exp
from statistics import median

import numpy as np
import pytest
from scipy.stats import chi2

from streams.detectors.cusum import Cusum
from streams.expectation import Expectation
from streams.series import Bucket
from tests.unit import noises
from tests.unit.watched import Watched, stub

USUAL = Expectation(0.0, -3.0, 3.0, 1.0)


def first_news(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> int:
    """After how many values news comes; all of them if none does."""
    cusum, memory = Cusum(), list[float]()
    for at, value in enumerate(values.tolist(), 1):
        if cusum.score(Bucket(at, at, at + 1, value, 1, 0), USUAL, memory) is not None:
            return at
    return len(values)


def test_its_run_length_is_that_of_theory() -> None:
    """In control, the mean run length of both sides together is Siegmund's within 25 %."""
    reach = Cusum.limit + 1.166
    one_sided = (exp(2 * Cusum.slack * reach) - 2 * Cusum.slack * reach - 1) / (2 * Cusum.slack**2)
    random = np.random.default_rng(5)
    total, news, left = 0, 0, 600_000
    while left > 0:
        run = first_news(random.standard_normal(left))
        news += run < left
        total, left = total + run, left - run
    assert news > 40
    low, high = chi2.ppf((0.0005, 0.9995), 2 * news) / 2
    assert total / high <= one_sided / 2 * 1.25
    assert total / low >= one_sided / 2 * 0.75


@pytest.mark.parametrize(("shift", "most"), [(1.5, 12), (2.0, 6), (3.0, 3)])
def test_it_sees_small_shifts_that_last(shift: float, most: int) -> None:
    """The median delay over 200 shifts, in buckets."""
    random = np.random.default_rng(6)
    delays = [first_news(random.standard_normal(200) + shift) for _ in range(200)]
    assert median(delays) <= most


@pytest.mark.parametrize(
    ("noise", "detect", "most"),
    [
        (noises.normal, "level", 1.0),
        (noises.poisson, "count", 1.0),
        (noises.weekly, "count", 1.0),
        (noises.ar_03, "level", 5.0),
    ],
)
def test_quiet_series_keep_the_declared_rate(noise: noises.Noise, detect: str, most: float) -> None:
    """In the chain, news is not significantly more frequent than declared (p 0.001)."""
    random = np.random.default_rng(22)
    news = 0
    for _ in range(60):
        watched = Watched(stub("context", detect))
        watched.feed_all(noise(random, 365).tolist())
        news += sum(one.detector == "cusum" for one in watched.signals)
    buckets = 60 * (365 - 28)
    low = float(chi2.ppf(0.001, 2 * news)) / 2 / buckets if news else 0.0
    assert low <= most * Cusum.false_alarm_rate, f"{news / buckets:.1e}"


def test_memory_is_bounded_and_starts_anew_after_news() -> None:
    """Two numbers, 0 after news."""
    cusum, memory = Cusum(), list[float]()
    found = [cusum.score(Bucket(i, i, i + 1, -2.5, 1, 0), USUAL, memory) for i in range(3)]
    assert found == [None, None, pytest.approx(-4.5)]
    assert memory == [0.0, 0.0]

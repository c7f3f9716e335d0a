"""The seasonal robust detector: how often it is wrong, and how soon it is right.

False alarms: signals per quiet bucket behind the warm-up, daily buckets over one year, 120 series
(40,440 buckets) a kind of noise, with the 95 % interval of a Poisson count; alerts are those of the
whole chain, the cumulative sum included. The declared rate is a bound for every kind, not the
rate of any one: 1e-3. ``test_cusum`` makes the same series for the cumulative sum.

====================  ==========  =====================  =========  ========================
noise                 measured    95 %                   cusum      alerts in 10,000 buckets
====================  ==========  =====================  =========  ========================
independent normal    4.2e-4      2.4e-4 to 6.7e-4       4.0e-4     0.2
Poisson, mean 100     9.9e-5      2.7e-5 to 2.5e-4       2.5e-5     0
weekly season         4.9e-5      6.0e-6 to 1.8e-4       2.5e-5     0
AR(1) 0.3             4.0e-4      2.3e-4 to 6.4e-4       2.0e-3     0.5
AR(1) 0.6             4.7e-4      2.9e-4 to 7.3e-4       6.3e-3     2.2
====================  ==========  =====================  =========  ========================

Under autocorrelation signals come in clusters, so the intervals of the last two rows are too
narrow. The tests make these very series again.

Delay: 30 series of counts, a lasting fall after 150 days, watched for 28 days; in how many a
signal of either detector and an alert came, and after how many buckets in the median.

====================================  ================  =================
fall                                  signal            alert
====================================  ================  =================
0.5 sigma (3 % of 1000, sigma 60)     5 of 30           none
1 sigma (6 %)                         18 of 30          none
2 sigma (12 %)                        all, 5 buckets    4 of 30
30 % of 1000, sigma 60 (5 sigma)      all, 2 buckets    all, 2 buckets
30 % of 100, sigma 10 (3 sigma)       all, 3 buckets    13 of 30
====================================  ================  =================
"""

from __future__ import annotations

from statistics import median

import numpy as np
import pytest
from scipy.stats import chi2, poisson

from streams.detectors.seasonal_z import SeasonalZ
from streams.expectation import Expectation
from streams.series import Bucket
from tests.unit import noises
from tests.unit.watched import Watched, stub

DAYS, WARM_UP, SERIES = 365, 28, 120


def quiet(noise: noises.Noise, seed: int, detect: str) -> tuple[int, int, int]:
    """Signals, alerts and buckets of many quiet series behind their warm-up."""
    random = np.random.default_rng(seed)
    signals = alerts = 0
    for _ in range(SERIES):
        watched = Watched(stub("context", detect))
        watched.feed_all(noise(random, DAYS).tolist())
        signals += sum(one.detector == "seasonal_z" for one in watched.signals)
        alerts += sum(alert.transition == 0 for alert in watched.alerts)
    return signals, alerts, SERIES * (DAYS - WARM_UP)


def interval(count: int, buckets: int) -> tuple[float, float]:
    """95 % of a Poisson rate (Garwood)."""
    low = float(chi2.ppf(0.025, 2 * count)) / 2 if count else 0.0
    return low / buckets, float(chi2.ppf(0.975, 2 * count + 2)) / 2 / buckets


INDEPENDENT = [(noises.normal, "level"), (noises.poisson, "count"), (noises.weekly, "count")]


@pytest.mark.parametrize(("noise", "detect"), INDEPENDENT)
def test_independent_noise_keeps_the_declared_rate(noise: noises.Noise, detect: str) -> None:
    """On independent noise signals are not significantly (p 0.001) more than declared."""
    signals, alerts, buckets = quiet(noise, 20, detect)
    low, high = interval(signals, buckets)
    declared = SeasonalZ.false_alarm_rate
    message = f"{noise.__name__}: {signals / buckets:.1e} ({low:.1e} to {high:.1e}), not {declared}"
    assert poisson.sf(signals - 1, declared * buckets) > 0.001, message
    assert alerts <= 1


@pytest.mark.parametrize(("noise", "most"), [(noises.ar_03, 2.0), (noises.ar_06, 3.0)])
def test_autocorrelated_noise_stays_near_the_declared_rate(
    noise: noises.Noise, most: float
) -> None:
    """Autocorrelation may cluster signals, and still they stay within a few times the rate."""
    signals, alerts, buckets = quiet(noise, 21, "level")
    assert interval(signals, buckets)[0] <= most * SeasonalZ.false_alarm_rate
    # Two in a row are needed: an alert of nothing at most once in some four years of a series.
    assert alerts / buckets < 1 / (4 * 365)


def test_the_declared_rate_is_not_far_too_high() -> None:
    """A bound that is ten times what is ever measured would say nothing."""
    signals, _, buckets = quiet(noises.normal, 20, "level")
    assert interval(signals, buckets)[1] > SeasonalZ.false_alarm_rate / 10


def test_silent_while_warming_up() -> None:
    """Nothing is news in the first four weeks, whatever happens."""
    random = np.random.default_rng(3)
    watched = Watched(stub("context", "count"))
    watched.feed_all((10.0 ** random.integers(0, 5, WARM_UP)).tolist())
    assert not watched.signals


def delays(level: float, sigma: float, share: float, seed: int) -> tuple[list[int], list[int]]:
    """Buckets from a lasting fall to the first signal and the first alert; 99: not in 28."""
    random = np.random.default_rng(seed)
    signals, alerts = [], []
    for _ in range(30):
        watched = Watched(stub("up", "count"))
        watched.feed_all(random.normal(level, sigma, 150).tolist())
        known, told = len(watched.signals), len(watched.alerts)
        first, second = 99, 99
        for day in range(1, 29):
            watched.feed(float(random.normal(level * (1 - share), sigma)))
            first = min(first, day) if len(watched.signals) > known else first
            second = min(second, day) if len(watched.alerts) > told else second
        signals.append(first)
        alerts.append(second)
    return signals, alerts


def test_a_fall_of_thirty_per_cent_is_seen_at_once() -> None:
    """Five sigma: an alert with the second bucket, where one can open first, in most series."""
    signals, alerts = delays(1000, 60, 0.3, 5)
    assert median(signals) <= 2
    assert median(alerts) == 2
    assert sum(day < 99 for day in alerts) >= 28


def test_small_steps_are_no_alert() -> None:
    """Half a sigma and one sigma are left to detectors that add evidence up."""
    for sigmas in (0.5, 1.0):
        _, alerts = delays(1000, 60, sigmas * 0.06, 5)
        assert sum(day < 99 for day in alerts) <= 1


def test_score_counts_scales_from_the_middle_and_from_the_season() -> None:
    """Signed, None below the threshold, and last year's excursion is no distance."""
    detector = SeasonalZ()
    usual = Expectation(100.0, 70.0, 130.0, 10.0)
    june = Expectation(100.0, 70.0, 230.0, 10.0)

    def score(value: float, expected: Expectation) -> float | None:
        return detector.score(Bucket(0, 0, 1, value, 10, 0), expected, [])

    assert score(150.0, usual) == pytest.approx(5.0)
    assert score(50.0, usual) == pytest.approx(-5.0)
    assert score(139.0, usual) is None
    assert score(100.0, usual) is None
    assert score(200.0, june) is None
    assert score(250.0, june) == pytest.approx(5.0)
    assert score(50.0, june) == pytest.approx(-5.0)

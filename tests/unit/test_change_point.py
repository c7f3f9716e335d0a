"""The change point detector: its posterior, how often it is wrong, and how soon it is right.

False alarms: news per quiet bucket behind the warm-up, 60 series of 500 buckets a kind of noise,
with the 95 % interval of a Poisson count. Declared: 1e-3; a walk of 0.6 does not keep it.

====================  ==========  =====================
noise                 measured    95 %
====================  ==========  =====================
independent normal    7.1e-5      8.6e-6 to 2.6e-4
Poisson, mean 100     7.1e-5      8.6e-6 to 2.6e-4
weekly season         4.2e-4      2.2e-4 to 7.4e-4
AR(1) 0.3             6.4e-4      3.8e-4 to 1.0e-3
AR(1) 0.6             9.1e-3      8.0e-3 to 1.0e-2
====================  ==========  =====================
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import numpy as np
import pytest
from scipy.stats import poisson, t

from streams.detectors._change_point import ALPHA, BETA, KAPPA, LONGEST, ChangePoint
from streams.detectors._finding import Finding
from tests.unit import noises

SERIES, LONG, WARM_UP = 15, 500, 28
QUIET = [noises.normal, noises.poisson, noises.weekly, noises.ar_03]


def watch(detector: ChangePoint, values: Iterable[float]) -> list[tuple[int, Finding]]:
    """The findings of a series, each with the bucket that it came at."""
    looks = ((row, detector.look(row, value)) for row, value in enumerate(values))
    return [(row, finding) for row, finding in looks if finding is not None]


def density(past: list[float], x: float) -> float:
    """Student's predictive of the next value of a regime, computed from all of its values."""
    n, values = len(past), np.array(past)
    mean = float(values.mean()) if n else 0.0
    kappa, alpha = KAPPA + n, ALPHA + n / 2
    about = float(((values - mean) ** 2).sum()) if n else 0.0
    beta = BETA + about / 2 + KAPPA * n * mean**2 / (2 * kappa)
    location = n * mean / kappa
    return float(t.pdf(x, 2 * alpha, location, np.sqrt(beta * (kappa + 1) / (alpha * kappa))))


def posterior(xs: list[float], hazard: float) -> list[float]:
    """Of the run length after the last value, by adding up every history of change points."""
    joint = {0: 1.0}
    for at, x in enumerate(xs):
        grown = {
            run + 1: mass * density(xs[at - run : at], x) * (1 - hazard)
            for run, mass in joint.items()
        }
        changed = sum(mass * density(xs[at - run : at], x) for run, mass in joint.items()) * hazard
        joint = {0: changed, **grown}
    whole = sum(joint.values())
    return [joint[run] / whole for run in sorted(joint)]


def test_the_posterior_is_that_of_adding_up_every_history() -> None:
    """Against scipy's Student density over the values of every run, on random series."""
    random = np.random.default_rng(3)
    for _ in range(5):
        xs = np.concatenate((random.normal(0, 1, 15), random.normal(2, 0.5, 15))).tolist()
        detector = ChangePoint(location=0.0, scale=1.0, runs=np.array([1.0, 0.0, BETA]).tobytes())
        for x in xs:
            found = detector._learn(x)
        assert found == pytest.approx(posterior(xs, ChangePoint.hazard), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("noise", QUIET, ids=lambda noise: noise.__name__)
def test_quiet_series_keep_the_declared_rate(noise: noises.Noise) -> None:
    """News in control is not significantly (p 0.001) more than declared."""
    random = np.random.default_rng(6)
    period = 7 if noise is noises.weekly else 1
    found = sum(len(watch(ChangePoint(period), noise(random, LONG))) for _ in range(SERIES))
    judged = SERIES * (LONG - WARM_UP)
    assert poisson.sf(found - 1, ChangePoint.false_alarm_rate * judged) > 0.001, found / judged


@pytest.mark.parametrize(("sigmas", "most"), [(2.0, 9), (-3.0, 5)])
def test_a_step_is_found_and_dated(sigmas: float, most: int) -> None:
    """Nearly every one, within days, dated within two buckets, told once and the right way."""
    random = np.random.default_rng(8)
    level = np.where(np.arange(300) < 200, 100.0, 100.0 + sigmas * 10)
    found = [watch(ChangePoint(), level + 10 * random.standard_normal(300)) for _ in range(40)]
    mine = [[one for one in each if one[1].onset >= 190] for each in found]
    assert sum(bool(each) for each in mine) >= 37
    first = [each[0] for each in mine if each]
    assert np.median([row - 200 for row, _ in first]) <= most
    assert np.mean([abs(finding.onset - 200) <= 2 for _, finding in first]) >= 0.85
    assert {finding.direction for _, finding in first} == {"up" if sigmas > 0 else "down"}
    assert sum(len(each) for each in mine) <= len(first) + 4


def test_a_season_and_a_single_peak_are_no_regime() -> None:
    """Weekdays are taken off, and one wild bucket is no change of level."""
    random = np.random.default_rng(10)
    weeks = noises.weekly(random, 300)
    assert watch(ChangePoint(7), weeks) == []
    spiked = 100 + random.standard_normal(300)
    spiked[200] = 1000.0
    assert watch(ChangePoint(), spiked) == []


def test_a_constant_series_is_silent_and_a_jump_is_not() -> None:
    """All equal, all zero, tiny steps: silent; zeros that jump are told."""
    assert watch(ChangePoint(), [5.0] * 200) == []
    assert watch(ChangePoint(), [0.0] * 200) == []
    assert watch(ChangePoint(), [5.0] * 100 + [5.001] * 100) == []
    assert len(watch(ChangePoint(), [0.0] * 100 + [6.0] * 60)) == 1


def test_silent_while_warming_up() -> None:
    """Whatever happens in the first four weeks is no news."""
    random = np.random.default_rng(11)
    assert watch(ChangePoint(), (10.0 ** random.integers(0, 6, WARM_UP + 3)).tolist()) == []


def test_what_comes_after_changes_nothing_that_was_said() -> None:
    """Causal: a series cut off anywhere has the same findings up to there."""
    random = np.random.default_rng(13)
    values = np.concatenate((random.normal(0, 1, 120), random.normal(4, 1, 60))).tolist()
    whole = watch(ChangePoint(), values)
    for cut in (119, 125, 150):
        assert watch(ChangePoint(), values[:cut]) == [one for one in whole if one[0] < cut]


def test_stored_and_restored_it_goes_on_as_if_nothing_was() -> None:
    """Packing and unpacking the state anywhere changes no finding; its size is bounded."""
    random = np.random.default_rng(12)
    values = np.concatenate((random.normal(100, 5, 200), random.normal(140, 5, 200))).tolist()
    plain = watch(ChangePoint(7), values)
    detector, found = ChangePoint(7), []
    for row, value in enumerate(values):
        finding = detector.look(row, value)
        found += [] if finding is None else [(row, finding)]
        if row % 17 == 0:
            body = msgspec.msgpack.encode(detector)
            detector = msgspec.msgpack.decode(body, type=ChangePoint)
            assert len(body) < 24 * (LONGEST + 1) + 700
    assert found == plain
    assert plain

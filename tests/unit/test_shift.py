"""The shift detector: how often it is wrong, how soon it is right, and how it dates a change.

False alarms: news per quiet bucket behind the warm-up, 60 series of 500 buckets a kind of noise
(21,360 judged buckets), with the 95 % interval of a Poisson count. Declared: 1e-3 for every kind.

====================  ==========  =====================
noise                 measured    95 %
====================  ==========  =====================
independent normal    6.6e-4      3.6e-4 to 1.1e-3
Poisson, mean 100     3.3e-4      1.3e-4 to 6.8e-4
weekly season         4.2e-4      1.9e-4 to 8.0e-4
AR(1) 0.3             8.4e-4      5.0e-4 to 1.3e-3
AR(1) 0.6             9.4e-4      5.7e-4 to 1.4e-3
====================  ==========  =====================
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import numpy as np
import pytest
from scipy.stats import poisson

from streams.detectors._finding import Finding
from streams.detectors._shift import SPANS, WARM, Shift
from tests.unit import noises

SERIES, LONG = 15, 500
WARM_UP = (WARM + 2) * max(SPANS)
QUIET = [noises.normal, noises.poisson, noises.weekly, noises.ar_03, noises.ar_06]


def watch(detector: Shift, values: Iterable[float]) -> list[tuple[int, Finding]]:
    """The findings of a series, each with the bucket that it came at."""
    looks = ((row, detector.look(row, value)) for row, value in enumerate(values))
    return [(row, finding) for row, finding in looks if finding is not None]


@pytest.mark.parametrize("noise", QUIET, ids=lambda noise: noise.__name__)
def test_quiet_series_keep_the_declared_rate(noise: noises.Noise) -> None:
    """News in control is not significantly (p 0.001) more than declared."""
    random = np.random.default_rng(6)
    period = 7 if noise is noises.weekly else 1
    found = sum(len(watch(Shift(period), noise(random, LONG).tolist())) for _ in range(SERIES))
    judged = SERIES * (LONG - WARM_UP)
    assert poisson.sf(found - 1, Shift.false_alarm_rate * judged) > 0.001, found / judged


def steps(sigmas: float, many: int = 40) -> list[list[tuple[int, Finding]]]:
    """Series with one lasting step behind 300 buckets of noise."""
    random = np.random.default_rng(8)
    level = np.where(np.arange(400) < 300, 100.0, 100.0 + sigmas * 10)
    return [
        watch(Shift(), (level + 10 * random.standard_normal(400)).tolist()) for _ in range(many)
    ]


def test_a_step_of_three_sigma_is_found_and_dated() -> None:
    """Nearly every one, within a span, dated within two buckets, and told once."""
    found = [[one for one in each if one[1].onset >= 290] for each in steps(3.0)]
    assert sum(bool(each) for each in found) >= 38
    first = [each[0] for each in found if each]
    assert np.median([row - 300 for row, _ in first]) <= 12
    assert np.mean([abs(finding.onset - 300) <= 2 for _, finding in first]) >= 0.9
    assert all(finding.direction == "up" and finding.score > 1 for _, finding in first)
    assert sum(len(each) for each in found) <= len(first) + 2


def test_a_falling_level_is_called_down() -> None:
    """The direction is that of the new level."""
    found = [finding for each in steps(-4.0, 5) for row, finding in each if row >= 300]
    assert found
    assert {finding.direction for finding in found} == {"down"}


def test_a_steady_trend_is_no_change() -> None:
    """A straight line moves every mean by the same; only its end is news."""
    random = np.random.default_rng(9)
    ramp = np.concatenate((np.linspace(100, 400, 300), np.full(100, 400.0)))
    found = watch(Shift(), (ramp + random.standard_normal(400)).tolist())
    assert found
    assert all(row >= 300 for row, _ in found)


def test_a_season_is_no_change() -> None:
    """Means over whole seasons do not see the season, others see it as their usual."""
    random = np.random.default_rng(10)
    season = 20 * np.sin(np.arange(600) * 2 * np.pi / 12)
    values = (100 + season + random.standard_normal(600)).tolist()
    assert len(watch(Shift(12), values)) <= 1


def test_silent_while_warming_up() -> None:
    """Whatever happens in the first six spans is no news."""
    random = np.random.default_rng(11)
    wild = (10.0 ** random.integers(0, 6, (WARM + 2) * min(SPANS) - 1)).tolist()
    assert not watch(Shift(), wild)


def test_a_constant_series_and_tiny_steps_are_silent() -> None:
    """All equal is silent, and so is a step far below half a per cent of the level."""
    assert not watch(Shift(), [5.0] * 300)
    assert not watch(Shift(), [5.0] * 200 + [5.001] * 100)
    assert watch(Shift(), [5.0] * 200 + [6.0] * 100)
    assert watch(Shift(), [0.0] * 200 + [6.0] * 100)


def test_stored_and_restored_it_goes_on_as_if_nothing_was() -> None:
    """Packing and unpacking the state anywhere changes no finding."""
    random = np.random.default_rng(12)
    values = np.concatenate((random.normal(100, 5, 200), random.normal(140, 5, 200))).tolist()
    plain = watch(Shift(), values)
    detector, found = Shift(), []
    for row, value in enumerate(values):
        finding = detector.look(row, value)
        found += [] if finding is None else [(row, finding)]
        if row % 17 == 0:
            detector = msgspec.msgpack.decode(msgspec.msgpack.encode(detector), type=Shift)
    assert found == plain
    assert plain


def test_memory_is_bounded() -> None:
    """A long life takes no more than the history that is kept."""
    detector = Shift()
    sizes = [
        (detector.look(row, float(row % 7)), len(msgspec.msgpack.encode(detector)))[1]
        for row in range(2000)
    ]
    assert sizes[-1] <= sizes[999] + 200
    assert sizes[-1] < 3000

"""The floor of a share: found where the past lay above it, silent where it did not."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.watched import Watched, stub

FLOOR = {"goalposts": (0.5, 1.0), "detectors": ("seasonal_z", "cusum", "floor")}


def swaying(seed: int, weeks: int, middle: float = 0.75) -> list[float]:
    """A share that sways by a sixth, slower than the middle follows."""
    random = np.random.default_rng(seed)
    sway = 0.12 * np.sin(np.arange(weeks) / 4.5)
    return list(np.clip(middle + sway + 0.04 * random.standard_normal(weeks), 0, 1))


def watched_weeks(values: list[float], n: int = 10_000, **facts: object) -> Watched:
    """Weeks of a share."""
    watched = Watched(stub("up", "share", **(FLOOR | facts)), rhythm="week")
    watched.feed_all(values, n=n)
    return watched


def floors(watched: Watched) -> int:
    """How often the floor was news."""
    return sum(one.detector == "floor" for one in watched.signals)


@pytest.mark.parametrize("seed", range(4))
def test_what_the_sway_hides_is_found(seed: int) -> None:
    """A share that slides to 0.42 within its sway is an alert with its second week there."""
    slide = [0.7, 0.65, 0.6, 0.42, 0.42, 0.42]
    watched = watched_weeks(swaying(seed, 100) + slide)
    assert floors(watched) == 2
    assert watched.alerts[-1].state == "open"
    assert watched.alerts[-1].severity == "critical"
    assert floors(watched_weeks(swaying(seed, 100) + slide, goalposts=(0.3, 1.0))) == 0


@pytest.mark.parametrize("seed", range(4))
def test_a_service_near_its_floor_is_not_told_of_it(seed: int) -> None:
    """Where one week in ten was below, one more is nothing; nor is a short past enough."""
    watched = watched_weeks(swaying(seed, 150, middle=0.56))
    assert floors(watched) <= 2
    assert floors(watched_weeks(swaying(seed, 40) + [0.42] * 4)) == 0


def test_few_cases_may_be_chance() -> None:
    """42 of 100 is not surely less than half; 4,200 of 10,000 is."""
    slide = [*swaying(1, 100), 0.6, 0.42, 0.42]
    assert floors(watched_weeks(slide, n=100)) == 0
    assert floors(watched_weeks(slide)) == 2


def test_counts_and_what_should_be_low_have_no_floor() -> None:
    """A share where lower is better does not fall through anything."""
    watched = Watched(stub("down", "share", **FLOOR), rhythm="week")
    watched.feed_all([*swaying(1, 100), 0.42, 0.42], n=10_000)
    assert floors(watched) == 0

"""Waves: when what follows in an open alert is another event, and when it is not."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from tests.unit.watched import DAY_MS, FIRST_DAY, Watched, stub

QUIET = [1.0, 0.0, 2.0, 0.0, 1.0, 0.0, 1.0] * 14


def lived(days: list[float]) -> Watched:
    """A service that hardly anybody asks for, then these days."""
    watched = Watched(stub("context"))
    watched.feed_all(QUIET)
    watched.feed_all(days)
    return watched


def onsets(watched: Watched) -> list[int]:
    """At which of the days that followed each alert is dated."""
    first = (FIRST_DAY + len(QUIET)) * DAY_MS
    opened = [one for one in watched.alerts if one.transition == 0]
    return [(one.evidence["since"] - first) // DAY_MS for one in opened]


def test_snow_on_snow_is_two_events() -> None:
    """It calms to a few a day for a week and comes again: the first closes, another opens."""
    watched = lived([400.0, 300.0, 90.0, *[20.0] * 7, 350.0, 320.0, 80.0, *[0.0] * 7])
    assert onsets(watched) == [0, 10]
    assert [one.state for one in watched.alerts] == ["open", "closed", "open", "closed"]
    first, over, second, _ = watched.alerts
    assert first.id == over.id != second.id
    assert over.updated == over.closed == second.opened
    again = datetime.fromtimestamp(second.evidence["since"] / 1000, UTC).date().isoformat()
    assert f"anew since {again}" in over.reason


def test_what_goes_on_is_one_event() -> None:
    """A long fall of snow that sways, or one day after a calm week, is no other event."""
    assert onsets(lived([400.0, 200.0, 100.0, 300.0, 380.0, 150.0, 390.0, 390.0])) == [0]
    assert onsets(lived([400.0, 300.0, *[20.0] * 9, 350.0, 20.0, 20.0, 360.0])) == [0]


def test_four_times_the_worst_is_another_event() -> None:
    """A little snow that a great deal follows is not what the great deal is dated at."""
    assert onsets(lived([17.0, 13.0, 6.0, 788.0, 712.0, 300.0])) == [0, 3]
    assert onsets(lived([46.0, 170.0, 160.0])) == [0]


def test_weekends_that_stay_away_are_no_wave() -> None:
    """Back on weekdays and off on weekends: what was so last week is nothing new."""
    watched = Watched(stub("context", "level"))
    watched.feed_all([0.0, 1.0, -1.0, 0.0, 1.0, 0.0, -1.0] * 14)
    watched.feed_all([40.0] * 7 + [*[0.0] * 5, 30.0, 30.0] * 6)
    assert len({one.id for one in watched.alerts}) == 1


@pytest.mark.parametrize("seed", range(3))
def test_noise_about_a_rise_makes_no_wave(seed: int) -> None:
    """A lasting rise of 30 % at 6 % of noise is one alert, three months long."""
    random = np.random.default_rng(seed)
    watched = Watched(stub("down"))
    watched.feed_all(random.normal(1000, 60, 98).tolist())
    watched.feed_all(random.normal(1300, 60, 90).tolist())
    assert len({one.id for one in watched.alerts}) == 1

"""One simulated life of a series under watch, through the product's own chain.

A series begins, warms up in control, and goes on in control to a horizon: its alarms there are
false. From the end of the warm-up it also goes on shifted, once for each size of shift, every
second series downwards: its first alarm there is the delay. A detector is looked at by itself,
in a chain of no other; the chain is that of an indicator which names nothing of its own, and
its alarms are alerts.
"""

from __future__ import annotations

from typing import Final, NamedTuple
from zlib import crc32

import numpy as np

from models.value import Rhythm
from streams.detection import DETECTORS
from streams.indicator import Indicator
from tests.unit import noises
from tests.unit.noises import Kind
from tests.unit.watched import FIRST_DAY, Watched, stub

SHIFTS: Final = (0.5, 1.0, 2.0)
"""Sizes of the lasting shift, in standard deviations of the noise."""

WATCHED: Final = 30
"""Buckets behind a shift in which it should be seen."""

ALERT: Final = "alert"
"""The chain as a whole."""

ELSEWHERE: Final = {"burn_rate", "floor", "g_chart", "pace"}
"""They need an objective, goalposts, rare events or work that goes on, which no series here has:
their rates are measured in the unit tests of their names."""

BEGINS: dict[Rhythm, int] = {"hour": FIRST_DAY * 24, "day": FIRST_DAY, "week": 2557, "month": 360}


class Plan(NamedTuple):
    """What is simulated of one rhythm, in buckets."""

    kinds: tuple[Kind, ...]
    warm: int
    """In control and not looked at, or longer where the noise has a season of the year."""
    horizon: int
    """In control behind it; a run without an alarm is censored here."""
    series: int


_ALL = (noises.NORMAL, noises.AR_03, noises.AR_06)
_UNEVEN = (noises.COUNTS, noises.SHARES, noises.TREND)

PLANS: dict[Rhythm, Plan] = {
    "day": Plan(
        (
            *_ALL,
            Kind("week", noises.weekly, "count"),
            Kind("week and year", noises.year_of_days, "count", year=400),
            *_UNEVEN,
        ),
        warm=150,
        horizon=700,
        series=24,
    ),
    "week": Plan(
        (*_ALL, Kind("year", noises.year_of_weeks, "count"), *_UNEVEN),
        warm=110,
        horizon=400,
        series=24,
    ),
    "month": Plan(
        (*_ALL, Kind("year", noises.year_of_months, "count"), *_UNEVEN),
        warm=60,
        horizon=240,
        series=24,
    ),
    "hour": Plan(
        (
            noises.NORMAL,
            noises.AR_06,
            Kind("day and week", noises.week_of_hours, "count"),
        ),
        warm=672,
        horizon=1500,
        series=8,
    ),
}


class Life(NamedTuple):
    """What came of one series."""

    alarms: list[int]
    """Buckets behind the warm-up, from 1, at which something was said in control."""
    delays: list[int | None] | None
    """By shift, buckets to the first alarm; None within where none came, and as a whole where
    an alert stood already when the shift came."""


def watchers(rhythm: Rhythm) -> list[str]:
    """The detectors that are meant for a rhythm and look at such series, and the chain."""
    meant = (name for name, one in DETECTORS.items() if rhythm in one.rhythms)
    return [*(name for name in meant if name not in ELSEWHERE), ALERT]


def live(rhythm: Rhythm, kind: Kind, who: str, plan: Plan, number: int) -> Life:
    """Simulate the series of this number; all who watch see the same one."""
    upwards = 1.0 if number % 2 else -1.0
    warm = max(plan.warm, kind.year)
    values = _values(kind, rhythm, number, np.zeros(warm + plan.horizon))
    watched = _watch(rhythm, kind, who)
    _feed(watched, kind, values[:warm])
    held, at, before = watched.watch.dump(), watched.next, _alarms(watched, who)
    standing = any(one.episode is not None for one in watched.watch.series.values())
    _feed(watched, kind, values[warm:])
    alarms = [number - at + 1 for number in _alarms(watched, who)[len(before) :]]
    if standing:
        return Life(alarms, None)
    delays: list[int | None] = []
    for size in SHIFTS:
        sigmas = np.concatenate((np.zeros(warm), np.full(WATCHED, upwards * size)))
        shifted = _watch(rhythm, kind, who)
        shifted.watch.load(held)
        shifted.next = at
        _feed(shifted, kind, _values(kind, rhythm, number, sigmas)[warm:])
        delays.append(next((one - at + 1 for one in _alarms(shifted, who)), None))
    return Life(alarms, delays)


def _values(kind: Kind, rhythm: Rhythm, number: int, sigmas: noises.F64) -> noises.F64:
    seed = (crc32(f"{rhythm} {kind.says}".encode()), number)
    return kind.make(np.random.default_rng(seed), len(sigmas), sigmas)


def _watch(rhythm: Rhythm, kind: Kind, who: str) -> Watched:
    names = Indicator.detectors if who == ALERT else (who,)
    watched = Watched(stub("context", kind.quantity, detectors=names), rhythm)
    watched.next = BEGINS[rhythm]
    return watched


def _feed(watched: Watched, kind: Kind, values: noises.F64) -> None:
    watched.feed_all(values.tolist(), n=kind.cases)


def _alarms(watched: Watched, who: str) -> list[int]:
    """Numbers of the buckets at which an alarm came, rising."""
    number = watched.calendar.bucket
    if who == ALERT:
        ends = [one.opened for one in watched.alerts if one.transition == 0]
    else:
        ends = [one.bucket_end for one in watched.signals if one.detector == who]
    starts = np.array([end - 1 for end in ends], np.int64)
    return [int(one) for one in number(watched.rhythm, starts)]

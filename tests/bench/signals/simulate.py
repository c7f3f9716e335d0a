"""Run lengths and delays of every detector, and of the chain up to the alert, on simulated noise.

Detectors are found in the catalogue; each is looked at in the rhythms that it is meant for.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

from models.value import Rhythm
from streams.detection import DETECTORS
from tests.bench.signals.life import ALERT, PLANS, Life, Plan, live, watchers
from tests.bench.signals.run_lengths import Summary, summary
from tests.unit.noises import Kind

CHUNK = 8
"""Series in one piece of work."""


class Row(NamedTuple):
    """One watcher under one noise at one rhythm."""

    rhythm: Rhythm
    noise: str
    who: str
    declared: float | None
    horizon: int
    series: int
    found: Summary


class _Work(NamedTuple):
    rhythm: Rhythm
    kind: Kind
    who: str
    plan: Plan


def simulate(plans: dict[Rhythm, Plan] | None = None, workers: int | None = None) -> Iterator[Row]:
    """Every row, in the order of the table; the same rows however many work on them."""
    work = [
        _Work(rhythm, kind, who, plan)
        for rhythm, plan in (PLANS if plans is None else plans).items()
        for kind in plan.kinds
        for who in watchers(rhythm)
    ]
    with ProcessPoolExecutor(workers or os.cpu_count()) as pool:
        pieces = [
            [pool.submit(_lives, one, first) for first in range(0, one.plan.series, CHUNK)]
            for one in work
        ]
        for one, parts in zip(work, pieces, strict=True):
            lives = [life for part in parts for life in part.result()]
            declared = None if one.who == ALERT else DETECTORS[one.who].false_alarm_rate
            found = summary(lives, one.plan.horizon)
            yield Row(
                one.rhythm, one.kind.says, one.who, declared, one.plan.horizon, len(lives), found
            )


def _lives(work: _Work, first: int) -> list[Life]:
    numbers = range(first, min(first + CHUNK, work.plan.series))
    return [live(work.rhythm, work.kind, work.who, work.plan, number) for number in numbers]

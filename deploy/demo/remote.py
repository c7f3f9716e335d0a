"""Working from elsewhere: posts that are ready, presence and sessions, as counts alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from deploy.demo.days import DAY_MS, HOUR_MS
from deploy.demo.telling import Told, encode, moments, randomness
from models.events.context import SourceHeartbeat
from models.events.remote import PresenceCounted, ReadinessCounted, SessionsCounted

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from deploy.demo.region import Agency, Unit
    from deploy.demo.story import Story

_A_DAY_LATE: Final = 0.01


def remote(agency: Agency, story: Story, seed: int) -> list[Told]:
    """Presence on working days, sessions daily, readiness weekly, each by its own feed."""
    rng = randomness(seed, agency, "remote")
    presence = story.presence(agency)
    told = [_presence(agency, unit, story, presence, rng) for unit in agency.units]
    told.append(_sessions(agency, story, presence, rng))
    told += [_readiness(agency, unit, story, rng) for unit in agency.units]
    told.append(_complete(agency, story))
    return told


def _presence(
    agency: Agency, unit: Unit, story: Story, level: NDArray[np.float64], rng: Generator
) -> Told:
    days = story.days
    rows = np.flatnonzero(days.weekday < 5)
    own = rng.normal(0, 5) + rng.normal(0, 2.5 + 40 / np.sqrt(unit.posts * 10), len(rows))
    change = np.clip(level[rows] + own, -100, 60).round(1).tolist()
    starts, ends = moments(days.starts[rows]), moments(days.starts[rows + 1])
    data = [
        PresenceCounted(
            unit=unit.id, start=start, end=end, change_from_baseline=value, posts=unit.posts
        )
        for start, end, value in zip(starts, ends, change, strict=True)
    ]
    ids = [f"{agency.code}-presence-{unit.id}-{days.first + row}" for row in rows.tolist()]
    lines = encode(agency, "workplace", ids, starts, data)
    return Told(agency.id, f"{agency.id}/workplace", _next_day(days.starts[rows + 1], rng), lines)


def _sessions(agency: Agency, story: Story, level: NDArray[np.float64], rng: Generator) -> Told:
    days = story.days
    posts = sum(unit.posts for unit in agency.units)
    away = np.clip(-level / 100, 0.02, 0.95) * np.where(days.work, 1.0, 0.06)
    attempted = rng.poisson(1.7 * posts * away)
    crisis = story.crisis(agency)
    # When everybody stays at home at once, access gives way until it is widened.
    since = np.arange(days.count) - (crisis.first if crisis else days.count)
    bad = (since >= 0) & (since < 2)
    succeeded = rng.binomial(attempted, np.where(bad, rng.uniform(0.6, 0.9, days.count), 0.9985))
    times = moments(days.starts)
    data = [
        SessionsCounted(start=times[i], end=times[i + 1], attempted=tried, succeeded=done)
        for i, (tried, done) in enumerate(zip(attempted.tolist(), succeeded.tolist(), strict=True))
    ]
    ids = [f"{agency.code}-sessions-{days.first + day}" for day in range(days.count)]
    lines = encode(agency, "workplace", ids, times[:-1], data)
    return Told(agency.id, f"{agency.id}/workplace", _next_day(days.starts[1:], rng), lines)


def _readiness(agency: Agency, unit: Unit, story: Story, rng: Generator) -> Told:
    days = story.days
    mondays = days.mondays()
    starts, ends = mondays[:-1], mondays[1:]
    then, now = agency.ready
    share = then + (now - then) / (1 + np.exp(-1.9 * (days.years[starts] - 1.4)))
    crisis = story.crisis(agency)
    if crisis is not None:
        share = share + 0.09 * np.clip((starts - crisis.first) / 28, 0, 1)
    share = share + rng.normal(0, 0.04)
    steady = np.clip(
        np.maximum.accumulate(share * unit.posts + rng.normal(0, 0.5, len(starts))), 0, 1e6
    )
    ready = np.clip(np.round(steady + rng.normal(0, 0.6, len(starts))), 0, unit.posts)
    opening, closing = moments(days.starts[starts]), moments(days.starts[ends])
    data = [
        ReadinessCounted(
            unit=unit.id, start=start, end=end, posts_teleworkable=unit.posts, ready=int(count)
        )
        for start, end, count in zip(opening, closing, ready.tolist(), strict=True)
    ]
    ids = [f"{agency.code}-ready-{unit.id}-{days.first + start}" for start in starts.tolist()]
    lines = encode(agency, "equipment", ids, opening, data)
    ready_at = days.starts[ends] + DAY_MS + 9 * HOUR_MS
    return Told(agency.id, f"{agency.id}/equipment", ready_at, lines)


def _complete(agency: Agency, story: Story) -> Told:
    """With each week's readiness the word that the week is complete."""
    ends = story.days.starts[story.days.mondays()[1:]]
    ready = ends + DAY_MS + 9 * HOUR_MS + 60_000
    data = [SourceHeartbeat(complete_to=end) for end in moments(ends)]
    ids = [f"{agency.code}-equipment-complete-{int(end)}" for end in ends]
    lines = encode(agency, "equipment", ids, moments(ready), data)
    return Told(agency.id, f"{agency.id}/equipment", ready, lines)


def _next_day(ends: NDArray[np.int64], rng: Generator) -> NDArray[np.int64]:
    """Ready in the early morning after, now and then a day later."""
    return ends + 4 * HOUR_MS + np.where(rng.random(len(ends)) < _A_DAY_LATE, DAY_MS, 0)

"""Requests, told one by one: opened by some channel, due by a standard, closed or still open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from deploy.demo.days import DAY_MS, HOUR_MS
from deploy.demo.telling import LONGEST_DELAY_MS, Told, delays, encode, moments, randomness
from models.events.service import RequestClosed, RequestOpened

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from deploy.demo.days import Days
    from deploy.demo.region import Agency, Casework
    from deploy.demo.story import Story

_CHANNELS: Final = ("web", "app", "assisted", "phone", "counter", "post")
_DIGITAL: Final = np.array([0.62, 0.31, 0.07])
_OTHER: Final = np.array([0.63, 0.24, 0.13])
_OUTCOMES: Final = ("done", "rejected", "withdrawn")
_NEVER_CLOSED: Final = 0.011
_TOLD_TWICE: Final = 0.003


class _Cases(NamedTuple):
    """Requests as columns; times in ms, ``closed`` 0 where nobody ever closes it."""

    work: NDArray[np.int64]
    opened: NDArray[np.int64]
    due: NDArray[np.int64]
    closed: NDArray[np.int64]
    channel: NDArray[np.int64]
    outcome: NDArray[np.int64]


def requests(agency: Agency, story: Story, seed: int) -> list[Told]:
    """Everything the case system of an agency tells, nothing where it has none."""
    if not agency.casework:
        return []
    rng = randomness(seed, agency, "requests")
    demand = story.demand(agency, rng)
    digital = story.digital(agency, rng)
    each = []
    for number, work in enumerate(agency.casework):
        drawn = _draw(work, demand, digital, story.days, rng)
        closed = _close(drawn.opened, work, agency, story, rng)
        each.append(drawn._replace(work=np.full(len(closed), number), closed=closed))
    joined = _Cases(*(np.concatenate(columns) for columns in zip(*each, strict=True)))
    order = np.argsort(joined.opened, kind="stable")
    return [_tell(agency, _Cases(*(column[order] for column in joined)), rng)]


def _draw(
    work: Casework,
    demand: NDArray[np.float64],
    digital: NDArray[np.float64],
    days: Days,
    rng: Generator,
) -> _Cases:
    """Requests of one service, none of them closed yet."""
    day = np.repeat(np.arange(days.count), rng.poisson(work.per_day * demand))
    size = len(day)
    is_digital = rng.random(size) < digital[day]
    channel = np.where(
        is_digital, rng.choice(3, size, p=_DIGITAL), 3 + rng.choice(3, size, p=_OTHER)
    )
    seconds = np.where(
        is_digital,
        6.5 * 3600 + rng.beta(1.9, 2.3, size) * 16.5 * 3600,
        8.2 * 3600 + rng.beta(1.7, 1.8, size) * 9.2 * 3600,
    )
    opened = days.at(day, seconds)
    standard = np.full(size, work.standard * DAY_MS)
    outcome = rng.choice(3, size, p=[0.93, 0.045, 0.025])
    nothing = np.zeros(size, np.int64)
    return _Cases(nothing, opened, opened + standard, nothing, channel, outcome)


def _close(
    opened: NDArray[np.int64], work: Casework, agency: Agency, story: Story, rng: Generator
) -> NDArray[np.int64]:
    """When requests are closed: in office hours, later where the story holds them up."""
    days = story.days
    size = len(opened)
    pace = work.median * (1 - 0.035 * days.years[days.find(opened)])
    done = opened + (rng.lognormal(np.log(pace), 0.72, size) * DAY_MS).astype(np.int64)
    day = days.find(done)
    inside = np.minimum(day, days.count - 1)
    stuck = (day < days.count) & (rng.random(size) < story.strain(agency)[inside])
    more = 1 + rng.exponential(0.35 * work.standard + 3, size).astype(np.int64)
    day = np.where(stuck, story.relief(agency)[inside] + more, day)
    day = days.next_work_day(day)
    office = days.at(day, 8 * 3600 + rng.beta(1.6, 1.9, size) * 9.5 * 3600)
    soonest = opened + rng.integers(1_200, 3 * 3_600, size) * 1000
    closed = np.maximum(office, soonest)
    return np.where(rng.random(size) < _NEVER_CLOSED, 0, closed)


def _tell(agency: Agency, cases: _Cases, rng: Generator) -> Told:
    keys = [f"{agency.code}-{number:06d}" for number in range(1, len(cases.opened) + 1)]
    services = [one.service for one in agency.casework]
    units = [one.unit for one in agency.casework]
    work, channel = cases.work.tolist(), cases.channel.tolist()
    opened = [
        RequestOpened(
            request=key, service=services[w], channel=_CHANNELS[c], due=due, unit=units[w]
        )
        for key, w, c, due in zip(keys, work, channel, moments(cases.due), strict=True)
    ]
    lines = encode(
        agency, "cases", (f"{key}/opened" for key in keys), moments(cases.opened), opened
    )
    rows = np.flatnonzero(cases.closed)
    picked = rows.tolist()
    outcome = cases.outcome.tolist()
    closed = [
        RequestClosed(
            request=keys[i],
            service=services[work[i]],
            channel=_CHANNELS[channel[i]],
            outcome=_OUTCOMES[outcome[i]],
            unit=units[work[i]],
        )
        for i in picked
    ]
    ids = (f"{keys[i]}/closed" for i in picked)
    lines += encode(agency, "cases", ids, moments(cases.closed[rows]), closed)
    happened = np.concatenate((cases.opened, cases.closed[rows]))
    ready = happened + delays(len(happened), rng)
    again = np.flatnonzero(rng.random(len(ready)) < _TOLD_TWICE)
    second = np.minimum(ready[again] + 2 * HOUR_MS, happened[again] + LONGEST_DELAY_MS)
    lines += [lines[i] for i in again.tolist()]
    return Told(agency.id, f"{agency.id}/cases", np.concatenate((ready, second)), lines)

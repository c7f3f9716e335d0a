"""Decisions by class: asked for, made or withdrawn, carried out, sometimes taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from deploy.demo.days import DAY_MS, HOUR_MS
from deploy.demo.telling import Told, moment, randomness, tell
from models.events.project import (
    DecisionImplemented,
    DecisionMade,
    DecisionRequested,
    DecisionReversed,
    DecisionWithdrawn,
)

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from deploy.demo.days import Days
    from deploy.demo.region import Agency
    from deploy.demo.story import Story
    from models.events import Data

_CLASSES: Final = {
    "operational": (3.1, 62.0, 7),
    "tactical": (1.5, 210.0, 21),
    "strategic": (0.5, 780.0, 60),
}
"""Asked for in a week, usual hours until it is made, days until it is due."""
_CRISIS: Final = (1.4, 7.0, 2)
"""The same in a crisis, but a day."""


class _Asked(NamedTuple):
    """How often a class of decisions is asked for each day, usual hours and days until due."""

    name: str
    per_day: NDArray[np.float64]
    hours: float
    due: int


def decisions(agency: Agency, story: Story, seed: int) -> list[Told]:
    """All decisions of an agency; those of class crisis only where the story has one."""
    rng = randomness(seed, agency, "decisions")
    days = story.days
    happened: list[tuple[float, Data]] = []
    working = np.where(days.work, 0.2, 0.0)
    for name, (weekly, hours, due) in _CLASSES.items():
        asked = _Asked(name, weekly * working, hours * agency.pace, due)
        happened += _of_class(agency, days, asked, rng)
    span = story.crisis(agency)
    if span is not None:
        daily, hours, due = _CRISIS
        age = np.arange(days.count) - span.first
        per_day = np.where((age >= 0) & (age < 35), daily * np.exp(-age / 18.0), 0.0)
        per_day[span.first] = 4.0
        happened += _of_class(agency, days, _Asked("crisis", per_day, hours, due), rng)
    return [tell(agency, "register", happened, rng, "decision-step")]


def _of_class(agency: Agency, days: Days, kind: _Asked, rng: Generator) -> list[tuple[float, Data]]:
    name, per_day, hours, due = kind
    day = np.repeat(np.arange(days.count), rng.poisson(per_day))
    asked = days.at(day, 8.5 * 3600 + rng.random(len(day)) * 8.5 * 3600)
    taken = rng.lognormal(np.log(hours), 0.75, len(day)) * HOUR_MS
    made = (asked + taken).astype(np.int64)
    if name != "crisis":
        meeting = days.next_work_day(days.find(made))
        held = days.at(meeting, 9 * 3600 + rng.random(len(day)) * 8 * 3600)
        made = np.maximum(held, asked + HOUR_MS)
    happened: list[tuple[float, Data]] = []
    for number, (begun, decided) in enumerate(zip(asked.tolist(), made.tolist(), strict=True), 1):
        facts: dict[str, Any] = {
            "decision": f"{agency.code}-{name}-{number:03d}",
            "decision_class": name,
            "due": moment(begun + due * DAY_MS),
            "unit": agency.units[number % len(agency.units)].id,
        }
        happened.append((begun, DecisionRequested(**facts)))
        happened += _course(facts, decided, due, rng)
    return happened


def _course(
    facts: dict[str, Any], decided: float, due: int, rng: Generator
) -> list[tuple[float, Data]]:
    """What becomes of a decision that was asked for."""
    fate = rng.random()
    if fate < 0.04:
        return [(decided, DecisionWithdrawn(**facts))]
    course: list[tuple[float, Data]] = [(decided, DecisionMade(**facts))]
    carried = decided + float(rng.exponential(due * 0.8) + 0.5) * DAY_MS
    if fate < 0.08:
        course.append((carried, DecisionReversed(**facts)))
    elif fate < 0.8:
        course.append((carried, DecisionImplemented(**facts)))
    return course

"""The register of digital work: from opportunity to service, with what is dropped on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np

from deploy.demo.days import DAY_MS
from deploy.demo.telling import Told, moment, randomness, tell
from models.events.project import (
    ComponentAdopted,
    ExperimentConcluded,
    ExperimentStarted,
    OpportunityDropped,
    OpportunityIdentified,
    ProjectCancelled,
    ProjectFinished,
    ProjectPaused,
    ProjectRebaselined,
    ProjectResumed,
    ProjectStarted,
    ServiceLaunched,
    ServiceScaled,
)

if TYPE_CHECKING:
    from numpy.random import Generator

    from deploy.demo.region import Agency
    from deploy.demo.story import Story
    from models.events import Data

Happened = list[tuple[float, "Data"]]

_SIZES: Final = {"S": (0.46, 120.0, 0.18), "M": (0.37, 225.0, 0.24), "L": (0.17, 400.0, 0.33)}
"""Share of opportunities, usual days from idea to service, share that is dropped."""
_ORIGINS: Final = ("staff", "citizen-feedback", "supplier", "other-agency", "law")
_THEMES: Final = ("permits", "payments", "self-service", "data-sharing", "mobile-work")
_BLOCKS: Final = ("sign-on", "payment", "forms", "e-signature", "case-file", "notification")
_ADOPTED: Final[tuple[Literal["own", "shared", "external"], ...]] = ("own", "shared", "external")


class _Work(NamedTuple):
    """One opportunity and what is to come of it; ``begun`` and ``length`` in ms."""

    key: str
    size: str
    unit: str
    pace: float
    begun: float
    length: float

    def name(self, kind: str) -> str:
        """Id of what comes of the opportunity: its project, its experiment, its service."""
        return self.key.replace("-opp-", f"-{kind}-")

    def at(self, part: float) -> float:
        """When this part of the way to the service is gone, ms."""
        return self.begun + self.length * part


def portfolio(agency: Agency, story: Story, seed: int) -> list[Told]:
    """Opportunities, experiments, projects, launched services and their building blocks."""
    rng = randomness(seed, agency, "portfolio")
    days = story.days
    chance = agency.opportunities_a_year / days.work.sum() * 3 * np.where(days.work, 1.0, 0.0)
    seen = np.repeat(np.arange(days.count), rng.poisson(chance))
    at = days.at(seen, 9 * 3600 + rng.random(len(seen)) * 8 * 3600)
    happened: Happened = []
    for number, begun in enumerate(at.tolist(), 1):
        size = str(rng.choice(list(_SIZES), p=[share for share, _, _ in _SIZES.values()]))
        length = float(rng.lognormal(np.log(_SIZES[size][1] * agency.pace), 0.5)) * DAY_MS
        unit = agency.units[int(rng.integers(len(agency.units)))].id
        key = f"{agency.code}-opp-{number:03d}"
        happened += _life(_Work(key, size, unit, agency.pace, begun, length), rng)
    return [tell(agency, "register", happened, rng, "portfolio")]


def _life(work: _Work, rng: Generator) -> Happened:
    """One opportunity from end to end; what lies beyond the demo's end is never sent."""
    identified = OpportunityIdentified(
        opportunity=work.key,
        origin=str(rng.choice(_ORIGINS)),
        theme=str(rng.choice(_THEMES)),
        size_class=work.size,
        unit=work.unit,
    )
    happened: Happened = [(work.begun, identified)]
    dropped = rng.random() < _SIZES[work.size][2]
    end = work.at(float(rng.uniform(0.1, 0.95)))
    if rng.random() < 0.6:
        happened += _experiment(work, rng)
    happened += _project(work, rng) + _launch(work, rng)
    if not dropped:
        return happened
    facts = {"size_class": work.size, "unit": work.unit}
    cut = [one for one in happened if one[0] < end]
    if any(isinstance(data, ProjectStarted) for _, data in cut):
        cut.append((end, ProjectCancelled(project=work.name("prj"), **facts)))
    cut.append((end, OpportunityDropped(opportunity=work.key, **facts)))
    return cut


def _experiment(work: _Work, rng: Generator) -> Happened:
    start = float(rng.uniform(0.04, 0.12))
    stop = start + float(rng.uniform(0.06, 0.18))
    drawn = rng.random()
    outcome: Literal["validated", "invalidated", "inconclusive"] = (
        "validated" if drawn < 0.52 else "invalidated" if drawn < 0.83 else "inconclusive"
    )
    facts = {"experiment": work.name("exp"), "opportunity": work.key, "unit": work.unit}
    return [
        (work.at(start), ExperimentStarted(**facts)),
        (work.at(stop), ExperimentConcluded(**facts, outcome=outcome)),
    ]


def _project(work: _Work, rng: Generator) -> Happened:
    """A project from its start to its last plan; most plans are too hopeful."""
    start = float(rng.uniform(0.25, 0.4))
    planned = start + (1 - start) * float(rng.uniform(0.7, 1.05))
    cost = round(float(rng.lognormal(np.log(work.length / DAY_MS * 900), 0.4)), -3)
    facts = {"project": work.name("prj"), "unit": work.unit}
    started = ProjectStarted(
        **facts,
        opportunity=work.key,
        size_class=work.size,
        planned_end=moment(work.at(planned)),
        planned_cost=cost,
        currency="EUR",
    )
    happened: Happened = [(work.at(start), started)]
    if rng.random() < 0.09:
        pause = start + (1 - start) * 0.3
        resume = start + (1 - start) * float(rng.uniform(0.4, 0.6))
        happened.append((work.at(pause), ProjectPaused(**facts, size_class=work.size)))
        happened.append((work.at(resume), ProjectResumed(**facts, size_class=work.size)))
    if planned < 1 - 0.1 * (1 - start):
        again = ProjectRebaselined(
            **facts,
            baseline_no=1,
            planned_end=moment(work.at(1) + 10 * DAY_MS),
            planned_cost=round(cost * float(rng.uniform(1.0, 1.4)), -3),
            currency="EUR",
        )
        happened.append((work.at(start + (planned - start) * 0.8), again))
    return happened


def _launch(work: _Work, rng: Generator) -> Happened:
    """A service goes live, uses building blocks and reaches more units step by step."""
    service, project, finish = work.name("digital"), work.name("prj"), work.at(1)
    reach: Literal["pilot", "partial", "full"] = (
        "full" if work.size == "S" else "partial" if rng.random() < 0.7 else "pilot"
    )
    facts = {"project": project, "size_class": work.size, "unit": work.unit}
    launched = ServiceLaunched(service=service, reach=reach, opportunity=work.key, **facts)
    happened: Happened = [
        (finish, launched),
        (finish + 3 * DAY_MS, ProjectFinished(**facts)),
    ]
    for block in rng.choice(_BLOCKS, int(rng.integers(1, 4)), replace=False):
        origin = _ADOPTED[int(rng.choice(3, p=[0.4, 0.42, 0.18]))]
        adopted = ComponentAdopted(component=str(block), service=service, origin=origin)
        happened.append((finish, adopted))
    reached = float(rng.uniform(0.15, 0.4))
    for step in range(int(rng.integers(0, 4))):
        reached = min(1.0, reached + float(rng.uniform(0.1, 0.3)))
        at = finish + (60 + 70 * step) * DAY_MS * work.pace
        happened.append((at, ServiceScaled(service=service, share_of_units=round(reached, 2))))
    return happened

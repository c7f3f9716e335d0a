"""Changes and deployments as CDEvents: what the delivery pipelines of an agency tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from deploy.demo.days import DAY_MS, HOUR_MS
from deploy.demo.telling import Told, moment, randomness, tell
from models.events.cdevents import (
    ChangeAbandoned,
    ChangeCreated,
    ChangeFacts,
    ChangeMerged,
    Content,
    DeploymentFacts,
    IncidentDetected,
    IncidentFacts,
    IncidentResolved,
    Reference,
    ServiceDeployed,
    ServiceRolledback,
    Subject,
)

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from deploy.demo.region import Agency
    from deploy.demo.story import Story
    from models.events import Data

Happened = list[tuple[float, "Data"]]

_PRODUCTION: Final = Reference(id="production")
_ABANDONED: Final = 0.06
_FAILED: Final = 0.07
FREEZE: Final = (351, 368)
"""First and last day of the year (from 0, past New Year) without deployments."""


def frozen(day_of_year: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether nothing is deployed on such a day, for the turn of the year."""
    return (day_of_year >= FREEZE[0]) | (day_of_year <= FREEZE[1] - 365)


def delivery(agency: Agency, story: Story, seed: int) -> list[Told]:
    """Changes with their first commit, deployments with their changes, and what broke."""
    rng = randomness(seed, agency, "delivery")
    days = story.days
    service = f"{agency.code}-portal"
    usual = np.where(days.work, 0.2, 0.0) * (1 + 0.1 * (days.years - 1.5))
    day = np.repeat(np.arange(days.count), rng.poisson(agency.changes_a_week * usual))
    proposed = days.at(day, 9 * 3600 + rng.random(len(day)) * 8.5 * 3600)
    committed = proposed - (rng.lognormal(np.log(20), 0.9, len(day)) * HOUR_MS).astype(np.int64)
    merged = proposed + (rng.lognormal(np.log(17 * agency.pace), 0.9, len(day)) * HOUR_MS).astype(
        np.int64
    )
    chance = np.where(frozen(days.day_of_year), 0.0, agency.deployments_a_week * usual)
    shipping = np.repeat(np.arange(days.count), rng.poisson(chance))
    deployed = np.sort(days.at(shipping, 10 * 3600 + rng.random(len(shipping)) * 6 * 3600))
    happened: Happened = []
    carried: dict[int, list[str]] = {}
    slots = np.searchsorted(deployed, merged).tolist()
    for number in range(len(day)):
        key = f"{agency.code}-change-{number + 1:04d}"
        facts = ChangeFacts(created_at=moment(committed[number]), service=service)
        subject = Subject(id=key, type="change")
        happened.append((proposed[number], ChangeCreated(subject=subject, custom=facts)))
        if rng.random() < _ABANDONED:
            happened.append((merged[number], ChangeAbandoned(subject=subject, custom=facts)))
            continue
        happened.append((merged[number], ChangeMerged(subject=subject, custom=facts)))
        carried.setdefault(slots[number], []).append(key)
    for number, at in enumerate(deployed.tolist()):
        happened += _deploy(agency, number, at, carried.get(number, []), rng)
    return [tell(agency, "delivery", happened, rng, "delivery")]


def _deploy(agency: Agency, number: int, at: float, changes: list[str], rng: Generator) -> Happened:
    key = f"{agency.code}-deploy-{number + 1:04d}"
    service = f"{agency.code}-portal"
    failed = rng.random() < _FAILED
    subject = Subject(id=key, type="service", content=Content(environment=_PRODUCTION))
    facts = DeploymentFacts(
        change_ids=changes, outcome="failure" if failed else "success", service=service
    )
    happened: Happened = [(at, ServiceDeployed(subject=subject, custom=facts))]
    if failed:
        noticed = at + float(rng.uniform(0.2, 2.0)) * HOUR_MS
        mended = noticed + min(float(rng.lognormal(np.log(4), 0.8)) * HOUR_MS, 3 * DAY_MS)
        incident = Subject(
            id=f"{agency.code}-incident-{number + 1:04d}",
            type="incident",
            content=Content(environment=_PRODUCTION),
        )
        about = IncidentFacts(service=service, deployment=key)
        happened.append((noticed, IncidentDetected(subject=incident, custom=about)))
        happened.append((mended, IncidentResolved(subject=incident, custom=about)))
        if rng.random() < 0.5:
            back = DeploymentFacts(service=service)
            happened.append((mended, ServiceRolledback(subject=subject, custom=back)))
    return happened

"""Scales: ratings of projects that are given in another way cannot be compared across the change.

An event names the scale and edition of its rating. Two things are a break:

- **Another scale**: some ratings came on one that was not in use, and none on the one before.
- **Other steps**: a scale keeps its name, and ratings that were in use vanish, or new ones come.
  A rating is rare by itself, so chance is asked: had nothing changed, all places of the ``k``
  ratings that are in question among all ``n`` would be equally likely, and that they all lie
  in the first (or last) ``m`` has the chance C(m, k) / C(n, k).

Counted is where a project's rating changed or was first given: a red project that is rated red
every month says so once. Ratings of one day are a round, in which order means nothing: it is looked
at when it is over. On steps that do not change, of any shares, 0.7 breaks are told in a
thousand such ratings (simulated; a test holds it).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from math import comb
from typing import Final, NamedTuple

import msgspec
import numpy as np

from models.events.context import SourceHeartbeat
from models.events.project import ProjectRated
from models.mark import Mark
from streams.arrivals import HEARTBEAT, RATED, Arrivals
from streams.marks import scale_mark

ENOUGH: Final = 3
"""Ratings on another scale, none on the one before between them, after which it holds."""

FEWEST: Final = 20
"""Ratings before and after a change of steps, together, below which nothing is said of them."""

DAY_MS: Final = 86_400_000

CHANCE: Final = 1e-4
"""How likely by chance steps may look to have changed, and no break is told."""


class Rated(NamedTuple):
    """One rating, as an event told it; ``at`` in ms."""

    project: str
    scale: str
    rating: str
    at: int


def ratings(arrivals: Arrivals) -> Iterator[Rated | int]:
    """The ratings among some events, in order of the log; a time (ms) up to which all is told."""
    for row in np.flatnonzero(np.isin(arrivals.types, (RATED, HEARTBEAT))).tolist():
        match arrivals.events[row].data:
            case ProjectRated() as said:
                yield Rated(said.project, said.scale, said.rating, int(arrivals.times[row]))
            case SourceHeartbeat(complete_to=datetime() as moment):
                yield round(moment.timestamp() * 1000)


class Step(msgspec.Struct, array_like=True):
    """One rating of a scale: how often, and how many ratings came before its first round."""

    count: int
    first: int
    last: int
    """How many ratings there were at the end of its last round."""


class Scale(msgspec.Struct, array_like=True):
    """One scale since it was taken up, or since its steps changed."""

    steps: dict[str, Step] = {}
    number: int = 0
    """Ratings counted."""
    held: dict[str, str] = {}
    """What each project has."""
    day: int = 0
    """The day of the present round."""
    rounds: list[tuple[int, int]] = []
    """How many ratings came before a round, and when it began, ms: those at which steps changed."""
    fresh: set[str] = set()
    """Ratings of the present round."""

    def add(self, rated: Rated) -> None:
        """Count a rating, if it is news of its project."""
        if rated.at // DAY_MS != self.day or not self.rounds:
            self.day, self.fresh = rated.at // DAY_MS, set()
            edges = {edge for step in self.steps.values() for edge in (step.first, step.last)}
            kept = [one for one in self.rounds if one[0] in edges]
            self.rounds = [*kept, (self.number, rated.at)]
        if self.held.get(rated.project) == rated.rating:
            return
        self.held[rated.project] = rated.rating
        step = self.steps.setdefault(rated.rating, Step(0, self.rounds[-1][0], 0))
        step.count += 1
        self.number += 1
        self.fresh.add(rated.rating)
        for name in self.fresh:
            self.steps[name].last = self.number

    def began(self, cut: int) -> int:
        """When the first round behind so many ratings began, ms."""
        return next(at for before, at in self.rounds if before >= cut)


class Scales(msgspec.Struct):
    """The scales of one agency."""

    agency: str = ""
    scales: dict[str, Scale] = {}
    current: str = ""
    other: str = ""
    """A scale that may have taken over, and how often and since when it was used."""
    many: int = 0
    since: int = 0

    def see(self, rated: Rated) -> Iterator[Mark]:
        """Take in one rating, in order of the log; the marks of what it makes sure."""
        yield from self._another(rated)
        scale = self.scales.setdefault(rated.scale, Scale())
        if rated.at // DAY_MS > scale.day:
            yield from self._steps(rated.scale, scale)
        self.scales[rated.scale].add(rated)

    def passed(self, until: int) -> Iterator[Mark]:
        """All up to this moment (ms) is told: rounds before its day are over."""
        for name, scale in sorted(self.scales.items()):
            if until // DAY_MS > scale.day:
                yield from self._steps(name, scale)

    def _another(self, rated: Rated) -> Iterator[Mark]:
        if not self.current or rated.scale == self.current:
            self.current, self.other, self.many = rated.scale, "", 0
            return
        if rated.scale != self.other:
            self.other, self.many, self.since = rated.scale, 0, rated.at
        self.many += 1
        # Two scales that are both in use take turns; only one that is new can take over.
        if self.many < ENOUGH or (self.other in self.scales and self._known(self.other)):
            return
        evidence = {"before": self.current, "now": self.other}
        yield scale_mark(self.agency, self.since, evidence)
        self.current, self.other, self.many = self.other, "", 0

    def _known(self, name: str) -> bool:
        """Whether a scale was in use before its present turn."""
        scale = self.scales[name]
        return bool(scale.rounds) and scale.rounds[0][1] < self.since

    def _steps(self, name: str, scale: Scale) -> Iterator[Mark]:
        """Whether the steps in use have changed; the scale begins anew where they did."""
        if scale.number < FEWEST:
            return
        chance, cut, side, names = min(_gone(scale), _come(scale))
        if chance > CHANCE:
            return
        evidence = {"scale": name, side: names, "chance": float(f"{chance:.2g}")}
        yield scale_mark(self.agency, scale.began(cut), evidence)
        self.scales[name] = Scale(held=scale.held)


Found = tuple[float, int, str, list[str]]
"""Chance, since which place, what became of some ratings, and which they are."""


def _gone(scale: Scale) -> Found:
    """Ratings that are no longer given, and how likely that is chance."""
    found: Found = (1.0, 0, "", [])
    for last in {step.last for step in scale.steps.values()}:
        names = [one for one, step in scale.steps.items() if step.last <= last]
        count = sum(scale.steps[one].count for one in names)
        if last < scale.number and len(names) < len(scale.steps):
            chance = comb(last, count) / comb(scale.number, count)
            found = min(found, (chance, last, "gone", sorted(names)))
    return found


def _come(scale: Scale) -> Found:
    """Ratings that were never given before, and how likely that is chance."""
    found: Found = (1.0, 0, "", [])
    for first in {step.first for step in scale.steps.values()}:
        names = [one for one, step in scale.steps.items() if step.first >= first]
        count = sum(scale.steps[one].count for one in names)
        if first and len(names) < len(scale.steps):
            chance = comb(scale.number - first, count) / comb(scale.number, count)
            found = min(found, (chance, first, "new", sorted(names)))
    return found

"""What surrounds the numbers: sizes, marked days, the declared flood, and signs of life."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from deploy.demo.days import DAY_MS, HOUR_MS
from deploy.demo.delivery import frozen
from deploy.demo.region import sources
from deploy.demo.telling import Told, encode, moment, moments, randomness, tell
from models.events.context import (
    CalendarMarked,
    HeadcountSet,
    ShockClosed,
    ShockDeclared,
    SourceHeartbeat,
)
from models.events.remote import PolicyChanged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.demo.days import Days
    from deploy.demo.region import Agency
    from deploy.demo.story import Story
    from models.events import Data

_SHOCK: Final = "ostrevael-flood"
_SELF_MADE: Final = frozenset({"monthly", "equipment"})
"""Feeds whose sheets say themselves how far they are complete."""
_COUNTS: Final = frozenset({"counts", "workplace"})
"""Feeds that may be a day late."""


def context(agency: Agency, story: Story, seed: int) -> list[Told]:
    """Headcount, calendar, shock and heartbeats of an agency."""
    rng = randomness(seed, agency, "context")
    happened: list[tuple[float, Data]] = [*_sizes(agency, story.days), *_freezes(story.days)]
    span = story.crisis(agency)
    if span is not None:
        starts = story.days.starts
        first, stop = int(starts[span.first]), int(starts[span.stop])
        happened += [
            (first + 7 * HOUR_MS, ShockDeclared(shock=_SHOCK, kind="flood", required_level=0.8)),
            (first + 9 * HOUR_MS, PolicyChanged(level=2, scope="offices on the coast")),
            (stop + 10 * HOUR_MS, PolicyChanged(level=1)),
            (stop + 11 * HOUR_MS, ShockClosed(shock=_SHOCK)),
        ]
    return [tell(agency, "office", happened, rng, "context"), *_heartbeats(agency, story.days)]


def _sizes(agency: Agency, days: Days) -> Iterator[tuple[float, Data]]:
    """Sizes of the units at the start, and anew each year."""
    for year in range(3):
        at = int(days.starts[year * 365]) + 8 * HOUR_MS
        for unit in agency.units:
            fte = round(unit.fte * (1 + 0.012 * (year - 2)), 1)
            yield at, HeadcountSet(unit=unit.id, fte=fte)


def _freezes(days: Days) -> Iterator[tuple[float, Data]]:
    """The turn of each year, announced two weeks ahead."""
    inside = frozen(days.day_of_year).astype(np.int8)
    edges = np.diff(inside)
    for first in (np.flatnonzero(edges == 1) + 1).tolist():
        ends = np.flatnonzero(edges[first:] == -1)
        if first < 14 or not len(ends):
            continue
        last = first + int(ends[0]) + 1
        mark = CalendarMarked(
            kind="release_freeze",
            start=moment(int(days.starts[first])),
            end=moment(int(days.starts[last])),
        )
        yield int(days.starts[first]) - 14 * DAY_MS + 10 * HOUR_MS, mark


def _heartbeats(agency: Agency, days: Days) -> Iterator[Told]:
    """On Mondays each feed says that it lives and how far it is complete."""
    mondays = days.mondays()[1:]
    ready = days.starts[mondays] + 5 * HOUR_MS + 30 * 60_000
    for whole in sources(agency):
        name = whole.rpartition("/")[2]
        if name in _SELF_MADE:
            continue
        complete = days.starts[mondays - 1] if name in _COUNTS else days.starts[mondays]
        data = [SourceHeartbeat(complete_to=end) for end in moments(complete)]
        ids = [f"{agency.code}-{name}-alive-{days.first + day}" for day in mondays.tolist()]
        yield Told(agency.id, whole, ready, encode(agency, name, ids, moments(ready), data))

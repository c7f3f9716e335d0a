"""What sources say, whatever it is about: of which types, on which days, in which rhythm.

Both are read from the events themselves and not from buckets, and are the same however the log
was cut: a day is over where the source's own watermark enters another, and a rhythm changes at
the event that makes it sure (module ``streams.rhythm``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.arrivals import TYPES, Arrivals
from streams.facts import Prepared
from streams.pulse import DAY_MS
from streams.rhythm import Period, Periods, Switch

I64 = NDArray[np.int64]

HOUR_MS = 3_600_000

Rhythms = dict[tuple[str, str], Periods]
"""The rhythm of each source's counts of each type."""


class Spoke(NamedTuple):
    """What a source said on one of its days, or on a part of it."""

    source: str
    day: int
    """By its watermark, in days of UTC since 1970."""
    said: dict[str, int]
    """Events by type."""
    hours: set[int]
    """Hours since 1970 in which they were received."""
    received: int
    """When the first of them was, ms."""


class Switched(NamedTuple):
    """A source reports a type in another rhythm."""

    source: str
    kind: str
    switch: Switch
    received: int


def spoken(
    sources: Sequence[str], arrivals: Arrivals, running: Mapping[str, I64], part: slice
) -> Iterator[Spoke]:
    """What each source said in a stretch, day by day; ``running`` are their watermarks in it."""
    size = part.stop - part.start
    codes, types = arrivals.sources[part], arrivals.types[part]
    for code, name in enumerate(sources):
        if name not in running:
            continue
        mine = np.flatnonzero(codes == code)
        mine = mine[mine < size]
        if not len(mine):
            continue
        days = running[name][mine] // DAY_MS
        edges = np.flatnonzero(np.diff(days, prepend=days[:1] - 1)).tolist()
        for low, high in zip(edges, [*edges[1:], len(mine)], strict=True):
            rows = mine[low:high]
            kinds, many = np.unique(types[rows], return_counts=True)
            said = {TYPES[k]: n for k, n in zip(kinds.tolist(), many.tolist(), strict=True)}
            received = arrivals.received[part][rows]
            hours = set(np.unique(received // HOUR_MS).tolist())
            yield Spoke(name, int(days[low]), said, hours, int(received[0]))


def switches(
    sources: Sequence[str], arrivals: Arrivals, prepared: Sequence[Prepared], rhythms: Rhythms
) -> dict[int, list[Switched]]:
    """The events of a batch at which a rhythm changes; takes all of its periods in."""
    found: dict[int, list[Switched]] = {}
    for row, source, kind, period in sorted(_periods(sources, arrivals, prepared)):
        state = rhythms.get((source, kind))
        if state is None:
            rhythms[source, kind] = Periods(period.rhythm, period.end)
            continue
        switch = state.see(period)
        if switch is not None:
            one = Switched(source, kind, switch, int(arrivals.received[row]))
            found.setdefault(row, []).append(one)
    return found


def _periods(
    sources: Sequence[str], arrivals: Arrivals, prepared: Sequence[Prepared]
) -> Iterator[tuple[int, str, str, Period]]:
    """Every period of every source and type, once, with the first event that tells it."""
    for one in prepared:
        said = one.facts.columns
        if "rhythm" not in said or not len(one.rows):
            continue
        kind = TYPES[int(arrivals.types[one.rows[0]])]
        columns = (arrivals.sources[one.rows], said["rhythm"], said["start"], said["end"])
        periods, first = np.unique(np.stack(columns, axis=1), axis=0, return_index=True)
        for (source, rhythm, start, end), at in zip(periods.tolist(), first.tolist(), strict=True):
            yield int(one.rows[at]), sources[source], kind, Period(rhythm, start, end)

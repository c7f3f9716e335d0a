"""Services that are told in counts: daily, or monthly with waits in bands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from deploy.demo.days import DAY_MS, HOUR_MS
from deploy.demo.telling import Told, encode, moment, moments, randomness
from models.events.context import SourceHeartbeat
from models.events.service import Band, TransactionsCounted, WaitingCounted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.random import Generator
    from numpy.typing import NDArray

    from deploy.demo.days import Days
    from deploy.demo.region import Agency, Counting
    from deploy.demo.story import Story
    from models.events import Data

_BANDS: Final = (0, 1, 7, 14, 28, 56)
"""Where the bands of waits begin, days; the last one has no end."""
_A_DAY_LATE: Final = 0.02


class _Counts(NamedTuple):
    """One row a period; ``within`` is None where the sender does not count it."""

    started: NDArray[np.int64]
    completed: NDArray[np.int64]
    failed: NDArray[np.int64]
    within: NDArray[np.int64] | None

    def data(self, one: Counting, channel: str, edges: NDArray[np.int64]) -> list[Data]:
        """The rows as events' data; ``edges`` (ms) has one entry more than there are rows."""
        times = moments(edges)
        within = [None] * len(self.started) if self.within is None else self.within.tolist()
        rows = zip(
            self.started.tolist(),
            self.completed.tolist(),
            self.failed.tolist(),
            within,
            strict=True,
        )
        return [
            TransactionsCounted(
                service=one.service,
                unit=one.unit,
                channel=channel,
                start=times[i],
                end=times[i + 1],
                started=started,
                completed=completed,
                failed=failed,
                within_standard=inside,
            )
            for i, (started, completed, failed, inside) in enumerate(rows)
        ]


def counts(agency: Agency, story: Story, seed: int) -> list[Told]:
    """Daily and monthly counts of an agency, nothing of what it does not count."""
    rng = randomness(seed, agency, "counts")
    told: list[Told] = []
    for one in agency.counting:
        make = _daily if one.rhythm == "day" else _monthly
        told += make(one, agency, story, rng)
    if any(one.rhythm == "month" for one in agency.counting):
        told.append(_complete(agency, story.days))
    return told


def _daily(one: Counting, agency: Agency, story: Story, rng: Generator) -> Iterator[Told]:
    days = story.days
    strain = story.strain(agency)
    for channel, mean in _means(one, agency, story, rng):
        drawn = _count(one, mean, strain, rng)
        data = drawn.data(one, channel, days.starts)
        label = f"{agency.code}-{_short(one.service)}-{channel}"
        ids = [f"{label}-{days.first + day}" for day in range(days.count)]
        lines = encode(agency, "counts", ids, moments(days.starts[:-1]), data)
        late = np.where(rng.random(days.count) < _A_DAY_LATE, DAY_MS, 0)
        ready = days.starts[1:] + late + 3 * HOUR_MS
        yield Told(agency.id, f"{agency.id}/counts", ready, lines)


def _monthly(one: Counting, agency: Agency, story: Story, rng: Generator) -> Iterator[Told]:
    days = story.days
    months = days.whole_months()
    firsts = [first for first, _ in months]
    edges = days.starts[[*firsts, months[-1][1]]]
    total = np.zeros(len(months))
    source = f"{agency.id}/monthly"
    for channel, mean in _means(one, agency, story, rng):
        monthly = np.add.reduceat(mean[: months[-1][1]], firsts)
        total += monthly
        drawn = _count(one, monthly, np.zeros(len(months)), rng)
        ids = [f"{agency.code}-{_short(one.service)}-{channel}-{first}" for first in firsts]
        data = drawn.data(one, channel, edges)
        lines = encode(agency, "monthly", ids, moments(edges[:-1]), data)
        yield Told(agency.id, source, _reporting(edges), lines)
    if one.waits is not None:
        waits = [
            _waits(one, (edges[i], edges[i + 1]), total[i], days.month[first] % 12, rng)
            for i, first in enumerate(firsts)
        ]
        ids = [f"{agency.code}-{_short(one.service)}-waits-{first}" for first in firsts]
        lines = encode(agency, "monthly", ids, moments(edges[:-1]), waits)
        yield Told(agency.id, source, _reporting(edges), lines)


def _means(
    one: Counting, agency: Agency, story: Story, rng: Generator
) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Expected transactions a day by channel."""
    mean = one.per_day * story.demand(agency, rng)
    web = story.digital(agency, rng) if one.web else np.zeros(len(mean))
    if one.web:
        yield "web", mean * web
    for channel, share in one.channels.items():
        yield channel, mean * (1 - web) * share


def _count(
    one: Counting, mean: NDArray[np.float64], strain: NDArray[np.float64], rng: Generator
) -> _Counts:
    started = rng.poisson(mean)
    completed = rng.binomial(started, 0.9 * (1 - 0.15 * strain))
    failed = rng.binomial(started - completed, 0.55)
    if one.within is None:
        return _Counts(started, completed, failed, None)
    share = np.clip(one.within + rng.normal(0, 0.02, len(mean)), 0.05, 0.98) * (1 - 0.8 * strain)
    return _Counts(started, completed, failed, rng.binomial(completed, share))


def _waits(
    one: Counting, period: tuple[int, int], size: float, month: int, rng: Generator
) -> WaitingCounted:
    """Waits of one month in bands, longer in winter."""
    winter = 1 + 0.16 * np.cos(2 * np.pi * month / 12)
    drawn = rng.lognormal(np.log((one.waits or 1) * winter), 0.95, rng.poisson(0.9 * size))
    found, _ = np.histogram(drawn, [*_BANDS, np.inf])
    ends = [*(day * 86_400 for day in _BANDS[1:]), None]
    bands = [
        Band(at_least_s=low * 86_400, below_s=end, count=int(count))
        for low, end, count in zip(_BANDS, ends, found, strict=True)
    ]
    return WaitingCounted(
        service=one.service,
        unit=one.unit,
        start=moment(period[0]),
        end=moment(period[1]),
        bands=bands,
    )


def _reporting(edges: NDArray[np.int64]) -> NDArray[np.int64]:
    """The sheet is ready on the fifth of the next month, in the morning."""
    return edges[1:] + 4 * DAY_MS + 9 * HOUR_MS


def _complete(agency: Agency, days: Days) -> Told:
    """With each sheet the word that the month is complete."""
    ends = days.starts[[stop for _, stop in days.whole_months()]]
    ready = ends + 4 * DAY_MS + 9 * HOUR_MS + 60_000
    data = [SourceHeartbeat(complete_to=end) for end in moments(ends)]
    ids = [f"{agency.code}-monthly-complete-{int(end)}" for end in ends]
    lines = encode(agency, "monthly", ids, moments(ready), data)
    return Told(agency.id, f"{agency.id}/monthly", ready, lines)


def _short(service: str) -> str:
    return service.lower().replace(" ", "-")

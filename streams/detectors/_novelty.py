"""What a series never did before: spikes, short excursions, steps, and breaks of its season."""

from __future__ import annotations

from math import inf, isnan, nan
from statistics import median
from typing import ClassVar, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from streams.detectors._finding import Finding

F64 = NDArray[np.float64]

HISTORY: Final = 4000
"""Buckets that a series is compared with: half a year of hours."""

WARM: Final = 200
"""Buckets below which nothing is said; of a season, at least once its length."""

SPANS: Final = 10
"""Times its span that a view must have been seen: neighbouring means are nearly the same."""

LEVELS: Final = (1, 3, 12, 24, 48)
"""Buckets whose mean is looked at: a spike, and excursions of hours to two days."""

STEPS: Final = (1, 3, 24, 96)
"""Buckets whose mean is compared with the mean of as many before."""

SEASONAL: Final = (1, 3, 12)
"""Buckets whose mean distance from the season is looked at."""

SAME: Final = 8
FEWEST: Final = 3
"""Values of the same place in the season that its middle is taken of, and the fewest."""

EXPLAINS: Final = 0.75
"""A season counts where it leaves less than this share of the distance from the middle."""

EXTREME: Final = 2
"""The limit is the second most extreme of the history: one odd bucket hides no other."""

NARROWEST: Final = 4.0
"""Standard deviations (by the quartiles) that a limit is at least away from the middle."""

SMALLEST: Final = 0.01
"""A limit is at least this share of the middle away from it: nothing real is steadier."""

TOGETHER: Final = 10
"""Exponent by which several views add up to little more than the strongest of them."""

MOST: Final = 50.0
"""More limits away than this is all the same."""

WORSE: Final = 2.0
"""Within an event, only what is so many times stronger than what was told is news."""

_QUARTILES: Final = 1.349
_KEPT: Final = HISTORY + 2 * max(STEPS)


class View(NamedTuple):
    """One way of looking at a series: what it shows now, and what it showed before."""

    span: int
    season: int
    """Buckets of the season whose residuals they are, 0 where they are values."""
    column: F64
    """What is looked at, oldest first, the present bucket last."""


class Limit(NamedTuple):
    """How far a view went from its middle in the past."""

    middle: float = 0.0
    down: float = inf
    up: float = inf


class Season(msgspec.Struct):
    """One season of a series: the last values of each place, and how much it explains."""

    length: int
    values: dict[int, list[float]] = msgspec.field(default_factory=dict)
    residuals: bytearray = msgspec.field(default_factory=bytearray)
    """Single precision, not a number while a place was too new; as long as the history."""
    from_season: float = 0.0
    from_middle: float = 0.0
    """Distances added up: from the season, and from the middle of everything."""
    seen: int = 0

    def learn(self, place: int, value: float, middle: float | None) -> None:
        """Take a value, and keep how far it lies from what its place held before."""
        same = self.values.setdefault(place, [])
        residual = value - median(same) if len(same) >= FEWEST else nan
        _append(self.residuals, residual)
        if not isnan(residual) and middle is not None:
            self.seen += 1
            self.from_season += abs(residual)
            self.from_middle += abs(value - middle)
        same.append(value)
        del same[:-SAME]

    @property
    def unexplained(self) -> float:
        """Share of the distance from the middle that the season leaves; 1 while unknown."""
        if self.seen <= WARM / 2 or not self.from_middle:
            return 1.0
        return self.from_season / self.from_middle


class Stretch(msgspec.Struct):
    """Where one event ends and the next begins."""

    quiet: int = 1 << 30
    """Buckets since the last one beyond the threshold."""
    told: float = 0.0
    """Strength of what was told last."""

    def news(self, strength: float, pause: int) -> bool:
        """Whether a bucket of this strength (1: just enough) begins an event or is far worse."""
        self.quiet += 1
        if strength < 1.0:
            return False
        same = self.quiet < pause and strength < WORSE * self.told
        self.quiet = 0
        if not same:
            self.told = strength
        return not same


class Novelty(msgspec.Struct):
    """News where a series goes well beyond all that it did in its past.

    Each view (a level, a step, the distance from the season, each over several spans) is compared
    with its own history: how far it lies from its median, counted in the second most extreme
    distance so far, which is at least four standard deviations. So autocorrelation, heavy tails
    and peaks that come again and again need no model; what happens now and then is no news. The
    views are put together by a power mean. A stretch of news is one event, until a quarter of
    the shortest season was quiet.

    Order statistics stand in the place of the fitted tail of Siffer and others (2017), *Anomaly
    detection in streams with extreme value theory*. It remembers 4,000 buckets (some 16 KB, and
    as much again for each season) and is silent for the first 200, its longer views for ten of
    their spans; so it is meant for hours and finer. A strong spike may be told again when the
    means that held it move back. Buckets are counted as they come: a gap in time is not seen.
    """

    false_alarm_rate: ClassVar[float] = 2e-4
    threshold: ClassVar[float] = 1.3

    seasons: list[Season]
    history: bytearray = msgspec.field(default_factory=bytearray)
    times: list[int] = msgspec.field(default_factory=list)
    """Of the buckets that an onset may lie in, the newest last."""
    limits: list[Limit] = msgspec.field(default_factory=list)
    refresh_in: int = 0
    """Buckets until the limits are taken anew."""
    stretch: Stretch = msgspec.field(default_factory=Stretch)

    @classmethod
    def of(cls, *lengths: int) -> Novelty:
        """A new series with seasons of so many buckets, the shortest first."""
        return cls([Season(length) for length in lengths])

    @property
    def pause(self) -> int:
        """Quiet buckets that end an event: a quarter of the shortest season."""
        return max(1, min((season.length for season in self.seasons), default=0) // 4)

    def look(self, time: int, value: float, places: tuple[int, ...] = ()) -> Finding | None:
        """Judge one bucket by those before it; ``places`` says where it stands in each season."""
        self._learn(time, value, places)
        scores = self._scores()
        total = _together(scores) / self.threshold
        if not self.stretch.news(total, self.pause):
            return None
        strongest = max(range(len(scores)), key=lambda place: abs(scores[place]))
        onset = self.times[max(-self._spans()[strongest], -len(self.times))]
        return Finding(total, "up" if scores[strongest] > 0 else "down", onset)

    def _learn(self, time: int, value: float, places: tuple[int, ...]) -> None:
        middle = self.limits[0].middle if self.limits and self.limits[0].up < inf else None
        _append(self.history, value)
        for season, place in zip(self.seasons, places, strict=True):
            season.learn(place, value, middle)
        self.times.append(time)
        del self.times[: -2 * max(STEPS)]

    def _spans(self) -> tuple[int, ...]:
        return LEVELS + STEPS + SEASONAL * len(self.seasons)

    def _scores(self) -> list[float]:
        """How far out each view is; 0 for a season that explains too little."""
        if self.refresh_in <= 0:
            self.limits = [_limit(view) for view in self._views(_KEPT)]
            self.refresh_in = max(1, len(self.history) // 400)
        self.refresh_in -= 1
        views = self._views(2 * max(STEPS))
        scores = [_score(view, limit) for view, limit in zip(views, self.limits, strict=True)]
        best = min((season.unexplained for season in self.seasons), default=1.0)
        for place, season in enumerate(self.seasons):
            if season.unexplained > best or best >= EXPLAINS:
                first = len(LEVELS) + len(STEPS) + place * len(SEASONAL)
                scores[first : first + len(SEASONAL)] = [0.0] * len(SEASONAL)
        return scores

    def _views(self, newest: int) -> list[View]:
        """Every view of the newest buckets."""
        values = _column(self.history, newest)
        views = [View(span, 0, _level(values, span)) for span in LEVELS]
        views += [View(span, 0, _step(values, span)) for span in STEPS]
        for season in self.seasons:
            residuals = _column(season.residuals, newest)
            views += [View(span, season.length, _level(residuals, span)) for span in SEASONAL]
        return views


def _append(column: bytearray, value: float) -> None:
    column += np.float32(value).tobytes()
    del column[: -4 * _KEPT]


def _column(packed: bytearray, newest: int) -> F64:
    return np.frombuffer(bytes(packed[-4 * newest :]), np.float32).astype(np.float64)


def _together(scores: list[float]) -> float:
    return float(sum(min(abs(one), MOST) ** TOGETHER for one in scores) ** (1 / TOGETHER))


def _level(values: F64, span: int) -> F64:
    """Mean of each ``span`` neighbours, by the last of them."""
    if span == 1 or len(values) < span:
        return values if span == 1 else values[:0]
    known = ~np.isnan(values)
    total = np.concatenate(([0.0], np.cumsum(np.where(known, values, 0.0))))
    count = np.concatenate(([0], np.cumsum(known)))
    means = (total[span:] - total[:-span]) / span
    means[count[span:] - count[:-span] < span] = nan
    return means


def _step(values: F64, span: int) -> F64:
    """Mean of ``span`` neighbours less that of as many before."""
    means = _level(values, span)
    return means[span:] - means[:-span]


def _limit(view: View) -> Limit:
    past = view.column[: -view.span][-HISTORY:]
    past = past[~np.isnan(past)]
    many = len(past)
    if many < max(WARM, view.season, SPANS * view.span):
        return Limit()
    ranks = (EXTREME - 1, many // 4, many // 2, 3 * many // 4, many - EXTREME)
    low, lower, middle, upper, high = np.partition(past, ranks)[list(ranks)].tolist()
    least = max(NARROWEST * (upper - lower) / _QUARTILES, SMALLEST * abs(middle), 1e-9)
    return Limit(middle, max(middle - low, least), max(high - middle, least))


def _score(view: View, limit: Limit) -> float:
    """How far out the newest bucket lies, in limits, signed."""
    if not len(view.column) or isnan(view.column[-1]):
        return 0.0
    away = float(view.column[-1]) - limit.middle
    return away / (limit.up if away > 0 else limit.down)

"""What happens in the region: seasons, a declared flood, a failure nobody tells, a silence.

All days are numbers of :class:`deploy.demo.days.Days`; every curve has one entry a day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from deploy.demo.region import LAND_PERMITS, QUERNMOUTH, SEA_DEFENCE

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from deploy.demo.days import Days
    from deploy.demo.region import Agency

FLOOD_DAYS: Final = 35
FAILURE_DAYS: Final = 21
SILENT_DAYS: Final = 21
_FLOOD_BEFORE_END: Final = 540
_FAILURE_BEFORE_END: Final = 150
_WEEKDAYS: Final = np.array([1.16, 1.1, 1.05, 1.03, 0.94, 0.36, 0.3])
_HOLIDAY: Final = 0.28


class Span(NamedTuple):
    """Days ``first`` <= day < ``stop``."""

    first: int
    stop: int


class Story:
    """When the turns of the story come; the same for every seed.

    ``flood`` strikes the sea defence and is declared, ``failure`` is of the city's case
    system and is told by nobody, from ``silence`` on the permits' cases are not sent.
    """

    def __init__(self, days: Days) -> None:
        mondays = days.mondays()
        flood = int(mondays[np.searchsorted(mondays, days.count - _FLOOD_BEFORE_END)])
        failure = int(mondays[np.searchsorted(mondays, days.count - _FAILURE_BEFORE_END)])
        self.days = days
        self.flood = Span(flood, flood + FLOOD_DAYS)
        self.failure = Span(failure, failure + FAILURE_DAYS)
        self.silence = days.count - SILENT_DAYS
        self.silent_source = f"{LAND_PERMITS.id}/cases"

    def demand(self, agency: Agency, rng: Generator) -> NDArray[np.float64]:
        """How much is asked each day, 1 in the mean: week, season, holidays, growth, weather."""
        days = self.days
        level = _WEEKDAYS[days.weekday] * np.where(days.holiday, _HOLIDAY, 1.0)
        level = level * days.season(agency.summer) * (1 + agency.growth * (days.years - 1.5))
        after = np.concatenate(([False], days.holiday[:-1])) & days.work
        level = level * np.where(after, 1.09, 1.0)
        if agency is SEA_DEFENCE:
            level = level * (1 + 1.9 * self._since(self.flood, calm=16.0))
        return level * np.exp(_weather(days.count, 0.05, rng)) * rng.gamma(60, 1 / 60, days.count)

    def strain(self, agency: Agency) -> NDArray[np.float64]:
        """Share of the work that gets stuck each day: 0 on a usual day."""
        strain = np.zeros(self.days.count)
        if agency is SEA_DEFENCE:
            span = self.flood
            strain[span.first : span.stop] = np.linspace(0.68, 0.38, FLOOD_DAYS)
            calming = strain[span.stop : span.stop + 14]
            calming[:] = np.linspace(0.18, 0.0, len(calming))
        if agency is QUERNMOUTH:
            strain[self.failure.first : self.failure.stop] = 0.66
        return strain

    def relief(self, agency: Agency) -> NDArray[np.int64]:
        """Day from which work that got stuck on a day can go on."""
        relief = np.arange(self.days.count, dtype=np.int64)
        if agency is SEA_DEFENCE:
            relief += 9
        if agency is QUERNMOUTH:
            relief[self.failure.first : self.failure.stop] = self.failure.stop
        return relief

    def digital(self, agency: Agency, rng: Generator) -> NDArray[np.float64]:
        """Share of requests that come by digital channels, growing, and pushed by the flood."""
        then, now = agency.digital
        grown = 1 / (1 + np.exp(-2.2 * (self.days.years - 1.5)))
        share = then + (now - then) * grown + _weather(self.days.count, 0.012, rng)
        if agency is SEA_DEFENCE:
            share[self.flood.first :] += 0.05
        return np.clip(share, 0.05, 0.95)

    def presence(self, agency: Agency) -> NDArray[np.float64]:
        """Change of presence at the places of work, in percent, before units and noise."""
        days = self.days
        level = np.array([-14.0, -9.0, -10.0, -11.0, -27.0, -88.0, -92.0])[days.weekday]
        level = level - 4.0 * (days.years - 1.5)
        summer = np.maximum(0, np.cos(2 * np.pi * (days.day_of_year - 208) / 365.25) - 0.7) / 0.3
        level = level - 17.0 * summer
        if agency is SEA_DEFENCE:
            level = level - 46.0 * self._plateau(self.flood)
        return np.where(days.holiday, -84.0, level)

    def crisis(self, agency: Agency) -> Span | None:
        """The days in which an agency works in crisis, if ever."""
        return self.flood if agency is SEA_DEFENCE else None

    def _since(self, span: Span, calm: float) -> NDArray[np.float64]:
        """1 on the first day of a span, falling by a factor e every ``calm`` days; 0 before."""
        age = np.arange(self.days.count) - span.first
        return np.where(age >= 0, np.exp(-np.maximum(age, 0) / calm), 0.0)

    def _plateau(self, span: Span) -> NDArray[np.float64]:
        """1 in a span, falling to 0 over the two weeks after it."""
        day = np.arange(self.days.count)
        fading = np.clip(1 - (day - span.stop) / 14, 0, 1)
        return np.where(day < span.first, 0.0, np.where(day < span.stop, 1.0, fading))


def _weather(count: int, size: float, rng: Generator) -> NDArray[np.float64]:
    """Slow noise with standard deviation ``size``: what lasts for a week or so."""
    raw = rng.normal(0, 1, count + 30)
    kernel = np.exp(-np.arange(30) / 6.0)
    smooth = np.convolve(raw, kernel / np.sqrt((kernel**2).sum()), mode="valid")[:count]
    return size * smooth

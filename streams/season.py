"""What a month or quarter weighs: its working days, and its place in the year.

An office that is closed on weekends serves as many people a month as it has days for. Admissions,
taxes and benefits have their months, which come every year; the middle of the last eight months
knows nothing of that. Both are taken only where they explain the past better: months and quarters
are compared as they are, by working day, and by what their slot of the year weighs, and a past
that is not known long enough (three years of months, four of quarters) has no season.

Causal: of the history before a place nothing behind it is used, and whether the year explains
twelve months (eight quarters) is read with weights that do not know them. Source of the
ratios to a moving year: Shiskin, Young & Musgrave 1967, *The X-11 Variant of the Census Method II*,
here with medians, so that one shock makes no season.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, median
from typing import Final

import msgspec

from models.value import Rhythm
from streams.series import AWAY, Series

PACED: Final = 12
"""Buckets from which it is read whether working days or calendar time explain a count."""

LEAST: Final = 8
"""Buckets below which that is not asked."""

CYCLE: Final[dict[Rhythm, int]] = {"month": 12, "quarter": 4}
"""Buckets of a year."""

SHOWN: Final[dict[Rhythm, int]] = {"month": 12, "quarter": 8}
"""The last buckets, which the year must explain."""

BETTER: Final = 0.7
"""To so much of it the year must lessen their sway: chance lessens it by less."""

YEARS: Final = 2
"""Years from which a slot of the year has a weight."""


class Weights(msgspec.Struct, frozen=True):
    """What buckets of a series weigh; everything weighs 1 where nothing explains it better."""

    working: bool = False
    """Counts are by working day."""
    slots: dict[int, float] = {}
    """How many times as much as usual each slot of the year holds; 1 where it is not known."""
    before: dict[int, float] = {}
    """The same as it was known before the last buckets, from which the scale is read."""

    def of(self, slot: int, days: int, *, early: bool = False) -> float:
        """The weight of a bucket of this slot and of so many working days."""
        slots = self.before if early else self.slots
        return slots.get(slot & ~AWAY, 1.0) * (days if self.working else 1)

    def at(self, series: Series, place: int, *, early: bool = False) -> float:
        """The weight of the bucket at a place of the history."""
        days = series.days[place] if series.days else 1
        return self.of(series.slots[place], days, early=early)


NONE: Final = Weights()


def weights(series: Series, rhythm: Rhythm, before: int | None = None) -> Weights:
    """What explains the history best, up to a place of it (None: all of it)."""
    if rhythm not in CYCLE:
        return NONE
    plain = Weights(by_working_day(series, before))
    stop = len(series) if before is None else before
    cycle, shown = CYCLE[rhythm], SHOWN[rhythm]
    # A year that failed does not unmake the season: then the year before may speak for it.
    for last in (stop, stop - cycle):
        first = last - shown
        if first < YEARS * cycle:
            break
        early = Weights(plain.working, _slots(series, first, cycle, plain))
        bare, fair = (
            [series.value(place) / one.at(series, place) for place in range(first, last)]
            for one in (plain, early)
        )
        if min(bare) > 0 and _sway(fair) <= BETTER * _sway(bare):
            known = early.slots if last == stop else _slots(series, stop - shown, cycle, plain)
            return Weights(plain.working, _slots(series, stop, cycle, plain), known)
    return plain


def by_working_day(series: Series, before: int | None = None) -> bool:
    """Whether counts of months or quarters vary less per working day than as they are.

    An office that is closed on weekends serves as many people a month as it has days for; a
    service that never closes does not. The last twelve buckets say which.
    """
    places = series.recent(None, PACED, before)
    if not series.days or len(places) < LEAST:
        return False
    plain = [series.value(place) for place in places]
    paced = [value / series.days[place] for value, place in zip(plain, places, strict=True)]
    return min(plain) > 0 and _unrest(paced) < _unrest(plain)


def _unrest(values: list[float]) -> float:
    middle = median(values)
    return median(abs(value - middle) for value in values) / middle


def _sway(values: list[float]) -> float:
    """The mean distance from the middle: four months of twelve are no median's business."""
    middle = median(values)
    return fmean(abs(value - middle) for value in values) / middle


def _slots(series: Series, stop: int, cycle: int, plain: Weights) -> dict[int, float]:
    """Of each slot: the middle of its ratios to the year about it, of all years before a place."""
    values = [series.value(place) / plain.at(series, place) for place in range(stop)]
    ratios: dict[int, list[float]] = {}
    for place, value in enumerate(values):
        first = min(max(place - cycle // 2, 0), stop - cycle)
        about = median(values[first : first + cycle])
        # Where nothing came there is nothing to weigh.
        if about > 0 and value > 0:
            ratios.setdefault(series.slots[place] & ~AWAY, []).append(value / about)
    return {slot: _agreed(some) for slot, some in ratios.items() if len(some) >= YEARS}


def _agreed(ratios: Sequence[float]) -> float:
    """What the years agree on: of two that which is nearer to 1, and 1 where they differ."""
    if len(ratios) > YEARS:
        return median(ratios)
    low, high = sorted(ratios)
    if low <= 1 <= high:
        return 1.0
    return high if high < 1 else low

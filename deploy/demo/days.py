"""The days of the demo: local days of the region, with weekdays, holidays and seasons."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from deploy.demo.region import HOLIDAYS, ZONE
from models.calendar import Calendar

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

YEARS: Final = 3
DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000
_FAR: Final = 400


class Days:
    """Local days up to ``until``, numbered from 0; arrays have one entry a day.

    ``starts`` (ms) has one more: the end of the last day. ``until`` needs a time zone; a day
    that it cuts is left out.
    """

    def __init__(self, until: datetime) -> None:
        calendar = Calendar(ZONE, HOLIDAYS)
        moment = np.array([int(until.timestamp() * 1000)], np.int64)
        self.count = YEARS * 365 + 1
        self.first = int(calendar.bucket("day", moment)[0]) - self.count
        numbers = range(self.first, self.first + self.count)
        self.starts = np.array(
            [calendar.start("day", number) for number in (*numbers, numbers.stop)], np.int64
        )
        self.weekday = (np.array(numbers, np.int64) + 3) % 7
        self.holiday = np.array([calendar.holiday(number) for number in numbers])
        self.work = (self.weekday < 5) & ~self.holiday
        dates = np.array(numbers, np.int64).astype("datetime64[D]")
        self.month: NDArray[np.int64] = dates.astype("datetime64[M]").astype(np.int64)
        years = dates.astype("datetime64[Y]")
        self.day_of_year: NDArray[np.int64] = (dates - years.astype("datetime64[D]")).astype(
            np.int64
        )
        self.years: NDArray[np.float64] = np.arange(self.count) / 365.25
        self._calendar = calendar
        self._work_days = np.flatnonzero(self.work)

    @property
    def end(self) -> int:
        """End of the last day, ms."""
        return int(self.starts[-1])

    def season(self, size: float) -> NDArray[np.float64]:
        """A yearly wave around 1 that is 1 + ``size`` in mid July and 1 - ``size`` in January."""
        wave: NDArray[np.float64] = np.cos(2 * np.pi * (self.day_of_year - 196) / 365.25)
        return 1 + size * wave

    def find(self, ms: NDArray[np.int64]) -> NDArray[np.int64]:
        """Numbers of the days in which instants lie; beyond the last day they go on in 24 h."""
        inside = np.searchsorted(self.starts, ms, side="right") - 1
        beyond = self.count + (ms - self.end) // DAY_MS
        return np.where(ms < self.end, np.maximum(inside, 0), beyond)

    def at(self, day: NDArray[np.int64], seconds: NDArray[np.float64]) -> NDArray[np.int64]:
        """Instants (ms, whole seconds) so many seconds into a day; any day number."""
        inside = np.clip(day, 0, self.count)
        start = self.starts[inside] + (day - inside) * DAY_MS
        return start + np.floor(seconds).astype(np.int64) * 1000

    def next_work_day(self, day: NDArray[np.int64]) -> NDArray[np.int64]:
        """The same day where people work, else the next one; days beyond the end stay."""
        after = np.concatenate((self._work_days, [self.count + _FAR]))
        place = np.searchsorted(after, np.clip(day, 0, self.count - 1))
        moved = np.minimum(after[place], self.count)
        return np.where(day < self.count, moved, day)

    def mondays(self) -> NDArray[np.int64]:
        """Numbers of the days that are Mondays."""
        return np.flatnonzero(self.weekday == 0)

    def whole_months(self) -> list[tuple[int, int]]:
        """First day and day after the last of each month that lies inside, in order."""
        edges = np.flatnonzero(np.diff(self.month)) + 1
        starts = [int(edge) for edge in edges]
        opening = self._calendar.start("month", int(self.month[0]))
        if opening == int(self.starts[0]):
            starts = [0, *starts]
        closing = self._calendar.end("month", int(self.month[-1]))
        if closing == self.end:
            starts.append(self.count)
        return list(pairwise(starts))

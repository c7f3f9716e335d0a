"""A calendar: which bucket an instant falls in, and when that bucket starts and ends.

Buckets are numbered from 1970-01-01 in the agency's own zone, so that a day is a local day
(23, 24 or 25 hours) and a month a local month. Hours are hours of UTC: they are never 0 or 2
hours long. Instants are milliseconds since 1970-01-01T00:00:00Z.

========  ==========================================  =========================
rhythm    number                                      slot (what repeats)
========  ==========================================  =========================
hour      UTC hours since the epoch                   local hour of week 0..167
day       local days since 1970-01-01                 weekday 0..6, Monday is 0
week      (day + 3) // 7, so weeks begin on Monday    ISO week of year 1..53
month     (year - 1970) * 12 + month - 1              1..12
quarter   month // 3                                  1..4
========  ==========================================  =========================

Sources: the IANA time zone database through ``zoneinfo``; the ``holidays`` package.
"""

from __future__ import annotations

import bisect
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.value import Rhythm

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
# Offsets are known for these instants; outside them the nearest known offset holds.
_FIRST_S: Final = 0
_LAST_S: Final = int(datetime(2200, 1, 1, tzinfo=UTC).timestamp())
_PROBE_S: Final = 4 * 86_400
_STARTS_KEPT: Final = 20_000


class Calendar:
    """Local days, weeks, months and quarters of one time zone, with its public holidays.

    ``timezone`` is an IANA name such as ``Europe/Brussels``. ``holidays`` is a country, or a
    country and a part of it, by ISO 3166 (``BE``, ``US-MA``); "" knows no holidays. Raises
    ValueError when the zone is unknown; an unknown country is told by the first ``holiday``.

    >>> brussels = Calendar("Europe/Brussels", "BE")
    >>> new_year = int(datetime(2018, 1, 1, tzinfo=ZoneInfo("Europe/Brussels")).timestamp()) * 1000
    >>> int(brussels.bucket("day", np.array([new_year - 1]))[0])
    17531
    >>> brussels.start("day", 17532) == new_year, brussels.holiday(17532)
    (True, True)
    >>> (brussels.end("day", 17615) - brussels.start("day", 17615)) // 3_600_000
    23
    """

    def __init__(self, timezone: str, holidays: str) -> None:
        """Prepare the table of zone changes; nothing is loaded for the holidays yet."""
        self.timezone = timezone
        self.holidays = holidays
        self._changes, self._offsets = _day_changes(timezone)
        self._change_list: list[int] = self._changes.tolist()
        self._offset_list: list[int] = self._offsets.tolist()
        self._starts: dict[tuple[Rhythm, int], int] = {}
        self._holiday_years: dict[int, frozenset[int]] = {}
        self._working: dict[tuple[Rhythm, int], int] = {}

    def bucket(self, rhythm: Rhythm, ms: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give the bucket number of every instant; never decreases as time goes on.

        ``ms`` has any shape; the answer has the same.
        """
        if rhythm == "hour":
            return ms // HOUR_MS
        days = self._local(ms) // DAY_MS
        if rhythm == "day":
            return days
        if rhythm == "week":
            return (days + 3) // 7
        months = _months(days)
        return months if rhythm == "month" else months // 3

    def start(self, rhythm: Rhythm, number: int) -> int:
        """Give the first instant of a bucket, which is the end of the one before it.

        Where the clock jumps over midnight the day starts when the clock has jumped; a day
        that a zone left out (Apia, 2011-12-30) is empty: it starts where it ends.
        """
        key = (rhythm, number)
        known = self._starts.get(key)
        if known is None:
            if len(self._starts) >= _STARTS_KEPT:
                self._starts.clear()
            known = number * HOUR_MS if rhythm == "hour" else self._midnight(_day(rhythm, number))
            self._starts[key] = known
        return known

    def end(self, rhythm: Rhythm, number: int) -> int:
        """Give the first instant after a bucket."""
        return self.start(rhythm, number + 1)

    def slot(self, rhythm: Rhythm, number: int) -> int:
        """Give the place of a bucket in its season: buckets of one slot are comparable."""
        if rhythm == "hour":
            at = number * HOUR_MS
            local = at + self._offset_list[bisect.bisect_right(self._change_list, at)]
            return (local // HOUR_MS + 72) % 168
        if rhythm == "day":
            return (number + 3) % 7
        if rhythm == "week":
            return date.fromordinal(_day("week", number) + _EPOCH_ORDINAL).isocalendar().week
        return number % 12 + 1 if rhythm == "month" else number % 4 + 1

    def local_date(self, ms: int) -> str:
        """Give the local date of an instant, ISO 8601."""
        (number,) = self.bucket("day", np.array([ms], np.int64)).tolist()
        return date.fromordinal(number + _EPOCH_ORDINAL).isoformat()

    def holiday(self, day_number: int) -> bool:
        """Say whether a local day is a public holiday (by the law as the package knows it).

        Raises ValueError when the country or its part is unknown.
        """
        if not self.holidays:
            return False
        year = date.fromordinal(day_number + _EPOCH_ORDINAL).year
        days = self._holiday_years.get(year)
        if days is None:
            days = self._holiday_years[year] = _holidays(self.holidays, year)
        return day_number in days

    def working(self, day_number: int) -> bool:
        """Say whether a local day is neither weekend nor holiday."""
        return (day_number + 3) % 7 < 5 and not self.holiday(day_number)

    def working_days(self, rhythm: Rhythm, number: int) -> int:
        """Count the days of a bucket, a day or longer, that are neither weekend nor holiday."""
        key = (rhythm, number)
        known = self._working.get(key)
        if known is None:
            days = range(_day(rhythm, number), _day(rhythm, number + 1))
            known = sum(map(self.working, days))
            self._working[key] = known
        return known

    @staticmethod
    def rhythm_of(start_ms: int, end_ms: int) -> Rhythm:
        """Name the rhythm of a period by its length, with room for a change of the clock."""
        length = end_ms - start_ms
        if length <= HOUR_MS:
            return "hour"
        if length <= 25 * HOUR_MS:
            return "day"
        if length <= 7.05 * DAY_MS:
            return "week"
        return "month" if length <= 31.1 * DAY_MS else "quarter"

    def _local(self, ms: NDArray[np.int64]) -> NDArray[np.int64]:
        """Shift instants to local time; one addition where no change lies between them."""
        if ms.size == 0:
            return ms
        first = bisect.bisect_right(self._change_list, int(ms.min()))
        last = bisect.bisect_right(self._change_list, int(ms.max()))
        if first == last:
            return ms + self._offset_list[first]
        between = self._changes[first:last]
        shifts = self._offsets[first : last + 1]
        return ms + shifts[np.searchsorted(between, ms, side="right")]

    def _midnight(self, day: int) -> int:
        """Find the first instant whose local day is ``day`` or later."""
        wanted = day * DAY_MS
        # No zone is further than 26 h from UTC, so two days back is surely before.
        at = bisect.bisect_right(self._change_list, wanted - 2 * DAY_MS)
        while True:
            candidate = wanted - self._offset_list[at]
            if at > 0:
                candidate = max(candidate, self._change_list[at - 1])
            if at == len(self._change_list) or candidate < self._change_list[at]:
                return candidate
            at += 1


def _day(rhythm: Rhythm, number: int) -> int:
    """Give the number of the first local day of a bucket."""
    if rhythm == "day":
        return number
    if rhythm == "week":
        return 7 * number - 3
    years, month = divmod(number if rhythm == "month" else 3 * number, 12)
    return date(1970 + years, month + 1, 1).toordinal() - _EPOCH_ORDINAL


def _months(days: NDArray[np.int64]) -> NDArray[np.int64]:
    """Turn day numbers into month numbers; each day once where many instants share few days."""
    if days.size == 0:
        return days
    first, last = int(days.min()), int(days.max())
    few = last - first < days.size
    known = np.arange(first, last + 1) if few else days
    months = known.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months[days - first] if few else months


@lru_cache(maxsize=64)
def _day_changes(timezone: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """List the instants at which the offset changes, and the offsets around them, in ms.

    Where a clock was put back over midnight (St. John's until 2011, at 00:01), part of the
    old day was lived twice. The change is then moved to the second midnight, so that day
    numbers never go back.
    """
    zone = _zone(timezone)
    changes: list[int] = []
    offsets = [_offset(zone, _FIRST_S)]
    for probe in range(_FIRST_S + _PROBE_S, _LAST_S + _PROBE_S, _PROBE_S):
        low = probe - _PROBE_S
        while (after := _offset(zone, probe)) != offsets[-1]:
            before, high = offsets[-1], probe
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
            after = _offset(zone, high)
            day = (high + before - 1) // 86_400
            second_midnight = day * 86_400 - after
            changes.append(1000 * max(high, second_midnight))
            offsets.append(after)
            low = high
    return np.array(changes, np.int64), np.array([1000 * each for each in offsets], np.int64)


def _zone(timezone: str) -> ZoneInfo:
    try:
        return ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):
        message = (
            f"time zone {timezone!r} is unknown; give a name of the IANA time zone database, "
            "such as Europe/Brussels or UTC"
        )
        raise ValueError(message) from None


def _offset(zone: ZoneInfo, at_s: int) -> int:
    shift = datetime.fromtimestamp(at_s, zone).utcoffset() or timedelta()
    return int(shift.total_seconds())


def _holidays(code: str, year: int) -> frozenset[int]:
    """Load one year; the package is large, so it is imported only where it is asked for."""
    import holidays

    country, _, part = code.partition("-")
    try:
        days = holidays.country_holidays(country, subdiv=part or None, years=year)
    except NotImplementedError:
        message = (
            f"holidays {code!r} are unknown; give a country or a part of one by ISO 3166, "
            'such as "BE" or "US-MA", or "" for none'
        )
        raise ValueError(message) from None
    return frozenset(day.toordinal() - _EPOCH_ORDINAL for day in days)

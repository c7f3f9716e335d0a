"""Maintenance that comes again each week: when, by the clock on the wall of a zone."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def span(every: str, zone: ZoneInfo, now: int) -> tuple[int, int]:
    """The span (ms) that holds at ``now``, or the next one to come.

    >>> brussels, tuesday_noon = ZoneInfo("Europe/Brussels"), 1_584_442_800_000
    >>> begin, end = span("sun 23:00-01:30", brussels, tuesday_noon)
    >>> [(moment - tuesday_noon) / 3_600_000 for moment in (begin, end)]
    [131.0, 133.5]
    """
    days, _, hours = every.partition(" ")
    begin, end = map(time.fromisoformat, hours.split("-"))
    wanted = range(7) if days == "daily" else [DAYS.index(day) for day in days.split(",")]
    today = datetime.fromtimestamp(now / 1000, zone).date()
    # Yesterday's may last over midnight, and a week on the same weekday comes again.
    for ahead in range(-1, 9):
        day = today + timedelta(days=ahead)
        last = day + timedelta(days=int(end <= begin))
        stop = _ms(datetime.combine(last, end, zone))
        if day.weekday() in wanted and stop > now:
            return _ms(datetime.combine(day, begin, zone)), stop
    message = f"{every!r} names no day"
    raise ValueError(message)


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)

"""Quiet hours: when a receiver is left alone, by the clock on the wall of its zone."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from streams.notify.channel import Receiver, Told


def quiet_until(hours: str, zone: ZoneInfo, now: int) -> int | None:
    """When (ms) the quiet that holds at ``now`` ends; None where none holds.

    >>> brussels, noon = ZoneInfo("Europe/Brussels"), 1_584_356_400_000
    >>> quiet_until("20:00-07:00", brussels, noon)
    >>> evening = noon + 10 * 3_600_000
    >>> (quiet_until("20:00-07:00", brussels, evening) - evening) / 3_600_000
    9.0
    """
    if not hours:
        return None
    begin, end = map(time.fromisoformat, hours.split("-"))
    local = datetime.fromtimestamp(now / 1000, zone)
    at = local.time()
    if not (begin <= at < end if begin < end else at >= begin or at < end):
        return None
    day = local.date() + timedelta(days=int(at >= end))
    # Where the clock is put back, an hour comes twice: the one that is still to come is meant.
    both = (datetime.combine(day, end, zone).replace(fold=fold) for fold in (0, 1))
    return next(ms for one in both if (ms := round(one.timestamp() * 1000)) > now)


def quiet_for(receiver: Receiver, alert: Told, now: int) -> int | None:
    """When (ms) the quiet hours end that hold an alert back from a receiver; None for now."""
    if alert["labels"]["severity"] == "critical" and not receiver.wants.quiet_critical:
        return None
    return quiet_until(receiver.wants.quiet_hours, receiver.zone, now)

"""Silences: spans in which somebody said, or planned, that certain alerts are not told.

A silence by hand names an agency, and perhaps an indicator and a service. Maintenance that the
settings plan comes again each week, for some agencies or all. A closure that an
agency marked in its calendar silences what is in its scope; a freeze of releases only the
indicators that releases move. Of a closure also the last bucket that it touches is silent,
which closes after it. Alerts are decided and kept all the same: what still stands when a
silence ends is told then.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import product
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from models.settings import Settings
from models.tables import mark, silence
from models.value import LENGTH_MS
from streams.catalogue import catalogue
from streams.notify.channel import Told
from streams.notify.maintenance import span

PLANNED = ("closure", "release_freeze")
MOVED_BY_RELEASES = frozenset({"Explore", "Exploit"})
"""Pillars whose indicators a freeze of releases explains."""


class Silence(NamedTuple):
    """One span, ms; where agency, indicator or scope (a service or a unit) is empty, it means all."""

    id: str
    kind: str
    agency: str
    indicator: str
    scope: str
    start: int
    end: int
    why: str = ""

    def until(self, alert: Told, now: int) -> int | None:
        """When it lets this alert go; None if it does not hold it at ``now``."""
        if not (self.start <= now and self._is_about(alert["labels"])):
            return None
        end = self.end
        if self.kind in PLANNED:
            end += LENGTH_MS.get(alert["labels"].get("rhythm", ""), 0)
        return end if now < end else None

    def _is_about(self, labels: dict[str, str]) -> bool:
        indicator = labels.get("indicator", "")
        if self.kind == "release_freeze":
            known = catalogue().get(indicator)
            if known is None or known.pillar not in MOVED_BY_RELEASES:
                return False
        return (
            self.agency in ("", labels["agency"])
            and self.indicator in ("", indicator)
            and self.scope in ("", labels.get("service"), labels.get("unit"))
        )


def silenced(found: list[Silence], alert: Told, now: int) -> int | None:
    """When the last of the silences that hold an alert at ``now`` ends; None for none."""
    ends = (one.until(alert, now) for one in found)
    return max((end for end in ends if end is not None), default=None)


def silences(connection: Connection, settings: Settings, now: int) -> list[Silence]:
    """Every silence that may hold an alert at ``now``, by hand and planned."""
    m, longest = mark.c, max(LENGTH_MS.values())
    stored = connection.execute(select(silence)).all()
    ended = {row.id for row in stored if row.start == row.end}
    by_hand = [
        Silence(row.id, "hand", row.agency, row.indicator, row.service, row.start, row.end, row.why)
        for row in stored
        if row.id not in ended
    ]
    planned = connection.execute(
        select(m.id, m.kind, m.agency, m.indicator, m.service, m.start, m.end).where(
            m.kind.in_(PLANNED), m.latest, m.end > now - longest
        )
    )
    marks = (Silence(*row) for row in planned)
    found = (*by_hand, *marks, *_maintenance(settings, now))
    return [one for one in found if one.id not in ended and one.end > now - longest]


def _maintenance(settings: Settings, now: int) -> Iterator[Silence]:
    """Of each maintenance the time that holds or comes next, by agency and service."""
    zone = ZoneInfo(settings.organisation.timezone)
    for name, one in settings.maintenance.items():
        start, end = span(one.every, zone, now)
        day = datetime.fromtimestamp(start / 1000, zone).date()
        # Ended by hand, one time of it is over for all that it is about, and the next comes.
        known = f"{name[:25]}/{day}"
        for agency, scope in product(one.agencies or ("",), one.services or ("",)):
            yield Silence(known, "maintenance", agency, "", scope, start, end, one.why)

"""One cell of a real indicator, watched bucket by bucket without an engine around it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from models.alert import Alert
from models.calendar import Calendar
from models.value import RHYTHMS, Cell, Rhythm, Status, Value
from streams.catalogue import catalogue
from streams.engine import Changes
from streams.folding import Closing
from streams.gauge import Gauge
from streams.watch import Watch

EPOCH = date(1970, 1, 1).toordinal()


class Point(NamedTuple):
    """A bucket and what it held."""

    number: int
    value: float | None
    n: int = 100
    status: Status = "ok"


class OneCell:
    """A watch over one cell; ``changes`` gathers all that it said."""

    def __init__(self, indicator: str, calendar: Calendar, rhythm: Rhythm = "day") -> None:
        self.gauge = Gauge(catalogue()[indicator], calendar, [])
        self.calendar = calendar
        self.rhythm = rhythm
        self.watch = Watch("agency", calendar)
        self.changes = Changes()

    def see(self, points: Iterable[Point]) -> Changes:
        """Close these buckets in their order."""
        for point in points:
            start = self.calendar.start(self.rhythm, point.number)
            end = self.calendar.end(self.rhythm, point.number)
            value = Value(
                agency="agency",
                indicator=self.gauge.indicator.id,
                cell=Cell(service="service"),
                rhythm=self.rhythm,
                span="bucket",
                window_start=start,
                window_end=end,
                value=point.value,
                n=point.n,
                low=None,
                high=None,
                coverage=1.0,
                status=point.status,
                reason="",
                catalogue_version=1,
                recorded=end,
            )
            line = RHYTHMS.index(self.rhythm)
            step = Closing(self.gauge, line, point.number, end, 0, anew=False)
            self.watch.bucket(self.gauge, step, [value], self.changes)
        return self.changes

    def openings(self) -> list[Alert]:
        """The first state of every alert."""
        return [alert for alert in self.changes.alerts if alert.transition == 0]


def number(day: str) -> int:
    """The number of a day written ``2020-03-16``."""
    return date.fromisoformat(day).toordinal() - EPOCH

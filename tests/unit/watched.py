"""One series under watch, fed bucket by bucket, and everything that came of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any, cast

import msgspec

from models.alert import Alert
from models.calendar import Calendar
from models.signal import Signal
from models.value import RHYTHMS, Cell, Rhythm, Status, Value
from streams.engine import Changes
from streams.estimators.estimate import Estimate
from streams.folding import Closing
from streams.indicator import Indicator
from streams.notice import Notice
from streams.watch import Watch

DAY_MS = 86_400_000
FIRST_DAY = 17_896
"""2018-12-31, a Monday."""

PERMITS = Cell(service="permits")


class Stub(Indicator):
    """A figure of no meaning."""

    id = "stub"
    title = "Stub"
    pillar = "Service"
    unit = "cases"
    direction = "context"
    formula = "none"
    source = "none"
    pitfalls = "None."
    step = "day"
    window = 1
    min_n = 1
    detect = "count"

    def read(self, parts: Any, exposure_ms: int) -> Estimate:
        """Never asked."""
        raise NotImplementedError

    def merge(self, many: Sequence[Any]) -> Any:
        """Never asked."""
        raise NotImplementedError


def stub(direction: str = "up", detect: str = "count", **facts: Any) -> Indicator:
    """An indicator of this nature."""
    kind = type("Made", (Stub,), {"direction": direction, "detect": detect, **facts})
    kind.__doc__ = Stub.__doc__
    return cast("Indicator", kind())


class Watched:
    """A watch over one series of one agency; buckets close as they end."""

    def __init__(
        self,
        indicator: Indicator | None = None,
        rhythm: Rhythm = "day",
        calendar: Calendar | None = None,
        cell: Cell = PERMITS,
        agency: str = "parks",
    ) -> None:
        self.indicator = indicator or stub()
        self.rhythm = rhythm
        self.calendar = calendar or Calendar("UTC", "")
        self.cell = cell
        self.watch = Watch(agency, self.calendar)
        self.made = Changes()
        self.next = FIRST_DAY if rhythm == "day" else 2557

    def feed(
        self,
        value: float | None,
        *,
        n: int = 1000,
        status: Status = "ok",
        late_ms: int = 3_600_000,
        cell: Cell | None = None,
        number: int | None = None,
        window: bool = False,
    ) -> list[Alert]:
        """Close the next bucket, ``late_ms`` after its end; the new states of alerts.

        ``window`` says that its window has enough cases, whatever its own status.
        """
        at = self.next if number is None else number
        self.next = at + 1
        end = self.calendar.end(self.rhythm, at)
        made = Value(
            agency=self.watch.agency,
            indicator=self.indicator.id,
            cell=cell or self.cell,
            rhythm=self.rhythm,
            span="window",
            window_start=self.calendar.start(self.rhythm, at),
            window_end=end,
            value=value,
            n=n,
            low=None,
            high=None,
            coverage=1.0,
            status=status,
            reason="",
            catalogue_version=1,
            recorded=end + late_ms,
        )
        gauge = cast("Any", SimpleNamespace(indicator=self.indicator))
        line = RHYTHMS.index(self.rhythm)
        before = len(self.made.alerts)
        step = Closing(gauge, line, at, made.recorded, 1, anew=False)
        whole = [msgspec.structs.replace(made, status="ok")] if window else []
        self.watch.bucket(gauge, step, [*whole, made], self.made)
        self.made.curve += self.watch.casebook.curve()
        return self.made.alerts[before:]

    def feed_all(self, values: Iterable[float], **how: Any) -> list[Alert]:
        """Close one bucket after the other."""
        return [alert for value in values for alert in self.feed(value, **how)]

    @property
    def alerts(self) -> list[Alert]:
        """Every state of every alert."""
        return self.made.alerts

    @property
    def signals(self) -> list[Signal]:
        """Every signal."""
        return self.made.signals

    @property
    def notices(self) -> list[Notice]:
        """Everything that somebody is told."""
        return self.made.notices

    def end(self, number: int) -> int:
        """When a bucket ends, ms."""
        return self.calendar.end(self.rhythm, number)

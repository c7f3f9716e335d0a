"""Gaps: where a service's events stop coming although its source speaks on.

Next to nothing where much was expected is not judged as a fall: either the service is closed
or its events are lost on the way, and only a person can tell. After a few such buckets an alert
of its own says so (EventsVanished); it closes when a quarter of what was expected comes again.
Buckets in which little was expected (a Sunday) neither lengthen the gap nor end it, and a series
that often has next to nothing (snow) has no gaps.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID, uuid5

from models.alert import Alert
from models.calendar import Calendar
from models.value import Rhythm
from streams.expectation import Expectation
from streams.look import Key, Look
from streams.wording import here_again, vanished

NAMESPACE = UUID("f4a9d4c2-2d63-4f0c-8a0e-6f3b9a4b7d21")
"""Of the ids of these alerts, so that a replay gives the same."""

EVENTS_VANISHED = "EventsVanished"


EXPECTED: Final = 20.0
"""Expected count below which next to nothing may well be chance."""

EMPTY, BACK = 0.05, 0.25
"""Shares of the expected count: up to which a bucket is empty, and from which it is not."""

RARE: Final = 0.02
"""Share of such buckets in the history above which they are no news."""

OPENS_AFTER: dict[Rhythm, int] = {"hour": 24, "day": 3, "week": 2, "month": 1, "quarter": 1}
"""Empty buckets, among those where enough was expected, after which the gap is told."""


def is_empty(look: Look, expected: Expectation, *, gap: bool) -> bool:
    """Whether next to nothing came where much must have; ``gap`` says that a gap is told."""
    if look.indicator.detect != "count" or expected.expected < EXPECTED:
        return False
    least = expected.expected * (BACK if gap else EMPTY)
    if look.bucket.value > least:
        return False
    return gap or look.series.share_below(least) <= RARE


class Gaps:
    """The gaps of one agency that are told: one alert each, from its opening to its closing."""

    def __init__(self, agency: str, calendar: Calendar) -> None:
        self.agency = agency
        self.calendar = calendar
        self.open: dict[Key, Alert] = {}

    def lengthen(self, look: Look, expected: Expectation, *, silent: bool) -> Alert | None:
        """Count one more empty bucket; the alert that it opens, held back where ``silent``."""
        series, bucket, value = look.series, look.bucket, look.value
        if not series.empty:
            series.empty_since = bucket.start
        series.empty += 1
        if series.empty != OPENS_AFTER[value.rhythm]:
            return None
        alert = Alert(
            id=str(uuid5(NAMESPACE, f"gap {self.agency} {look.name} {series.empty_since}")),
            alertname=EVENTS_VANISHED,
            agency=self.agency,
            indicator=value.indicator,
            cell=value.cell,
            state="inhibited" if silent else "open",
            reason=vanished(
                look.indicator, value, expected, self.calendar.local_date(series.empty_since)
            ),
            evidence={
                "since": series.empty_since,
                "rhythm": value.rhythm,
                "value": 0.0,
                "n": 0,
                "expected": expected.expected,
                "low": expected.low,
                "high": expected.high,
            },
            opened=bucket.end,
            updated=bucket.end,
        )
        self.open[look.key] = alert
        return alert

    def holds(self, look: Look) -> bool:
        """Whether a gap of this series is told and not over."""
        return look.key in self.open

    def end(self, look: Look) -> Alert | None:
        """Events come again: the closing of the alert, if there was one."""
        look.series.empty = 0
        alert = self.open.pop(look.key, None)
        if alert is None:
            return None
        reason = here_again(
            look.indicator,
            look.value.cell,
            self.calendar.local_date(alert.evidence["since"]),
            self.calendar.local_date(look.value.window_start),
        )
        return alert.closing(look.bucket.end, reason)

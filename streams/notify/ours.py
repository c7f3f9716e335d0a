"""Alerts about the monitor itself: the watchdog, and the drill. They stand in no outbox."""

from __future__ import annotations

from streams.notify.channel import Told
from streams.notify.payload import made

DRILL = "This is a drill, nothing is wrong: it shows that notifications of Headwind arrive here."
DRILL_OVER = "The drill is over. You would hear in the same way that an alert has closed."
WATCHDOG = (
    "Headwind receives, evaluates and notifies. This alert always fires: when it stops coming, "
    "the monitor is down and nobody is told of anything."
)


def watchdog(organisation: str, since: int) -> Told:
    """The alert that always fires; its absence is what an outside watch must tell of."""
    labels = {"alertname": "Watchdog", "severity": "none", "organisation": organisation}
    return made(labels, {"summary": WATCHDOG}, since, None)


def drill(organisation: str, opened: int, closed: int | None = None) -> Told:
    """An alert that says that it is none, opened and perhaps closed at these moments (ms)."""
    labels = {"alertname": "Drill", "severity": "info", "organisation": organisation}
    notes = {"summary": DRILL if closed is None else DRILL_OVER}
    return made(labels, notes, opened, closed)

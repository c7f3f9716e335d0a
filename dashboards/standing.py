"""When alerts stand over a line: one layer, in the colour of the worst of each time.

A total has the alerts of all its parts; laid over each other seventeen spans are black.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from dashboards import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.drawing import Context, Row

NAMED = 3
"""Alerts of a span whose reason is given; of the others it says how many they are."""

_WORST = list(words.SEVERITIES)


class _Span(NamedTuple):
    """From when to when (ms) these stand, the worst of them in ``severity``."""

    start: int
    stop: int
    severity: str
    alerts: list[Row]


def spans(alerts: Sequence[Row], context: Context) -> list[dict[str, Any]]:
    """Spans that do not overlap, each with what is to be said of the alerts that stand in it."""
    lives = [(*_life(one, context), one) for one in alerts]
    cuts = sorted({at for start, stop, _ in lives for at in (start, stop)})
    found: list[_Span] = []
    for cut in pairwise(cuts):
        here = [one for start, stop, one in lives if start <= cut[0] and cut[1] <= stop]
        if not here:
            continue
        one = _Span(*cut, min((row["severity"] for row in here), key=_WORST.index), here)
        if found and (found[-1].stop, found[-1].severity) == (one.start, one.severity):
            last = found.pop()
            more = [row for start, _, row in lives if start == one.start]
            one = _Span(last.start, one.stop, one.severity, last.alerts + more)
        found.append(one)
    return [_row(one, context) for one in found]


def _life(alert: Row, context: Context) -> tuple[int, int]:
    """When an alert stands in what is shown; one that has just opened for an instant."""
    scope = context.scope
    start = max(alert["opened"], scope.since)
    stop = scope.until if alert["closed"] is None else min(alert["closed"], scope.until)
    return start, max(stop, start + 1)


def _row(span: _Span, context: Context) -> dict[str, Any]:
    clock = context.clock
    worst_first = sorted(span.alerts, key=lambda one: _WORST.index(one["severity"]))
    reasons = [one["reason"] for one in worst_first[:NAMED]]
    if len(worst_first) > NAMED:
        reasons.append(f"And {words.count(len(worst_first) - NAMED)} more.")
    lasts = span.stop >= context.scope.until and any(one["closed"] is None for one in worst_first)
    until = "still open" if lasts else f"to {clock.date(span.stop)}"
    began = min(one["opened"] for one in worst_first)
    return {
        "t": clock.axis(span.start),
        "t2": clock.axis(span.stop),
        "severity": span.severity,
        "reason": " ".join(reasons),
        "when": f"{clock.date(began)} {until}",
    }

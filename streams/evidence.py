"""The evidence of an alert: all that is needed to doubt it, in numbers."""

from __future__ import annotations

from math import isfinite
from typing import Any

from streams.alert import Verdict
from streams.detector import Detector
from streams.expectation import Expectation
from streams.look import Look
from streams.series import Episode


def evidence(
    look: Look, expected: Expectation, verdict: Verdict, episode: Episode, by: Detector
) -> dict[str, Any]:
    """The bucket, what was expected of it, and how often the detector is wrong."""
    return {
        "value": look.value.value,
        "n": look.bucket.n,
        "expected": known(expected.expected),
        "low": known(expected.low),
        "high": known(expected.high),
        "depth": verdict.depth,
        "worst_depth": episode.worst,
        "since": episode.since,
        "buckets": episode.buckets + 1,
        "rhythm": look.value.rhythm,
        "detector": by.id,
        "false_alarm_rate": by.false_alarm_rate,
    }


def known(figure: float) -> float | None:
    """A figure that can be told; None for a time that is never reached."""
    return figure if isfinite(figure) else None


def as_it_is(look: Look) -> Expectation:
    """What is expected where nothing is known: what is there."""
    value = look.bucket.value
    return Expectation(value, value, value, 1.0)

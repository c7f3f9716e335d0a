"""What is kept of an expectation, beside the bucket that it was for.

While an episode lasts nothing of it is learned, so the expectation that was frozen at its onset
is what is kept of each of its buckets.
"""

from __future__ import annotations

from models.expected import Expected
from streams.expectation import READY, Expectation, known
from streams.look import Look
from streams.mix import in_cases
from streams.series import CLOSED


def kept(agency: str, look: Look, expected: Expectation | None) -> Expected:
    """The expectation of a bucket as it is stored, taken before the bucket itself is learned."""
    value = look.value
    if expected is not None:
        expected = in_cases(look, expected)
    return Expected(
        agency=agency,
        indicator=value.indicator,
        cell=value.cell,
        rhythm=value.rhythm,
        end=value.window_end,
        expected=None if expected is None else expected.expected,
        low=None if expected is None else expected.low,
        high=None if expected is None or expected.is_open else expected.high,
        reason=_reason(look, expected),
    )


def _reason(look: Look, expected: Expectation | None) -> str:
    """Why a bucket is not judged, or only downwards; empty where it is judged as ever."""
    bucket, rhythm = look.bucket, look.value.rhythm
    if expected is not None:
        return f"a first {_kind(bucket.plan)}: nothing is too much" if expected.is_open else ""
    if bucket.slot < 0:
        return "marked in the calendar" if bucket.slot == CLOSED else "public holiday"
    have, need = known(look.series, rhythm) + (not bucket.plan), READY[rhythm]
    if have <= need:
        return f"{have} of {need} {rhythm}s known"
    if bucket.plan:
        return f"a first {_kind(bucket.plan)}"
    return f"too few {rhythm}s like this one known"


def _kind(plan: str) -> str:
    return plan.partition("\x1f")[0]

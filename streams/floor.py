"""The floor of a share: its lower goalpost, where the longer past lay above it.

A service whose share sways by a sixth, as some do every year, hides in that sway a summer in
which it serves fewer than half of the people in time. The goalposts of an indicator say what
nobody wants to see. Where a series has been above its lower one for a year and more, a bucket
below it, by more than chance, is outside of what is usual, however wide that is.
"""

from __future__ import annotations

from math import sqrt
from typing import Final

from models.value import Rhythm
from streams.expectation import NOISE, Expectation, Quantity, expect
from streams.lift import lifted
from streams.look import Look

YEAR: Final[dict[Rhythm, int]] = {"day": 365, "week": 52, "month": 12, "quarter": 8}
"""Buckets kept from which a past is long enough; hours are kept for nine weeks only."""

RARE: Final = 0.02
"""Share of the past that may have been below all the same."""


def floored(look: Look, expected: Expectation) -> Expectation:
    """The expectation with its lower end lifted to the floor, where the longer past was above."""
    indicator, series, bucket, value = look
    posts, least = indicator.goalposts, YEAR.get(value.rhythm)
    if indicator.detect != "share" or indicator.direction != "up" or posts is None or not least:
        return expected
    floor = posts[0] - NOISE * sqrt(posts[0] * (1 - posts[0]) / max(bucket.n, 1))
    if not expected.low < floor <= expected.expected or len(series) < least:
        return expected
    if series.share_below(posts[0]) > RARE:
        return expected
    return expected._replace(low=floor, floor=floor)


def foreseen(look: Look, quantity: Quantity) -> tuple[Expectation | None, Expectation | None]:
    """What is usual for a bucket, and what is expected of it: lifted by plans, never unfloored."""
    series, bucket = look.series, look.bucket
    if bucket.slot < 0:
        return None, None
    usual = expected = expect(series, bucket, look.value.rhythm, quantity)
    if usual is not None and bucket.plan:
        expected = lifted(series, bucket, usual, quantity)
    return usual, None if expected is None else floored(look, expected)

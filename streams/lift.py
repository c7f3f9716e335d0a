"""How far deadlines and campaigns lift what comes, learned from earlier ones.

Of each bucket in a marked span its *lift* is kept: its value over what was usual at the time
(for levels and channels the difference). Nothing else is learned from such a bucket.

- From three lifts of earlier spans on (same kind, same scope) a bucket is compared with them:
  what is expected is the usual times their median, the interval runs from the least to the
  greatest of them, three scales further, and the scale is widened while they are few. A deadline
  whose last day brings five times the usual leaves room for that on each of its days.
- Until then more was announced and nobody knows how much more: a count may go upwards as far as
  it likes, that is no news, and ends what was too low. Downwards it is judged as on any other
  day, because no campaign explains that fewer came. A level, or a channel's share, is kept and
  not judged at all: nobody said which way it goes.

Lifts of the span itself are not compared with: the last days of a deadline are not the first.
What is news, or belongs to an episode, is no lift.
"""

from __future__ import annotations

from math import sqrt
from statistics import median

from streams.expectation import WIDE, YOUNG, Expectation, Quantity, learned
from streams.look import Look
from streams.series import KEPT as BUCKETS
from streams.series import Bucket, Series

ENOUGH = 3
"""Lifts of earlier spans from which a bucket is compared with them."""

ADDS = ("level", "mix")
"""Whose lift is a difference; of all others it is a factor."""

KEPT = 64
"""Lifts kept of one kind and scope."""


def lifted(
    series: Series, bucket: Bucket, usual: Expectation, quantity: Quantity
) -> Expectation | None:
    """What to expect of a bucket in a span, given what is usual; None: it is not judged."""
    told = series.lifts.get(bucket.plan, ())
    lifts = [lift for end, lift in told if end <= bucket.plan_since]
    if len(lifts) < ENOUGH:
        if quantity in ADDS:
            return None
        above = max(usual.high, bucket.value + WIDE * usual.scale)
        return usual._replace(high=above, is_open=True)
    if quantity in ADDS:
        low, middle, high = (usual.expected + f(lifts) for f in (min, median, max))
        wider = 1.0
    else:
        low, middle, high = (usual.expected * f(lifts) for f in (min, median, max))
        # Noise grows with what comes, that of counting with its root: never too narrow so.
        most = max(lifts)
        wider = max(most, sqrt(most))
    scale = usual.scale * wider * (1 + YOUNG / len(lifts))
    least = low - WIDE * scale
    return Expectation(
        middle, least if quantity == "level" else max(least, 0.0), high + WIDE * scale, scale
    )


def keep(series: Series, bucket: Bucket, usual: Expectation, quantity: Quantity) -> None:
    """Remember how far a bucket in a span went from what was usual."""
    if quantity in ADDS:
        lift = bucket.value - usual.expected
    elif usual.expected > 0:
        lift = bucket.value / usual.expected
    else:
        return
    mine = series.lifts.setdefault(bucket.plan, [])
    mine.append((bucket.end, lift))
    del mine[:-KEPT]


def learn(look: Look, usual: Expectation | None) -> None:
    """Take a bucket into what is usual; one of a deadline or campaign into what these lift."""
    series, bucket, rhythm = look.series, look.bucket, look.value.rhythm
    if bucket.plan:
        series.set_aside(bucket, BUCKETS[rhythm])
        if usual is not None and series.episode is None:
            keep(series, bucket, usual, look.indicator.quantity)
        return
    missed = learned(series, bucket, rhythm) if usual is None else bucket.value - usual.expected
    series.learn(bucket, missed, BUCKETS[rhythm])

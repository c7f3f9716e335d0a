"""Where alerts are decided: from one bucket, and what was expected of it, to what follows.

1. A bucket is *off* when it is at least a tenth worse than expected (for context indicators:
   in either direction) and outside the usual interval.
2. Two buckets off in a row and in one direction, at least one of them news to a detector,
   open an alert. It is dated at the first of them.
3. While it is open its baseline stays frozen. It is updated when its severity rises.
4. It closes itself when enough buckets in a row are back: within a twentieth, or inside the
   usual interval. It also closes when it has lasted so long that this is the new level.

Low counts, gaps, silence and hidden values open nothing and close nothing. Nothing here sends.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from models.value import Rhythm
from streams.expectation import Expectation, Quantity
from streams.series import Bucket, Series

OFF, BACK = 0.10, 0.05
"""Depth from which a bucket is off, and below which it is back."""

CRITICAL = 0.25
"""Depth from which an alert is critical."""

OPENS_AFTER = 2
"""Buckets off in a row."""

CLOSES_AFTER: dict[Rhythm, int] = {"hour": 24, "day": 5, "week": 2, "month": 2, "quarter": 2}
"""Buckets in a row that must be back."""

NEW_LEVEL: dict[Rhythm, int] = {"hour": 336, "day": 120, "week": 26, "month": 12, "quarter": 4}
"""Buckets after which an open alert is the new level."""

RANK = {"": 0, "info": 1, "warning": 2, "critical": 3}

Course = Literal["up", "down", "context"]


class Nature(NamedTuple):
    """What kind of series it is: which way is good, what is measured, how often."""

    course: Course
    quantity: Quantity
    rhythm: Rhythm


class Verdict(NamedTuple):
    """What a bucket means: ``what`` is "" (nothing), open, worse, close or new level."""

    what: Literal["", "open", "worse", "close", "new level"]
    depth: float
    """How much worse than expected, as a share; negative where better."""
    severity: Literal["critical", "warning", "info"]


def depth(value: float, expected: float, direction: str, quantity: Quantity) -> float:
    """How far a value lies from what was expected, as a share of it, in this direction.

    Levels are in per cent points already, so a hundredth of the difference is taken.
    """
    off = value - expected if direction == "up" else expected - value
    if quantity == "level":
        return off / 100
    return off / abs(expected) if expected else float(off > 0)


def decide(
    series: Series,
    bucket: Bucket,
    expected: Expectation,
    nature: Nature,
    *,
    news: bool,
) -> Verdict:
    """Judge a bucket and move the series' run and episode on; the caller keeps the record."""
    course, quantity, rhythm = nature
    bad = _direction(series, bucket, expected, course)
    deep = depth(bucket.value, expected.expected, bad, quantity)
    usual = expected.low <= bucket.value <= expected.high
    severity = _severity(course, deep)
    episode = series.episode
    if episode is None:
        _run(series, bucket, bad, off=deep >= OFF and not usual, news=news)
        opens = series.run >= OPENS_AFTER and series.run_signals > 0
        return Verdict("open" if opens else "", deep, severity)
    episode.buckets += 1
    episode.worst = max(episode.worst, deep)
    episode.quiet = episode.quiet + 1 if deep < BACK or usual else 0
    if episode.quiet >= CLOSES_AFTER[rhythm]:
        return Verdict("close", deep, severity)
    if episode.buckets >= NEW_LEVEL[rhythm]:
        return Verdict("new level", deep, severity)
    worse = RANK[severity] > RANK[episode.severity] and deep >= OFF
    return Verdict("worse" if worse else "", deep, severity)


def _direction(series: Series, bucket: Bucket, expected: Expectation, course: Course) -> str:
    """Which way is bad: against the indicator's course; for context, the way it went."""
    if series.episode is not None:
        return series.episode.direction
    if course == "context":
        return "up" if bucket.value > expected.expected else "down"
    return "down" if course == "up" else "up"


def _severity(course: Course, deep: float) -> Literal["critical", "warning", "info"]:
    if course == "context":
        return "info"
    return "critical" if deep >= CRITICAL else "warning"


def _run(series: Series, bucket: Bucket, bad: str, *, off: bool, news: bool) -> None:
    if not off:
        series.run, series.run_signals, series.run_direction = 0, 0, ""
        return
    if series.run_direction != bad:
        series.run, series.run_signals, series.run_direction = 0, 0, bad
    if not series.run:
        series.run_since = bucket.start
    series.run += 1
    series.run_signals += news

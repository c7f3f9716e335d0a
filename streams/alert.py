"""Where alerts are decided: from one bucket, and what was expected of it, to what follows.

1. A bucket is *off* when it is at least a tenth worse than expected (for context indicators:
   in either direction), or a share near 1 that fails half again as many, and outside the usual
   interval.
2. Two buckets off in one stretch of such depth, at least one of them news by itself, open
   an alert; so do a few more of them that are news only as a sum. It opens at the end of that
   bucket, and is dated (``since``) at the first bucket of the stretch that was off: what was
   only deep, and inside its interval, is usual and was learned.
3. While it is open its baseline stays frozen. It is updated when its severity rises.
4. It closes itself when enough buckets in a row are back: within a twentieth, or inside the
   usual interval. It also closes when it has lasted so long that this is the new level, or when
   another event begins in it (module ``streams.wave``), whose alert follows.
5. What is news, or belongs to an episode, is set aside: nothing usual is learned from it. A
   bucket off that is no news is set aside until its stretch ends without an alert; else a fall
   would teach its own size to the scale that it is measured by.
6. A detector that decides by itself (rare events, an error budget) opens an alert where it
   calls a series off for the worse, whatever the depth and before anything is expected, and
   closes it where it says that it is over. While that alert stands rules 1 to 4 rest, and
   while one of theirs stands it opens none: one series, one alert.

Low counts, gaps, silence and hidden values open nothing and close nothing. Nothing here sends.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple

from models.alert import AlertState, Severity
from models.value import Rhythm
from streams import wave
from streams.detector import Deciding
from streams.detectors._finding import Judgement
from streams.expectation import Expectation, Quantity
from streams.series import KEPT, Bucket, Episode, Series

OFF, BACK = 0.10, 0.05
"""Depth from which a bucket is off, and below which it is back."""

SMALL_SHARE = 0.02
"""Two points of a share are no depth, however small the share is: 0.6 % of all is not much."""

FAILED, HALF_AGAIN = 0.05, 0.5
"""Off is also a share that fails one in twenty more, and half again as many as expected."""

CRITICAL = 0.25
"""Depth from which an alert is critical."""

OPENS_AFTER = 2
"""Buckets off in one stretch of buckets a tenth worse, in one direction."""

SUMS_AFTER: dict[Rhythm, int] = {"hour": 24, "day": 5, "week": 3, "month": 2, "quarter": 2}
"""The same, where no bucket was news by itself but their sum was."""

MAY_MISS = 3
"""Buckets that may be missing from a row (weekends, low counts) before it counts as broken."""

CLOSES_AFTER: dict[Rhythm, int] = {"hour": 24, "day": 7, "week": 2, "month": 2, "quarter": 2}
"""Buckets in a row that must be back: of days a whole week, or weekends would open it again."""

NEW_LEVEL: dict[Rhythm, int] = {"hour": 336, "day": 120, "week": 26, "month": 12, "quarter": 4}
"""Buckets after which an open alert is the new level."""

RANK = {"": 0, "info": 1, "warning": 2, "critical": 3}

Course = Literal["up", "down", "context"]


What = Literal["", "open", "worse", "close", "wave", "new level", "new definition", "new baseline"]


class Nature(NamedTuple):
    """What kind of series it is: which way is good, what is measured, how often."""

    course: Course
    quantity: Quantity
    rhythm: Rhythm


class Verdict(NamedTuple):
    """What a bucket means: ``what`` is "" (nothing), or what becomes of the alert."""

    what: What
    depth: float
    """How much worse than expected, as a share; negative where better."""
    severity: Severity
    aside: bool = False
    """The bucket is no example of what is usual: nothing is learned from it."""
    by: str = ""
    """The detector that decided it by itself; empty where depth and news did."""
    why: str = ""
    """What that one says of the numbers."""


def depth(
    value: float, expected: float, direction: str, quantity: Quantity, *, inverted: bool = False
) -> float:
    """How far a value lies from what was expected, in this direction: |1 - Q|, signed.

    Q is value / expected, or expected / value where ``inverted`` (lower is better). Levels are
    in per cent points already, so a hundredth of the difference is taken.
    """
    off = value - expected if direction == "up" else expected - value
    if quantity == "level":
        return off / 100
    if quantity in ("share", "mix") and abs(off) < SMALL_SHARE:
        return 0.0
    whole = abs(value if inverted else expected)
    return off / whole if whole else float(off > 0) - float(off < 0)


def decide(
    series: Series,
    bucket: Bucket,
    expected: Expectation,
    nature: Nature,
    *,
    news: Collection[str],
) -> Verdict:
    """Judge a bucket and move the series' run and episode on; the caller keeps the record.

    The caller opens and ends the episode, and learns the bucket unless an episode stands or
    the bucket is set aside here.
    """
    course, quantity, rhythm = nature
    bad = _direction(series, bucket, expected, course)
    inverted = course == "down"
    deep = depth(bucket.value, expected.expected, bad, quantity, inverted=inverted)
    usual = expected.low <= bucket.value <= expected.high
    severity = _severity(course, deep)
    is_off = deep >= OFF or _fails_more(bucket.value, expected.expected, bad, quantity)
    if series.episode is None:
        if is_off:
            _run(series, bucket, bad, usual=usual, news=news)
        else:
            _rest(series)
        by_sum = series.run >= SUMS_AFTER[rhythm] and series.run_sums > 0
        opens = by_sum or (series.run >= OPENS_AFTER and series.run_signals > 0)
        waits = not (usual or bucket.plan or rhythm == "hour")
        aside = opens or (is_off and ("point" in news or waits))
        if rhythm != "hour" and aside:
            series.set_aside(bucket, KEPT[rhythm])
            if opens:
                series.waiting.clear()
            elif "point" not in news:
                series.wait(bucket, expected.expected)
        return Verdict("open" if opens else "", deep, severity, aside)
    _rest(series)
    is_back = usual or (deep < BACK and not is_off)
    far = max(bucket.value - expected.expected, 0.0)
    upwards = rhythm == "day" and bad == "up"
    if upwards and wave.begins(series.episode, bucket, far, is_back=is_back):
        series.run_direction, series.run_since = bad, series.episode.rise_since
        series.set_aside(bucket, KEPT[rhythm])
        return Verdict("wave", deep, severity)
    back = bucket.start if is_back else None
    what = _go_on(series.episode, deep, severity, rhythm, back)
    if rhythm != "hour" and what in ("", "worse"):
        series.set_aside(bucket, KEPT[rhythm])
    return Verdict(what, deep, severity)


def begin(series: Series, alert: str, opened: int, verdict: Verdict, state: AlertState) -> Episode:
    """The episode of an alert of this id, which the present stretch of its series becomes."""
    episode = Episode(
        alert=alert,
        opened=opened,
        since=series.run_since,
        direction=series.run_direction,
        severity=verdict.severity,
        state=state,
        transition=0,
        told=False,
        worst=verdict.depth,
        by=verdict.by,
    )
    series.run = series.run_signals = series.run_sums = 0
    return episode


def decider(series: Series, judged: Mapping[str, Judgement], course: Course) -> str:
    """The detector whose word counts for a bucket by itself; empty for none.

    The one whose alert stands; where none stands, the one that calls it the worst.
    """
    if series.episode is not None:
        return series.episode.by
    off = [name for name, one in judged.items() if worse(one, course)]
    return max(off, key=lambda name: RANK[judged[name].severity], default="")


def follow(
    series: Series, bucket: Bucket, judged: Judgement | None, nature: Nature, by: Deciding
) -> Verdict:
    """Judge a bucket by a detector that decides by itself, and move the episode on.

    The caller opens and ends the episode.
    """
    episode = series.episode
    if judged is None or not worse(judged, nature.course):
        if episode is None:
            return Verdict("", 0.0, "info")
        episode.back_since = bucket.start
        return Verdict("close", 0.0, episode.severity)
    # A bucket of rare events is deep or not by chance; how much denser they came is not.
    deep = 1 - 1 / judged.score if judged.score else 0.0
    if nature.quantity == "share":
        deep = depth(bucket.value, judged.usual.expected, judged.direction, "share")
    severity: Severity = "info" if nature.course == "context" else judged.severity or "info"
    if episode is None:
        series.waiting.clear()
        _rest(series)
        series.run_since, series.run_direction = judged.since, judged.direction
        return Verdict("open", deep, severity, by=by.id, why=judged.why)
    episode.buckets += 1
    episode.worst = max(episode.worst, deep)
    if by.relearns and episode.buckets >= NEW_LEVEL[nature.rhythm]:
        return Verdict("new level", deep, severity)
    up = RANK[severity] > RANK[episode.severity]
    return Verdict("worse" if up else "", deep, severity, by=by.id, why=judged.why)


def worse(judged: Judgement, course: Course) -> bool:
    """Whether something is off that people want to hear of: for the worse, or any in context."""
    good = {"up": "up", "down": "down", "context": ""}[course]
    return bool(judged.severity) and judged.direction != good


def _go_on(
    episode: Episode, deep: float, severity: Severity, rhythm: Rhythm, back: int | None
) -> Literal["", "worse", "close", "new level"]:
    """Count a bucket of an episode and say whether it ends or gets worse.

    ``back`` is the start (ms) of a bucket that is back, None of one that is not.
    """
    episode.buckets += 1
    episode.worst = max(episode.worst, deep)
    if back is not None and not episode.quiet:
        episode.back_since = back
    episode.quiet = 0 if back is None else episode.quiet + 1
    if episode.quiet >= CLOSES_AFTER[rhythm]:
        return "close"
    if episode.buckets >= NEW_LEVEL[rhythm]:
        return "new level"
    return "worse" if RANK[severity] > RANK[episode.severity] and deep >= OFF else ""


def _direction(series: Series, bucket: Bucket, expected: Expectation, course: Course) -> str:
    """Which way is bad: against the indicator's course; for context, the way it went."""
    if series.episode is not None:
        return series.episode.direction
    if course == "context":
        return "up" if bucket.value > expected.expected else "down"
    return "down" if course == "up" else "up"


def _severity(course: Course, deep: float) -> Severity:
    if course == "context":
        return "info"
    return "critical" if deep >= CRITICAL else "warning"


def _fails_more(value: float, expected: float, bad: str, quantity: Quantity) -> bool:
    """Whether a share near 1 fails so many more people that it is off, however few its depth says.

    87 % where 95 % are expected is a tenth of nothing, and more than twice as many failed.
    """
    off = expected - value
    near = quantity == "share" and bad == "down"
    return near and off >= FAILED and off >= HALF_AGAIN * (1 - expected)


def _rest(series: Series) -> None:
    """No stretch goes on; what only waited for its end is learned."""
    series.take_back()
    series.run, series.run_signals, series.run_sums, series.run_direction = 0, 0, 0, ""


def _run(series: Series, bucket: Bucket, bad: str, *, usual: bool, news: Collection[str]) -> None:
    """Follow a stretch of deep buckets; those outside their interval may open an alert."""
    broken = bucket.number - series.last > series.run + MAY_MISS + 1
    if series.run_direction != bad or broken:
        _rest(series)
        series.run_direction = bad
    if not series.run:
        series.run_since = bucket.start
    series.run += not usual
    series.run_signals += "point" in news
    series.run_sums += "sum" in news

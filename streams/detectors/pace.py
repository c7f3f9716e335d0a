"""The pace of work: whether things end as fast as they did at the same age before."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, log
from typing import Any, ClassVar, Final, NamedTuple

import msgspec

from models.value import Rhythm
from streams.detector import Deciding
from streams.detectors._finding import Judgement
from streams.expectation import Expectation
from streams.lived import EDGES, GROUPS, Lived
from streams.series import Bucket

WARM: Final = 12
"""Buckets that the usual pace is read from before anything is expected, and as many more of
which the noise is read before anything is said."""

ENOUGH: Final = 50
"""Endings behind the usual pace below which nothing is said: it would be known to a seventh."""

KEEP: Final = 1 - 1 / 52
"""What was learned counts for so much less with each bucket: for a third (1/e) after 52."""

STAYS: Final = 26
"""Buckets after which a faster pace, or a stretch that came to nothing, is usual."""

TWICE: Final = log(2)
"""Half or twice the usual pace is what is looked for."""

LIMIT: Final = log(1000)
"""How much likelier half the pace must be than the usual one, as a logarithm. If that were known
exactly a false alarm came once in a thousand quiet buckets at most, on either side (Lorden); of
fifty endings and more it comes less often than that, as measured (tests/unit/test_pace.py)."""

RIPE: Final = 3.0
"""Hazard up to which an item is looked at: by then 95 % have ended at the usual pace. What is
forgotten for good says once that it is late, and not with every week for ever."""

MOST: Final = 1.5 * LIMIT
"""Beyond this nothing is added: one bad week is not remembered for a season."""

OPENS_AFTER: Final = 2
"""The newest buckets that must all be off, as for all other alerts."""

OVER: Final = log(10)
"""The same, of the usual pace against the other, from which it is over."""

GRAVE: Final = 3.0
"""Times as slow as usual from which it is critical."""


SIDES: Final = ("slow", "fast")


class Seen(NamedTuple):
    """A bucket: what was lived in it, its endings up to a ripe age, and how many were expected."""

    start: int
    exposure: list[float]
    endings: list[int]
    ended: int
    expected: float

    def says(self, side: str) -> float:
        """The log likelihood ratio of half, or of twice, the usual pace against the usual one."""
        if side == "slow":
            return self.expected / 2 - TWICE * self.ended
        return TWICE * self.ended - self.expected


class Usual(msgspec.Struct):
    """What is kept of a series: two numbers an age group, and the stretch that is not over."""

    rhythm: Rhythm
    exposure: list[float] = msgspec.field(default_factory=lambda: [0.0] * GROUPS)
    endings: list[float] = msgspec.field(default_factory=lambda: [0.0] * GROUPS)
    buckets: int = 0
    noise: float = 0.0
    """Sum of the squared misses, each over what was expected."""
    judged: float = 0.0
    """Of so many buckets, older ones counting for less."""
    tried: int = 0
    """How many they were."""
    stretch: list[Seen] = []
    """Buckets to be learned if they come to nothing, or if they stay."""
    sums: dict[str, float] = msgspec.field(default_factory=lambda: dict.fromkeys(SIDES, 0.0))
    """Log likelihood ratios of both sides, never below 0."""
    begins: dict[str, int] = msgspec.field(default_factory=lambda: dict.fromkeys(SIDES, 0))
    """The place in the stretch from which each is above."""
    side: str = ""
    """The side on which it is off; then the stretch is what is."""
    back: float = 0.0
    """Log likelihood ratio of the usual pace, while it is off."""
    severity: str = ""


class Pace(Deciding):
    """News where work ends at half or twice the pace that was usual at its age.

    Of each age group the usual pace is its endings over the time lived in it, in the year
    before; what is at risk in a bucket, open work too, then says how many endings to expect
    (indirect standardisation). So a slow-down shows as soon as endings fail to come, not when
    late ones are at last done. The log likelihood ratios of half and twice the pace against the
    usual one are summed up from 0 (a risk-adjusted survival CUSUM), and divided by how much more
    the endings vary than chance alone, where they come in bunches. A side is over when the
    usual pace is ten times likelier again; until then nothing is learned.

    Silent for half a year of weeks, and below fifty endings. Source: Biswas & Kalbfleisch 2008,
    *A risk-adjusted CUSUM in continuous time based on the Cox model*, Statistics in Medicine 27,
    3382-3406; the bound of the false-alarm rate: Lorden 1971; age groups with a constant hazard:
    Breslow & Day 1987, chapter 2.
    """

    family = "pace"
    rhythms = ("week", "month", "quarter")
    quantities = ("pace",)
    false_alarm_rate = 2e-3
    Memory: ClassVar = Usual

    def start(self, rhythm: Rhythm) -> Usual:
        """A series of which nothing is known."""
        return Usual(rhythm)

    def judge(self, bucket: Bucket, memory: Any, objective: float | None) -> Judgement | None:
        """Compare the endings of a bucket with those that its open work should have had."""
        del objective
        held: Usual = memory
        if bucket.lived is None:
            return None
        seen = _seen(held, bucket.start, bucket.lived)
        known = held.buckets >= WARM and sum(held.endings) >= ENOUGH
        if not held.side and not (known and held.tried >= WARM):
            _learn(held, [seen], noise=known)
            return None
        held.stretch.append(seen)
        noise = max(held.noise / held.judged, 1.0)
        if held.side:
            return self._lasts(held, bucket.unit_ms, -seen.says(held.side) / noise)
        return self._begins(held, bucket.unit_ms, seen, noise)

    def since(self, memory: Any, at: int) -> Usual | None:
        """What stayed since then as the usual pace; None where the stretch does not reach there."""
        held: Usual = memory
        kept = [one for one in held.stretch if one.start >= at]
        if not held.side or not kept:
            return None
        _relearn(held, kept)
        _clear(held)
        return held

    @staticmethod
    def _begins(held: Usual, unit_ms: int, seen: Seen, noise: float) -> Judgement | None:
        """Sum up what a bucket says for either side, and whether one of them is off now."""
        for side in SIDES:
            held.sums[side] = min(max(held.sums[side] + seen.says(side) / noise, 0.0), MOST)
            if not held.sums[side]:
                held.begins[side] = len(held.stretch)
        held.side = next((side for side in SIDES if _is_off(held, side)), "")
        if held.side:
            begin = held.begins[held.side]
            _learn(held, held.stretch[:begin])
            held.stretch = held.stretch[begin:]
            held.severity = _severity(held)
            return _judgement(held, unit_ms, fresh=True)
        if not any(held.sums.values()) or len(held.stretch) >= STAYS:
            _learn(held, held.stretch)
            _clear(held)
        return None

    @staticmethod
    def _lasts(held: Usual, unit_ms: int, usual: float) -> Judgement:
        """Whether it goes on; ``usual`` is what this bucket says for the usual pace."""
        held.back = max(held.back + usual, 0.0)
        stays = len(held.stretch) >= STAYS and held.side == "fast"
        if held.back >= OVER or stays:
            over = Judgement(usual=_usual(held, unit_ms))
            if stays:
                # What got better and stayed so is usual now; nobody closes an alert of it.
                _relearn(held, held.stretch)
            _clear(held)
            return over
        was, held.severity = held.severity, max(held.severity, _severity(held), key=_RANK.index)
        return _judgement(held, unit_ms, fresh=held.severity != was)


_RANK: Final = ("", "warning", "critical")


def _is_off(held: Usual, side: str) -> bool:
    """Whether a side's sum is beyond its limit, and its newest buckets all speak for it."""
    newest = held.stretch[held.begins[side] :][-OPENS_AFTER:]
    off = len(newest) == OPENS_AFTER and all(one.says(side) > 0 for one in newest)
    return off and held.sums[side] >= LIMIT


def _seen(held: Usual, start: int, lived: Lived) -> Seen:
    """A bucket beside the usual pace."""
    exposure, endings = lived.by_age(_age(held, RIPE))
    rates = zip(exposure, held.endings, held.exposure, strict=True)
    expected = sum(spent * ended / usual for spent, ended, usual in rates if usual > 0)
    return Seen(start, *lived.by_age(), sum(endings), expected)


def _learn(held: Usual, buckets: Sequence[Seen], *, noise: bool = True) -> None:
    for one in buckets:
        held.exposure = [KEEP * a + b for a, b in zip(held.exposure, one.exposure, strict=True)]
        held.endings = [KEEP * a + b for a, b in zip(held.endings, one.endings, strict=True)]
        held.buckets += 1
        if noise:
            miss = (one.ended - one.expected) ** 2 / max(one.expected, 1.0)
            held.noise, held.judged = KEEP * held.noise + miss, KEEP * held.judged + 1
            held.tried += 1


def _relearn(held: Usual, buckets: Sequence[Seen]) -> None:
    """Take these buckets as all that is usual; how much endings vary is still known."""
    held.exposure, held.endings, held.buckets = [0.0] * GROUPS, [0.0] * GROUPS, 0
    _learn(held, buckets, noise=False)


def _clear(held: Usual) -> None:
    held.stretch, held.side, held.severity = [], "", ""
    held.sums, held.begins, held.back = dict.fromkeys(SIDES, 0.0), dict.fromkeys(SIDES, 0), 0.0


def _ratio(held: Usual) -> float:
    """How many times as slow the stretch is; half an ending where none was, or was expected."""
    ended = sum(one.ended for one in held.stretch)
    expected = sum(one.expected for one in held.stretch)
    return max(expected, 0.5) / max(ended, 0.5)


def _severity(held: Usual) -> str:
    return "critical" if _ratio(held) >= GRAVE else "warning"


def _judgement(held: Usual, unit_ms: int, *, fresh: bool) -> Judgement:
    ratio, many, slow = _ratio(held), len(held.stretch), held.side == "slow"
    times = f"{ratio:,.1f} times as slowly" if slow else f"{1 / ratio:,.1f} times as fast"
    span = f"one {held.rhythm}" if many == 1 else f"{many} {held.rhythm}s"
    what = f"work has ended {times} as usual for its age"
    if slow and not any(one.ended for one in held.stretch):
        what = "nothing has ended of what should have at its age"
    return Judgement(
        usual=_usual(held, unit_ms),
        severity="critical" if held.severity == "critical" else "warning",
        direction="up" if slow else "down",
        since=held.stretch[0].start,
        score=ratio if slow else 1 / ratio,
        fresh=fresh,
        why=f"over {span} {what}",
    )


def _usual(held: Usual, unit_ms: int) -> Expectation:
    """The median time at the usual pace, and at the paces within which no sum grows.

    Infinite where so many are never reached.
    """
    slower, faster = 1 / (2 * TWICE), 1 / TWICE
    low, middle, high = (_age(held, TWICE / pace) / unit_ms for pace in (faster, 1.0, slower))
    return Expectation(middle, low, high, 1.0)


def _age(held: Usual, hazard: float) -> float:
    """The age (ms) by which so much hazard is lived through at the usual pace; half end by ln 2."""
    left = hazard
    for k, (lived, ended) in enumerate(zip(held.exposure, held.endings, strict=True)):
        rate = ended / lived if lived > 0 else 0.0
        wide = EDGES[k + 1] - EDGES[k] if k + 1 < GROUPS else inf
        if rate > 0 and rate * wide >= left:
            return float(EDGES[k] + left / rate)
        left -= rate * wide if rate > 0 else 0.0
    return inf

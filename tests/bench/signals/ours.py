"""How the product's detectors are fed with a benchmark: bucket by bucket, nothing ahead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from statistics import median

import msgspec

from models.value import Rhythm
from streams.detector import Expecting
from streams.detectors._finding import Finding
from streams.detectors._novelty import WARM, Novelty, Stretch, _together
from streams.detectors._shift import Shift
from streams.expectation import center, expect
from streams.series import KEPT, Bucket, Series
from tests.bench.signals.nab import NabFile
from tests.bench.signals.tcpd import Marked

DAY_MS = 86_400_000
DAY, WEEK = 86_400, 7 * 86_400


class Recorded(Novelty):
    """The novelty detector, keeping how strong each bucket was before the threshold."""

    strengths: list[float] = msgspec.field(default_factory=list)

    def _scores(self) -> list[float]:
        scores = super()._scores()
        self.strengths.append(_together(scores))
        return scores


def novelty(file: NabFile) -> Recorded:
    """The novelty detector behind the last row of a file, with a daily and a weekly season.

    How far rows lie apart is read from those in which it is silent anyway.
    """
    first = file.times[: WARM + 1]
    apart = median((later - earlier).total_seconds() for earlier, later in pairwise(first))
    day, week = (max(1, round(season / apart)) for season in (DAY, WEEK))
    detector = Recorded(list(Novelty.of(day, week).seasons))
    for time, value in zip(file.times, file.values.tolist(), strict=True):
        row = int((time - datetime(2000, 1, 3)).total_seconds() // apart)  # noqa: DTZ001
        detector.look(row, value, (row % day, row % week))
    return detector


def events(detector: Recorded, threshold: float = Novelty.threshold) -> list[int]:
    """The rows that a threshold makes news of."""
    stretch = Stretch()
    strengths = enumerate(detector.strengths)
    return [
        row for row, strength in strengths if stretch.news(strength / threshold, detector.pause)
    ]


def shift(series: Marked, at: float = Shift.threshold) -> list[int]:
    """The onsets that the shift detector names, each dated when it is decided."""

    class Other(Shift):
        threshold = at

    detector = Other(series.period)
    found: Iterable[Finding | None] = (
        detector.look(row, value) for row, value in enumerate(series.values.tolist())
    )
    return [finding.onset for finding in found if finding is not None]


def expecting_on_nab(detector: Expecting, file: NabFile) -> list[int]:
    """News of a detector that is given an expectation: each row a bucket, hours of the week."""
    hours = [time.weekday() * 24 + time.hour for time in file.times]
    return _expecting(detector, file.values.tolist(), hours, "hour")


def expecting_on_tcpd(detector: Expecting, series: Marked) -> list[int]:
    """News of a detector that is given an expectation: each row a month."""
    values = series.values.tolist()
    slots = [row % series.period for row in range(len(values))]
    return _expecting(detector, values, slots, "month")


def _expecting(
    detector: Expecting, values: Sequence[float], slots: Sequence[int], rhythm: Rhythm
) -> list[int]:
    series, found = Series(), []
    memory: list[float] = []
    for row, (value, slot) in enumerate(zip(values, slots, strict=True)):
        bucket = Bucket(row, row * DAY_MS, (row + 1) * DAY_MS, value, 100, slot)
        expected = expect(series, bucket, rhythm, "level")
        if expected is not None and detector.score(bucket, expected, memory) is not None:
            found.append(row)
            continue
        middle = center(series, bucket, rhythm)
        series.learn(bucket, None if middle is None else value - middle, KEPT[rhythm])
    return found

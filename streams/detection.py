"""Detection: what every detector says about a bucket, and the signals that come of it."""

from __future__ import annotations

from uuid import UUID, uuid5

from models.catalogue import discover
from models.signal import Signal
from streams import detectors
from streams.detector import Detector, Expecting, Remembering
from streams.detectors._finding import Finding
from streams.expectation import Expectation
from streams.look import Look

NAMESPACE = UUID("1f0f6dd2-7a0b-4c29-9d6f-3f5f5d2f9d10")
"""Of the ids of signals and alerts, so that a replay gives the same."""

DETECTORS: dict[str, Detector] = {}
for _name, _kind in discover(detectors, Detector).items():
    _kind.id = _name
    DETECTORS[_name] = _kind()

ONLY_BY_HAND = frozenset(
    name for name, one in DETECTORS.items() if isinstance(one, Remembering) and one.keeps_baseline
)
"""Detectors whose baseline only a human begins anew."""


def detect(
    agency: str, look: Look, expected: Expectation | None, signals: list[Signal]
) -> set[str]:
    """Let the detectors of an indicator look at a bucket; the families to which it is news.

    While an alert stands its buckets are no news of their own: one event, one signal. A change
    that is dated back to before the bucket still is one.
    """
    news: set[str] = set()
    for detector in _meant(look):
        found = _finding(detector, look, expected)
        if found is None or expected is None:
            continue
        news.add(detector.family)
        if look.series.episode is None or found.onset < look.bucket.start:
            signals.append(_signal(agency, look, expected, detector, found))
    return news


def first(look: Look) -> Detector:
    """The detector that stands in the evidence of an alert."""
    return _meant(look)[0]


def _meant(look: Look) -> list[Detector]:
    known = [DETECTORS[name] for name in look.indicator.detectors]
    return [one for one in known if look.value.rhythm in one.rhythms]


def _finding(detector: Detector, look: Look, expected: Expectation | None) -> Finding | None:
    bucket, series = look.bucket, look.series
    if isinstance(detector, Remembering):
        if bucket.plan:
            # A campaign is no new level; what it is compared with stands in ``expected``.
            return None
        return detector.look(bucket, detector.memory(series.memory, look.value.rhythm))
    if expected is None or not isinstance(detector, Expecting):
        return None
    score = detector.score(bucket, expected, series.memory.setdefault(detector.id, []))
    if score is None:
        return None
    return Finding(score, "up" if score > 0 else "down", bucket.start)


def _signal(agency: str, look: Look, expected: Expectation, by: Detector, found: Finding) -> Signal:
    value, bucket = look.value, look.bucket
    usual = found.bounds or (expected.expected, expected.low, expected.high)
    return Signal(
        id=str(uuid5(NAMESPACE, f"signal {agency} {look.name} {bucket.start} {by.id}")),
        agency=agency,
        indicator=value.indicator,
        cell=value.cell,
        rhythm=value.rhythm,
        bucket_start=bucket.start,
        bucket_end=bucket.end,
        onset=found.onset,
        detector=by.id,
        direction=found.direction,
        score=found.score,
        value=bucket.value,
        expected=usual[0],
        low=usual[1],
        high=usual[2],
        n=bucket.n,
        false_alarm_rate=by.false_alarm_rate,
    )

"""Detection: what every detector says about a bucket, and the signals that come of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from typing import NamedTuple
from uuid import UUID, uuid5

from models.catalogue import discover
from models.fault import Fault, nearest, place
from models.settings import Settings
from models.signal import Signal
from models.value import RHYTHMS, Rhythm
from streams import detectors
from streams.chart import possible
from streams.detector import Deciding, Detector, Expecting, Remembering
from streams.detectors._finding import Finding, Judgement
from streams.expectation import Expectation
from streams.indicator import Indicator
from streams.look import Look
from streams.mix import per_case

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


class Heard(NamedTuple):
    """What the detectors said of a bucket."""

    news: dict[str, str]
    """The families to which it is news, and the way it went: "up" or "down"."""
    judged: dict[str, Judgement]
    """How things stand, by detector that decides by itself."""


class Detection:
    """Who looks at which indicator: as the indicator says, or the settings where they do."""

    def __init__(self, agency: str, settings: Settings) -> None:
        self.agency = agency
        self.settings = settings

    def look(self, look: Look, expected: Expectation | None, signals: list[Signal]) -> Heard:
        """Let the detectors of an indicator look at a bucket.

        While an alert stands its buckets are no news of their own: one event, one signal. A
        change that is dated back to before the bucket still is one. On a holiday only those
        look that know no season.
        """
        heard = Heard({}, {})
        for detector in self._meant(look):
            if isinstance(detector, Deciding):
                judged = self._judge(detector, look)
                if judged is None:
                    continue
                heard.judged[detector.id] = judged
                # A time that is not reached, now or usually, has no place on a chart.
                drawn = look.value.value is not None and isfinite(judged.usual.high)
                if judged.fresh and drawn:
                    found = Finding(judged.score, judged.direction, judged.since)
                    signals.append(self._signal(look, judged.usual, detector, found))
                continue
            found_here = None if look.bucket.slot < 0 else _finding(detector, look, expected)
            if found_here is None or expected is None:
                continue
            heard.news[detector.family] = found_here.direction
            if look.series.episode is None or found_here.onset < look.bucket.start:
                signals.append(self._signal(look, expected, detector, found_here))
        return heard

    def by(self, look: Look, named: str) -> Detector:
        """The detector that stands in the evidence of an alert: the one that opened it."""
        if named:
            return DETECTORS[named]
        return (self._meant(look) or [DETECTORS[one] for one in look.indicator.detectors])[0]

    @staticmethod
    def deciding(named: str) -> Deciding:
        """A detector that decides by itself."""
        found = DETECTORS[named]
        if not isinstance(found, Deciding):
            raise TypeError(named)
        return found

    def _meant(self, look: Look) -> list[Detector]:
        names = chosen(look.indicator, self.settings)
        return _looking(names, look.indicator, look.value.rhythm)

    def _judge(self, detector: Deciding, look: Look) -> Judgement | None:
        memory = detector.memory(look.series.memory, look.value.rhythm)
        return detector.judge(look.bucket, memory, objective(look.indicator, self.settings))

    def _signal(self, look: Look, usual: Expectation, by: Detector, found: Finding) -> Signal:
        value, bucket = look.value, look.bucket
        of = per_case(look)
        bounds = [one * of for one in found.bounds or (usual.expected, usual.low, usual.high)]
        if look.indicator.quantity == "share":
            bounds = [possible(one) for one in bounds]
        return Signal(
            id=str(uuid5(NAMESPACE, f"signal {self.agency} {look.name} {bucket.start} {by.id}")),
            agency=self.agency,
            indicator=value.indicator,
            cell=value.cell,
            rhythm=value.rhythm,
            bucket_start=bucket.start,
            bucket_end=bucket.end,
            onset=found.onset,
            detector=by.id,
            direction=found.direction,
            score=found.score,
            value=bucket.value if value.value is None else value.value,
            expected=bounds[0],
            low=bounds[1],
            high=bounds[2],
            n=bucket.n,
            false_alarm_rate=by.false_alarm_rate,
        )


def chosen(indicator: Indicator, settings: Settings) -> tuple[str, ...]:
    """The detectors that look at an indicator."""
    return settings.detectors.get(indicator.id, indicator.detectors)


def objective(indicator: Indicator, settings: Settings) -> float | None:
    """What an indicator is to reach."""
    return settings.objectives.get(indicator.id, indicator.objective)


def watchers(indicator: Indicator, settings: Settings, rhythm: Rhythm) -> str:
    """In words, who looks at buckets of this length, and what is to be reached; empty for nobody."""
    mine = [one.id for one in _looking(chosen(indicator, settings), indicator, rhythm)]
    aim = objective(indicator, settings)
    return ", ".join(mine) + (f"; objective {aim:.2%}" if aim else "") if mine else ""


def disarmed(indicator: Indicator, settings: Settings) -> list[Rhythm]:
    """Lengths of bucket of which the settings left nobody who could open an alert."""
    own, names = indicator.detectors, chosen(indicator, settings)
    return [
        rhythm
        for rhythm in RHYTHMS[RHYTHMS.index(indicator.step) :]
        if _opens(own, indicator, rhythm) and not _opens(names, indicator, rhythm)
    ]


def _opens(names: Iterable[str], indicator: Indicator, rhythm: Rhythm) -> bool:
    """Whether any of these opens alerts, by its own word or by news that ``alert.decide`` hears."""
    return any(
        isinstance(one, Deciding) or one.family in ("point", "sum")
        for one in _looking(names, indicator, rhythm)
    )


def _looking(names: Iterable[str], indicator: Indicator, rhythm: Rhythm) -> list[Detector]:
    """Those of these that look at buckets of this length."""
    return [
        one
        for one in map(DETECTORS.get, names)
        if one and rhythm in one.rhythms and indicator.detect in one.quantities
    ]


def choice_faults(settings: Settings, catalogue: Mapping[str, Indicator]) -> Iterator[Fault]:
    """What the settings choose that cannot be: unknown names, and detectors in the wrong place."""
    for name, some in settings.detectors.items():
        where = place(("detectors", name))
        if name not in catalogue:
            yield Fault(where, "is no indicator", nearest(name, catalogue))
        else:
            yield from _detector_faults(where, catalogue[name], some)
    for name in settings.objectives:
        where = place(("objectives", name))
        aiming = [one.id for one in catalogue.values() if one.objective is not None]
        if name not in catalogue:
            yield Fault(where, "is no indicator", nearest(name, aiming))
        elif name not in aiming:
            yield Fault(where, "has no objective", nearest(name, aiming))


def _detector_faults(where: str, indicator: Indicator, some: Iterable[str]) -> Iterator[Fault]:
    fitting = [name for name, one in sorted(DETECTORS.items()) if not _unfit(one, indicator)]
    hint = "write a list of " + ", ".join(f'"{name}"' for name in fitting)
    if not fitting:
        hint = "take it out"
    for name in some:
        if name not in DETECTORS:
            yield Fault(where, "names a detector that is not known", nearest(name, DETECTORS))
        elif why := _unfit(DETECTORS[name], indicator):
            yield Fault(where, f"cannot be watched by {name}: {why}", hint)


def _unfit(detector: Detector, indicator: Indicator) -> str:
    """Why a detector cannot look at an indicator; empty where it can."""
    if not indicator.detect:
        return "its values overlap in time, and nothing looks at them"
    if indicator.detect not in detector.quantities:
        return f"that one looks at {' and '.join(detector.quantities)}, not at {indicator.detect}"
    coarser = RHYTHMS[RHYTHMS.index(indicator.step) :]
    if not set(coarser) & set(detector.rhythms):
        finest = indicator.step
        return f"that one looks at {' and '.join(detector.rhythms)}, and a {finest} is its finest"
    if isinstance(detector, Deciding) and detector.aims and indicator.objective is None:
        return "that one needs an objective"
    return ""


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

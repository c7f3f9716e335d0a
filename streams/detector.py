"""What a detector is: one rule that says of a closed bucket whether it is news.

Three shapes exist: :class:`Expecting` asks how far a bucket lies from what was expected of it;
:class:`Remembering` compares a series with its own past and needs no expectation;
:class:`Deciding` does too, and its word opens and closes an alert without anybody else's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import msgspec

from models.value import RHYTHMS, Rhythm
from streams.detectors._finding import Finding, Judgement
from streams.expectation import Expectation
from streams.series import Bucket


class Detector(ABC):
    """One rule. ``false_alarm_rate`` is the declared chance of news per quiet bucket."""

    id: ClassVar[str] = ""
    family: ClassVar[str]
    """Detectors of one family see the same thing; two families that agree are evidence."""
    rhythms: ClassVar[tuple[Rhythm, ...]] = RHYTHMS
    """The lengths of bucket that it is meant for."""
    quantities: ClassVar[tuple[str, ...]] = ("count", "share", "level")
    """What it can look at, as indicators say it (``Indicator.detect``)."""
    false_alarm_rate: ClassVar[float]


class Expecting(Detector):
    """Compares a bucket with what was expected of it."""

    @abstractmethod
    def score(self, bucket: Bucket, expected: Expectation, memory: list[float]) -> float | None:
        """How far off, signed, in the detector's unit; None where it is no news.

        ``memory`` is this detector's own for this series: empty at first, to be written in place.
        """


class Keeping(Detector):
    """Keeps a memory of its own for each series."""

    Memory: ClassVar[type[msgspec.Struct]]
    keeps_baseline: ClassVar[bool] = False
    """Whether only a human begins it anew: a new level leaves its memory as it is."""

    @abstractmethod
    def start(self, rhythm: Rhythm) -> Any:
        """The memory of a new series, a ``Memory``."""

    def memory(self, kept: dict[str, Any], rhythm: Rhythm) -> Any:
        """This detector's memory among those that a series keeps, made where there is none."""
        held = kept.get(self.id)
        if not isinstance(held, self.Memory):
            # What was stored comes back as plain values.
            binary = (bytes, bytearray)
            held = (
                self.start(rhythm)
                if held is None
                else msgspec.convert(held, self.Memory, builtin_types=binary, str_keys=True)
            )
            kept[self.id] = held
        return held

    def since(self, memory: Any, at: int) -> Any:
        """The memory as if the series had begun at ``at`` (ms); None to learn anew from now on."""
        del memory, at
        return None


class Remembering(Keeping):
    """Compares a series with its own past."""

    @abstractmethod
    def look(self, bucket: Bucket, memory: Any) -> Finding | None:
        """Learn a bucket, and say whether it is news."""


class Deciding(Keeping):
    """Its word suffices: what it calls off opens an alert, and closes it when it says so.

    For series of which a single bucket's depth says nothing (rare events), or that have a
    measure of their own (an objective). It looks at every bucket, holidays too, and speaks
    before anything is expected of the series.
    """

    aims: ClassVar[bool] = False
    """Whether it measures by the indicator's objective and can do nothing without one."""
    relearns: ClassVar[bool] = True
    """Whether what lasts becomes the new level, as it does for all others."""

    @abstractmethod
    def judge(self, bucket: Bucket, memory: Any, objective: float | None) -> Judgement | None:
        """Learn a bucket and say how things stand after it; None while it cannot know yet."""

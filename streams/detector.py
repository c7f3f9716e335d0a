"""What a detector is: one rule that says of a closed bucket whether it is news.

Two shapes exist: :class:`Expecting` asks how far a bucket lies from what was expected of it,
:class:`Remembering` compares a series with its own past and needs no expectation.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import msgspec

from models.value import RHYTHMS, Rhythm
from streams.detectors._finding import Finding
from streams.expectation import Expectation
from streams.series import Bucket


class Detector(ABC):
    """One rule. ``false_alarm_rate`` is the declared chance of news per quiet bucket."""

    id: ClassVar[str] = ""
    family: ClassVar[str]
    """Detectors of one family see the same thing; two families that agree are evidence."""
    rhythms: ClassVar[tuple[Rhythm, ...]] = RHYTHMS
    """The lengths of bucket that it is meant for."""
    false_alarm_rate: ClassVar[float]


class Expecting(Detector):
    """Compares a bucket with what was expected of it."""

    @abstractmethod
    def score(self, bucket: Bucket, expected: Expectation, memory: list[float]) -> float | None:
        """How far off, signed, in the detector's unit; None where it is no news.

        ``memory`` is this detector's own for this series: empty at first, to be written in place.
        """


class Remembering(Detector):
    """Compares a series with its own past."""

    Memory: ClassVar[type[msgspec.Struct]]
    keeps_baseline: ClassVar[bool] = False
    """Whether only a human begins it anew: a new level leaves its memory as it is."""

    @abstractmethod
    def start(self, rhythm: Rhythm) -> Any:
        """The memory of a new series, a ``Memory``."""

    @abstractmethod
    def look(self, bucket: Bucket, memory: Any) -> Finding | None:
        """Learn a bucket, and say whether it is news."""

    def since(self, memory: Any, at: int) -> Any:
        """The memory as if the series had begun at ``at`` (ms); None to learn anew from now on."""
        del memory, at
        return None

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

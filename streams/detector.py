"""What a detector is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from streams.expectation import Expectation
from streams.series import Bucket


class Detector(ABC):
    """One rule. ``false_alarm_rate`` is the declared chance of news per quiet bucket."""

    id: ClassVar[str] = ""
    family: ClassVar[str]
    """Detectors of one family see the same thing; two families that agree are evidence."""
    false_alarm_rate: ClassVar[float]

    @abstractmethod
    def score(self, bucket: Bucket, expected: Expectation, memory: list[float]) -> float | None:
        """How far off, signed, in the detector's unit; None where it is no news.

        ``memory`` is this detector's own for this series: empty at first, to be written in place.
        """

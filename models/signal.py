"""A signal: one detector saw one bucket leave what was expected."""

from __future__ import annotations

from typing import Literal

import msgspec

from models.value import Cell, Rhythm

Direction = Literal["up", "down"]


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """What a detector saw, with all that is needed to doubt it.

    ``onset`` is when it began, as far as the detector can tell (ms). ``score`` is in the detector's own unit (robust standard deviations for seasonal_z);
    ``false_alarm_rate`` is the declared chance of a signal per in-control bucket.
    """

    id: str
    agency: str
    indicator: str
    cell: Cell
    rhythm: Rhythm
    bucket_start: int
    bucket_end: int
    onset: int
    detector: str
    direction: Direction
    score: float
    value: float
    expected: float
    low: float
    high: float
    n: int
    false_alarm_rate: float
    epoch: int = 0

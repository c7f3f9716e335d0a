"""Control limits, and the four rules by which the NHS reads a chart of single values.

*Making Data Count*, as coded in NHSRplotthedots (nhs-r-community, R/ptd_spc_standard.R and
R/ptd_calculate_point_type.R): the centre is the mean of the baseline, the limits lie 2.66 times
the mean moving range from it, after moving ranges of 3.267 times their mean and more were left
out once. A value has a special cause where, in this order,

1. ``outside``: it lies beyond a limit;
2. ``trend``: it is one of seven that rise, or fall, without a break;
3. ``two of three``: it is close to a limit (beyond two thirds of the way), as another of three
   neighbours is, and all three lie on the same side of the mean;
4. ``shift``: it is one of seven on one side of the mean; one on the mean itself breaks the run.

Of a baseline without any common variation nothing is known: there are no limits, and the rules
of trend and shift hold alone. Gaps are not seen: neighbours are those values that exist.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import fmean, mean
from struct import Struct
from typing import Final, NamedTuple

import msgspec

from models.chart import CLOSE, LIMIT, RUN, SCREEN, Rule, Way

KEPT: Final = 112
"""Values remembered, so that a baseline can begin in the past: two years of weeks."""

RULES: Final[tuple[Rule, ...]] = ("outside", "trend", "two of three", "shift")

_ONE: Final = Struct("<qdq")


class Limits(NamedTuple):
    """``width`` is the distance from the mean to either limit; 0 where nothing varied."""

    mean: float
    width: float


class Cause(NamedTuple):
    """A rule that holds: ``places`` of the values that it marks, 0 the newest, -1 the one before."""

    rule: Rule
    way: Way
    places: tuple[int, ...]


def limits(baseline: Sequence[float]) -> Limits | None:
    """The limits that these values give; None for fewer than two.

    >>> limits([10.0, 12.0, 11.0, 10.0])
    Limits(mean=10.75, width=3.546666666666667)
    """
    if len(baseline) < 2:
        return None
    moves = [abs(after - before) for before, after in pairwise(baseline)]
    common = [move for move in moves if move < SCREEN * fmean(moves)]
    # The exact mean: of twelve equal values it is that value, and none lies off it.
    return Limits(mean(baseline), LIMIT * fmean(common) if common else 0.0)


def ending(recent: Sequence[float], within: Limits) -> Iterator[Cause]:
    """The rules that hold by the newest of some values, in their order; seven are enough."""
    sides = [(one > within.mean) - (one < within.mean) for one in recent]
    far = [abs(one - within.mean) for one in recent]
    way: Way = "up" if sides[-1] > 0 else "down"
    if 0 < within.width < far[-1]:
        yield Cause("outside", way, (0,))
    last = tuple(range(1 - RUN, 1))
    if len(recent) >= RUN:
        steps = {(b > a) - (b < a) for a, b in pairwise(recent[-RUN:])}
        if steps in ({1}, {-1}):
            yield Cause("trend", "up" if 1 in steps else "down", last)
    if len(recent) >= 3 and within.width > 0 and abs(sum(sides[-3:])) == 3:
        close = tuple(place for place in (-2, -1, 0) if _is_close(far[place - 1], within.width))
        if len(close) >= 2:
            yield Cause("two of three", way, close)
    if len(recent) >= RUN and abs(sum(sides[-RUN:])) == RUN:
        yield Cause("shift", way, last)


def _is_close(far: float, width: float) -> bool:
    return CLOSE * width < far <= width


class Past(msgspec.Struct):
    """The last values of a series, packed: 24 bytes each."""

    packed: bytearray = msgspec.field(default_factory=bytearray)

    def add(self, start: int, value: float, n: int) -> None:
        """Remember a bucket; the oldest falls out."""
        self.packed += _ONE.pack(start, value, n)
        del self.packed[: -KEPT * _ONE.size]

    def newest(self, many: int) -> list[tuple[int, float, int]]:
        """Start (ms), value and n of the last buckets, oldest first."""
        return list(_ONE.iter_unpack(self.packed[-many * _ONE.size :]))

    def since(self, at: int) -> list[tuple[int, float, int]]:
        """Those that begin at this moment or later."""
        return [one for one in _ONE.iter_unpack(self.packed) if one[0] >= at]

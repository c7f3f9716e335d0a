"""A histogram of positive numbers that merges exactly and knows every quantile to 0.4 %."""

from __future__ import annotations

import struct
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor, sqrt
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from streams.estimators.estimate import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray

_SHIFT: Final = 45
_Z: Final = 1.959963984540054
# Keys are counted in an array where that takes few cells, or few a number.
_FEW: Final = 4096
_DENSE: Final = 16


class Histogram:
    """Counts by bin of numbers >= 0: ``bins`` maps a key to a count that is never 0.

    The key of a number is its 64-bit floating-point pattern without the last 45 bits: 128 bins
    to each doubling, found without a logarithm, the same on every processor. 0 has key 0. A
    number is given back as the middle of its bin, at most 1/256 = 0.39 % from where it was.

    The quantile q is the smallest bin that holds at least ⌈qn⌉ numbers at or below it (the
    inverse of the empirical distribution, definition 1 of Hyndman & Fan 1996). The unit is that
    of the numbers. Source of the binning: the log-linear histogram, Tene, G. (2012),
    HdrHistogram; merging and taking away are additions of whole numbers, so no order matters.

    Pitfalls: small whole numbers come back with a fraction (1 as 1.0039). Counts may be
    negative while a correction is under way; a quantile asked for then raises ValueError.

    >>> waits = Histogram()
    >>> waits.add([10, 20, 20, 4000])
    >>> waits.quantile(0.5), waits.total, len(waits.to_pairs())
    (20.0625, 4, 3)
    >>> Histogram().quantile(0.5) is None
    True
    """

    __slots__ = ("bins",)

    def __init__(self) -> None:
        """Start empty."""
        self.bins: dict[int, int] = {}

    def __eq__(self, other: object) -> bool:
        """Hold the same counts."""
        return isinstance(other, Histogram) and self.bins == other.bins

    __hash__ = None  # type: ignore[assignment]

    @property
    def total(self) -> int:
        """How many numbers there are."""
        return sum(self.bins.values())

    @staticmethod
    def keys(values: ArrayLike) -> NDArray[np.int64]:
        """Give the key of each number.

        Raises ValueError where one is negative, infinite or not a number.
        """
        numbers = np.asarray(values, dtype=np.float64) + 0.0  # turns -0.0 into 0.0
        if numbers.size and not (numbers.min() >= 0.0 and numbers.max() < np.inf):
            message = "a histogram holds numbers from 0 on; one was negative, infinite or NaN"
            raise ValueError(message)
        return numbers.view(np.int64) >> _SHIFT

    @staticmethod
    def low(key: int) -> float:
        """Give the smallest number of a bin."""
        value: float = struct.unpack("<d", struct.pack("<q", key << _SHIFT))[0]
        return value

    @staticmethod
    def high(key: int) -> float:
        """Give the smallest number above a bin."""
        return Histogram.low(key + 1)

    @staticmethod
    def mid(key: int) -> float:
        """Give the number that stands for a bin; 0 stands for itself."""
        return (Histogram.low(key) + Histogram.low(key + 1)) / 2 if key else 0.0

    def add(self, values: ArrayLike, counts: ArrayLike | None = None) -> None:
        """Count numbers in, each once or ``counts`` times (below 0 takes them out again)."""
        self.add_keys(self.keys(values), counts)

    def add_keys(self, keys: NDArray[np.int64], counts: ArrayLike | None = None) -> None:
        """Count keys in; the same as ``add`` where the keys are known already."""
        if keys.size == 0:
            return
        if counts is not None:
            for key, count in zip(keys.tolist(), np.asarray(counts).tolist(), strict=True):
                self._put(key, int(count))
            return
        first = int(keys.min())
        if int(keys.max()) - first < _FEW + _DENSE * keys.size:
            dense = np.bincount(keys - first)
            found = np.flatnonzero(dense)
            pairs = zip((found + first).tolist(), dense[found].tolist(), strict=True)
        else:
            some, times = np.unique(keys, return_counts=True)
            pairs = zip(some.tolist(), times.tolist(), strict=True)
        for key, count in pairs:
            self._put(key, count)

    def merge(self, other: Histogram) -> Histogram:
        """Give a new histogram of both."""
        both = Histogram()
        both.bins = self.bins.copy()
        for key, count in other.bins.items():
            both._put(key, count)
        return both

    def quantile(self, q: float) -> float | None:
        """Give the quantile, 0 < q <= 1; None where there is nothing."""
        return self.estimate(q).value

    def estimate(self, q: float) -> Estimate:
        """Give the quantile with its 95 % interval; ``n`` is how many numbers there are.

        The ends are the order statistics of rank qn ± 1.96 √(nq(1-q)), outwards, so the
        interval needs no assumption about the distribution (Conover 1999, §3.2); None where a
        rank lies outside 1..n. Raises ValueError where q is not in (0, 1] or a bin is negative.
        """
        if not 0.0 < q <= 1.0:
            message = f"a quantile is above 0 and at most 1, not {q}"
            raise ValueError(message)
        pairs = self.to_pairs()
        if any(count < 0 for _, count in pairs):
            message = "more was taken out of a bin of the histogram than it held"
            raise ValueError(message)
        n = sum(count for _, count in pairs)
        if n == 0:
            return Estimate(None, 0, None, None)
        exact = _fraction(q)
        # Whole numbers: 0.7 * 10 is 7.000000000000001 in floating point, and would be rank 8.
        rank = -(-exact.numerator * n // exact.denominator)
        half = _Z * sqrt(n * q * (1.0 - q))
        ranks = (rank, floor(n * q - half), ceil(n * q + half) + 1)
        value, low, high = (self._at(pairs, each) if 1 <= each <= n else None for each in ranks)
        return Estimate(value, n, low, high)

    def to_pairs(self) -> list[tuple[int, int]]:
        """Give keys and counts in order of the keys: equal contents give equal lists."""
        return sorted(self.bins.items())

    @classmethod
    def from_pairs(cls, pairs: Iterable[tuple[int, int]]) -> Self:
        """Build from keys and counts, as ``to_pairs`` gives them."""
        made = cls()
        for key, count in pairs:
            made._put(key, count)
        return made

    def _put(self, key: int, count: int) -> None:
        new = self.bins.get(key, 0) + count
        if new:
            self.bins[key] = new
        else:
            self.bins.pop(key, None)

    @staticmethod
    def _at(pairs: list[tuple[int, int]], rank: int) -> float:
        seen = 0
        for key, count in pairs:
            seen += count
            if seen >= rank:
                return Histogram.mid(key)
        raise AssertionError(rank)


@lru_cache(maxsize=64)
def _fraction(q: float) -> Fraction:
    return Fraction(q).limit_denominator(1_000_000)

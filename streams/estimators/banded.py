"""Quantile of what was reported as counts by band."""

from __future__ import annotations

from math import ceil, floor, sqrt
from typing import TYPE_CHECKING, Final

from streams.estimators.estimate import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_Z: Final = 1.959963984540054
_OPEN: Final = -1

Band = tuple[int, int | None, int]
"""At least (included), below (not included; None or -1: open-ended), how many."""


class Banded:
    """Quantile of waits of which only the number in each band is known; ``n`` is that number.

    Inside a band the waits are taken as evenly spread (linear interpolation, the grouped-data
    quantile of any statistics text; Yule 1911). Bands of several senders may overlap: their
    straight lines add up. The unit of the bands divided by ``per`` is the unit of the value.

    The interval does not use the interpolation: it runs from the lower edge of the band that
    surely holds rank qn - 1.96 √(nq(1-q)) to the upper edge of the one that holds
    qn + 1.96 √(nq(1-q)), so it never is narrower than the bands are.

    Pitfalls: a quantile that lies in an open-ended band has no value (``why`` says so), nor an
    upper end; wide bands hide the tail; people who wait for an even number of days are not
    evenly spread.

    >>> weeks = [(0, 7, 50), (7, 14, 30), (14, None, 20)]
    >>> Banded.read(weeks, 0.6)
    Estimate(value=9.333333333333334, n=100, low=0.0, high=14.0)
    >>> Banded.read(weeks, 0.9).value is None
    True
    >>> Banded.why(weeks, 0.9)
    'the 0.9 quantile lies in the open-ended band from 14 on'
    """

    @staticmethod
    def read(bands: Iterable[Band], q: float, per: float = 1.0) -> Estimate:
        """Give the quantile, 0 < q < 1, in bands' unit / ``per``.

        Raises ValueError where a band is empty, upside down or has a negative count.
        """
        known = _checked(bands)
        n = sum(count for _, _, count in known)
        if n == 0:
            return Estimate(None, 0, None, None)
        half = _Z * sqrt(n * q * (1.0 - q))
        low, high = floor(n * q - half), ceil(n * q + half) + 1
        ends = (
            _edge([(start, count) for start, _, count in known], low) if low >= 1 else None,
            _edge([(stop, count) for _, stop, count in known if stop is not None], high),
        )
        found = _interpolated(known, _rank(q, n))
        value, least, most = (None if x is None else x / per for x in (found, *ends))
        return Estimate(value, n, least, most)

    @staticmethod
    def why(bands: Iterable[Band], q: float) -> str:
        """Say why the quantile has no value; "" where it has one."""
        known = _checked(bands)
        n = sum(count for _, _, count in known)
        if n == 0:
            return "nothing was counted"
        if _interpolated(known, _rank(q, n)) is not None:
            return ""
        start = min(start for start, stop, _ in known if stop is None)
        return f"the {q:g} quantile lies in the open-ended band from {start} on"


def _rank(q: float, n: int) -> float:
    """Give qn; 0.7 of 10 is 7, not 7.000000000000001, which would lie in the next band."""
    return round(q * n, 6)


def _checked(bands: Iterable[Band]) -> list[Band]:
    known: list[Band] = []
    for start, end, count in bands:
        stop = None if end is None or end == _OPEN else end
        if count < 0 or (stop is not None and stop <= start):
            message = f"band {start} to {end} with count {count}: end after start, count from 0 on"
            raise ValueError(message)
        if count:
            known.append((start, stop, count))
    return known


def _interpolated(bands: Sequence[Band], wanted: float) -> float | None:
    """Find where the sum of the bands' straight lines reaches ``wanted``.

    From the start of the first open-ended band on nothing is known of what lies below.
    """
    limit = min((start for start, stop, _ in bands if stop is None), default=None)
    edges = {start for start, _, _ in bands} | {stop for _, stop, _ in bands if stop is not None}
    points = sorted(edge for edge in edges if limit is None or edge <= limit)
    last, below = float(points[0]), 0.0
    for point in points:
        reached = _below(bands, point)
        if reached >= wanted and reached > below:
            return last + (point - last) * (wanted - below) / (reached - below)
        last, below = float(point), reached
    return None


def _below(bands: Sequence[Band], point: int) -> float:
    """Give how many lie below a point, each band evenly spread."""
    total = 0.0
    for start, stop, count in bands:
        if stop is not None and point > start:
            total += count if point >= stop else count * (point - start) / (stop - start)
    return total


def _edge(edges: list[tuple[int, int]], rank: int) -> float | None:
    """Give the first edge at which ``rank`` are reached if each band sat on its edge."""
    seen = 0
    for edge, count in sorted(edges):
        seen += count
        if seen >= rank:
            return float(edge)
    return None

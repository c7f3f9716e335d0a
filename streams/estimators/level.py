"""Mean of readings, with Student's interval."""

from __future__ import annotations

from functools import lru_cache
from math import atan, cos, pi, sin, sqrt
from typing import TYPE_CHECKING, ClassVar, Final

from streams.estimators.estimate import Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

_Z: Final = 1.959963984540054
_SERIES_FROM: Final = 100


class Level:
    """Mean of readings that are kept in fixed point (``scale`` units to 1); ``n`` readings.

    Parts are ``(n, Σx, Σx²)`` of x = reading · scale, rounded to a whole number; they add up
    exactly. The mean is Σx / n, the variance (n Σx² - (Σx)²) / n(n-1), and the 95 % interval

        mean ± t(0.975; n-1) √(variance / n)

    all computed from the whole numbers, so that nothing cancels. Source: Student (1908), "The
    probable error of a mean", Biometrika 6, 1-25.

    Pitfalls: parts summed in int64 are right while n · (largest |reading| · scale)² stays below
    9.2e18: 900 million readings of 100 per cent in thousandths, 900 of a million euro in
    hundredths; Python's own integers have no limit. The interval takes readings as
    independent and weights them alike: where n is a weight (posts, say), it is too narrow.

    >>> found = Level(1000).read((3, -30_000, 450_000_000))  # -20, -5 and -5 per cent
    >>> found.value, found.n, round(found.low, 2), round(found.high, 2)
    (-10.0, 3, -31.51, 11.51)
    >>> Level(1000).read((1, 7500, 56_250_000))
    Estimate(value=7.5, n=1, low=None, high=None)
    """

    WIDTH: ClassVar[int] = 3

    def __init__(self, scale: int) -> None:
        """Take how many units of the whole numbers make 1."""
        self.scale = scale

    def read(self, parts: Sequence[int]) -> Estimate:
        """Read ``(n, sum, sum of squares)``; without a reading there is no value.

        Raises OverflowError where no readings can have given these sums.
        """
        n, total, squares = parts
        if n <= 0:
            return Estimate(None, n, None, None)
        spread = n * squares - total * total
        if spread < 0:
            message = f"sum of squares {squares} of {n} readings is too small: int64 overflowed"
            raise OverflowError(message)
        mean = total / (n * self.scale)
        if n == 1:
            return Estimate(mean, n, None, None)
        half = _student(n - 1) * sqrt(spread / (n * n * (n - 1))) / self.scale
        return Estimate(mean, n, mean - half, mean + half)


@lru_cache(maxsize=4096)
def _student(degrees: int) -> float:
    """Give the 97.5 % point of Student's t.

    Below 100 degrees of freedom the finite series for the integral is inverted by bisection;
    from 100 on the expansion in 1/degrees is right to 1e-8. Source: Abramowitz & Stegun
    (1964), 26.7.3, 26.7.4 and 26.7.5.
    """
    if degrees >= _SERIES_FROM:
        z, v = _Z, float(degrees)
        return (
            z
            + (
                (z**3 + z) / 4
                + (
                    (5 * z**5 + 16 * z**3 + 3 * z) / 96
                    + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v)
                )
                / v
            )
            / v
        )
    low, high = 1.0, 20.0
    for _ in range(64):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, degrees) < 0.95 else (low, middle)
    return (low + high) / 2


def _within(t: float, degrees: int) -> float:
    """Give the chance that |T| <= t."""
    angle = atan(t / sqrt(degrees))
    odd = degrees % 2
    term = cos(angle) if odd else 1.0
    total = term if degrees > 1 else 0.0
    for k in range(2 + odd, degrees - 1, 2):
        term *= cos(angle) ** 2 * (k - 1) / k
        total += term
    return 2 / pi * (angle + sin(angle) * total) if odd else sin(angle) * total

"""Count per length of time, with the score interval of a Poisson count."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, ClassVar, Final

from streams.estimators.estimate import Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

_Z: Final = 1.959963984540054
_Z2: Final = _Z * _Z


class Rate:
    """How often something happened per ``per_ms`` milliseconds; ``n`` is the count.

    Parts ``(count,)`` add up. With x counted in e = exposure / per_ms, and z = 1.96, the value
    is x / e and the 95 % interval

        (x + z²/2 ± z √(x + z²/4)) / e

    Source: the score interval of a Poisson mean; Rao, C. R. (1948), Mathematical Proceedings
    of the Cambridge Philosophical Society 44, 50-57; compared in Barker, L. (2002), The
    American Statistician 56, 85-89.

    Pitfalls: a count of 0 over a time in which the source was heard is a rate of 0, with an
    upper end; whether it was heard is for the caller to know, who gives an exposure of 0 where
    it was not (value None). Things that come in bursts (releases on one day) are more variable
    than Poisson: the interval is then too narrow.

    >>> week = 7 * 86_400_000
    >>> found = Rate(week).read((12,), 4 * week)
    >>> found.value, found.n, round(found.low, 2), round(found.high, 2)
    (3.0, 12, 1.72, 5.24)
    >>> Rate(week).read((0,), 0).value is None
    True
    """

    WIDTH: ClassVar[int] = 1

    def __init__(self, per_ms: int) -> None:
        """Take the length of time the value is per, in ms."""
        self.per_ms = per_ms

    def read(self, parts: Sequence[int], exposure_ms: int) -> Estimate:
        """Read ``(count,)`` over ``exposure_ms``; never raises."""
        (count,) = parts
        if exposure_ms <= 0 or count < 0:
            return Estimate(None, count, None, None)
        per = self.per_ms / exposure_ms
        centre = count + _Z2 / 2
        half = _Z * sqrt(count + _Z2 / 4)
        return Estimate(
            count * per, count, (centre - half) * per if count else 0.0, (centre + half) * per
        )

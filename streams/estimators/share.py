"""Share of a whole, with Wilson's interval."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, ClassVar, Final

from streams.estimators.estimate import Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

_Z: Final = 1.959963984540054
_Z2: Final = _Z * _Z


class Share:
    """Part of a whole, 0 to 1, of counts that do not overlap; ``n`` is the whole.

    Parts ``(part, whole)`` add up over services, agencies and time. With p = part / n and
    z = 1.96 the 95 % interval is

        (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)

    Source: Wilson, E. B. (1927), "Probable inference, the law of succession, and statistical
    inference", JASA 22, 209-212.

    Pitfalls: the interval takes cases as independent, so cases that fail together (an outage)
    make it too narrow. A part below 0 or above its whole is no share (completions counted in
    another month than their starts, say): the value is then None, not a share above 1.

    >>> found = Share().read((42, 50))
    >>> found.value, found.n, round(found.low, 3), round(found.high, 3)
    (0.84, 50, 0.715, 0.917)
    >>> Share().read((0, 0)).value is None
    True
    """

    WIDTH: ClassVar[int] = 2

    def read(self, parts: Sequence[int]) -> Estimate:
        """Read ``(part, whole)``; never raises, an impossible pair has no value."""
        part, whole = parts
        if whole <= 0 or not 0 <= part <= whole:
            return Estimate(None, whole, None, None)
        share = part / whole
        scale = 1.0 / (1.0 + _Z2 / whole)
        centre = (share + _Z2 / (2 * whole)) * scale
        half = _Z * scale * sqrt(share * (1.0 - share) / whole + _Z2 / (4.0 * whole * whole))
        # At the ends rounding would leave 1e-17 where the formula gives exactly 0 or 1.
        low = centre - half if part else 0.0
        high = centre + half if part < whole else 1.0
        return Estimate(share, whole, low, high)

"""Time lived and endings by age: what says how fast work goes on, in one bucket.

Person-years in epidemiology, item-weeks here. An age group is as wide as all before it together
(a minute, two, four … some thirty years), so one table serves hours and years.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

MINUTE: Final = 60_000
GROUPS: Final = 25
EDGES: Final = np.array([0, *(MINUTE << k for k in range(GROUPS - 1))], np.float64)
"""Where each age group begins, ms."""


class Lived(NamedTuple):
    """Items at risk in a bucket, a row each: ages (ms) at entry and exit, and whether they ended.

    >>> lived = Lived(np.array([0, 0]), np.array([90_000, 30_000]), np.array([True, False]))
    >>> lived.by_age()[0][:3], lived.by_age()[1][:3]
    ([90000.0, 30000.0, 0.0], [0, 1, 0])
    >>> lived.by_age(80_000)[0][:2], sum(lived.by_age(80_000)[1])
    ([90000.0, 20000.0], 0)
    """

    entry: NDArray[np.int64]
    leave: NDArray[np.int64]
    ended: NDArray[np.bool_]

    def by_age(self, until: float = np.inf) -> tuple[list[float], list[int]]:
        """By age group: item-milliseconds at risk, and how many ended, up to an age (ms)."""
        exposure = _spent(self.leave, until) - _spent(self.entry, until)
        ages = self.leave[self.ended & (self.leave <= until)]
        group = np.searchsorted(EDGES, ages, side="right") - 1
        return exposure.tolist(), np.bincount(group, minlength=GROUPS).tolist()


def _spent(ages: NDArray[np.int64], until: float) -> NDArray[np.float64]:
    """How long all who reached these ages were in each group, ms."""
    ends = np.append(EDGES[1:], np.inf)
    inside = np.minimum(np.minimum(ages, until)[:, None], ends) - EDGES
    spent: NDArray[np.float64] = np.maximum(inside, 0.0).sum(axis=0)
    return spent

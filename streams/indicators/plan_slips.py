"""Plan slips."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from streams.estimators.estimate import Estimate
from streams.estimators.share import Share
from streams.indicator import PENDING, USED, Found, Scan
from streams.items import BLANK, NEVER, View

MONTH = 30 * 86_400_000


class PlanSlips(Scan):
    """Share of projects, of those planned anew, that end a month later than a year ago or more."""

    title = "Plan slips"
    pillar = "Exploit"
    unit = "share"
    direction = "down"
    formula = (
        "projects planned to end over 30 days later than by the plan of 52 weeks ago / "
        "projects with a plan from then and a newer one"
    )
    source = "GAO-16-494 and the Dutch ICT dashboard, on plans that are set anew; own definition"
    pitfalls = "A plan that nobody renews does not slip: n is how many were."
    step = "week"
    window = 52
    min_n = 10
    guards = ("ageing_work",)
    goalposts = (0.0, 0.5)
    grains = ((),)
    reads = ("plan",)

    def scan(self, items: Mapping[str, View], start: int, stop: int, own: bool) -> Found:
        """The newest plan of each project in the window, beside the one that held before it."""
        del own
        view = items["plan"]
        told = np.flatnonzero(
            (view.told < stop) & (view.planned_end < NEVER) & (view.place > BLANK)
        )
        order = told[np.lexsort((view.told[told], view.project[told]))]
        inside = view.told[order] >= start
        newest, before = _last(view, order[inside]), _last(view, order[~inside])
        _, now, then = np.intersect1d(
            view.project[newest], view.project[before], assume_unique=True, return_indices=True
        )
        rows = newest[now]
        late = np.zeros(len(view), np.bool_)
        late[rows] = view.planned_end[rows] - view.planned_end[before[then]] > MONTH
        reason = np.full(len(view), PENDING)
        reason[rows] = USED

        def gather(here: NDArray[np.int64]) -> list[int]:
            return [int(late[here].sum()), len(here)]

        return Found(view.place, reason, gather)

    def read(self, parts: list[int], exposure_ms: int) -> Estimate:
        """The share with its Wilson interval."""
        del exposure_ms
        return Share().read(parts)


def _last(view: View, order: NDArray[np.int64]) -> NDArray[np.int64]:
    """The last plan of each project, of plans in order of project and time."""
    projects = view.project[order]
    last = np.ones(len(order), np.bool_)
    last[:-1] = projects[1:] != projects[:-1]
    return order[last]

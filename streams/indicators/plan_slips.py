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
    """Share of projects given a new plan in a year that puts their end off by over a month."""

    title = "Plan slips"
    pillar = "Exploit"
    unit = "share"
    direction = "down"
    formula = (
        "projects planned to end over 30 days later than by the plan of 52 weeks ago (of younger "
        "ones: by their first) / projects that were given a newer plan since"
    )
    source = "GAO-16-494 and the Dutch ICT dashboard, on plans that are set anew; own definition"
    pitfalls = "A plan that nobody renews does not slip: n is how many were renewed."
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
        held, (first, newest) = _ends(view, order[~inside])[1], _ends(view, order[inside])
        _, now, then = np.intersect1d(
            view.project[newest], view.project[held], assume_unique=True, return_indices=True
        )
        first[now] = held[then]
        renewed = first != newest
        rows = newest[renewed]
        late = np.zeros(len(view), np.bool_)
        late[rows] = view.planned_end[rows] - view.planned_end[first[renewed]] > MONTH
        reason = np.full(len(view), PENDING)
        reason[rows] = USED

        def gather(here: NDArray[np.int64]) -> list[int]:
            return [int(late[here].sum()), len(here)]

        return Found(view.place, reason, gather)

    def read(self, parts: list[int], exposure_ms: int) -> Estimate:
        """The share with its Wilson interval."""
        del exposure_ms
        return Share().read(parts)


def _ends(view: View, order: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first and the last plan of each project, of plans in order of project and time."""
    differs = np.diff(view.project[order]) != 0
    begins = np.concatenate((np.ones(min(len(order), 1), np.bool_), differs))
    return order[begins], order[np.roll(begins, -1)]

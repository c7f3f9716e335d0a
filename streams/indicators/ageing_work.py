"""Ageing work."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from streams.estimators.estimate import Estimate
from streams.estimators.kaplan_meier import KaplanMeier
from streams.estimators.risk_table import RiskTable
from streams.estimators.share import Share
from streams.indicator import PENDING, USED, Found, Scan
from streams.items import NEVER, View

TWO_YEARS = 2 * 365 * 86_400_000

NO_HISTORY = 1


class AgeingWork(Scan):
    """Share of open projects that are older than 85 % of the agency's projects ever get."""

    title = "Ageing work"
    pillar = "Exploit"
    unit = "share"
    direction = "down"
    formula = (
        "open projects older than the own P85 (period Kaplan–Meier, two years) / open projects"
    )
    source = "Flow metrics, work item age; own definition of the limit"
    pitfalls = (
        "Projects that nobody closes keep it high; a portfolio that slows down moves its own limit."
    )
    step = "week"
    window = 1
    min_n = 10
    guards = ("exploit_speed",)
    goalposts = (0.0, 0.5)
    strata = "size class"
    grains = ((), ("stratum",))
    reads = ("project",)
    excluded = ("no_history_to_compare_with",)

    def scan(self, items: Mapping[str, View], start: int, stop: int, own: bool) -> Found:
        """Compares each project that is open at the window's end with the limit of all."""
        del start, own
        view = items["project"]
        began = view.started
        over = np.minimum(view.finished, view.cancelled)
        since = np.maximum(began, view.known)
        known = (since < stop) & (over >= began)
        is_open = known & (over >= stop)
        done = view.finished
        limit = _limit(began[known], over[known], since[known], done[known], stop)
        used = USED if limit is not None else NO_HISTORY
        late = stop - began > (limit or NEVER)

        def gather(rows: NDArray[np.int64]) -> list[int]:
            return [int(late[rows].sum()), len(rows)]

        return Found(view.place, np.where(is_open, used, PENDING), gather)

    def read(self, parts: list[int], exposure_ms: int) -> Estimate:
        """The share with its Wilson interval."""
        del exposure_ms
        return Share().read(parts)


def _limit(
    began: NDArray[np.int64],
    over: NDArray[np.int64],
    since: NDArray[np.int64],
    done: NDArray[np.int64],
    stop: int,
) -> float | None:
    """The age that 85 % of the projects of two years never passed, ms."""
    lived = over >= stop - TWO_YEARS
    began, over, since, done = began[lived], over[lived], since[lived], done[lived]
    leave = np.minimum(over, stop) - began
    entry = np.minimum(np.maximum(since, stop - TWO_YEARS) - began, leave)
    return KaplanMeier.read(RiskTable.of(entry, leave, (done == over) & (over < stop))).p85

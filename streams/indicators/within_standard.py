"""Done within the standard."""

from __future__ import annotations

import numpy as np

from streams.estimators.estimate import Estimate
from streams.estimators.share import Share
from streams.indicator import PENDING, USED, Cases, Tally
from streams.items import NEVER, View
from streams.kinds import ABSENT

NO_DUE_DATE, ENDS_BEFORE_START, NOT_COUNTED = 1, 2, 3


class WithinStandard(Tally):
    """Share of cases done by their due date, among those done or overdue."""

    title = "Done within the standard"
    pillar = "Service"
    unit = "share"
    direction = "up"
    formula = "done by the due date / (done by it + not done when it passed), over four weeks"
    source = "Own definition after the service standards of ISO/IEC 25022 and GDS practice"
    pitfalls = "A due date far away makes any service look good; cases without one are left out."
    step = "week"
    window = 4
    min_n = 50
    headline = True
    guards = ("demand", "waiting")
    goalposts = (0.5, 1.0)
    privacy = "citizen"
    detect = "share"
    detectors = ("seasonal_z", "cusum", "shift", "floor", "xmr", "p_prime")
    reads = ("request", "transactions")
    excluded = ("no_due_date", "ends_before_start", "not_counted_by_sender")
    width = 2

    def cases(self, kind: str, items: View) -> Cases:
        """A case is judged once: when it is done in time, or when its due date passes."""
        if kind == "transactions":
            counted = items.within_standard != ABSENT
            reason = np.where(counted, USED, NOT_COUNTED)
            return Cases(items.start, reason, (items.within_standard, items.completed))
        done, due, began = items.closed, items.due, items.opened
        in_time = done <= due
        at = np.where(in_time, done, np.where(began < NEVER, np.maximum(due, began), due))
        reason = np.where(at < NEVER, USED, PENDING)
        reason = np.where(due == NEVER, NO_DUE_DATE, reason)
        reason = np.where((done < NEVER) & (done < began), ENDS_BEFORE_START, reason)
        at = np.where(reason == NO_DUE_DATE, np.minimum(done, began), at)
        at = np.where(reason == ENDS_BEFORE_START, done, at)
        reason = np.where((began == NEVER) | (at >= NEVER), PENDING, reason)
        ones = np.ones(len(items), np.int64)
        return Cases(at, reason, (in_time.astype(np.int64), ones))

    def read(self, parts: list[int], exposure_ms: int) -> Estimate:
        """The share with its Wilson interval."""
        del exposure_ms
        return Share().read(parts)

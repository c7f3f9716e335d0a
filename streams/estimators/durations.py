"""How long work takes: two quantiles with their intervals, and what is behind them."""

from __future__ import annotations

import msgspec


class Durations(msgspec.Struct, frozen=True, kw_only=True):
    """Median and 85 % quantile of a duration in ms, each with its 95 % interval.

    None where the curve does not reach that far: "not known yet", never a large number. A low
    end can be known where the value is not. ``n_at_risk`` counts the items with time at risk in
    the window, ``n_events`` those of them that finished in it, ``n_below_floor`` the finished
    ones that the curve leaves out because too few were at risk beside them.
    """

    median: float | None
    median_low: float | None
    median_high: float | None
    p85: float | None
    p85_low: float | None
    p85_high: float | None
    n_at_risk: int
    n_events: int
    n_below_floor: int = 0

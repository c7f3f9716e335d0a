"""What every estimator gives: a value with the interval that says how sure it is."""

from __future__ import annotations

import msgspec


class Estimate(msgspec.Struct, frozen=True):
    """A value, how many observations are behind it, and its 95 % interval.

    ``value`` is None where there is nothing to say (no observation, or not reached yet): that
    is never the same as 0. ``n`` counts what the estimator's docstring names. ``low`` and
    ``high`` are None where that end is not bounded by what was observed. All but ``n`` are in
    the estimator's unit.
    """

    value: float | None
    n: int
    low: float | None
    high: float | None

"""A look: one closed bucket of one series, as signals, alerts and shocks see it."""

from __future__ import annotations

from typing import NamedTuple

from models.value import Value
from streams.indicator import Indicator
from streams.series import Bucket, Series


class Look(NamedTuple):
    """``value`` is what was published of ``bucket``; ``series`` its history up to now."""

    indicator: Indicator
    series: Series
    bucket: Bucket
    value: Value

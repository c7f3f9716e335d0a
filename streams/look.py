"""A look: one closed bucket of one series, as signals, alerts and shocks see it."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import NamedTuple

from models.value import RHYTHMS, Cell, Value
from streams.indicator import Indicator
from streams.series import Bucket, Series

Key = tuple[str, int, Cell]
"""What a series is known by: indicator, code of its rhythm, cell."""


class Look(NamedTuple):
    """``value`` is what was published of ``bucket``; ``series`` its history up to now."""

    indicator: Indicator
    series: Series
    bucket: Bucket
    value: Value

    @property
    def key(self) -> Key:
        """What its series is known by."""
        return self.value.indicator, RHYTHMS.index(self.value.rhythm), self.value.cell

    @property
    def name(self) -> str:
        """The same as text, of which ids are made: it may never change."""
        value, cell = self.value, self.value.cell
        where = f"{cell.unit}\x1f{cell.service}\x1f{cell.stratum}"
        return f"{value.indicator} {where} {value.rhythm}"


def spoken_of(
    indicator: Indicator, key: Key, series: Mapping[Key, Series], parted: Container[tuple[str, int]]
) -> bool:
    """Alerts speak of one service or unit; of the total only where no part is known.

    That is where the indicator has none, or the agency has never named one (``parted`` has
    those of which it did); an alert that stands by then goes on to its end.
    """
    if key[2] != Cell():
        return indicator.is_part(key[2])
    total = series.get(key)
    return key[:2] not in parted or (total is not None and total.episode is not None)

"""Waiting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streams.estimators.banded import Banded
from streams.estimators.estimate import Estimate
from streams.estimators.risk_table import RiskTable
from streams.indicator import PENDING, USED, Found, Lifetime
from streams.items import View

HOUR = 3_600_000


class Waiting(Lifetime):
    """Hours that half of the people wait at least, from asking to being served."""

    title = "Waiting"
    pillar = "Service"
    unit = "hours"
    direction = "down"
    formula = (
        "period Kaplan–Meier median of request closed - opened, over four weeks; "
        "where waits are reported as counts by band: the median of those"
    )
    source = "Kaplan & Meier 1958; own definition for bands"
    pitfalls = "Requests closed without service look like fast service; bands hide the tail."
    step = "week"
    window = 4
    min_n = 50
    guards = ("within_standard",)
    goalposts = (1.0, 1440.0)
    privacy = "citizen"
    reads = ("request", "waiting")
    kind = "request"
    start = "opened"
    finish = "closed"
    ms = HOUR

    def scan(self, items: Mapping[str, View], start: int, stop: int, own: bool) -> Found:
        """Requests at risk (in the own step only), and counts of the periods in the window."""
        lives = super().scan(items, start, stop, own) if own else None
        view = items["waiting"]
        inside = (view.start >= start) & (view.start < stop)
        counted = np.where(inside, USED, PENDING)
        if lives is None:
            return Found(view.place, counted, lambda rows: (RiskTable(), _bands(view, rows)))
        offset = len(lives.place)

        def gather(rows: NDArray[np.int64]) -> tuple[RiskTable, dict[str, int]]:
            return lives.gather(rows[rows < offset]), _bands(view, rows[rows >= offset] - offset)

        place = np.concatenate((lives.place, view.place))
        return Found(place, np.concatenate((lives.reason, counted)), gather)

    def merge(self, many: Sequence[Any]) -> Any:
        """Risk tables and bands both add up."""
        bands: dict[str, int] = {}
        for _, some in many:
            for band, count in some.items():
                bands[band] = bands.get(band, 0) + count
        return super().merge([table for table, _ in many]), bands

    def freeze(self, parts: Any) -> Any:
        """Pairs of the table, and the bands."""
        return [super().freeze(parts[0]), parts[1]]

    def thaw(self, plain: Any) -> Any:
        """Table and bands again."""
        return super().thaw(plain[0]), plain[1]

    def read(self, parts: Any, exposure_ms: int) -> Estimate:
        """The median of the requests where there are any, else that of the bands."""
        table, bands = parts
        if not bands:
            return super().read(table, exposure_ms)
        return Banded.read(
            [(*map(int, band.split(":")), count) for band, count in bands.items()], 0.5, 3600
        )

    def detail(self, parts: Any) -> dict[str, float | int | None]:
        """P85 and endings; of bands the number counted."""
        table, bands = parts
        return {"counted": sum(bands.values())} if bands else super().detail(table)


def _bands(view: View, rows: NDArray[np.int64]) -> dict[str, int]:
    """Counts by band, the band written ``at_least:below`` in seconds (-1: open)."""
    bands: dict[str, int] = {}
    for row in rows.tolist():
        for at_least, below, count in view.bands[row]:
            band = f"{at_least}:{below}"
            bands[band] = bands.get(band, 0) + count
    return bands

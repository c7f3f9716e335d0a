"""How the product's detectors are fed with a benchmark: bucket by bucket, nothing ahead."""

from __future__ import annotations

from collections.abc import Sequence

from models.value import Rhythm
from streams.detectors.seasonal_z import SeasonalZ
from streams.expectation import Quantity, center, expect
from streams.series import KEPT, Bucket, Series
from tests.bench.signals.nab import NabFile
from tests.bench.signals.tcpd import Marked

DAY_MS = 86_400_000


def seasonal_z_on_nab(file: NabFile) -> list[int]:
    """News of the seasonal z, each row a bucket, its hour of the week the slot."""
    hours = [time.weekday() * 24 + time.hour for time in file.times]
    return _seasonal_z(file.values.tolist(), hours, "hour")


def seasonal_z_on_tcpd(series: Marked) -> list[int]:
    """News of the seasonal z, each row a month; it knows no change points."""
    values = series.values.tolist()
    return _seasonal_z(values, [row % series.period for row in range(len(values))], "month")


def _seasonal_z(values: Sequence[float], slots: Sequence[int], rhythm: Rhythm) -> list[int]:
    quantity: Quantity = "level"
    detector, series, found = SeasonalZ(), Series(), []
    for row, (value, slot) in enumerate(zip(values, slots, strict=True)):
        bucket = Bucket(row, row * DAY_MS, (row + 1) * DAY_MS, value, 100, slot)
        expected = expect(series, bucket, rhythm, quantity)
        if expected is not None and detector.score(bucket, expected) is not None:
            found.append(row)
            continue
        middle = center(series, bucket, rhythm)
        series.learn(bucket, None if middle is None else value - middle, KEPT[rhythm])
    return found

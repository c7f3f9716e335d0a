"""Samples of an exported history, as a strict reader of OpenMetrics has them."""

from __future__ import annotations

from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.unit.events_made import BEGIN

FIGURES = {
    "headwind_indicator": "value",
    "headwind_indicator_low": "low",
    "headwind_indicator_high": "high",
    "headwind_indicator_status": "status",
}
"""Which figure of a value each gauge of an indicator shows."""
OTHERS = (
    "headwind_alert_state",
    "headwind_alerts_open",
    "headwind_agency_state",
    "headwind_agency_group",
)


def read(text: str) -> dict[str, list[Sample]]:
    """The samples by family, as a strict reader has them."""
    parsed = text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
    return {one.name: one.samples for one in parsed}


def when(sample: Sample) -> float:
    """The moment of a sample, s."""
    assert sample.timestamp is not None
    return float(sample.timestamp)


def shown(samples: list[Sample], *labels: str) -> dict[int, float]:
    """Those of the series whose labels have these values, by moment (s)."""
    mine = [one for one in samples if tuple(one.labels.values()) == labels]
    return {int(when(one)): one.value for one in mine}


def days(held: dict[int, float]) -> list[tuple[float, float]]:
    """When a series changed, began or stopped, in days since the beginning; what is gone is -1."""
    changes: list[tuple[float, float]] = []
    before, value = None, -1.0
    for at, number in [*held.items(), (None, -1.0)]:
        if before is not None and (at is None or at > before + 3600):
            changes.append(((before + 3600 - BEGIN // 1000) / 86_400, -1.0))
            value = -1.0
        if at is not None and number != value:
            changes.append(((at - BEGIN // 1000) / 86_400, number))
        before, value = at, number if at is not None else -1.0
    return changes

"""Every Prometheus series of Headwind, one sentence each, in one typed list.

The names are Literals: a mistyped one is an error of the type checker. A label never holds a
measured value, a person, or anything a sender may choose freely beyond ids of agencies,
sources and services.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from models.value import GROUP

Counter = Literal[
    "headwind_events_total",
    "headwind_refused_total",
    "headwind_delivery_total",
    "headwind_worker_messages_total",
    "headwind_worker_trouble_total",
]
Histogram = Literal["headwind_commit_seconds", "headwind_worker_given_seconds"]
Gauge = Literal[
    "headwind_indicator",
    "headwind_indicator_low",
    "headwind_indicator_high",
    "headwind_indicator_status",
    "headwind_alert_state",
    "headwind_alerts_open",
    "headwind_agency_state",
    "headwind_agency_group",
    "headwind_source_age_seconds",
    "headwind_source_stale",
    "headwind_watermark_timestamp_seconds",
    "headwind_log_position",
    "headwind_applied_position",
    "headwind_lag_records",
    "headwind_outbox_pending",
    "headwind_build_info",
    "headwind_worker_lanes",
    "headwind_worker_lag_records",
    "headwind_worker_tasks",
]
Name = Counter | Histogram | Gauge

STATUS_NUMBER = {"ok": 0, "low_n": 1, "stale": 2, "suppressed": 3, "undefined": 4}
"""What headwind_indicator_status shows for each status of a value."""

STATE_NUMBER = {"steady": 0, "unknown": 1, "watch": 2, "strained": 3}
"""What headwind_agency_state shows for each state; the higher, the worse."""


ALL_GROUPS = "(all)"
"""The group in which every agency is: what is chosen where none is."""


def groups_of(agency: str, group: str) -> list[tuple[str, str, str]]:
    """The labels of an agency's groups: of its own, and of that in which all are."""
    return [(agency, one, GROUP + one) for one in (group, ALL_GROUPS)]


class Metric(msgspec.Struct, frozen=True):
    """One family of series: its name, its labels in order, and what it says."""

    name: Name
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    help: str


_CELL = ("agency", "indicator", "service")

METRICS: tuple[Metric, ...] = (
    Metric(
        "headwind_events_total",
        "counter",
        ("agency", "outcome"),
        "Events that were sent to the door, by what it said: accepted or refused.",
    ),
    Metric(
        "headwind_refused_total",
        "counter",
        ("agency", "code"),
        "Problems of events that the door or the engine refused, by code; one may have several.",
    ),
    Metric(
        "headwind_indicator",
        "gauge",
        _CELL,
        "Current value in the indicator's own unit; no series where there is no value.",
    ),
    Metric("headwind_indicator_low", "gauge", _CELL, "Lower end of the value's 95 % interval."),
    Metric("headwind_indicator_high", "gauge", _CELL, "Upper end of the value's 95 % interval."),
    Metric(
        "headwind_indicator_status",
        "gauge",
        _CELL,
        "How the value may be read: 0 ok, 1 low_n, 2 stale, 3 suppressed, 4 undefined.",
    ),
    Metric(
        "headwind_alert_state",
        "gauge",
        ("agency", "indicator", "alertname"),
        "1 while the alert is open, 0 once it has closed.",
    ),
    Metric(
        "headwind_alerts_open",
        "gauge",
        ("agency", "severity"),
        "Alerts that are open, by severity; 0 where the agency has none of it.",
    ),
    Metric(
        "headwind_agency_state",
        "gauge",
        ("agency",),
        "The worst alert open in the agency: 0 steady, 1 unknown (silent), 2 watch, 3 strained.",
    ),
    Metric(
        "headwind_agency_group",
        "gauge",
        ("agency", "group", "name"),
        "1 for the group that the agency is in, and for (all), in which every agency is; name is "
        "what the group is called where agencies stand, as group:(all).",
    ),
    Metric(
        "headwind_source_age_seconds",
        "gauge",
        ("agency", "source"),
        "Time since anything arrived from the source, heartbeats included.",
    ),
    Metric(
        "headwind_source_stale",
        "gauge",
        ("agency", "source"),
        "1 while the source is silent beyond its allowance, else 0.",
    ),
    Metric(
        "headwind_watermark_timestamp_seconds",
        "gauge",
        ("agency",),
        "Event time up to which the agency's data is complete, as a Unix time.",
    ),
    Metric(
        "headwind_log_position",
        "gauge",
        ("stage",),
        "Position of the last record in the log of the stage.",
    ),
    Metric(
        "headwind_applied_position",
        "gauge",
        ("stage",),
        "Position of the last record that the stage has applied.",
    ),
    Metric(
        "headwind_lag_records",
        "gauge",
        ("stage",),
        "Records in the log that the stage has not applied yet.",
    ),
    Metric(
        "headwind_commit_seconds",
        "histogram",
        ("stage",),
        "Time one transaction of the engine takes to become durable.",
    ),
    Metric(
        "headwind_outbox_pending",
        "gauge",
        ("channel",),
        "Notifications decided and not yet delivered.",
    ),
    Metric(
        "headwind_delivery_total",
        "counter",
        ("channel", "outcome"),
        "Attempts to deliver a notification, by outcome: delivered, again (to be retried) or dead.",
    ),
    Metric(
        "headwind_build_info",
        "gauge",
        ("version", "catalogue_version"),
        "Always 1; its labels say which version answers.",
    ),
    Metric(
        "headwind_worker_messages_total",
        "counter",
        ("topic", "outcome"),
        "Messages that a worker fetched: applied, or skipped because they were applied before.",
    ),
    Metric(
        "headwind_worker_trouble_total",
        "counter",
        ("topic", "what"),
        "What kept a worker from applying a chunk: gap, store, or fenced by another worker.",
    ),
    Metric(
        "headwind_worker_given_seconds",
        "histogram",
        ("topic",),
        "Time from being given a partition to its state being restored.",
    ),
    Metric("headwind_worker_lanes", "gauge", ("topic",), "Partitions that the worker works on."),
    Metric(
        "headwind_worker_lag_records",
        "gauge",
        ("topic", "partition"),
        "Messages in Kafka that the worker has not applied yet.",
    ),
    Metric("headwind_worker_tasks", "gauge", (), "Tasks that run in the worker's event loop."),
)

"""The listed series, live: counted, set, and read by Prometheus.

Nothing registers itself on import: a process makes one ``Meters`` and hands it on, and two of
them never share a number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from threading import Lock

import prometheus_client
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from models.metrics import METRICS, Counter, Gauge, Histogram, Metric

CONTENT_TYPE = prometheus_client.CONTENT_TYPE_LATEST
_COMMIT_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Meters:
    """Typed access to every series of the list, in a registry of its own.

    >>> meters = Meters()
    >>> meters.count("headwind_events_total", 2, agency="boston", outcome="accepted")
    >>> 'headwind_events_total{agency="boston",outcome="accepted"} 2.0' in meters.text()
    True
    """

    def __init__(self, listed: Iterable[Metric] = METRICS) -> None:
        """Make a registry that knows ``listed`` and no series yet."""
        # When a counter began is of no use here, and would double the number of series.
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self._counters: dict[str, prometheus_client.Counter] = {}
        self._histograms: dict[str, prometheus_client.Histogram] = {}
        self._tables: dict[str, _Table] = {}
        for one in listed:
            if one.kind == "counter":
                self._counters[one.name] = prometheus_client.Counter(
                    one.name, one.help, one.labels, registry=self.registry
                )
            elif one.kind == "histogram":
                self._histograms[one.name] = prometheus_client.Histogram(
                    one.name, one.help, one.labels, registry=self.registry, buckets=_COMMIT_BUCKETS
                )
            else:
                self._tables[one.name] = _Table(one)
                self.registry.register(self._tables[one.name])

    def count(self, name: Counter, amount: float = 1, /, **labels: str) -> None:
        """Add ``amount`` (0 or more) to a counter; ValueError for labels that are not its own."""
        self._counters[name].labels(**labels).inc(amount)

    def observe(self, name: Histogram, seconds: float, /, **labels: str) -> None:
        """Note one duration."""
        self._histograms[name].labels(**labels).observe(seconds)

    def set(self, name: Gauge, value: float, /, **labels: str) -> None:
        """Set one series of a gauge; ValueError for labels that are not its own."""
        self._tables[name].put(labels, value)

    def replace(self, name: Gauge, rows: Mapping[tuple[str, ...], float]) -> None:
        """Put ``rows`` (label values in the listed order) in place of all series of a gauge.

        A reader sees the old rows or the new ones, never half of each; what is not in ``rows``
        is gone, so that an absent value is absent and not the last one known.
        """
        self._tables[name].replace(rows)

    def text(self) -> str:
        """What ``/metrics`` answers, as Prometheus text (:data:`CONTENT_TYPE`)."""
        return generate_latest(self.registry).decode()


class _Table(Collector):
    """All series of one gauge, which can be swapped as a whole."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric
        self._lock = Lock()
        self._rows: dict[tuple[str, ...], float] = {}

    def put(self, labels: Mapping[str, str], value: float) -> None:
        if set(labels) != set(self._metric.labels):
            raise self._refusal()
        with self._lock:
            self._rows[tuple(labels[name] for name in self._metric.labels)] = value

    def replace(self, rows: Mapping[tuple[str, ...], float]) -> None:
        if any(len(key) != len(self._metric.labels) for key in rows):
            raise self._refusal()
        with self._lock:
            self._rows = dict(rows)

    def collect(self) -> Iterator[Family]:
        family = GaugeMetricFamily(self._metric.name, self._metric.help, labels=self._metric.labels)
        with self._lock:
            for key, value in self._rows.items():
                family.add_metric(key, value)
        yield family

    def _refusal(self) -> ValueError:
        return ValueError(f"{self._metric.name} has the labels {', '.join(self._metric.labels)}")

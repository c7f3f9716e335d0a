"""``/metrics`` has what the typed list has: all of it, nothing else, each with its sentence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import httpx
import pytest
from prometheus_client import Metric as Family
from prometheus_client.parser import text_string_to_metric_families

from models.metrics import METRICS, Counter, Gauge, Histogram, Metric
from tests.conftest import ROOT
from tests.e2e.serving import Serving, TurnedClock, until
from tests.integration.listening import listening
from tests.integration.records import headwind
from tests.integration.served_door import LINES
from tests.integration.test_notify import Listener
from tests.unit.events_made import BEGIN, DAY, day_count, line

SETTINGS = """
[door]
port = 0
[sources.sheet]
quiet_after = "P90D"
[notify.near]
url = "{url}"
[notify.far]
url = "http://127.0.0.1:9/nobody"
"""
KINDS = {"counter": Counter, "gauge": Gauge, "histogram": Histogram}
COUNTED = "headwind.service.transactions.counted.v1"


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    """A receiver that takes everything."""
    with listening(Listener()) as server:
        yield server


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory, listener: Listener) -> dict[str, Family]:
    """What a server says to which everything has happened that is counted."""
    folder = tmp_path_factory.mktemp("metrics")
    store, config = folder / "headwind.db", folder / "headwind.toml"
    config.write_text(SETTINGS.format(url=listener.url), encoding="utf-8")
    clock = TurnedClock(folder / "clock")
    clock.set(BEGIN + 3 * DAY)
    key = headwind("keys", "issue", "--agency", "parks", cwd=folder).stdout.strip()
    serving = Serving(store, config, clock)
    try:
        _everything(serving, clock, key)
        text = httpx.get(f"{serving.url}/metrics").text
    finally:
        serving.stop()
    return {_name(family): family for family in text_string_to_metric_families(text)}


SERVED = [one for one in METRICS if not one.name.startswith("headwind_worker_")]
"""What a monitor in one process has; the others are a worker's, and tested there."""


def _everything(serving: Serving, clock: TurnedClock, key: str) -> None:
    """Taken, refused by door and engine, a value, a silence told to one who hears and one who cannot."""
    days = [BEGIN + day * DAY for day in range(3)]
    sent = [line(COUNTED, f"d{day}", "counts", day, **day_count(day, 400)) for day in days]
    sent.append(line(COUNTED, f"d{days[0]}", "counts", days[0], **day_count(days[0], 500)))
    sent.append(line("headwind.context.source.heartbeat.v1", "b", "sheet", days[2]))
    sent.append(line("headwind.service.nothing.v1", "x", "counts", days[0]))
    answer = httpx.post(
        f"{serving.url}/events",
        content=b"\n".join(sent),
        headers={"Authorization": f"Bearer {key}", "Content-Type": LINES},
    )
    assert answer.status_code == 207, answer.text
    until(lambda: "headwind_indicator" in serving.metrics())
    clock.set(BEGIN + 9 * DAY)
    until(lambda: len(serving.metrics().get("headwind_delivery_total", {})) == 2)


def _name(family: Family) -> str:
    """Of a family as it is listed; the parser takes ``_total`` off."""
    return f"{family.name}_total" if family.type == "counter" else family.name


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_each_is_well_named(metric: Metric) -> None:
    """A name of ours, of its kind's type, with one plain sentence and labels that name things."""
    assert metric.name.startswith("headwind_")
    assert metric.name in get_args(KINDS[metric.kind])
    assert metric.name.endswith("_total") == (metric.kind == "counter")
    assert len(metric.help.split()) >= 5
    assert metric.help[0].isupper() or metric.help[0].isdigit()
    assert metric.help.endswith(".")
    assert len(set(metric.labels)) == len(metric.labels)
    assert not {"value", "n", "le", "id", "event", "user"} & set(metric.labels)


def test_the_list_has_every_name_once() -> None:
    """Each name that the types allow stands in the list, once."""
    listed = [metric.name for metric in METRICS]
    assert sorted(listed) == sorted(name for kind in KINDS.values() for name in get_args(kind))


def test_nothing_else_is_on_the_server(families: dict[str, Family]) -> None:
    """A series that is not in the list is not there, and none of the list is missing."""
    assert set(families) == {metric.name for metric in METRICS}


@pytest.mark.parametrize("metric", SERVED, ids=lambda metric: metric.name)
def test_each_is_on_the_server(metric: Metric, families: dict[str, Family]) -> None:
    """Once all has happened every series has a sample, with its labels, kind and sentence."""
    family = families[metric.name]
    assert family.samples
    assert family.type == metric.kind
    assert family.documentation == metric.help
    for sample in family.samples:
        assert sample.name.startswith(metric.name)
        assert set(sample.labels) - {"le"} == set(metric.labels)


@pytest.mark.parametrize(
    ("name", "outcomes"),
    [
        ("headwind_events_total", {"accepted": 5, "refused": 1}),
        ("headwind_delivery_total", {"delivered": 1, "again": 1}),
    ],
)
def test_outcomes_are_those_of_the_sentence(
    name: str, outcomes: dict[str, int], families: dict[str, Family]
) -> None:
    """What became of events and notifications is counted by the words that the sentence names."""
    found = {one.labels["outcome"]: one.value for one in families[name].samples}
    assert found == outcomes
    assert all(outcome in families[name].documentation for outcome in found)


def test_refusals_of_door_and_engine_are_counted(families: dict[str, Family]) -> None:
    """By code: one type that nobody knows, and one id that was used for something else."""
    found = {one.labels["code"]: one.value for one in families["headwind_refused_total"].samples}
    assert found == {"unknown_type": 1, "id_reused": 1}


def test_the_readme_says_where_the_list_is() -> None:
    """Whoever writes a dashboard finds the list."""
    assert "[models/metrics.py](models/metrics.py)" in Path(ROOT / "README.md").read_text("utf-8")

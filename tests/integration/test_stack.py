"""What docker-compose.yml starts, started natively: Kafka, PostgreSQL, door, two workers, Prometheus."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import psycopg
import pytest

from deploy.servers import free_port
from deploy.servers.kafka import Kafka
from deploy.servers.postgresql import Postgresql
from tests.e2e.serving import until
from tests.integration import filled_in, test_panel_metrics, test_panel_queries
from tests.integration.listening import listening
from tests.integration.prometheus import Prometheus
from tests.integration.test_distributed import ALL, Fleet, counts, post, told
from tests.integration.test_notify import Listener
from tests.unit.events_made import BEGIN, DAY

SCRAPED = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: headwind
    static_configs: [{{targets: ["{door}"]}}]
  - job_name: headwind-workers
    static_configs: [{{targets: ["127.0.0.1:{first}", "127.0.0.1:{second}"]}}]
"""
CHOICES = {"agency": "parks", "indicator": "demand"} | dict.fromkeys(
    ("group", "unit", "service", "stratum"), "(all)"
)


@pytest.fixture
def fleet(kafka: Kafka, postgresql: Postgresql, tmp_path: Path) -> Iterator[Fleet]:
    """A monitor of its own on the servers."""
    with (
        listening(Listener()) as listener,
        closing(Fleet(kafka, postgresql, tmp_path, listener.url)) as one,
    ):
        yield one


def test_a_scrape_and_a_panel_say_what_the_command_says(fleet: Fleet, tmp_path: Path) -> None:
    """Events through the door, two workers, a Prometheus that asks all three; the same numbers."""
    ports = {"first": free_port(), "second": free_port()}
    for name, port in ports.items():
        fleet.start("--port", str(port), "--name", name)
    door = fleet.serve()
    for agency, key in fleet.keys.items():
        post(door, key, counts(0, ALL if agency == "parks" else ALL - 7))
    fleet.settle()
    folder = tmp_path / "prometheus"
    folder.mkdir()
    config = SCRAPED.format(door=door.url.removeprefix("http://"), **ports)
    with closing(_Stopping(Prometheus(folder, config))) as held:
        prometheus = held.one
        until(lambda: sum(prometheus.query("up", time.time()).values()) == 3)
        until(lambda: bool(prometheus.query("headwind_indicator", time.time())))
        said = json.loads(told(fleet.store, "values"))
        _ranking(prometheus, said)
        _workers(prometheus)
    _history(fleet, said)


class _Stopping:
    """Ends a Prometheus as ``closing`` wants it."""

    def __init__(self, one: Prometheus) -> None:
        self.one = one

    def close(self) -> None:
        self.one.stop()


def _ranking(prometheus: Prometheus, said: list[dict[str, object]]) -> None:
    """The bars of the overview are the newest values."""
    newest: dict[object, object] = {}
    for row in sorted(said, key=lambda row: str(row["window_end"])):
        whole = not (row["unit"] or row.get("service") or row.get("stratum"))
        if row["indicator"] == "demand" and whole and row["value"] is not None:
            newest[row["agency"]] = row["value"]
    found: dict[str, float] = {}
    for one in test_panel_metrics.targets():
        if (one.board, one.title) == ("headwind-overview", "Ranking now"):
            answer = prometheus.query(filled_in.promql(one.expr, CHOICES), time.time())
            found |= {dict(labels)["agency"]: value for labels, value in answer.items()}
    assert found == {name: newest[name] for name in ("parks", "roads", "water")}


def _workers(prometheus: Prometheus) -> None:
    """Whatever stands on a board about workers has an answer here."""
    asked = [one for one in test_panel_metrics.targets() if "headwind_worker_" in one.expr]
    assert len(asked) >= 6
    for one in asked:
        if "trouble" not in one.expr:
            until(partial(_answers, prometheus, filled_in.promql(one.expr, {})))


def _answers(prometheus: Prometheus, expr: str) -> bool:
    return bool(prometheus.query(expr, time.time()))


def _history(fleet: Fleet, said: list[dict[str, object]]) -> None:
    """The chart of the agency's board is the course that the command prints."""
    (target,) = (
        one
        for one in test_panel_queries.targets()
        if (one.board, one.title, one.ref) == ("headwind-agency", "Demand, as restated", "A")
    )
    text = filled_in.sql(target.text, CHOICES, BEGIN, BEGIN + (ALL + 20) * DAY)
    with psycopg.connect(fleet.store, options="-c timezone=UTC") as connection:
        rows = connection.execute(text.encode()).fetchall()
    drawn = {f"{row[0]:%Y-%m-%dT%H:%M:%S}Z": row[1] for row in rows}
    wanted = {
        row["window_end"]: row["value"]
        for row in said
        if row["agency"] == "parks"
        and row["indicator"] == "demand"
        and not (row["unit"] or row.get("service") or row.get("stratum"))
    }
    assert len(drawn) >= ALL - 1
    assert drawn == wanted

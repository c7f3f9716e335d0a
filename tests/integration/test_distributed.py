"""The whole monitor beyond one process: doors, workers, notifications, on real servers."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from kafka import KafkaConsumer, TopicPartition
from sqlalchemy import insert, select, update

from deploy.commands.doctor import findings
from deploy.finding import Finding
from deploy.servers import free_port
from deploy.servers.kafka import Kafka
from deploy.servers.postgresql import Postgresql
from models import tables
from streams.worker.history import history, partitions
from tests.e2e.serving import Serving, TurnedClock, until
from tests.integration.cluster import Cluster
from tests.integration.listening import listening
from tests.integration.records import headwind
from tests.integration.test_notify import Listener
from tests.unit.events_made import BEGIN, DAY, day_count, line

PARTS = 3
AGENCIES = ("parks", "roads", "water")
COUNTED = "headwind.service.transactions.counted.v1"
FALLS, OPEN, CLOSED, ALL = 84, 91, 114, 140
"""Days before the fall, those after which it is known, and those after which it is over."""
NOW = BEGIN + 200 * DAY
SETTINGS = """
[door]
port = 0
[agencies]
parks = {{ group = "green" }}
roads = {{ group = "green" }}
water = {{ group = "blue" }}
[notify.ops]
url = "{url}"
"""


def counts(first: int, last: int) -> bytes:
    """Counts of days, which fall to a third for three weeks; an event a line."""
    numbers = [(100 + day % 5) // (3 if 84 <= day < 105 else 1) for day in range(last)]
    return b"\n".join(
        line(COUNTED, f"day-{day}", "crm", BEGIN + day * DAY, **day_count(BEGIN + day * DAY, one))
        for day, one in enumerate(numbers)
        if day >= first
    )


class Fleet(Cluster):
    """A cluster with doors, whose clock stands still, and keys."""

    def __init__(self, kafka: Kafka, postgresql: Postgresql, folder: Path, url: str) -> None:
        self.url = url
        super().__init__(kafka, postgresql, folder, SETTINGS.format(url=url), parts=PARTS)
        self.clock = TurnedClock(folder / "clock")
        self.clock.set(NOW)
        self.doors: list[Serving] = []
        self.keys = {name: issued(self.store, name) for name in AGENCIES}

    def serve(self) -> Serving:
        """One door more."""
        said = self.folder / f"serve-{len(self.doors)}.said"
        self.doors.append(Serving(self.store, self.config, self.clock, said))
        return self.doors[-1]

    def close(self) -> None:
        """End everything."""
        for door in self.doors:
            door.stop(signal.SIGKILL)
        super().close()

    def look(self) -> dict[str, list[Finding]]:
        """What doctor says of Kafka and the engine."""
        found: dict[str, list[Finding]] = {"kafka": [], "engine": []}
        now = int(self.seen() or NOW)
        for one in findings(self.store, self.config, now):
            found.setdefault(one.about, []).append(one)
        return found

    def seen(self) -> int | None:
        """When a worker last said that it lives, ms."""
        with self.database.connect() as connection:
            c = tables.worker.c
            return connection.execute(select(c.seen).order_by(c.seen.desc()).limit(1)).scalar()


def issued(store: str, agency: str) -> str:
    """A new key."""
    done = headwind("keys", "issue", "--agency", agency, "--store", store)
    assert done.returncode == 0, done.stderr
    return next(word for word in done.stdout.split() if word.startswith("hw"))


def post(door: Serving, key: str, body: bytes) -> None:
    """Events into a door, in two requests."""
    lines = body.splitlines()
    for some in (lines[: len(lines) // 2], lines[len(lines) // 2 :]):
        if not some:
            continue
        answer = httpx.post(
            f"{door.url}/events",
            content=b"\n".join(some),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson"},
            timeout=60,
        )
        assert answer.status_code == 202, answer.text


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A webhook receiver on loopback."""
    with listening(Listener()) as server:
        yield server


@pytest.fixture
def fleet(
    kafka: Kafka, postgresql: Postgresql, tmp_path: Path, listener: Listener
) -> Iterator[Fleet]:
    """A monitor of its own on the servers."""
    with closing(Fleet(kafka, postgresql, tmp_path, listener.url)) as one:
        yield one


def told(store: Path | str, command: str) -> str:
    """All results of a kind, as JSON."""
    done = headwind(command, "--store", str(store), "--format", "json")
    assert done.returncode == 0, done.stderr
    return done.stdout


def results(store: Path | str, command: str) -> list[dict[str, Any]]:
    """The same as rows; how many revisions a group's value took is nobody's promise."""
    rows: list[dict[str, Any]] = json.loads(told(store, command))
    for row in rows:
        if row["agency"].startswith("group:"):
            row.pop("revision", None)
    return rows


def embedded(fleet: Fleet) -> tuple[Path, str]:
    """The same events through the door of one process, its clock the same; its store and page."""
    folder = fleet.folder / "alone"
    folder.mkdir()
    store, config = folder / "headwind.db", folder / "headwind.toml"
    config.write_text(SETTINGS.format(url="http://127.0.0.1:9/hook"))
    keys = {name: issued(str(store), name) for name in AGENCIES}
    alone = Serving(store, config, fleet.clock)
    try:
        for name in AGENCIES:
            post(alone, keys[name], counts(0, ALL))
        until(lambda: not any(alone.metrics()["headwind_lag_records"].values()))
        page = alone.page("/agency/parks")
    finally:
        alone.stop()
    return store, page


def states(listener: Listener) -> list[tuple[str, str]]:
    """Every state of an alert that was told, as (agency and indicator, state)."""
    return [
        (f"{one['labels']['agency']} {one['labels']['indicator']}", one["status"])
        for body in listener.accepted
        for one in body["alerts"]
        if "indicator" in one["labels"]
    ]


def test_from_the_door_to_the_page(fleet: Fleet) -> None:
    """Two workers, a door: the results of one process, on the page too; doctor is content."""
    port = free_port()
    fleet.start("--port", str(port), "--name", "first")
    fleet.start()
    door = fleet.serve()
    for name in AGENCIES:
        post(door, fleet.keys[name], counts(0, ALL))
    fleet.settle()
    alone, page = embedded(fleet)
    for command in ("values", "alerts", "signals", "shocks"):
        assert results(fleet.store, command) == results(alone, command)
    assert len(results(fleet.store, "values")) > 100
    assert door.page("/agency/parks") == page
    assert "Demand" in page
    assert door.metrics()["headwind_indicator"]
    assert_healthy(port)
    assert_ticked(fleet)
    until(lambda: fleet.look()["engine"][0].says.endswith("2 workers"))
    found = fleet.look()
    assert [one.state for one in (*found["kafka"], *found["engine"])] == ["ok", "ok"]
    assert fleet.stop(fleet.workers[0]) == 0
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), 1)


def assert_healthy(port: int) -> None:
    """What a worker answers over HTTP."""
    answers = {
        path: httpx.get(f"http://127.0.0.1:{port}/{path}") for path in ("live", "ready", "other")
    }
    assert {path: one.status_code for path, one in answers.items()} == {
        "live": 200,
        "ready": 200,
        "other": 404,
    }
    text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    assert 'headwind_worker_messages_total{outcome="applied",topic="events"}' in text
    assert "headwind_worker_lag_records" in text


def assert_ticked(fleet: Fleet) -> None:
    """The clock came into every partition, once."""
    for number, (_, end) in partitions(fleet.kafka).items():
        found = [one for some in history(fleet.kafka, number, end) for one in some]
        ticks = [dict(one.headers)["received"] for one in found if one.key is None]
        assert ticks == [str(NOW).encode()]


def leads(door: Serving) -> bool:
    """Whether this door has had the lease."""
    return "lease.ours" in door.said


def live(fleet: Fleet, door: Serving, days: range) -> None:
    """Each day's count when it is over."""
    for day in days:
        fleet.clock.set(BEGIN + (day + 1) * DAY)
        post(door, fleet.keys["parks"], counts(day, day + 1))


def test_another_door_takes_over(fleet: Fleet, listener: Listener) -> None:
    """The one that notifies dies: another goes on, and tells nothing anew; machines read it."""
    fleet.start()
    fleet.clock.set(BEGIN + FALLS * DAY)
    first = fleet.serve()
    until(lambda: leads(first))
    second = fleet.serve()
    post(second, fleet.keys["parks"], counts(0, FALLS))
    fleet.settle()
    live(fleet, second, range(FALLS, OPEN))
    until(lambda: ("parks demand", "firing") in states(listener))
    assert not leads(second)
    first.stop(signal.SIGKILL)
    live(fleet, second, range(OPEN, CLOSED))
    until(lambda: ("parks demand", "resolved") in states(listener))
    assert leads(second)
    post(second, fleet.keys["parks"], counts(0, 3).replace(b'"started":', b'"started":1'))
    fleet.settle()
    until(lambda: not second.metrics().get("headwind_outbox_pending", {}))
    # Killed between an answer and its own note of it, the first would leave it to be told once more.
    once = [*dict.fromkeys(states(listener))]
    assert once == [("parks demand", "firing"), ("parks demand", "resolved")]
    held = {topic: heard(fleet, topic) for topic in ("refused", "notices")}
    assert {one.key for some in held.values() for one in some} == {b"parks"}
    assert len(held["refused"]) == 3
    assert all(b"id_reused" in one.value for one in held["refused"])
    assert not any(b'"payload"' in one.value for one in held["refused"])
    assert [b'"firing"' in one.value for one in held["notices"]] == [True, False]


def heard(fleet: Cluster, topic: str) -> list[Any]:
    """Everything in a topic."""
    name, ends = fleet.kafka.topic(topic), partitions(fleet.kafka, topic)
    found: list[Any] = []
    with closing(KafkaConsumer(**fleet.kafka.client(), auto_offset_reset="earliest")) as consumer:
        consumer.assign([TopicPartition(name, number) for number in ends])
        while len(found) < sum(end for _, end in ends.values()):
            found += [one for some in consumer.poll(1000).values() for one in some]
    return found


def test_doctor_looks_at_the_workers(fleet: Fleet) -> None:
    """No worker runs; one that is behind; topics that are not there; a broker that is silent."""
    assert fleet.look()["engine"][0].says == "no worker runs"
    fleet.publisher = None
    fleet.send([])
    assert fleet.publisher is not None
    fleet.publisher.tick(NOW)
    assert fleet.look()["engine"][0].says == "no worker runs, and 3 messages wait"
    row = {"name": "one", "seen": NOW, "lanes": 3, "behind": 3, "behind_since": NOW - 1000}
    with fleet.database.begin() as connection:
        connection.execute(insert(tables.worker), row)
    assert fleet.look()["engine"][0].says == "3 messages are on their way; 1 worker"
    with fleet.database.begin() as connection:
        connection.execute(update(tables.worker).values(behind_since=NOW - 3_600_000))
    (found,) = fleet.look()["engine"]
    assert (found.state, found.fix) == ("look", "start more workers, up to one a partition")
    assert "3 messages wait, and 1 worker have been behind since 2020-" in found.says
    text = fleet.config.read_text()
    fleet.config.write_text(text.replace("partitions = 3", "partitions = 4"))
    (found,) = fleet.look()["kafka"]
    assert "has 3 partitions, the settings say 4" in found.says
    fleet.config.write_text(text.replace("prefix = '", f"prefix = 'no{os.getpid()}"))
    (found,) = fleet.look()["kafka"]
    assert "make it: headwind topics create" in found.says

"""Workers give what one process gives, however many there are and however they end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

import msgspec
import pytest
from sqlalchemy import Engine, select

from deploy.commands.replay import COMPARED, difference
from deploy.servers.kafka import Kafka
from deploy.servers.postgresql import Postgresql
from models import tables
from models.log import read
from models.record import Record
from models.store import open_store
from streams.stand import EVENTS
from tests.e2e.serving import until
from tests.integration import rough_load
from tests.integration.cluster import Cluster

KILLS = 20
MANY, FEW = 200_000, 12_000


class Alone(NamedTuple):
    """What one process made of some events, and the log that it kept."""

    store: Engine
    records: list[Record]
    settings: str


def alone(folder: Path, plain: int) -> Alone:
    """A load into one file."""
    load = rough_load.make(folder, plain=plain)
    path = folder / "alone.db"
    load.run(path)
    store = open_store(str(path), make=False)
    with store.connect() as connection:
        records = read(connection, EVENTS, 0, 1 << 30)
    return Alone(store, records, load.settings.read_text())


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Alone:
    """Some thousand events."""
    return alone(tmp_path_factory.mktemp("few"), FEW)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Alone:
    """Enough events to be killed in."""
    return alone(tmp_path_factory.mktemp("many"), MANY)


@pytest.fixture
def cluster(
    kafka: Kafka, postgresql: Postgresql, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Cluster]:
    """A monitor of its own on the servers, with the settings of the events that are sent."""
    made: Alone = request.getfixturevalue(getattr(request, "param", "few"))
    one = Cluster(kafka, postgresql, tmp_path, made.settings)
    yield one
    one.close()


def assert_same(mine: Alone, cluster: Cluster) -> None:
    """Every result row by row, floats by their bits; what the engine refused, by its id."""
    with mine.store.connect() as old, cluster.database.connect() as new:
        for table in COMPARED:
            assert difference(old, new, table, alone=False) is None, table.name
        c = tables.refused.c
        asked = select(c.id).where(c.origin == "engine")
        assert {*old.execute(asked).scalars()} == {*new.execute(asked).scalars()}


def cut(records: list[Record], random: Random) -> list[Record]:
    """The same events in records of other lengths."""
    pieces = []
    for record in records:
        lines = record.body.splitlines(keepends=True)
        while lines:
            size = random.choice((1, 7, 100, 500))
            piece, lines = lines[:size], lines[size:]
            pieces.append(msgspec.structs.replace(record, events=len(piece), body=b"".join(piece)))
        if not record.events:
            pieces.append(record)
    return pieces


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_they_give_the_same_answer(few: Alone, cluster: Cluster, workers: int) -> None:
    """One, two and four, which come and go in between; with batches cut at random."""
    random = Random(workers)
    pieces = cut(few.records, random)
    half = len(pieces) // 2
    started = [cluster.start() for _ in range(workers)]
    cluster.send(pieces[:half])
    cluster.settle()
    if workers > 1:
        assert cluster.stop(started[0]) == 0
        cluster.start()
    cluster.send(pieces[half:])
    cluster.settle()
    assert_same(few, cluster)
    assert "Equal" in cluster.command("replay")


def owners(cluster: Cluster) -> set[str]:
    """Who owns the partitions of the events."""
    c = tables.position.c
    with cluster.database.connect() as connection:
        return {*connection.execute(select(c.owner).where(c.stage == EVENTS)).scalars()}


def _name(worker: subprocess.Popen[bytes]) -> str:
    """What a worker is called in the store."""
    return f"{socket.gethostname()}-{worker.pid}"


def taken_over(cluster: Cluster, gone: int) -> float:
    """Wait until a worker that is gone owns nothing; the seconds that took."""
    began = time.monotonic()
    while f"{socket.gethostname()}-{gone}" in owners(cluster):
        assert time.monotonic() - began < 60, cluster.said()
        time.sleep(0.1)
    return time.monotonic() - began


@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("cluster", ["many"], indirect=True)
def test_killed_at_any_moment_nothing_is_lost_or_double(
    many: Alone, cluster: Cluster, record_property: Callable[[str, object], None]
) -> None:
    """Twenty kills of two workers, politely and not, while 200,000 events come in."""
    random = Random(20)
    living = [cluster.start(), cluster.start()]
    takeovers = []
    step = -(-len(many.records) // KILLS)
    for nth in range(KILLS):
        until(lambda: all(_name(one) in owners(cluster) for one in living))
        cluster.send(many.records[nth * step : (nth + 1) * step])
        time.sleep(random.random() * 2)
        victim = living.pop(random.randrange(2))
        how = random.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM))
        cluster.stop(victim, how)
        takeovers.append((how.name, round(taken_over(cluster, victim.pid), 1)))
        living.append(cluster.start())
    cluster.settle()
    record_property("takeover_s", takeovers)
    print("takeover, s:", takeovers)
    assert_same(many, cluster)
    assert max(seconds for _, seconds in takeovers) < 15


def test_one_that_wakes_up_again_writes_nothing(few: Alone, cluster: Cluster) -> None:
    """Stopped for longer than the group waits, then woken: its partitions are another's."""
    zombie = cluster.start()
    half = len(few.records) // 2
    cluster.send(few.records[:half])
    cluster.settle()
    zombie.send_signal(signal.SIGSTOP)
    other = cluster.start()
    taken_over(cluster, zombie.pid)
    cluster.send(few.records[half:])
    os.kill(zombie.pid, signal.SIGCONT)
    cluster.settle()
    assert other.poll() is None
    assert_same(few, cluster)


def test_the_database_and_the_broker_come_back(
    few: Alone, cluster: Cluster, kafka: Kafka, postgresql: Postgresql
) -> None:
    """Both crash under a working worker, one after the other; it goes on, and nothing is lost."""
    worker = cluster.start()
    third = len(few.records) // 3
    cluster.send(few.records[:third])
    cluster.settle()
    postgresql.kill()
    time.sleep(1)
    postgresql.start()
    cluster.database.dispose()
    cluster.send(few.records[third : 2 * third])
    cluster.settle()
    kafka.stop(signal.SIGKILL)
    kafka.start()
    cluster.send(few.records[2 * third :])
    cluster.settle()
    assert worker.poll() is None, cluster.said()
    assert_same(few, cluster)


def test_it_is_quick_to_stop(few: Alone, cluster: Cluster) -> None:
    """Ten polite stops in mid-work: each ends well before its deadline, with exit code 0."""
    step = -(-len(few.records) // 10)
    for nth in range(10):
        worker = cluster.start()
        cluster.send(few.records[nth * step : (nth + 1) * step])
        until(lambda: "worker.start" in cluster.said().rpartition("worker-")[2])
        time.sleep(nth / 3)
        began = time.monotonic()
        assert cluster.stop(worker) == 0, cluster.said()
        assert time.monotonic() - began < 19
    cluster.start()
    cluster.settle()
    assert_same(few, cluster)

"""Why no state is kept in Faust's Tables: they lose and double events when a worker is killed.

The same counter twice, on the same broker, under the same kill of one of two workers in the midst
of a stream. As a Table with at_least_once (Faust 0.15.3, store in memory), the counts at the end
are not what was sent; as lanes, with state and position in one transaction, they are, event by
event. This is a witness for a decision in the README and not a test of the product: what it shows
is Faust's. When it fails some day, Faust has mended that, and the decision may be thought over.
Run by ``make chaos`` only.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import NewTopic
from sqlalchemy import func, select

from deploy.servers.kafka import Kafka
from deploy.servers.postgresql import Postgresql
from models import tables
from models.record import Record
from tests.bench.distributed import messages
from tests.integration.cluster import Cluster

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

PARTS = 3
EVENTS = 24_000
BURST = 100
"""Events that each partition is sent at once, ten times a second."""

RUNS = 3
"""Kills; each of them alone nearly always shows it."""


class Feed(threading.Thread):
    """Sends events to each partition for as long as it is let; else who starts first reads all."""

    def __init__(self, broker: Kafka, name: str) -> None:
        super().__init__(daemon=True)
        self.each = 0
        """Events in each partition."""
        self._name = name
        self._over = threading.Event()
        admin = KafkaAdminClient(bootstrap_servers=broker.servers)
        admin.create_topics([NewTopic(name, PARTS, 1)])
        admin.close()
        self._producer = KafkaProducer(bootstrap_servers=broker.servers, linger_ms=5)

    def run(self) -> None:
        """Send at a pace that two workers can keep."""
        while not self._over.wait(0.1):
            self._send(BURST)

    def end(self) -> int:
        """Send what is left; how many each partition holds then."""
        self._over.set()
        self.join()
        self._send(EVENTS // PARTS)
        return self.each

    def close(self) -> None:
        """Let go of the broker."""
        self._over.set()
        self.join()
        self._producer.close()

    def _send(self, many: int) -> None:
        for _ in range(many):
            for part in range(PARTS):
                self._producer.send(
                    self._name, key=f"k{part}".encode(), value=b"{}", partition=part
                )
        self._producer.flush()
        self.each += many


def _read(notes: Path) -> list[tuple[int, int, str, int]]:
    """Whole lines: what was killed may have left half of one."""
    text = notes.read_text(encoding="ascii") if notes.exists() else ""
    rows = [line.split() for line in text.splitlines(keepends=True) if line.endswith("\n")]
    return [(int(part), int(offset), key, int(count)) for part, offset, key, count in rows]


def _ended(files: list[Path], each: int) -> list[bool]:
    """Of which partitions the last event was counted."""
    seen = {(part, offset) for one in files for part, offset, _, _ in _read(one)}
    return [(part, each - 1) in seen for part in range(PARTS)]


def table_run(broker: Kafka, folder: Path, name: str) -> tuple[int, int]:
    """Two workers, one of them killed; how far the counts at the end are above and below the truth."""
    files = [folder / f"{name}-{one}" for one in "ab"]
    feed = Feed(broker, name)
    feed.start()
    script = Path(__file__).with_name("faust_table_app.py")
    workers = []
    try:
        for file in files:
            command = [sys.executable, str(script), broker.servers, name, str(PARTS), str(file)]
            with file.with_suffix(".log").open("wb") as said:
                workers.append(subprocess.Popen(command, cwd=folder, stdout=said, stderr=said))
        _until(lambda: all(len(_read(one)) > 500 for one in files), 90)
        workers[0].send_signal(signal.SIGKILL)
        truth = feed.end()
        last, quiet = -1, 0
        while not all(_ended(files, truth)) and quiet < 30:
            now = sum(len(_read(one)) for one in files)
            quiet = quiet + 1 if now == last else 0
            last = now
            time.sleep(1)
    finally:
        feed.close()
        for worker in workers:
            worker.kill()
            worker.wait(30)
    # The survivor has the last word on every key that it has seen.
    final = {key: count for _, _, key, count in [*_read(files[0]), *_read(files[1])]}
    # What the survivor did not come to is late, and not yet lost.
    off = [final[f"k{part}"] - truth for part, end in enumerate(_ended(files, truth)) if end]
    return sum(max(one, 0) for one in off), sum(max(-one, 0) for one in off)


def _until(holds: object, seconds: float) -> None:
    assert callable(holds)
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_tables_lose_or_double(kafka: Kafka, tmp_path: Path) -> None:
    """At least one of a few kills leaves counts that are not what was sent."""
    found = [table_run(kafka, tmp_path, f"chaos-{number}") for number in range(RUNS)]
    print("counted too often and too seldom, by kill:", found)
    assert any(above or below for above, below in found)


def test_lanes_do_neither(kafka: Kafka, postgresql: Postgresql, tmp_path: Path) -> None:
    """Under the same kills every event is accepted once."""
    for number in range(RUNS):
        folder = tmp_path / str(number)
        folder.mkdir()
        made = messages(EVENTS, 1)
        monitor = Cluster(kafka, postgresql, folder, "", parts=PARTS)
        try:
            workers = [monitor.start(), monitor.start()]
            _until(lambda one=monitor: len(_owners(one)) == 2, 60)
            killing = threading.Timer(0.7, workers[0].kill)
            killing.start()
            monitor.send(made)
            killing.join()
            monitor.settle()
            assert _accepted(monitor) == _by_agency(made)
        finally:
            monitor.close()


def _owners(monitor: Cluster) -> set[str]:
    c = tables.position.c
    with monitor.database.connect() as connection:
        asked = select(c.owner).where(c.stage == 1)
        return {*connection.execute(asked).scalars()}


def _accepted(monitor: Cluster) -> dict[str, int]:
    c = tables.source.c
    asked = select(c.agency, func.sum(c.accepted)).group_by(c.agency)
    with monitor.database.connect() as connection:
        return {agency: int(count) for agency, count in connection.execute(asked)}


def _by_agency(made: list[Record]) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for one in made:
        counted[one.agency] += one.events
    return dict(counted)

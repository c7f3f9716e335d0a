"""``make bench-distributed``: workers on a real Kafka and PostgreSQL, both started for it.

The floor, measured in the same run on the same messages, is a bare consumer that decodes them
and keeps nothing. Compare ratios of one run, not digits of two.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
import numpy as np
import psutil
from aiokafka import AIOKafkaConsumer, TopicPartition
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import func, select

from deploy.servers import MissingServerError, free_port, wait_for
from deploy.servers.kafka import Kafka
from deploy.servers.postgresql import Postgresql
from models import tables
from models.event import decode_known
from models.record import MAX_EVENTS, Record
from models.upsert import add_many
from streams.stand import EVENTS
from streams.worker.history import partitions
from tests.bench.generate import PER_DAY, Writer
from tests.integration.cluster import Cluster

START_MS: Final = 1_704_067_200_000
DAY_MS: Final = 86_400_000
PARTS: Final = 4
ROWS: Final = 50_000
PACE_S: Final = 0.01

_AGENCY = re.compile(rb'"agency":"(\w+)"')


class Servers(NamedTuple):
    """What everything runs on, and where its files go."""

    kafka: Kafka
    postgresql: Postgresql
    folder: Path

    @contextmanager
    def monitor(self, name: str) -> Iterator[Cluster]:
        """A monitor of its own: new topics, a new database."""
        folder = self.folder / name
        folder.mkdir()
        one = Cluster(self.kafka, self.postgresql, folder, "", parts=PARTS)
        try:
            yield one
        finally:
            one.close()


class Cost(NamedTuple):
    """What one worker spent on a topic that was full when it came."""

    cpu: float
    wall: float
    rss_mb: float
    p50: float
    p99: float


def tell(what: str, said: str) -> None:
    """One line of the table."""
    sys.stdout.write(f"{what:<52} {said}\n")
    sys.stdout.flush()


def messages(events: int, each: int) -> list[Record]:
    """So many events in messages of ``each``, every one of one agency."""
    lines = Writer(PER_DAY, 1).chunk(events).splitlines(keepends=True)
    held: dict[str, list[bytes]] = {}
    made = []
    for number, line in enumerate(lines):
        found = _AGENCY.search(line)
        assert found
        mine = held.setdefault(found[1].decode(), [])
        mine.append(line)
        if len(mine) == each:
            made.append(_message(found[1].decode(), number, mine))
            mine.clear()
    made += [_message(agency, events, mine) for agency, mine in held.items() if mine]
    return made


def _message(agency: str, number: int, lines: list[bytes]) -> Record:
    received = START_MS + number * DAY_MS // PER_DAY
    return Record(
        agency=agency, received=received, kind="events", events=len(lines), body=b"".join(lines)
    )


# --- a full topic ---------------------------------------------------------------------------


def emptied(monitor: Cluster) -> Cost:
    """One worker from its start until all is applied."""
    port = free_port()
    began = time.monotonic()
    process = psutil.Process(monitor.start("--port", str(port)).pid)
    monitor.settle()
    spent = process.cpu_times()
    cpu, wall = spent.user + spent.system, time.monotonic() - began
    text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text
    return Cost(cpu, wall, process.memory_info().rss / 2**20, *_commits(text))


def _commits(text: str) -> tuple[float, float]:
    """Median and 99 % of the seconds a commit took, between the histogram's buckets."""
    counted = [
        (float(sample.labels["le"]), sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "headwind_commit_seconds_bucket" and sample.labels["stage"] == "agencies"
    ]
    ends, counts = zip(*sorted(counted), strict=True) if counted else ((), ())
    total = counts[-1] if counts else 0
    if not total:
        return 0.0, 0.0
    finite = [end for end in ends if end != float("inf")]
    grown = [0.0, *counts[: len(finite)]]
    p50, p99 = np.interp([total * 0.5, total * 0.99], grown, [0.0, *finite])
    return float(p50), float(p99)


async def _drained(servers: str, topic: str, ends: dict[int, int]) -> float:
    """CPU seconds in which a bare consumer fetches and decodes what is there."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=servers, auto_offset_reset="earliest", max_partition_fetch_bytes=4 << 20
    )
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, number) for number in ends])
        left = {number for number, end in ends.items() if end}
        began = time.process_time()
        while left:
            fetched = await consumer.getmany(timeout_ms=500, max_records=20_000)
            for where, chunk in fetched.items():
                decode_known(b"".join(one.value for one in chunk))
                if chunk[-1].offset + 1 >= ends[where.partition]:
                    left.discard(where.partition)
        return time.process_time() - began
    finally:
        await consumer.stop()


def full_topic(servers: Servers, events: int, each: int, start: float) -> None:
    """Events a second and core, beside the floor."""
    with servers.monitor(f"full-{each}") as monitor:
        for first in range(0, len(made := messages(events, each)), 20_000):
            monitor.send(made[first : first + 20_000])
        ends = {number: end for number, (_, end) in partitions(monitor.kafka).items()}
        topic = monitor.kafka.topic("events")
        floor = asyncio.run(_drained(servers.kafka.servers, topic, ends))
        cost = emptied(monitor)
    spent = max(cost.cpu - start, 1e-9)
    what = f"{events:,} events, {each} a message"
    tell(what, f"{events / spent:>9,.0f} ev/s a core ({events / cost.wall:,.0f} ev/s wall)")
    tell("  bare getmany and decode", f"{events / floor:>9,.0f} ev/s; ratio {floor / spent:.2f}")
    tell("  commit of a chunk", f"p50 {cost.p50 * 1e3:.0f} ms, p99 {cost.p99 * 1e3:.0f} ms")
    tell("  the worker holds", f"{cost.rss_mb:,.0f} MB resident")


# --- latency --------------------------------------------------------------------------------


def latency(servers: Servers, rate: int, seconds: float) -> None:
    """From handing an event to the producer until its results are committed."""
    made = messages(round(rate * seconds), 1)
    step = round(rate * PACE_S)
    sent: list[tuple[float, Any]] = []
    seen: dict[int, list[tuple[float, int]]] = {number: [] for number in range(PARTS)}
    with servers.monitor("latency") as monitor:
        monitor.start()
        monitor.send(made[:step])
        monitor.settle()
        publisher = monitor.publisher
        assert publisher is not None
        look = partial(_look, monitor, seen)
        began = time.monotonic()
        for turn, first in enumerate(range(step, len(made), step)):
            while time.monotonic() < began + turn * PACE_S:
                look()
            for one in made[first : first + step]:
                future = publisher._send(one.agency, one.received, one.body)
                sent.append((time.monotonic(), future))
        took = time.monotonic() - began
        kept = [(at, told.get(30)) for at, told in sent]
        ends = {number: end for number, (_, end) in partitions(monitor.kafka).items()}
        while any(end and not _reached(seen[number], end) for number, end in ends.items()):
            look()
    waits = [_reached(seen[told.partition], told.offset + 1) - at for at, told in kept]
    p50, p99 = np.percentile(waits, [50, 99]) * 1e3
    tell(
        f"event → committed results, {len(kept) / took:,.0f} ev/s, 1 a message",
        f"p50 {p50:.0f} ms, p99 {p99:.0f} ms",
    )


def _look(monitor: Cluster, seen: dict[int, list[tuple[float, int]]]) -> None:
    c = tables.position.c
    with monitor.database.connect() as connection:
        rows = connection.execute(select(c.partition, c.applied).where(c.stage == EVENTS)).all()
    now = time.monotonic()
    for number, applied in rows:
        mine = seen[number]
        if not mine or mine[-1][1] < applied:
            mine.append((now, applied))
    time.sleep(0.002)


def _reached(seen: list[tuple[float, int]], position: int) -> float:
    """When a partition was first seen at or behind a position; 0 if it was not."""
    return next((at for at, applied in seen if applied >= position), 0.0)


# --- takeover -------------------------------------------------------------------------------


def takeovers(servers: Servers, times: int) -> None:
    """How long a partition is nobody's after one of two workers has ended."""
    with servers.monitor("takeover") as monitor:
        monitor.send(messages(4_000, 10))
        living = [monitor.start()]
        monitor.settle()
        for how in (signal.SIGKILL, signal.SIGTERM):
            took = []
            for _ in range(times):
                living.append(monitor.start())
                wait_for(partial(_shared, monitor, living), 60)
                victim = living.pop(0)
                began = time.monotonic()
                victim.send_signal(how)
                wait_for(partial(_left, monitor, victim), 60)
                took.append(time.monotonic() - began)
                victim.wait(60)
            said = ", ".join(f"{one:.1f}" for one in sorted(took))
            wait = monitor.kafka.session_timeout_s
            tell(f"takeover after {how.name} (session timeout {wait:.0f} s)", f"{said} s")


def _owners(monitor: Cluster) -> set[str]:
    c = tables.position.c
    with monitor.database.connect() as connection:
        return {*connection.execute(select(c.owner).where(c.stage == EVENTS)).scalars()}


def _name(worker: subprocess.Popen[bytes]) -> str:
    return f"{socket.gethostname()}-{worker.pid}"


def _shared(monitor: Cluster, living: list[subprocess.Popen[bytes]]) -> bool:
    time.sleep(0.05)
    return _owners(monitor) == set(map(_name, living))


def _left(monitor: Cluster, gone: subprocess.Popen[bytes]) -> bool:
    return _name(gone) not in _owners(monitor)


# --- the store ------------------------------------------------------------------------------


def rows_a_second(servers: Servers) -> None:
    """COPY into the table of values against the driver's executemany, a transaction each."""
    with servers.monitor("rows") as monitor:
        monitor.send(messages(20_000, 500))
        monitor.start()
        monitor.settle()
        asked = select(tables.value).order_by(func.random()).limit(1)
        with monitor.database.connect() as connection:
            like = dict(connection.execute(asked).one()._mapping)
        rates = []
        ways: list[Callable[..., Any]] = [
            lambda to, rows: add_many(to, tables.value, [tuple(row.values()) for row in rows]),
            lambda to, rows: to.execute(tables.value.insert(), rows),
        ]
        for way, into in enumerate(ways):
            rows = [like | {"unit": f"{way}-{number}"} for number in range(ROWS)]
            began = time.perf_counter()
            with monitor.database.begin() as connection:
                into(connection, rows)
            rates.append(ROWS / (time.perf_counter() - began))
    copy, many = rates
    said = f"{copy:>9,.0f} rows/s; executemany {many:,.0f}; ratio {copy / many:.1f}"
    tell(f"COPY into value, {ROWS:,} rows", said)


def main() -> None:
    """Measure, or say what is missing."""
    parser = argparse.ArgumentParser(prog="make bench-distributed", description=__doc__)
    parser.add_argument("--single", type=int, default=60_000, help="events with 1 a message")
    parser.add_argument("--packed", type=int, default=300_000, help="events with 500 a message")
    parser.add_argument("--seconds", type=float, default=10, help="of the latency's stream")
    parser.add_argument("--rate", type=int, default=2_000, help="events a second of it")
    parser.add_argument("--kills", type=int, default=5, help="of each kind; 0: none")
    asked = parser.parse_args()
    with ExitStack() as held:
        name = held.enter_context(tempfile.TemporaryDirectory(prefix="headwind-bench-"))
        folder = Path(name)
        for part in ("kafka", "postgresql", "work"):
            (folder / part).mkdir()
        try:
            postgresql = Postgresql(folder / "postgresql")
            held.callback(postgresql.stop)
            kafka = Kafka(folder / "kafka", quick=False)
        except MissingServerError as error:
            sys.stdout.write(f"Workers were not measured: {error}\n")
            return
        held.callback(kafka.stop)
        servers = Servers(kafka, postgresql, folder / "work")
        with servers.monitor("start") as monitor:
            monitor.send(messages(4, 1))
            start = emptied(monitor).cpu
        tell("a worker's start", f"{start:.2f} s CPU, taken off below")
        full_topic(servers, asked.single, 1, start)
        full_topic(servers, asked.packed, MAX_EVENTS, start)
        latency(servers, asked.rate, asked.seconds)
        rows_a_second(servers)
        if asked.kills:
            takeovers(servers, asked.kills)


if __name__ == "__main__":
    main()

"""Workers as processes of their own, on a real Kafka and a real PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import sqlalchemy
from sqlalchemy import select

from connectors._publish_kafka import KafkaPublisher
from deploy.servers.kafka import Kafka
from deploy.servers.postgresql import Postgresql
from models import tables
from models.kafka import KafkaSettings
from models.record import Record
from models.settings import Settings
from models.store import open_store
from streams.stand import EVENTS, SUMMARIES, TOLD, standing
from streams.worker.history import partitions
from tests.integration.records import HEADWIND, environment

ENDS_S = 240.0
"""How long a command may take."""

STILL_S = 120.0
"""How long nothing may move before all is evaluated: how long all of it takes is the machine's."""

_PREFIXES = count(1)


class Cluster:
    """One monitor on the two servers: its topics, its database, its workers."""

    def __init__(
        self, kafka: Kafka, postgresql: Postgresql, folder: Path, settings: str, *, parts: int = 3
    ) -> None:
        self.store = postgresql.database()
        self.folder = folder
        self.config = folder / "headwind.toml"
        prefix = f"t{os.getpid()}-{next(_PREFIXES)}"
        self.config.write_text(
            f"{settings}\n[kafka]\nservers = ['{kafka.servers}']\nprefix = '{prefix}'\n"
            f"partitions = {parts}\nreplicas = 1\nsession_timeout = 'PT3S'\n"
        )
        self.settings = Settings.load(self.config)
        self.database = open_store(self.store)
        self.publisher: KafkaPublisher | None = None
        self.workers: list[subprocess.Popen[bytes]] = []
        self.run("topics", "create", "--config", str(self.config))

    @property
    def kafka(self) -> KafkaSettings:
        """The brokers as the monitor knows them."""
        return self.settings.kafka

    def run(self, *arguments: str) -> str:
        """A command; what it printed. An error if it fails."""
        done = subprocess.run(
            [HEADWIND, *arguments],
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=ENDS_S,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def command(self, name: str, *arguments: str) -> str:
        """A command on this monitor."""
        return self.run(name, *arguments, "--store", self.store, "--config", str(self.config))

    def send(self, records: Sequence[Record]) -> None:
        """Bring records into the topic, as they are."""
        self.publisher = self.publisher or KafkaPublisher(self.database, self.kafka)
        self.publisher.copy(records)

    def start(self, *options: str) -> subprocess.Popen[bytes]:
        """One worker more."""
        said = self.folder / f"worker-{len(self.workers)}.log"
        with said.open("wb") as out:
            named = ["--store", self.store, "--config", str(self.config)]
            worker = subprocess.Popen(
                [HEADWIND, "worker", *named, *options],
                env=environment(),
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        self.workers.append(worker)
        return worker

    def stop(self, worker: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM) -> int:
        """End a worker; what it ended with."""
        if worker.poll() is None:
            worker.send_signal(how)
        return worker.wait(60)

    def applied(self) -> int:
        """How many messages of the events are applied."""
        c = tables.position.c
        asked = select(sqlalchemy.func.sum(c.applied)).where(c.stage == EVENTS)
        with self.database.connect() as connection:
            return int(connection.execute(asked).scalar() or 0)

    def moved(self) -> int:
        """How far everything is, as one number that grows."""
        asked = select(sqlalchemy.func.sum(tables.position.c.applied))
        with self.database.connect() as connection:
            return int(connection.execute(asked).scalar() or 0)

    def settled(self) -> bool:
        """Whether everything that is in the topics is applied, by agency and by group."""
        ends = partitions(self.kafka)
        with self.database.connect() as connection:
            if any(standing(connection, EVENTS, p).applied < end for p, (_, end) in ends.items()):
                return False
            left = select(sqlalchemy.func.count()).where(tables.log.c.stage == TOLD)
            if connection.execute(left).scalar():
                return False
            told = partitions(self.kafka, "summaries")
            return all(
                standing(connection, SUMMARIES, p).applied >= end for p, (_, end) in told.items()
            )

    def settle(self) -> float:
        """Wait until it is settled; the seconds that took."""
        began = moved = time.monotonic()
        at = -1
        # The brokers are asked only where nothing moves: each time takes a client of its own.
        while (now := self.moved()) != at or not self.settled():
            if now != at:
                at, moved = now, time.monotonic()
            assert time.monotonic() - moved < STILL_S, self.said()
            assert any(worker.poll() is None for worker in self.workers), self.said()
            time.sleep(0.2)
        return time.monotonic() - began

    def said(self) -> str:
        """What the workers printed last."""
        files = sorted(self.folder.glob("worker-*.log"))
        return "\n".join(f"{one.name}: {one.read_text()[-3000:]}" for one in files)

    def close(self) -> None:
        """End everything."""
        for worker in self.workers:
            self.stop(worker, signal.SIGKILL)
        if self.publisher is not None:
            self.publisher.close()
        self.database.dispose()

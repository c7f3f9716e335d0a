"""A real Kafka broker on loopback, one process, which keeps its data over a crash."""

from __future__ import annotations

import base64
import os
import secrets
import shutil
import signal
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from deploy.servers import MissingServerError, alive, free_port, started, wait_for

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
LIBS = CACHE / "headwind" / "kafka-4.4.0"
"""Where tests/servers.sh puts the broker's jars."""


JAVA = ("-Xms256m", "-Xmx512m", "-XX:+UseSerialGC")
QUICK_START = "-XX:TieredStopAtLevel=1"
"""Compiles code less well: the broker is there sooner, and slower under load."""

ONE_NODE = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "3",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "3",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "3",
    # How long one that crashed is waited for, before it may come back.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "auto.create.topics.enable": "false",
    "log.retention.hours": "-1",
    "log.cleaner.dedupe.buffer.size": "4194304",
}


class Kafka:
    """One running broker."""

    def __init__(
        self, folder: Path, more: Mapping[str, str] | None = None, *, quick: bool = True
    ) -> None:
        """Start one in an empty folder; ``more`` settings as server.properties has them.

        ``quick`` to start, or quick at work once it has run for a while.

        Raises MissingServerError where there is no Java or no Kafka, or it does not start.
        """
        if shutil.which("java") is None:
            message = "no java here; on Debian: apt-get install openjdk-17-jre-headless"
            raise MissingServerError(message)
        if not any(LIBS.glob("kafka_*.jar")):
            message = f"no Kafka in {LIBS}; with Maven installed: sh tests/servers.sh"
            raise MissingServerError(message)
        self.folder = folder
        self.java = (*JAVA, QUICK_START) if quick else JAVA
        self.port = free_port()
        controller = free_port()
        self.settings = {
            **ONE_NODE,
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            "log.dirs": str(folder / "data"),
            **(more or {}),
        }
        self._config = folder / "server.properties"
        lines = [f"{name}={setting}" for name, setting in self.settings.items()]
        self._config.write_text("\n".join(lines) + "\n")
        # Its first byte is no random one: an id that begins with "-" would be taken for an option.
        named = b"H" + secrets.token_bytes(15)
        cluster = base64.urlsafe_b64encode(named).decode().rstrip("=")
        storage = self._java("kafka.tools.StorageTool")
        subprocess.run(
            [*storage, "format", "-t", cluster, "-c", self._config], check=True, capture_output=True
        )
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def servers(self) -> str:
        """Its address, as clients want it."""
        return f"127.0.0.1:{self.port}"

    def _java(self, main: str) -> list[str]:
        # The jars' own logging would fill the screen with every start.
        quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
        return ["java", *self.java, quiet, "-cp", f"{LIBS}/*", main]

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [*self._java("kafka.Kafka"), str(self._config)]
        self._process = started(command, self.folder, cwd=self.folder)
        wait_for(self._answers)

    def _answers(self) -> bool:
        alive(self._process, self.folder)
        try:
            # The client leaves a socket open for every time that nobody listens.
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            admin = KafkaAdminClient(bootstrap_servers=self.servers, bootstrap_timeout_ms=500)
        except (OSError, KafkaError):
            return False
        try:
            admin.list_topics()
        except KafkaError:
            return False
        finally:
            admin.close()
        return True

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it: politely, or as a crash would with SIGKILL."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(60)

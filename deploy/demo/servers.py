"""The demo beyond one process: Kafka, PostgreSQL and workers of its own, on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from deploy.commands.topics import make
from deploy.demo.place import Place
from deploy.servers.kafka import Kafka
from deploy.servers.postgresql import Postgresql
from models.settings import Settings

WORKERS: Final = 2
PARTITIONS: Final = 4


@contextmanager
def servers(toml: str) -> Iterator[Place]:
    """Two servers and two workers for as long as it lasts; nothing of them stays.

    Raises ``MissingServerError`` where one is not on this machine.
    """
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="headwind-demo-")))
        folder.chmod(0o711)
        for name in ("postgresql", "kafka"):
            (folder / name).mkdir()
        database = Postgresql(folder / "postgresql")
        held.callback(database.stop)
        broker = Kafka(folder / "kafka")
        held.callback(broker.stop)
        config = folder / "headwind.toml"
        kafka = f"servers = ['{broker.servers}']\npartitions = {PARTITIONS}\nreplicas = 1\n"
        config.write_text(f"{toml}\n[kafka]\n{kafka}", encoding="utf-8")
        make(Settings.load(config).kafka)
        place = Place(database.database(), config)
        for number in range(WORKERS):
            held.enter_context(_worker(place, folder / f"worker-{number + 1}.log"))
        yield place


@contextmanager
def _worker(place: Place, log: Path) -> Iterator[None]:
    known = {name: text for name, text in os.environ.items() if not name.startswith("HEADWIND_")}
    known |= {"HEADWIND_STORE": place.store, "HEADWIND_CONFIG": str(place.config)}
    with log.open("wb") as said:
        worker = subprocess.Popen(
            [sys.executable, "-m", "streams"],
            env=known,
            stdout=said,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
    try:
        yield
    finally:
        worker.terminate()
        worker.wait(30)

"""The door as a process of its own: SIGKILL loses nothing, and nobody's data leaves a trace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import msgspec
import pytest

from connectors import _keys
from models.log import read
from models.store import open_store
from tests.integration.served_door import ONE, sample

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]

PROGRAM = """
import sys, time, uvicorn
from connectors._door import door_app
from connectors._publish import EmbeddedPublisher
from models.settings import DoorSettings
from models.store import open_store
engine = open_store(sys.argv[1])
app = door_app(engine, EmbeddedPublisher(engine),
               DoorSettings(max_body=1 << 20, rate_per_second=0),
               clock=lambda: time.time_ns() // 1_000_000)
class Server(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets)
        print("port", self.servers[0].sockets[0].getsockname()[1], flush=True)
Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="trace")).run()
"""


class Process:
    """A door in a process of its own, with everything it prints."""

    def __init__(self, folder: Path) -> None:
        """Start it and wait until it listens."""
        self.store = folder / "headwind.db"
        self.printed = folder / "printed.txt"
        engine = open_store(str(self.store))
        with engine.begin() as connection:
            self.key = _keys.issue(connection, "parks", now=time.time_ns() // 1_000_000)
        engine.dispose()
        with self.printed.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, str(self.store)],
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
            )
        self.url = f"http://127.0.0.1:{self._port()}"
        self.headers = {"Authorization": f"Bearer {self.key}", "Content-Type": ONE}

    def _port(self) -> int:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for line in self.printed.read_text().splitlines():
                if line.startswith("port "):
                    return int(line.split()[1])
            time.sleep(0.05)
        message = "the door did not start"
        raise TimeoutError(message)

    def kill(self) -> None:
        """SIGKILL."""
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Process]:
    """A door that runs until it is killed."""
    process = Process(tmp_path)
    yield process
    process.kill()


def test_what_was_confirmed_survives_sigkill(door: Process) -> None:
    """Every event with a 202 is in the log once; none is there that was not sent."""
    confirmed: list[str] = []
    sent: list[str] = []

    def send(sender: int) -> None:
        with httpx.Client(headers=door.headers, timeout=20) as client:
            for number in range(100_000):
                identity = f"s{sender}-{number}"
                sent.append(identity)
                body = msgspec.json.encode(sample(identity))
                try:
                    answer = client.post(f"{door.url}/events", content=body)
                except httpx.HTTPError:
                    return
                assert answer.status_code == 202
                confirmed.append(identity)

    senders = [threading.Thread(target=send, args=(sender,)) for sender in range(4)]
    for sender in senders:
        sender.start()
    deadline = time.monotonic() + 20
    while len(confirmed) < 200 and time.monotonic() < deadline:
        time.sleep(0.01)
    door.kill()
    for sender in senders:
        sender.join(20)
    with open_store(str(door.store)).connect() as connection:
        records = read(connection, 1, 0, 1_000_000)
    assert [record.position for record in records] == list(range(1, len(records) + 1))
    logged = [
        msgspec.json.decode(line)["id"] for record in records for line in record.body.splitlines()
    ]
    assert len(confirmed) >= 200
    assert len(logged) == len(set(logged))
    assert set(confirmed) <= set(logged) <= set(sent)


def test_a_persons_data_leaves_no_trace(door: Process) -> None:
    """Planted values are in no file of the store and in no line printed, at the most talkative."""
    planted = "jane.planted@example.org"
    bodies = [
        sample("p1", data={"request": "p1", "service": "permits", "email": planted}),
        sample(planted),
        sample("p2", data={"request": "p2", "service": planted}),
        sample("p3", data={"request": "p3", "service": "permits", "x": {"y": [planted]}}),
    ]
    for body in bodies:
        answer = httpx.post(
            f"{door.url}/events", content=msgspec.json.encode(body), headers=door.headers
        )
        assert answer.status_code == 422
        assert planted not in answer.text
        assert "person_like" in answer.text
    kept = httpx.get(f"{door.url}/refused", headers=door.headers).json()["refused"]
    assert len(kept) == len(bodies)
    assert {one["payload"] for one in kept} == {None}
    httpx.post(f"{door.url}/events", content=planted.encode(), headers=door.headers)
    files = [path for path in door.store.parent.iterdir() if path.is_file()]
    assert door.store.with_name("headwind.db-wal") in files
    for path in files:
        assert b"planted" not in path.read_bytes()
        assert door.key.split("_", 2)[2].encode() not in path.read_bytes()

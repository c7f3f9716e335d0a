"""A door on a real server on loopback, for the tests that knock at it."""

from __future__ import annotations

import time
from threading import Thread
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import uvicorn

from connectors import _keys
from connectors._door import door_app
from connectors._publish import EmbeddedPublisher
from models.log import read
from models.settings import DoorSettings
from models.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from litestar import Litestar
    from sqlalchemy import Engine

    from connectors._publish import Batch

ONE = "application/cloudevents+json"
MANY = "application/cloudevents-batch+json"
LINES = "application/x-ndjson"
MAX_BODY = 256 * 1024


class CountingPublisher(EmbeddedPublisher):
    """Counts its transactions."""

    transactions = 0

    def publish(self, batches: Sequence[Batch]) -> None:
        """Publish, and count."""
        self.transactions += 1
        super().publish(batches)


class Served:
    """A door served on loopback, its store, and a client with a key."""

    def __init__(
        self,
        folder: Path,
        settings: DoorSettings,
        publisher: Callable[[Engine], Any] = CountingPublisher,
    ) -> None:
        """Start the server in a thread of this process."""
        self.path = folder / "headwind.db"
        self.engine: Engine = open_store(str(self.path), patience_s=0.3)
        self.publisher = publisher(self.engine)
        app: Litestar = door_app(self.engine, self.publisher, settings, clock=now)
        config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None)
        self.server = uvicorn.Server(config)
        self.thread = Thread(target=self.server.run)
        self.thread.start()
        deadline = time.monotonic() + 20
        while not self.server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        port = self.server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.key = self.issue("parks")
        self.client = httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {self.key}"}, timeout=20
        )

    def issue(self, agency: str, *families: str) -> str:
        """A new key."""
        with self.engine.begin() as connection:
            return _keys.issue(connection, agency, now=now(), families=families)

    def post(self, body: bytes, kind: str = ONE, *, query: str = "", **headers: str) -> Any:
        """Send a body to /events; headers are written with _ for -."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return self.client.post(
            f"/events{query}", content=body, headers={"Content-Type": kind} | named
        )

    def logged(self) -> list[dict[str, Any]]:
        """Every event in the log, in order."""
        with self.engine.connect() as connection:
            records = read(connection, 1, 0, 100_000)
        return [
            msgspec.json.decode(line) for record in records for line in record.body.splitlines()
        ]

    def close(self) -> None:
        """Stop the server."""
        self.client.close()
        self.server.should_exit = True
        self.thread.join(20)
        self.engine.dispose()


def now() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def sample(identity: str = "req-1", **more: Any) -> dict[str, Any]:
    """A request.opened event."""
    return {
        "id": identity,
        "source": "crm",
        "specversion": "1.0",
        "type": "headwind.service.request.opened.v1",
        "time": "2018-06-30T00:00:00Z",
        "data": {"request": identity, "service": "permits"},
    } | more


def pack(*events: object) -> bytes:
    """A batch body."""
    return msgspec.json.encode(events)


def lines(*events: object) -> bytes:
    """An NDJSON body."""
    return b"\n".join(map(msgspec.json.encode, events))

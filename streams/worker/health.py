"""What a worker says of itself: to Prometheus, to whoever restarts it, and to the store."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from threading import Thread
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import sqlalchemy
from sqlalchemy import delete

from models import tables
from models.meters import CONTENT_TYPE, Meters
from models.store import shared
from models.upsert import put
from streams.worker.lanes import Part

FORGOTTEN_MS: Final = 86_400_000
"""A worker that said nothing for a day is no more than a name."""

Answer = Iterable[bytes]


class Health:
    """The state of one worker; ``lives`` and ``ready`` answer whoever asks over HTTP."""

    def __init__(self, name: str, meters: Meters, database: sqlalchemy.Engine) -> None:
        self.name = name
        self.lives: Callable[[], bool] = lambda: True
        self.ready: Callable[[], bool] = lambda: False
        self._meters = meters
        self._database = database
        self._behind_since: int | None = None

    def tell(self, lag: Mapping[Part, int], tasks: int) -> None:
        """Say how far every partition is behind; in the metrics and in the store."""
        now = time.time_ns() // 1_000_000
        rows: dict[tuple[str, ...], float] = {
            (part.topic, str(part.number)): float(left) for part, left in lag.items()
        }
        self._meters.replace("headwind_worker_lag_records", rows)
        lanes: dict[tuple[str, ...], float] = {}
        for part in lag:
            lanes[(part.topic,)] = lanes.get((part.topic,), 0.0) + 1
        self._meters.replace("headwind_worker_lanes", lanes)
        self._meters.set("headwind_worker_tasks", tasks)
        behind = sum(lag.values())
        self._behind_since = (self._behind_since or now) if behind else None
        row = {
            "name": self.name,
            "seen": now,
            "lanes": len(lag),
            "behind": behind,
            "behind_since": self._behind_since,
        }
        c = tables.worker.c
        with shared(self._database) as connection:
            put(connection, tables.worker, [row])
            connection.execute(delete(tables.worker).where(c.seen < now - FORGOTTEN_MS))

    def serve(self, host: str, port: int) -> WSGIServer:
        """Answer /metrics, /live and /ready in a thread. Raises OSError where it cannot listen."""
        server = make_server(host, port, self._answer, handler_class=_Quiet)
        Thread(target=server.serve_forever, name="health", daemon=True).start()
        return server

    def _answer(self, environ: dict[str, Any], start: Any) -> Answer:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            start("200 OK", [("Content-Type", CONTENT_TYPE)])
            return [self._meters.text().encode()]
        known = {"/live": self.lives, "/ready": self.ready}
        if path not in known:
            start("404 Not Found", [("Content-Type", "text/plain")])
            return [b"/metrics, /live, /ready\n"]
        fine = known[path]()
        start("200 OK" if fine else "503 Service Unavailable", [("Content-Type", "text/plain")])
        return [b"yes\n" if fine else b"no\n"]


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing of every request."""

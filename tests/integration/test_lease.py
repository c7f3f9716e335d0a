"""The lease of whoever notifies, in PostgreSQL: one holds it, and it is lost with the connection."""

from __future__ import annotations

from threading import Event

import psycopg
import pytest

from deploy.distributed import Distributed
from deploy.lock import lease
from deploy.servers.postgresql import Postgresql
from models.settings import Settings
from models.store import open_store


def test_a_lost_connection_is_a_lost_lease(postgresql: Postgresql) -> None:
    """It is found out, any number of times, without an error; then another may have it."""
    address = postgresql.database()
    mine, other = open_store(address), open_store(address)
    with lease(mine) as held:
        assert held()
        with lease(other) as too:
            assert not too()
        with psycopg.connect(address, autocommit=True) as server:
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
            )
        assert not held()
        assert not held()
        with lease(other) as too:
            assert too()
    mine.dispose()
    other.dispose()


class Unrested(Event):
    """A flag for which nobody waits longer than a moment."""

    def wait(self, timeout: float | None = None) -> bool:
        """Whether it is set by now."""
        return super().wait(min(timeout or 0.01, 0.01))


def test_a_fault_does_not_end_who_notifies(
    postgresql: Postgresql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one attempt to tell people breaks is tried again by the same process."""
    front = Distributed(postgresql.database(), Settings(), lambda: 0)
    front.stopping = Unrested()
    attempts = 0

    def step() -> int:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise RuntimeError
        front.stopping.set()
        return 0

    monkeypatch.setattr(front.relay, "step", step)
    front.jobs["lease"]()
    front.stop()
    assert attempts == 2

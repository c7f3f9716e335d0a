"""The lease of whoever notifies, in PostgreSQL: one holds it, and it is lost with the connection."""

from __future__ import annotations

import psycopg

from deploy.lock import lease
from deploy.servers.postgresql import Postgresql
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

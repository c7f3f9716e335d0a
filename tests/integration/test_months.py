"""Months of values in PostgreSQL are made by whoever comes first."""

from __future__ import annotations

import threading
import time

from sqlalchemy import inspect

from deploy.servers.postgresql import Postgresql
from models.partition import ensure_months
from models.store import open_store, shared


def test_two_who_come_to_a_month_at_once(postgresql: Postgresql) -> None:
    """The second one waits for the first, finds it made, and goes on."""
    database = open_store(postgresql.database())
    troubles: list[BaseException] = []

    def second() -> None:
        try:
            with shared(database) as connection:
                ensure_months(connection, [86_400_000])
        except BaseException as error:  # noqa: BLE001 (told to the test)
            troubles.append(error)

    waiting = threading.Thread(target=second)
    with shared(database) as connection:
        ensure_months(connection, [86_400_000])
        waiting.start()
        time.sleep(0.5)
        assert waiting.is_alive()
    waiting.join(30)
    assert troubles == []
    assert "value_1970_01" in inspect(database).get_table_names()
    database.dispose()

"""A store in a file, copied into a PostgreSQL database: every table, row by row."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, select

from models.partition import ensure_months
from models.store import open_store
from models.tables import metadata, value
from models.upsert import add_many


def copied(path: Path, address: str) -> Engine:
    """The opened copy; dispose of it."""
    source, copy = open_store(str(path), make=False), open_store(address)
    with source.connect() as old, copy.begin() as new:
        for table in metadata.sorted_tables:
            rows = [tuple(row) for row in old.execute(select(table))]
            if table is value:
                place = [*table.c.keys()].index("window_end")
                ensure_months(new, {row[place] for row in rows})
            add_many(new, table, rows)
    source.dispose()
    with copy.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    return copy

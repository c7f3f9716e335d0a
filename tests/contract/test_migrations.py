"""Versions of the tables: made at once or step by step, the tables are the same."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, inspect

from models import migrate
from models.store import StoreError, open_store
from models.tables import metadata

NEXT = '''"""A column more."""

import sqlalchemy as sa
from alembic import op

revision = "9000"
down_revision = "{head}"


def upgrade() -> None:
    """Add it."""
    with op.batch_alter_table("acknowledged") as table:
        table.add_column(sa.Column("note", sa.String(8), nullable=False, server_default="none"))
'''


@pytest.fixture
def empty(url: str) -> Iterator[Engine]:
    """A database without any table, opened without our manners."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    yield engine
    engine.dispose()


def differences(connection: Connection) -> list[Any]:
    """What Alembic would change to make the tables those of the program."""
    found: list[Any] = compare_metadata(MigrationContext.configure(connection), metadata)
    return found


def test_step_by_step_gives_the_tables_of_the_program(empty: Engine) -> None:
    """All migrations, on an empty database: columns, keys and indexes as a new store has them."""
    with empty.begin() as connection:
        migrate.upgrade(connection)
    with empty.connect() as connection:
        assert differences(connection) == []
        assert migrate.stands(connection)


def test_a_new_store_is_of_the_newest_version(url: str, empty: Engine) -> None:
    """Made at once, it lacks nothing, and Alembic finds the version where it looks for it."""
    open_store(url).dispose()
    with empty.connect() as connection:
        assert differences(connection) == []
        assert MigrationContext.configure(connection).get_current_revision() == migrate.HEAD
        script = ScriptDirectory.from_config(migrate.config(connection))
    assert script.get_current_head() == migrate.HEAD


def test_values_lie_in_months_where_the_database_can(url: str, empty: Engine) -> None:
    """In PostgreSQL the table of values is cut by time; made either way."""
    with empty.begin() as connection:
        migrate.upgrade(connection)
        if connection.dialect.name == "postgresql":
            kind = connection.exec_driver_sql("SELECT relkind FROM pg_class WHERE relname='value'")
            assert kind.scalar() == "p"


def test_an_older_store_is_brought_up_and_keeps_what_it_holds(
    url: str, empty: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opened by a program with one migration more, it has the new column and its old rows."""
    engine = open_store(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO acknowledged (alert, at) VALUES ('a-1', 7)")
    engine.dispose()
    folder = shutil.copytree(migrate.MIGRATIONS, tmp_path / "migrations")
    (folder / "versions" / "9000_more.py").write_text(NEXT.format(head=migrate.HEAD))
    monkeypatch.setattr(migrate, "MIGRATIONS", folder)
    monkeypatch.setattr(migrate, "HEAD", "9000")
    open_store(url).dispose()
    with empty.connect() as connection:
        rows = connection.exec_driver_sql("SELECT alert, at, note FROM acknowledged").all()
    assert [tuple(row) for row in rows] == [("a-1", 7, "none")]
    monkeypatch.undo()
    with pytest.raises(StoreError, match="written by a newer Headwind"):
        open_store(url)


def test_tables_of_another_program_are_left_alone(url: str, empty: Engine) -> None:
    """A database that holds something else is refused, and not touched."""
    with empty.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x INTEGER)")
    with pytest.raises(StoreError, match=r"another program|did not make"):
        open_store(url)
    with empty.connect() as connection:
        assert inspect(connection).get_table_names() == ["t"]

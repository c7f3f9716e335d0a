"""Versions of the tables: a new store is made at once, an older one is brought up step by step."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Column, MetaData, String, Table, inspect, select

from models.store_error import StoreError
from models.tables import metadata

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

HEAD: Final = "0003"
"""The version that this program writes: the newest file in ``models/migrations/versions``."""

MIGRATIONS: Final = Path(__file__).with_name("migrations")

_VERSIONS: Final = Table(
    "alembic_version", MetaData(), Column("version_num", String(32), primary_key=True)
)
"""Where Alembic keeps the version; made here, so that a new store need not load Alembic."""


def prepare(connection: Connection, name: str) -> None:
    """Make the tables in an empty database, or bring them up to this program's version.

    Raises ``StoreError`` where they are of a later one, or where there are others.
    """
    tables = set(inspect(connection).get_table_names())
    if _VERSIONS.name not in tables:
        if tables:
            message = (
                f"{name} holds tables that Headwind did not make ({', '.join(sorted(tables)[:3])}, "
                "…); give the store a place of its own."
            )
            raise StoreError(message)
        metadata.create_all(connection)
        _VERSIONS.create(connection)
        connection.execute(_VERSIONS.insert().values(version_num=HEAD))
        return
    version = connection.execute(select(_VERSIONS.c.version_num)).scalar()
    if version == HEAD:
        return
    if version is None or not is_known(version):
        message = (
            f"{name} was written by a newer Headwind (tables of version {version}, this one knows "
            f"{HEAD}); install that version or name another store."
        )
        raise StoreError(message)
    upgrade(connection)


def stands(connection: Connection) -> bool:
    """Whether the tables are those of this program's version already."""
    if not inspect(connection).has_table(_VERSIONS.name):
        return False
    return connection.execute(select(_VERSIONS.c.version_num)).scalar() == HEAD


def upgrade(connection: Connection) -> None:
    """Bring the tables to the newest version, step by step."""
    from alembic import command

    command.upgrade(config(connection), "head")


def is_known(revision: str) -> bool:
    """Whether this program knows a version; it does not know those of its future."""
    return any((MIGRATIONS / "versions").glob(f"{revision}_*.py"))


def config(connection: Connection) -> Config:
    """Alembic's configuration for a connection that is open already; it needs no file."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS))
    made.attributes["connection"] = connection
    return made

"""One engine and one load a store: locks that are let go with their holder, however it ends.

Of a file the operating system keeps them, of a PostgreSQL store the server, as long as the
connection lives that took them.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import sqlalchemy
import sqlalchemy.exc
from sqlalchemy import func, select

from models.store import APPLICATION, StoreBusyError, StoreError, befallen, store_name

ENGINE, LOAD, LEASE = "lock", "load.lock", "lease"
NUMBERS: Final = {ENGINE: 1, LOAD: 2, LEASE: 3}
"""Of the locks in PostgreSQL, beside the program's own number."""


@contextmanager
def engine_lock(database: sqlalchemy.Engine) -> Iterator[bool]:
    """Whether this process may fold the store's log; true for one process at a time."""
    with _locked(database, ENGINE) as mine:
        yield mine


@contextmanager
def sole(database: sqlalchemy.Engine) -> Iterator[None]:
    """Be the only one that evaluates a store. Raises StoreError where another does."""
    with engine_lock(database) as mine:
        if not mine:
            message = (
                f"{store_name(database)} is evaluated by another headwind already. "
                "Stop that one, or use another --store."
            )
            raise StoreError(message)
        yield


@contextmanager
def load_lock(database: sqlalchemy.Engine) -> Iterator[None]:
    """Only one load runs on a store at a time. Raises StoreBusyError for the second one."""
    with _locked(database, LOAD) as mine:
        if not mine:
            message = (
                f"{store_name(database)}: another headwind load is writing to this store. "
                "Nothing was loaded; give this command again when that one has ended."
            )
            raise StoreBusyError(message)
        yield


@contextmanager
def lease(database: sqlalchemy.Engine) -> Iterator[Callable[[], bool]]:
    """What tells whether this process is the one that notifies; ask it again and again.

    Of a PostgreSQL store. Raises StoreError where the server does not answer.
    """
    with _advised(database, LEASE) as connection:
        yield lambda: connection is not None and _lives(connection)


@contextmanager
def _locked(database: sqlalchemy.Engine, which: str) -> Iterator[bool]:
    if database.dialect.name == "sqlite":
        with _file(Path(f"{database.url.database}.{which}")) as mine:
            yield mine
        return
    with _advised(database, which) as connection:
        yield connection is not None


@contextmanager
def _advised(database: sqlalchemy.Engine, which: str) -> Iterator[sqlalchemy.Connection | None]:
    """The connection that holds an advisory lock of PostgreSQL; None where another holds it."""
    key = (APPLICATION, NUMBERS[which])
    with befallen(store_name(database)):
        # A connection of its own, outside of any transaction and not one that only reads.
        connection = sqlalchemy.Engine.connect(database)
        connection.execution_options(isolation_level="AUTOCOMMIT")
        mine = connection.execute(select(func.pg_try_advisory_lock(*key))).scalar_one()
    try:
        yield connection if mine else None
    finally:
        # A lost connection has lost its lock too; it is not made anew, and says so in several ways.
        with suppress(sqlalchemy.exc.SQLAlchemyError):
            if mine:
                connection.execute(select(func.pg_advisory_unlock(*key)))
        connection.close()


def _lives(connection: sqlalchemy.Connection) -> bool:
    """Whether the server still knows this connection, and so its locks."""
    try:
        connection.execute(select(1))
    except sqlalchemy.exc.SQLAlchemyError:
        return False
    return True


@contextmanager
def _file(path: Path) -> Iterator[bool]:
    try:
        file = path.open("a")
    except OSError as error:
        message = f"{path} cannot be written ({error.strerror}); check the directory and its space."
        raise StoreError(message) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True

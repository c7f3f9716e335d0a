"""The store, which holds log, state and results: opened, checked and made here.

One SQLite file, or a PostgreSQL database (``models._postgresql``) with the same tables.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from models.migrate import prepare
from models.store_error import StoreBusyError, StoreError, StoreFullError, StoreNameError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection

__all__ = [
    "StoreBusyError",
    "StoreError",
    "StoreFullError",
    "StoreNameError",
    "befallen",
    "explained",
    "open_store",
    "shared",
    "store_name",
]

APPLICATION = 0x48574E44
"""SQLite's application_id of a Headwind store ("HWND"): any other database is left alone."""

PATIENCE_S = 30.0
"""How long a writer waits for another one before it gives up, in seconds."""


class _Store(Engine):
    """An engine whose ``begin()`` takes the write lock at once and whose ``connect()`` reads.

    SQLite refuses to turn a reading transaction into a writing one when somebody has written
    in between, and no patience helps; so a writer must say BEGIN IMMEDIATE from the start.
    """

    @contextlib.contextmanager
    def begin(self) -> Iterator[Connection]:
        with befallen(self.url.database or ""), self.connect() as connection:
            connection.execution_options(begin="IMMEDIATE")
            with connection.begin():
                yield connection

    def shared(self) -> AbstractContextManager[Connection]:
        """A writing transaction beside others: of a file there is never more than one."""
        return self.begin()


def open_store(url: str, *, patience_s: float = PATIENCE_S, make: bool = True) -> Engine:
    """Open the store at ``url``, making it if absent.

    ``url`` is a path, ``sqlite:///headwind.db``, or ``postgresql://user@host/database`` (the
    password from PGPASSFILE, PGPASSWORD or the URL; it stands in no message).

    Whoever only reads says ``make=False``: a name mistyped is told, and leaves no empty file.

    Write through ``with engine.begin()`` (takes the write lock at once; durable, that is
    fsynced, when the block ends), read through ``with engine.connect()`` (one consistent
    snapshot until the block ends, never in the way of a writer). A new file is readable by
    its owner only. Raises ``StoreError`` with a sentence for a person.
    """
    parsed = _parsed(url)
    if parsed is not None and parsed.get_backend_name() == "postgresql":
        from models._postgresql import open_postgresql

        return open_postgresql(parsed, patience_s=patience_s, make=make)
    path = Path(url) if parsed is None else _path(parsed)
    if not make and not path.exists():
        message = (
            f"there is no store at {path}; name the right one with --store, or make one: "
            "headwind demo, headwind load, headwind serve."
        )
        raise StoreNameError(message)
    _make_file(path)
    created = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": patience_s, "check_same_thread": False},
        # An error's parameters would carry parts of events into messages and logs.
        hide_parameters=True,
    )
    engine = _Store(created.pool, created.dialect, created.url, hide_parameters=True)
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    try:
        with explained(path), engine.begin() as connection:
            _prepare(connection, path)
    except StoreError:
        engine.dispose()
        raise
    return engine


@contextlib.contextmanager
def explained(path: Path | str) -> Iterator[None]:
    """Turn database errors inside the block into ``StoreError`` with a sentence for a person."""
    try:
        yield
    except DBAPIError as error:
        raise _sentence(path, error) from None


@contextlib.contextmanager
def befallen(path: Path | str) -> Iterator[None]:
    """Turn what befalls a store (full, locked, damaged) into ``StoreError``, not faults of ours."""
    try:
        yield
    except DBAPIError as error:
        if _is_circumstance(error):
            raise _sentence(path, error) from None
        raise


def _parsed(url: str) -> URL | None:
    """The URL; None for a plain file name."""
    if "://" not in url:
        return None
    try:
        return make_url(url)
    except ArgumentError:
        message = (
            "--store is not a URL that can be read; use sqlite:///headwind.db, a file name, or "
            "postgresql://user@host/database."
        )
        raise StoreNameError(message) from None


def _path(parsed: URL) -> Path:
    if parsed.get_backend_name() != "sqlite":
        message = (
            f"--store names a {parsed.get_backend_name()} database; a store is one SQLite file "
            "(sqlite:///headwind.db, or a file name) or in PostgreSQL (postgresql://…)."
        )
        raise StoreNameError(message)
    if not parsed.database or parsed.database == ":memory:":
        message = "--store must name a file, as in sqlite:///headwind.db: a store has to last."
        raise StoreNameError(message)
    return Path(parsed.database)


def _make_file(path: Path) -> None:
    folder = path.parent
    if not folder.is_dir():
        message = f"{path}: there is no directory {folder}; make it first (mkdir -p {folder})."
        raise StoreNameError(message)
    if path.is_dir():
        message = f"{path} is a directory; name a file in it, as in {path / 'headwind.db'}."
        raise StoreNameError(message)
    if path.exists():
        # Not opened here: to close a file lets go of every lock that this process has on it, also
        # of those that another connection in it relies on.
        if not os.access(path, os.W_OK):
            raise _unwritable(path, "Permission denied")
        return
    try:
        # SQLite gives its -wal and -shm files the mode of the database file.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise _unwritable(path, error.strerror) from None


def _unwritable(path: Path, why: str | None) -> StoreError:
    return StoreError(
        f"{path} cannot be written ({why}); give the user who runs Headwind "
        f"write access to the file and to the directory {path.parent}, or name another file."
    )


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    # The driver's own guessing of when to begin is switched off: _on_begin says it.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _on_begin(connection: Connection) -> None:
    options: dict[str, Any] = dict(connection.get_execution_options())
    connection.exec_driver_sql(f"BEGIN {options.get('begin', 'DEFERRED')}")


def _prepare(connection: Connection, path: Path) -> None:
    application = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
    tables = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()
    if tables and application != APPLICATION:
        message = f"{path} is a database of another program; name another file for the store."
        raise StoreError(message)
    prepare(connection, str(path))
    if application != APPLICATION:
        connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION}")


_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_SENTENCES = {
    sqlite3.SQLITE_NOTADB: "is not a database; name another file, or restore it from a backup.",
    sqlite3.SQLITE_CORRUPT: "is damaged; restore it from a backup.",
    sqlite3.SQLITE_READONLY: "is read-only; give the user who runs Headwind write access.",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; check that its directory can be written.",
    sqlite3.SQLITE_IOERR: (
        "could not be read or written: is the disk full, or damaged? Free space, then try again."
    ),
}


def shared(engine: Engine) -> AbstractContextManager[Connection]:
    """A writing transaction beside others, for those who share a store by partition."""
    made: AbstractContextManager[Connection] = engine.shared()  # type: ignore[attr-defined]
    return made


def store_name(engine: Engine) -> str:
    """How a store is named to people: its file, or its server and database."""
    if engine.dialect.name == "sqlite":
        return engine.url.database or ""
    from models._postgresql import where

    return where(engine.url)


def _is_circumstance(error: DBAPIError) -> bool:
    if not isinstance(error.orig, sqlite3.Error):
        from models._postgresql import is_circumstance

        return is_circumstance(error)
    return _code(error) in (*_BUSY, sqlite3.SQLITE_FULL, *_SENTENCES)


def _code(error: DBAPIError) -> int:
    return int(getattr(error.orig, "sqlite_errorcode", 0)) & 0xFF


def _sentence(path: Path | str, error: DBAPIError) -> StoreError:
    if not isinstance(error.orig, sqlite3.Error):
        from models._postgresql import sentence

        return sentence(str(path), error)
    code = _code(error)
    if code in _BUSY:
        return StoreBusyError(
            f"{path} is locked by another writer; end the other program, or try again later."
        )
    if code == sqlite3.SQLITE_FULL:
        return StoreFullError(f"{path}: the disk is full; free space, then try again.")
    name = getattr(error.orig, "sqlite_errorname", type(error.orig).__name__)
    return StoreError(f"{path} {_SENTENCES.get(code, f'could not be used ({name}).')}")

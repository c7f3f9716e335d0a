"""The store: one SQLite file that holds log, state and results; opened, checked and made here."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from models.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

SCHEMA = 1
"""Version of the tables, kept in SQLite's user_version."""

APPLICATION = 0x48574E44
"""SQLite's application_id of a Headwind store ("HWND"): any other database is left alone."""

PATIENCE_S = 30.0
"""How long a writer waits for another one before it gives up, in seconds."""


class StoreError(Exception):
    """The store cannot be used; the message says where, why and what to do about it."""


class StoreNameError(StoreError):
    """The store's name is wrong: nothing can be there, or nothing is where something must be."""


class StoreBusyError(StoreError):
    """Another writer held the store for longer than our patience: try again later."""


class StoreFullError(StoreError):
    """The disk is full: nothing was written; free space and try again."""


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


def open_store(url: str, *, patience_s: float = PATIENCE_S, make: bool = True) -> Engine:
    """Open the store at ``url`` (``sqlite:///headwind.db`` or just a path), making it if absent.

    Whoever only reads says ``make=False``: a name mistyped is told, and leaves no empty file.

    Write through ``with engine.begin()`` (takes the write lock at once; durable, that is
    fsynced, when the block ends), read through ``with engine.connect()`` (one consistent
    snapshot until the block ends, never in the way of a writer). A new file is readable by
    its owner only. Raises ``StoreError`` with a sentence for a person.
    """
    path = _path(url)
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
        if _code(error) in (*_BUSY, sqlite3.SQLITE_FULL, *_SENTENCES):
            raise _sentence(path, error) from None
        raise


def _path(url: str) -> Path:
    if "://" not in url:
        return Path(url)
    try:
        parsed = make_url(url)
    except ArgumentError:
        message = "--store is not a URL that can be read; use sqlite:///headwind.db or a file name."
        raise StoreNameError(message) from None
    if parsed.get_backend_name() != "sqlite":
        message = (
            f"--store names a {parsed.get_backend_name()} database; the embedded monitor keeps "
            "its store in one SQLite file: use sqlite:///headwind.db or a file name."
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
    try:
        # SQLite gives its -wal and -shm files the mode of the database file.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        message = (
            f"{path} cannot be written ({error.strerror}); give the user who runs Headwind "
            f"write access to the file and to the directory {folder}, or name another file."
        )
        raise StoreError(message) from None


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
    version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    tables = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()
    if tables and application != APPLICATION:
        message = f"{path} is a database of another program; name another file for the store."
        raise StoreError(message)
    if version > SCHEMA:
        message = (
            f"{path} was written by a newer Headwind (schema {version}, this one knows "
            f"{SCHEMA}); install that version or name another file."
        )
        raise StoreError(message)
    metadata.create_all(connection)
    if (application, version) != (APPLICATION, SCHEMA):
        connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION}")
        connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA}")


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


def _code(error: DBAPIError) -> int:
    return int(getattr(error.orig, "sqlite_errorcode", 0)) & 0xFF


def _sentence(path: Path | str, error: DBAPIError) -> StoreError:
    code = _code(error)
    if code in _BUSY:
        return StoreBusyError(
            f"{path} is locked by another writer; end the other program, or try again later."
        )
    if code == sqlite3.SQLITE_FULL:
        return StoreFullError(f"{path}: the disk is full; free space, then try again.")
    name = getattr(error.orig, "sqlite_errorname", type(error.orig).__name__)
    return StoreError(f"{path} {_SENTENCES.get(code, f'could not be used ({name}).')}")

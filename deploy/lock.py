"""One engine and one load a store: locks that the operating system lets go with their holder."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy

from models.store import StoreBusyError, StoreError


@contextmanager
def engine_lock(database: sqlalchemy.Engine) -> Iterator[bool]:
    """Whether this process may fold the store's log; true for one process at a time."""
    with _locked(Path(f"{database.url.database}.lock")) as mine:
        yield mine


@contextmanager
def load_lock(database: sqlalchemy.Engine) -> Iterator[None]:
    """Only one load runs on a store at a time. Raises StoreBusyError for the second one."""
    with _locked(Path(f"{database.url.database}.load.lock")) as mine:
        if not mine:
            message = (
                f"{database.url.database}: another headwind load is writing to this store. "
                "Nothing was loaded; give this command again when that one has ended."
            )
            raise StoreBusyError(message)
        yield


@contextmanager
def _locked(path: Path) -> Iterator[bool]:
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

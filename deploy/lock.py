"""One engine a store: a lock that the operating system lets go when its holder dies."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy


@contextmanager
def engine_lock(database: sqlalchemy.Engine) -> Iterator[bool]:
    """Whether this process may fold the store's log; true for one process at a time."""
    path = Path(f"{database.url.database}.lock")
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True

"""The store and its log: opening, refusing, and positions without a hole."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event

from connectors._publish import EmbeddedPublisher
from models.log import append, read
from models.store import StoreBusyError, StoreError, StoreFullError, open_store
from tests.contract.test_stores import batch

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store is to be."""
    return tmp_path / "headwind.db"


@pytest.fixture
def store(path: Path) -> Engine:
    """An empty store."""
    return open_store(f"sqlite:///{path}", patience_s=0.2)


HELD = """
import fcntl, sys
with open(sys.argv[1], "r+b") as file:
    try:
        # The bytes on which SQLite has its shared lock, as long as somebody reads or may.
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 510, 0x40000002)
    except OSError:
        print("held")
    else:
        print("free")
"""


def test_opening_it_again_lets_go_of_no_lock(store: Engine, path: Path) -> None:
    """Another program must not take the file for one that nobody uses, and clear up behind us."""
    with store.connect() as connection:
        read(connection, 1, 0, 10)
        again = open_store(str(path))
        again.dispose()
        looked = subprocess.run(
            [sys.executable, "-c", HELD, str(path)], capture_output=True, text=True, check=True
        )
        assert looked.stdout.strip() == "held"
    store.dispose()


def test_a_new_store_is_its_owners_alone_and_durable(store: Engine, path: Path) -> None:
    """The file has mode 0600, a write-ahead log, and syncs at each commit."""
    with store.begin() as connection:
        append(connection, 1, [])
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_locked_store_says_so(store: Engine, path: Path) -> None:
    """A writer that waits in vain gets StoreBusyError, and a reader is not held up."""
    EmbeddedPublisher(store).publish([batch(1)])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusyError, match="locked by another writer"):
        EmbeddedPublisher(store).publish([batch(1)])
    with store.connect() as connection:
        assert len(read(connection, 1, 0, 10)) == 1
    other.close()


def test_a_full_disk_says_so_and_leaves_the_store_whole(store: Engine) -> None:
    """A write that does not fit raises StoreFullError; what was there can still be read."""
    EmbeddedPublisher(store).publish([batch(1)])
    limit_pages(store, 60)
    numbers = range(200_000)
    huge = batch(0)
    huge.lines = [b'{"id":"%d"}' % (number * 7919) for number in numbers]
    with pytest.raises(StoreFullError, match="disk is full"):
        EmbeddedPublisher(store).publish([huge])
    with store.connect() as connection:
        assert len(read(connection, 1, 0, 10)) == 1


def limit_pages(store: Engine, pages: int) -> None:
    """Make the store full once it has so many pages."""
    store.dispose()

    @event.listens_for(store, "connect")
    def _limit(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")


def test_wrong_places_are_answered_with_a_sentence(tmp_path: Path) -> None:
    """A missing directory, a directory, another database or no database: each says what to do."""
    (tmp_path / "text.db").write_text("this is no database " * 100)
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE t (x)")
    for url, words in [
        (str(tmp_path / "none" / "a.db"), "make it first"),
        (str(tmp_path), "is a directory"),
        (str(tmp_path / "text.db"), "is not a database"),
        (str(tmp_path / "other.db"), "a database of another program"),
        ("mysql://h/db", "is one SQLite file"),
        ("sqlite://", "must name a file"),
        ("://", "not a URL"),
    ]:
        with pytest.raises(StoreError, match=words):
            open_store(url)


def test_a_newer_store_is_left_alone(store: Engine, path: Path) -> None:
    """A store of a later version is not touched."""
    with store.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    store.dispose()
    with pytest.raises(StoreError, match="written by a newer Headwind"):
        open_store(str(path))

"""The store and its log: opening, refusing, and positions without a hole."""

from __future__ import annotations

import sqlite3
import stat
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event, select

from connectors._publish import Batch, EmbeddedPublisher
from models.check import Problem, Refusal
from models.log import append, read
from models.record import Record
from models.store import SCHEMA, StoreBusyError, StoreError, StoreFullError, explained, open_store
from models.tables import load, log, position, refused

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

LINE = b'{"id":"1"}'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store is to be."""
    return tmp_path / "headwind.db"


@pytest.fixture
def store(path: Path) -> Engine:
    """An empty store."""
    return open_store(f"sqlite:///{path}", patience_s=0.2)


def refusal(row: int = 0, *, event_id: str = "e-1", payload: bytes | None = LINE) -> Refusal:
    """A refused event."""
    problems = [Problem(pointer="/data", code="missing", message="Send data.")]
    return Refusal(
        row=row,
        event_source="crm",
        event_id=event_id,
        event_type="headwind.service.request.opened.v1",
        problems=problems,
        payload=payload,
    )


def batch(lines: int = 1, *refusals: Refusal, origin: str = "door") -> Batch:
    """A batch of equal lines."""
    return Batch(
        agency="parks", received=7, lines=[LINE] * lines, refused=list(refusals), origin=origin
    )


def test_a_new_store_is_its_owners_alone_and_durable(store: Engine, path: Path) -> None:
    """The file has mode 0600, a write-ahead log, and syncs at each commit."""
    with store.begin() as connection:
        append(connection, 1, [])
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_opening_again_keeps_what_is_there(store: Engine, path: Path) -> None:
    """A plain file name opens the same store, tables and records as they were."""
    EmbeddedPublisher(store).publish([batch(3)])
    store.dispose()
    with open_store(str(path)).connect() as connection:
        (record,) = read(connection, 1, 0, 10)
    assert record == Record(
        agency="parks", received=7, kind="events", events=3, body=(LINE + b"\n") * 3, position=1
    )


def test_records_hold_500_events_and_positions_have_no_hole(store: Engine) -> None:
    """1,200 events make three records; the next publish goes on behind them."""
    publisher = EmbeddedPublisher(store)
    publisher.publish([batch(1200), batch(1)])
    publisher.publish([batch(2)])
    with store.connect() as connection:
        records = read(connection, 1, 0, 100)
        assert [record.events for record in records] == [500, 500, 200, 1, 2]
        assert [record.position for record in records] == [1, 2, 3, 4, 5]
        assert [record.position for record in read(connection, 1, 3, 1)] == [4]


def test_writers_at_the_same_time_share_no_position(store: Engine, path: Path) -> None:
    """Four writers of 20 records each leave positions 1 to 80."""
    store.dispose()
    patient = open_store(str(path))

    def write() -> None:
        for _ in range(20):
            EmbeddedPublisher(patient).publish([batch(1)])

    threads = [Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with patient.connect() as connection:
        positions = connection.execute(select(log.c.position).order_by(log.c.position)).scalars()
        assert list(positions) == list(range(1, 81))


def test_positions_go_on_where_retention_emptied_the_log(store: Engine) -> None:
    """An emptied log does not start at 1 again: the engine would skip what it has applied."""
    EmbeddedPublisher(store).publish([batch(1), batch(1)])
    with store.begin() as connection:
        connection.execute(position.insert().values(stage=1, applied=2, snapshot=2))
        connection.execute(log.delete())
    EmbeddedPublisher(store).publish([batch(1)])
    with store.connect() as connection:
        assert connection.execute(select(log.c.position)).scalar_one() == 3


def test_a_refused_event_sent_again_is_kept_once(store: Engine) -> None:
    """The same event refused for the same reason has one row; another event has its own."""
    publisher = EmbeddedPublisher(store)
    for _ in range(2):
        publisher.publish([batch(0, refusal(), refusal(1), refusal(2, event_id="e-2"))])
    with store.connect() as connection:
        rows = connection.execute(select(refused)).all()
    assert sorted(row.event_id for row in rows) == ["e-1", "e-2"]
    assert {row.origin for row in rows} == {"door"}


def test_refused_events_without_id_and_payload_are_told_apart_by_row(store: Engine) -> None:
    """Where nothing of the event may be kept, its row still is."""
    rows = [refusal(row, event_id="", payload=None) for row in (3, 4)]
    EmbeddedPublisher(store).publish([batch(0, *rows, origin="calls.csv")])
    with store.connect() as connection:
        origins = connection.execute(select(refused.c.origin)).scalars()
        assert sorted(origins) == ["calls.csv row 3", "calls.csv row 4"]


def test_the_checkpoint_moves_with_the_records_and_never_back(store: Engine) -> None:
    """A load's row says how many events were sent; a late repeat does not set it back."""
    publisher = EmbeddedPublisher(store)
    for events, finished in [(500, False), (900, True), (500, False)]:
        one = batch(1)
        one.load = ("f1", "calls.csv", events, finished)
        publisher.publish([one])
    with store.connect() as connection:
        row = connection.execute(select(load)).one()
    assert (row.events, row.finished) == (900, True)


def test_nothing_is_written_when_one_part_fails(store: Engine) -> None:
    """Records, refused rows and checkpoint stand or fall together."""
    bad = batch(1, refusal(event_id="\ud800"))
    with pytest.raises(UnicodeEncodeError):
        EmbeddedPublisher(store).publish([batch(1), bad])
    with store.connect() as connection:
        assert read(connection, 1, 0, 10) == []


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


def test_no_error_repeats_a_parameter(store: Engine) -> None:
    """What an event holds never stands in the text of a database error."""
    row = log.insert().values(stage=1, position=1, agency="planted-agency")
    with (
        pytest.raises(StoreError) as caught,
        explained("x.db"),
        store.begin() as connection,
    ):
        connection.execute(row)
    assert "planted" not in str(caught.value)
    assert caught.value.__cause__ is None


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
        ("postgresql://h/db", "keeps its store in one SQLite file"),
        ("sqlite://", "must name a file"),
        ("://", "not a URL"),
    ]:
        with pytest.raises(StoreError, match=words):
            open_store(url)


def test_a_newer_store_is_left_alone(store: Engine, path: Path) -> None:
    """A store of a later version is not touched."""
    with store.begin() as connection:
        connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA + 1}")
    store.dispose()
    with pytest.raises(StoreError, match="written by a newer Headwind"):
        open_store(str(path))

"""What every store does alike, whichever database it is in: publishing and the log."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from connectors._publish import Batch, EmbeddedPublisher
from models.check import Problem, Refusal
from models.log import append, read
from models.record import Record
from models.store import StoreError, explained, open_store
from models.tables import load, log, metadata, position, refused
from models.upsert import add, add_many, put

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine


LINE = b'{"id":"1"}'

STOOD = {"stage": 1, "partition": 0, "applied": 2, "snapshot": 2, "token": 0, "owner": ""}


@pytest.fixture
def store(url: str) -> Iterator[Engine]:
    """An empty store."""
    engine = open_store(url)
    yield engine
    engine.dispose()


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


def test_opening_again_keeps_what_is_there(store: Engine, url: str) -> None:
    """Opened once more, tables and records are as they were."""
    EmbeddedPublisher(store).publish([batch(3)])
    store.dispose()
    again = open_store(url)
    with again.connect() as connection:
        (record,) = read(connection, 1, 0, 10)
    again.dispose()
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


def test_writers_at_the_same_time_share_no_position(store: Engine, url: str) -> None:
    """Four writers of 20 records each leave positions 1 to 80."""

    def write() -> None:
        for _ in range(20):
            EmbeddedPublisher(store).publish([batch(1)])

    threads = [Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.connect() as connection:
        positions = connection.execute(select(log.c.position).order_by(log.c.position)).scalars()
        assert list(positions) == list(range(1, 81))


def test_positions_go_on_where_retention_emptied_the_log(store: Engine) -> None:
    """An emptied log does not start at 1 again: the engine would skip what it has applied."""
    EmbeddedPublisher(store).publish([batch(1), batch(1)])
    with store.begin() as connection:
        connection.execute(position.insert().values(STOOD))
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


def test_no_error_repeats_a_parameter(store: Engine) -> None:
    """What an event holds never stands in the text of a database error."""
    row = log.insert().values(stage=1, partition=0, position=1, agency="planted-agency")
    with (
        pytest.raises(StoreError) as caught,
        explained("x.db"),
        store.begin() as connection,
    ):
        connection.execute(row)
    assert "planted" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_whoever_reads_sees_one_moment(store: Engine) -> None:
    """What is committed while a reader looks does not show to that one."""
    publisher = EmbeddedPublisher(store)
    publisher.publish([batch(1)])
    with store.connect() as reader:
        assert len(read(reader, 1, 0, 10)) == 1
        publisher.publish([batch(1)])
        assert len(read(reader, 1, 0, 10)) == 1
    with store.connect() as reader:
        assert len(read(reader, 1, 0, 10)) == 2


def test_rows_that_are_there_stay_or_are_replaced(store: Engine) -> None:
    """``add`` leaves a row as it is, ``put`` replaces what it names and nothing else."""
    row = STOOD | {"applied": 5}
    with store.begin() as connection:
        add(connection, position, [row])
        add(connection, position, [row | {"applied": 9}])
        assert connection.execute(select(position)).one() == (1, 0, 5, 2, 0, "")
        put(connection, position, [row | {"applied": 9}])
        assert connection.execute(select(position)).one() == (1, 0, 9, 2, 0, "")
        add(connection, position, [])
        put(connection, position, [])


@pytest.mark.parametrize("many", [3, 500])
def test_many_rows_come_back_as_they_went_in(store: Engine, many: int) -> None:
    """Bytes, empty text, tabs, newlines and backslashes, by few and by many at once."""
    odd = "a\tb\nc\\N é \x1f"
    rows = [(1, 0, at, odd, at, "", at, bytes(range(256))) for at in range(many)]
    with store.begin() as connection:
        add_many(connection, log, rows)
    with store.connect() as connection:
        found = connection.execute(select(log).order_by(log.c.position)).all()
    assert [tuple(row) for row in found] == rows


def test_what_fails_leaves_nothing_behind(store: Engine) -> None:
    """A transaction that ends with an error has written nothing, and the store goes on."""
    record = Record(agency="parks", received=1, kind="events", events=1, body=b"x")

    def fail() -> None:
        with store.begin() as connection:
            append(connection, 1, [record])
            connection.execute(text("SELECT nothing FROM nowhere"))

    with pytest.raises(DBAPIError):
        fail()
    EmbeddedPublisher(store).publish([batch(1)])
    with store.connect() as connection:
        assert [record.position for record in read(connection, 1, 0, 10)] == [1]


def test_every_table_is_there_and_empty(store: Engine) -> None:
    """A new store has all tables."""
    with store.connect() as connection:
        for table in metadata.sorted_tables:
            assert connection.execute(select(table)).all() == []

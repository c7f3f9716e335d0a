"""Publishing into a real Kafka: kept when it is said so, cut as it must be, in the right place."""

from __future__ import annotations

import gc
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import kafka as client
import msgspec
import pytest
from kafka.partitioner.default import murmur2
from sqlalchemy import Engine, select

from connectors import _publish_kafka
from connectors._publish import Batch
from connectors._publish_kafka import KafkaPublisher
from deploy.commands.topics import make
from deploy.servers.kafka import Kafka
from models import tables
from models.check import Refusal
from models.kafka import MAX_BODY, KafkaSettings
from models.partitioning import partition_of
from models.problem import Problem
from models.record import MAX_EVENTS
from models.settings import DoorSettings, Settings
from models.store import StoreBusyError, StoreError, open_store
from streams.catalogue import catalogue
from streams.intake import Message, take_in
from streams.lane import Lane
from streams.worker.history import history, partitions
from tests.e2e.serving import until
from tests.integration.made_store import Made, request
from tests.integration.served_door import MANY, Served, pack, sample
from tests.unit.events_made import BEGIN

_PREFIXES = count(1)
PARTS = 3

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True)
def swept() -> Iterator[None]:
    """The client leaves sockets open where nobody listens; they end with their own test."""
    yield
    gc.collect()


@pytest.fixture
def settings(kafka: Kafka) -> KafkaSettings:
    """Topics of its own."""
    made = KafkaSettings(
        servers=(kafka.servers,),
        prefix=f"publish{os.getpid()}-{next(_PREFIXES)}",
        partitions=PARTS,
        replicas=1,
    )
    make(made)
    return made


@pytest.fixture
def publisher(store: Engine, settings: KafkaSettings) -> Iterator[KafkaPublisher]:
    """One with the product's patience."""
    with closing(KafkaPublisher(store, settings)) as made:
        yield made


@pytest.fixture
def hasty(
    store: Engine, settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[KafkaPublisher]:
    """One that waits three seconds for the broker's word, not thirty."""
    soon = {"max_block_ms": 3000, "request_timeout_ms": 1000, "delivery_timeout_ms": 3000}

    def producer(**options: Any) -> Any:
        return client.KafkaProducer(**options | soon)

    monkeypatch.setattr("models.producer.KafkaProducer", producer)
    monkeypatch.setattr(_publish_kafka, "ANSWER_S", 4)
    with closing(KafkaPublisher(store, settings)) as made:
        yield made


def batch(agency: str, *lines: bytes, **more: Any) -> Batch:
    """Events of one agency."""
    return Batch(agency=agency, received=BEGIN, lines=list(lines), **more)


def kept(settings: KafkaSettings) -> dict[int, list[Message]]:
    """What Kafka holds, by partition."""
    return {
        number: [one for chunk in history(settings, number, end) for one in chunk]
        for number, (_, end) in partitions(settings).items()
    }


def beside(store: Engine) -> tuple[int, int]:
    """How many refused rows and checkpoints the store holds."""
    with store.connect() as connection:
        refused = connection.execute(select(tables.refused.c.id)).all()
        loads = connection.execute(select(tables.load.c.id)).all()
        return len(refused), len(loads)


def flawed(agency: str, *lines: bytes) -> Batch:
    """A batch of a file, with one row that was refused and a checkpoint."""
    problem = Problem("/data", "missing", "is missing")
    refusal = Refusal(
        row=7, event_source="crm", event_id="x", event_type="", problems=[problem], payload=b"{}"
    )
    load = ("f" * 16, "a.csv", len(lines), True)
    return batch(agency, *lines, refused=[refusal], origin="a.csv", load=load)


def test_each_agency_in_its_partition(publisher: KafkaPublisher, settings: KafkaSettings) -> None:
    """Key, partition as Kafka's own clients choose it, order, content type, time of receipt."""
    agencies = [f"agency-{number}" for number in range(12)]
    for turn in range(2):
        publisher.publish([batch(name, b'{"id":"%d"}' % turn) for name in agencies])
    held = kept(settings)
    where = {one.key: number for number, some in held.items() for one in some}
    assert set(where.values()) == set(range(PARTS))
    for name in agencies:
        assert where[name.encode()] == partition_of(name, PARTS)
        assert where[name.encode()] == (murmur2(name.encode()) & 0x7FFFFFFF) % PARTS
        mine = [one for one in held[where[name.encode()]] if one.key == name.encode()]
        assert [one.value for one in mine] == [b'{"id":"0"}\n', b'{"id":"1"}\n']
        assert dict(mine[0].headers) == {
            "content-type": b"application/x-ndjson",
            "received": str(BEGIN).encode(),
        }


def test_messages_are_cut(publisher: KafkaPublisher, settings: KafkaSettings) -> None:
    """500 events at most; 256 KiB at most, but for one event that is longer alone."""
    small = [b'{"n":%d}' % number for number in range(2 * MAX_EVENTS + 3)]
    publisher.publish([batch("small", *small)])
    large = [b'{"n":"%s"}' % (b"x" * 100_000)] * 5
    publisher.publish([batch("large", *large, b'{"n":"%s"}' % (b"y" * 2 * MAX_BODY), small[0])])
    held = [one for some in kept(settings).values() for one in some]
    values = {
        name: [one.value or b"" for one in held if one.key == name] for name in (b"small", b"large")
    }
    assert [value.count(b"\n") for value in values[b"small"]] == [MAX_EVENTS, MAX_EVENTS, 3]
    assert b"".join(values[b"small"]) == b"\n".join(small) + b"\n"
    assert [value.count(b"\n") for value in values[b"large"]] == [2, 2, 1, 1, 1]
    assert all(len(value) <= MAX_BODY or value.count(b"\n") == 1 for value in values[b"large"])


def test_one_larger_than_the_topic_allows(
    publisher: KafkaPublisher, settings: KafkaSettings, store: Engine
) -> None:
    """20 MB: it is told, nothing is kept, and what comes next is."""
    with pytest.raises(StoreError, match="headwind topics check"):
        publisher.publish([flawed("parks", b'"%s"' % (b"x" * 20_000_000))])
    assert beside(store) == (0, 0)
    publisher.publish([batch("parks", b"{}")])
    assert [one.value for some in kept(settings).values() for one in some] == [b"{}\n"]


def test_it_waits_for_the_brokers_word(
    publisher: KafkaPublisher, settings: KafkaSettings, store: Engine, kafka: Kafka
) -> None:
    """While the broker says nothing nothing is confirmed, and nothing stands beside the events."""
    publisher.publish([batch("roads", b"{}")])
    process = kafka._process
    assert process is not None
    done = threading.Event()

    def work() -> None:
        publisher.publish([flawed("parks", b"{}")])
        done.set()

    process.send_signal(signal.SIGSTOP)
    try:
        thread = threading.Thread(target=work)
        thread.start()
        assert not done.wait(2)
        assert beside(store) == (0, 0)
    finally:
        process.send_signal(signal.SIGCONT)
    thread.join(60)
    assert done.is_set()
    assert sum(map(len, kept(settings).values())) == 2
    assert beside(store) == (1, 1)


def test_nothing_is_kept_while_the_broker_is_down(
    hasty: KafkaPublisher, settings: KafkaSettings, store: Engine, kafka: Kafka
) -> None:
    """Who does not answer, and what to do; afterwards the same publisher goes on."""
    hasty.publish([batch("parks", b'{"id":"1"}')])
    kafka.stop(signal.SIGKILL)
    try:
        with pytest.raises(StoreBusyError, match="does not answer; nothing was kept"):
            hasty.publish([flawed("parks", b'{"id":"2"}')])
        with pytest.raises(StoreBusyError, match="does not answer"):
            hasty.tick(BEGIN)
    finally:
        kafka.start()
    assert beside(store) == (0, 0)
    assert [one.value for some in kept(settings).values() for one in some] == [b'{"id":"1"}\n']
    until(partial(_goes, hasty, flawed("parks", b'{"id":"3"}')))
    values = [one.value for some in kept(settings).values() for one in some]
    # What was sent again may be there twice; the engine drops it.
    assert [*dict.fromkeys(values)] == [b'{"id":"1"}\n', b'{"id":"3"}\n']
    assert beside(store) == (1, 1)


def _goes(publisher: KafkaPublisher, what: Batch) -> bool:
    """Whether it is kept; a sender tries again where it is not."""
    try:
        publisher.publish([what])
    except StoreBusyError:
        return False
    return True


def test_the_door_says_so(
    hasty: KafkaPublisher, settings: KafkaSettings, tmp_path: Path, kafka: Kafka
) -> None:
    """202 once Kafka keeps it, 503 with Retry-After while it does not, and 202 again."""
    served = Served(tmp_path, DoorSettings(), lambda _store: hasty)
    with closing(served):
        assert served.post(pack(sample("1"), sample("2")), MANY).status_code == 202
        assert sum(map(len, kept(settings).values())) == 1
        kafka.stop(signal.SIGKILL)
        try:
            answer = served.post(pack(sample("3")), MANY)
        finally:
            kafka.start()
        assert answer.status_code == 503, answer.text
        assert int(answer.headers["Retry-After"]) > 0
        until(lambda: served.post(pack(sample("3")), MANY).status_code == 202)
    held = [one for some in kept(settings).values() for one in some]
    lines = b"".join(one.value or b"" for one in held).splitlines()
    # What was sent again may be there twice; the engine drops it.
    assert [*dict.fromkeys(msgspec.json.decode(line)["id"] for line in lines)] == ["1", "2", "3"]


def test_a_load_goes_to_kafka_and_is_resumed(
    settings: KafkaSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events first, then refused rows and the checkpoint: a break between them sends them twice."""
    made = Made(tmp_path)
    config = tmp_path / "headwind.toml"
    config.write_text(
        f"[kafka]\nservers = ['{settings.servers[0]}']\nprefix = '{settings.prefix}'\n"
        f"partitions = {PARTS}\nreplicas = 1\n"
    )
    lines = [line for number in range(4) for line in request(f"r{number}", 1, 5)]
    file = tmp_path / "a.jsonl"
    file.write_bytes(b"\n".join([*lines, b"no json"]) + b"\n")
    load = partial(made.run, "load", str(file), "--agency", "parks", "--received", "2020-06-01")
    with monkeypatch.context() as broken:
        broken.setattr(_publish_kafka, "write_beside", _break)
        assert load().returncode == 1
    store = open_store(str(made.store))
    assert beside(store) == (0, 0)
    first = kept(settings)
    done = load()
    assert done.returncode == 1
    assert "Workers evaluate what was loaded." in done.stderr
    assert beside(store) == (1, 1)
    assert sum(map(len, kept(settings).values())) == 2 * sum(map(len, first.values())) > 0
    assert "this file was loaded before" in load().stderr
    assert sum(map(len, kept(settings).values())) == 2 * sum(map(len, first.values()))
    store.dispose()
    assert _accepted(settings, tmp_path) == len(lines)


def _break(*_: object) -> None:
    message = "the disk of the store is full"
    raise StoreError(message)


def _accepted(settings: KafkaSettings, folder: Path) -> int:
    """How many events an engine counts of what Kafka holds, heartbeats left out."""
    store = open_store(str(folder / "folded.db"))
    lane = Lane(store, Settings(), catalogue(), partition=partition_of("parks", PARTS))
    lane.open()
    number = partition_of("parks", PARTS)
    lane.take([take_in(one, number, PARTS).record for one in kept(settings)[number]])
    c = tables.source.c
    with store.connect() as connection:
        counted = select(c.accepted).where(~c.type.contains("heartbeat"))
        found = int(sum(connection.execute(counted).scalars()))
    store.dispose()
    return found

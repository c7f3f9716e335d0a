"""``headwind export --agency NAME --out FILE``: all that an agency sent, and what was refused."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard
from kafka import KafkaAdminClient, TopicPartition
from sqlalchemy import select

from deploy.servers.kafka import Kafka
from deploy.servers.postgresql import Postgresql
from models import tables
from models.partitioning import partition_of
from models.record import Record
from models.store import open_store
from tests.integration.cluster import Cluster
from tests.integration.made_store import FIRST, SECOND, Made, counts, fill, flat, request
from tests.integration.records import headwind
from tests.unit.events_made import BEGIN, DAY, iso, line

REFUSED = b'{"refused":'


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A store of two agencies, with things that were refused; the tests do not change it."""
    one = Made(tmp_path_factory.mktemp("told"))
    fill(one)
    return one


def sent(made: Made, agency: str) -> list[bytes]:
    """What an agency's log holds, line by line, read past the command."""
    database = open_store(str(made.store))
    c = tables.log.c
    question = select(c.body).where(c.stage == 1, c.agency == agency).order_by(c.position)
    with database.connect() as connection:
        bodies = connection.execute(question).scalars().all()
    database.dispose()
    return b"".join(map(zstandard.decompress, bodies)).splitlines()


def parted(data: bytes) -> tuple[list[bytes], list[dict[str, Any]]]:
    """The events of a file, and after them what was refused."""
    lines = data.splitlines()
    events = [one for one in lines if not one.startswith(REFUSED)]
    assert lines[: len(events)] == events
    return events, [msgspec.json.decode(one)["refused"] for one in lines[len(events) :]]


def test_events_as_they_were_sent(told: Made) -> None:
    """Every line of the log, in its order, and no event of another; then every refusal."""
    said = told.said("export", "--agency", "roads", "--out", "roads.jsonl", code=0)
    data = (told.folder / "roads.jsonl").read_bytes()
    events, refused = parted(data)
    assert events == sent(told, "roads")
    assert len(events) > 10
    much = f"{len(events)} events, {len(refused)} refused, {len(data):,} bytes"
    assert said == f"roads.jsonl: {much}."
    dry = told.told("export", "--agency", "roads", "--out", "never.jsonl", "--dry-run")
    assert dry == f"{much} would be written.\n"
    assert not (told.folder / "never.jsonl").exists()


def test_what_was_refused_says_why(told: Made) -> None:
    """Every reason that headwind refused tells; of what may be a person's there is no payload."""
    told.said("export", "--agency", "roads", "--out", "roads.jsonl", code=0)
    data = (told.folder / "roads.jsonl").read_bytes()
    refused = parted(data)[1]
    reasons = [
        (one["event_id"], problem["code"], problem["message"])
        for one in refused
        for problem in one["problems"]
    ]
    listed = told.json("refused", "--agency", "roads")
    assert reasons == [(row["event_id"], row["code"], row["message"]) for row in listed]
    kept = {one["event_id"]: one["payload"] for one in refused}
    assert set(kept) == {"bad", "worse"}
    assert kept["bad"] is None
    assert b"a@example.org" not in data
    assert msgspec.json.decode(kept["worse"])["type"] == "headwind.service.request.opnd.v1"


@pytest.mark.parametrize(
    ("name", "expand"), [("x.jsonl.gz", gzip.decompress), ("x.jsonl.zst", zstandard.decompress)]
)
def test_compressed_by_its_name(told: Made, name: str, expand: Any) -> None:
    """The same bytes; what lay there before is replaced as a whole."""
    told.said("export", "--agency", "parks", "--out", "x.jsonl", code=0)
    (told.folder / name).write_bytes(b"old")
    told.said("export", "--agency", "parks", "--out", name, code=0)
    packed = (told.folder / name).read_bytes()
    if name.endswith("zst"):
        packed = zstandard.ZstdDecompressor().decompressobj().decompress(packed)
        expand = bytes
    plain = (told.folder / "x.jsonl").read_bytes()
    assert expand(packed) == plain
    assert not [*told.folder.glob("*.part")]


def test_to_the_standard_output(told: Made) -> None:
    """The same, and nothing else there; whoever reads may stop."""
    told.said("export", "--agency", "parks", "--out", "x.jsonl", code=0)
    done = headwind("export", "--agency", "parks", "--out", "-", cwd=told.folder)
    assert (done.returncode, done.stdout) == (0, (told.folder / "x.jsonl").read_text())


def test_it_can_be_loaded_again(told: Made, tmp_path: Path) -> None:
    """The events of it make the same values in another store; what was refused is refused."""
    told.said("export", "--agency", "parks", "--out", "parks.jsonl.gz", code=0)
    again = Made(tmp_path)
    (tmp_path / "parks.jsonl.gz").write_bytes((told.folder / "parks.jsonl.gz").read_bytes())
    options = ("--agency", "parks", "--received", iso(SECOND))
    said = again.said("load", "parks.jsonl.gz", *options, code=1)
    assert "1 refused" in said
    asked = ("values", "--agency", "parks", "--indicator", "demand")
    names = ("window_end", "value", "low", "high")
    first, second = (
        [[row[name] for name in names] for row in made.json(*asked)] for made in (told, again)
    )
    assert first == second
    assert len(first) > 100


def test_a_time(told: Made) -> None:
    """By receipt: the second load alone, and the first alone."""
    ways = (("--since", iso(SECOND)), ("--until", iso(SECOND)))
    found = []
    for number, way in enumerate(ways):
        told.said("export", "--agency", "parks", "--out", f"{number}.jsonl", *way, code=0)
        found.append(parted((told.folder / f"{number}.jsonl").read_bytes()))
    later, earlier = found
    assert FIRST < SECOND
    assert earlier[0] + later[0] == sent(told, "parks")
    assert (len(earlier[1]), len(later[1])) == (0, 1)


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (("--out", "y"), 2, "say whose events: --agency NAME"),
        (("--out", "y", "--agency", "group:all"), 2, "is a group, which sends nothing"),
        (("--out", "y", "--agency", "parcs"), 2, "did you mean parks?"),
        (("--out", "y", "--agency", "parks", "--step", "PT1H"), 2, "it is for --openmetrics"),
        (("--out", "y", "--agency", "parks and playgrounds"), 1, "has sent nothing"),
        (("--out", "y", "--agency", "parks", "--until", "2019-01-01"), 1, "or nothing in that"),
        (("--out", "no/y", "--agency", "parks"), 1, "no/y cannot be written (No such file"),
        (("--out", "/dev/full", "--agency", "parks"), 1, "cannot be written (No space left"),
    ],
)
def test_what_cannot_be_done(
    told: Made, options: tuple[str, ...], code: int, sentence: str
) -> None:
    """Told in a sentence; nothing is left."""
    assert sentence in told.said("export", *options, code=code)
    assert not [*told.folder.glob("y*")]


def test_many_refusals_come_page_by_page(tmp_path: Path) -> None:
    """None is lost between pages, and none is told twice."""
    made = Made(tmp_path, "")
    bad = [line("headwind.service.nothing.v1", f"b{n}", "crm", BEGIN) for n in range(450)]
    made.load("roads", [*request("r", 1), *bad], code=1)
    made.said("export", "--agency", "roads", "--out", "x.jsonl", code=0)
    _, refused = parted((tmp_path / "x.jsonl").read_bytes())
    assert {one["event_id"] for one in refused} == {f"b{n}" for n in range(450)}
    assert len(refused) == 450


def test_a_log_in_postgresql(postgresql: Postgresql, tmp_path: Path) -> None:
    """As from a file."""
    made = Made(tmp_path, "")
    store = ("--store", postgresql.database())
    lines = [part for n in range(30) for part in request(f"r{n}", n, n + 5)]
    (tmp_path / "in.jsonl").write_bytes(b"\n".join(lines))
    assert headwind("load", "in.jsonl", "--agency", "roads", *store, cwd=tmp_path).returncode == 0
    made.said("export", "--agency", "roads", "--out", "out.jsonl", *store, code=0)
    assert (tmp_path / "out.jsonl").read_bytes().splitlines()[: len(lines)] == lines


@pytest.fixture
def cluster(kafka: Kafka, postgresql: Postgresql, tmp_path: Path) -> Iterator[Cluster]:
    """A monitor of its own on the servers."""
    with closing(Cluster(kafka, postgresql, tmp_path, "", parts=2)) as one:
        yield one


def in_kafka(agency: str, day: int) -> Record:
    """A record of one event."""
    body = counts(10, day) + b"\n"
    return Record(agency=agency, received=BEGIN + day * DAY, kind="events", events=1, body=body)


def test_from_kafka(cluster: Cluster) -> None:
    """Out of the agency's partition, which others share; refusals from the store; what is gone is told."""
    records = [in_kafka(agency, day) for day in range(20) for agency in ("a", "b", "c", "d")]
    cluster.send(records)
    mine = [one for one in records if one.agency == "a"]
    cluster.send([bad_record()])
    cluster.start()
    cluster.settle()
    out = cluster.folder / "a.jsonl"
    cluster.command("export", "--agency", "a", "--out", str(out))
    events, refused = parted(out.read_bytes())
    assert events == [one.body.strip() for one in mine]
    assert [one["event_id"] for one in refused] == ["bad"]
    much = f"20 events, 1 refused, {out.stat().st_size:,} bytes would be written.\n"
    assert cluster.command("export", "--agency", "a", "--out", "x", "--dry-run") == much
    late = ("--since", iso(BEGIN + 15 * DAY))
    cluster.command("export", "--agency", "a", "--out", str(out), *late)
    assert parted(out.read_bytes())[0] == [one.body.strip() for one in mine[15:]]

    number = partition_of("a", 2)
    with closing(KafkaAdminClient(**cluster.kafka.client())) as admin:
        topic = TopicPartition(cluster.kafka.topic("events"), number)
        admin.delete_records({topic: 10})
    named = ("--store", cluster.store, "--config", str(cluster.config))
    done = headwind("export", "--agency", "a", "--out", str(out), *named)
    assert done.returncode == 0, done.stderr
    gone = f"Kafka has removed the oldest 10 messages of partition {number}, in which a is"
    assert gone in flat(done.stderr)
    left = parted(out.read_bytes())[0]
    assert 0 < len(left) < 20
    assert left == [one.body.strip() for one in mine[-len(left) :]]


def bad_record() -> Record:
    """A message that an agency produced by itself, whose type nobody knows."""
    body = line("headwind.service.nothing.v1", "bad", "bus", BEGIN) + b"\n"
    return Record(agency="a", received=BEGIN + 20 * DAY, kind="events", events=1, body=body)

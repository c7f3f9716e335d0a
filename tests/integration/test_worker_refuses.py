"""When a worker does not go on: a sentence, exit code 1, and nothing applied."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, TopicPartition
from sqlalchemy import text

from deploy.commands.topics import make
from deploy.servers.kafka import Kafka
from deploy.servers.postgresql import Postgresql
from models.settings import Settings
from streams.stand import EVENTS, standing
from tests.e2e.serving import until
from tests.integration.cluster import Cluster
from tests.integration.made_store import Made, flat
from tests.unit.events_made import BEGIN

PARTS = 2


@pytest.fixture
def cluster(kafka: Kafka, postgresql: Postgresql, tmp_path: Path) -> Iterator[Cluster]:
    """A monitor of its own on the servers."""
    with closing(Cluster(kafka, postgresql, tmp_path, "", parts=PARTS)) as one:
        yield one


def tick(cluster: Cluster, times: int) -> None:
    """Messages in every partition."""
    cluster.send([])
    assert cluster.publisher is not None
    for turn in range(times):
        cluster.publisher.tick(BEGIN + turn)


def last_words(cluster: Cluster) -> str:
    """What a worker that ends by itself says last; its exit code is 1."""
    worker = cluster.start()
    assert worker.wait(60) == 1, cluster.said()
    said = cluster.said()
    assert "Traceback" not in said
    return flat(said)


def applied(cluster: Cluster, number: int) -> int:
    """How far a partition is applied."""
    with cluster.database.connect() as connection:
        return standing(connection, EVENTS, number).applied


def renamed(cluster: Cluster, old: str, new: str) -> None:
    """Other settings."""
    held = cluster.config.read_text()
    assert old in held
    cluster.config.write_text(held.replace(old, new))
    cluster.settings = Settings.load(cluster.config)


def forgets(cluster: Cluster, number: int, before: int) -> None:
    """Retention comes for a partition of the events."""
    mine = TopicPartition(cluster.kafka.topic("events"), number)
    with closing(KafkaAdminClient(**cluster.kafka.client())) as admin:
        admin.delete_records({mine: before})


def test_topics_that_are_cut_otherwise(cluster: Cluster) -> None:
    """The sentence of headwind topics check."""
    renamed(cluster, f"partitions = {PARTS}", "partitions = 7")
    folder = cluster.folder / "made"
    folder.mkdir()
    told = flat(Made(folder).told("topics", "check", "--config", str(cluster.config), code=1))
    said = last_words(cluster)
    sentence = (
        f"{cluster.kafka.topic('events')} has {PARTS} partitions, the settings say 7: write "
        f"partitions = {PARTS} under [kafka]; the log of an agency may never move to another "
        "partition"
    )
    assert sentence in told
    assert sentence in said


def test_no_topic(cluster: Cluster) -> None:
    """Its name, and what makes it."""
    renamed(cluster, "prefix = '", "prefix = 'no")
    said = last_words(cluster)
    assert f"there is no topic {cluster.kafka.topic('events')}; make it: headwind topics" in said


def test_a_store_of_a_later_version(cluster: Cluster) -> None:
    """Which version wrote it, and what to do."""
    with cluster.database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    said = last_words(cluster)
    assert "was written by a newer Headwind (tables of version 9999" in said
    assert "install that version or name another store" in said


@pytest.mark.parametrize("left", [1, 0])
def test_a_log_that_was_cut_before_it_was_read(cluster: Cluster, left: int) -> None:
    """Retention was faster: which partition, from where, and the page to read."""
    tick(cluster, 3)
    forgets(cluster, 1, 3 - left)
    said = last_words(cluster)
    name = cluster.kafka.topic("events")
    assert f"Partition 1 of {name} begins at offset {3 - left}, and 0 was never read" in said
    assert "See deploy/runbook/log-lost.md." in said
    assert applied(cluster, 1) == 0


def test_a_log_that_is_cut_behind_what_was_read(cluster: Cluster) -> None:
    """What is applied and in a snapshot may go; the next worker goes on."""
    tick(cluster, 3)
    assert cluster.stop(until_settled(cluster)) == 0
    forgets(cluster, 0, 3)
    tick(cluster, 1)
    assert cluster.stop(until_settled(cluster)) == 0
    assert applied(cluster, 0) == 4


def until_settled(cluster: Cluster) -> subprocess.Popen[bytes]:
    """A worker that has applied everything."""
    worker = cluster.start()
    cluster.settle()
    return worker


def test_a_store_of_another_kafka(cluster: Cluster) -> None:
    """The log ends before what is applied: it is another one, and nobody waits for it to grow."""
    tick(cluster, 3)
    assert cluster.stop(until_settled(cluster)) == 0
    renamed(cluster, "prefix = '", "prefix = 'other")
    make(cluster.kafka)
    said = last_words(cluster)
    # Whichever partition of either topic is looked at first.
    assert re.search(
        rf"of {re.escape(cluster.kafka.topic(''))}(events|summaries) ends at offset 0, and this "
        r"store has applied it up to [1-9]\d*: store and Kafka do not belong together",
        said,
    )
    assert applied(cluster, 0) == applied(cluster, 1) == 3


def test_brokers_that_come_later(cluster: Cluster, kafka: Kafka) -> None:
    """A worker may be there first: it waits for the brokers, and says for whom."""
    kafka.stop(signal.SIGKILL)
    try:
        worker = cluster.start()
        until(lambda: "worker.waits" in cluster.said())
    finally:
        kafka.start()
    tick(cluster, 1)
    cluster.settle()
    assert cluster.stop(worker) == 0


def test_settings_without_what_it_needs(tmp_path: Path) -> None:
    """No Kafka, or a store that cannot be shared."""
    made = Made(tmp_path)
    assert "write servers under [kafka]" in made.said("worker", code=1)
    config = tmp_path / "headwind.toml"
    config.write_text("[kafka]\nservers = ['127.0.0.1:9']\n")
    assert "name one with --store postgresql://" in made.said("worker", code=1)

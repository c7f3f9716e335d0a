"""What nobody should send, sent to a real broker: it is refused and told, and the worker goes on."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType
from sqlalchemy import select

from deploy.servers.kafka import Kafka
from deploy.servers.postgresql import Postgresql
from models import tables
from models.partitioning import partition_of
from tests.integration.cluster import Cluster
from tests.integration.served_door import sample
from tests.integration.test_distributed import heard

PARTS = 3
HOME = partition_of("parks", PARTS)
MB = 1_000_000


@pytest.fixture
def cluster(kafka: Kafka, postgresql: Postgresql, tmp_path: Path) -> Iterator[Cluster]:
    """A monitor of its own on the servers, whose events may be of any size."""
    with closing(Cluster(kafka, postgresql, tmp_path, "", parts=PARTS)) as one:
        yield one


@pytest.fixture
def producer(cluster: Cluster, kafka: Kafka) -> Iterator[KafkaProducer]:
    """An agency that produces by itself, and that no limit holds."""
    events = cluster.kafka.topic("events")
    limit = {"max.message.bytes": str(32 * MB)}
    with closing(KafkaAdminClient(bootstrap_servers=kafka.servers)) as admin:
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, events, limit)])
    with closing(KafkaProducer(bootstrap_servers=kafka.servers, max_request_size=32 * MB)) as made:
        yield made


def said(identity: str, **more: Any) -> bytes:
    """One event."""
    return json.dumps(sample(identity, **more)).encode()


def test_each_is_refused_and_told(cluster: Cluster, producer: KafkaProducer) -> None:
    """Tombstone, 20 MB, no key, a person as key, another's key, another partition, the future."""
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 10 * 86_400))
    other = next(name for name in ("roads", "water", "mills") if partition_of(name, PARTS) != HOME)
    sent = [
        (HOME, b"parks", said("good-1")),
        (HOME, b"parks", None),
        (HOME, b"parks", b'{"id":"%s"}' % (b"x" * 20 * MB)),
        (HOME, None, said("no-key")),
        (HOME, b"jane.planted@example.org", said("person")),
        (HOME, b"parks", said("theirs", agency=other)),
        (HOME, other.encode(), said("moved")),
        (HOME, b"parks", said("future", time=soon)),
        (HOME, b"parks", b"\x00\xff" * 40),
        (HOME, b"parks", b""),
        (HOME, b"parks", said("good-2")),
    ]
    worker = cluster.start()
    events = cluster.kafka.topic("events")
    for partition, key, value in sent:
        producer.send(events, key=key, value=value, partition=partition).get(timeout=60)
    cluster.settle()
    assert worker.poll() is None
    c, accepted = tables.refused.c, tables.source.c
    with cluster.database.connect() as connection:
        rows = connection.execute(select(c.origin, c.event_id, c.problems)).all()
        count = sum(connection.execute(select(accepted.accepted)).scalars())
    assert count == 2
    codes = {row.event_id or row.origin: json.loads(row.problems)[0]["code"] for row in rows}
    assert codes == {
        f"kafka {HOME}@1": "missing",
        f"kafka {HOME}@2": "too_large",
        f"kafka {HOME}@3": "missing",
        f"kafka {HOME}@4": "missing",
        "theirs": "wrong_agency",
        f"kafka {HOME}@6": "out_of_range",
        "future": "future",
        f"kafka {HOME}@8 row 0": "not_utf8",
        f"kafka {HOME}@9": "not_json",
    }
    told = heard(cluster, "refused")
    assert {json.loads(one.value)["origin"] for one in told} == {row.origin for row in rows}
    planted = b"jane.planted"
    assert not any(planted in (one.value + (one.key or b"")) for one in told)
    assert "jane.planted" not in cluster.said() + str(rows)
    shown = cluster.run("refused", "--store", cluster.store, "--format", "json")
    assert "murmur2" in shown
    assert "tombstone" in shown
    assert "Equal" in cluster.command("replay")

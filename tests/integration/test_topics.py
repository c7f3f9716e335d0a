"""``headwind topics`` on a real broker: made once, left as they are, and compared."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from deploy.servers import free_port
from deploy.servers.kafka import Kafka
from models.kafka import KafkaSettings, topics
from tests.e2e.serving import until
from tests.integration.made_store import Made, flat

_PREFIXES = count(1)


class Told:
    """A folder with settings that name a broker, and the commands in it."""

    def __init__(self, folder: Path, servers: str) -> None:
        self.made = Made(folder)
        self.servers = servers
        self.prefix = f"topics{os.getpid()}-{next(_PREFIXES)}"
        self.write()

    def write(self, **more: object) -> None:
        """Write the settings; values are numbers."""
        lines = [f"{name} = {number}" for name, number in ({"partitions": 3} | more).items()]
        text = "\n".join([f"servers = ['{self.servers}']", f"prefix = '{self.prefix}'", *lines])
        config = self.made.folder / "headwind.toml"
        config.write_text(f"[kafka]\nreplicas = 1\n{text}\n", encoding="utf-8")

    def names(self) -> list[str]:
        """The topics that there should be."""
        return [f"{self.prefix}.{name}" for name in ("events", "summaries", "refused", "notices")]


@pytest.fixture
def told(kafka: Kafka, tmp_path: Path) -> Told:
    """Settings with a prefix of its own."""
    return Told(tmp_path, kafka.servers)


@pytest.fixture
def admin(kafka: Kafka) -> Iterator[KafkaAdminClient]:
    """A client of the broker."""
    with closing(KafkaAdminClient(bootstrap_servers=kafka.servers)) as client:
        yield client


def there(admin: KafkaAdminClient, told: Told) -> set[str]:
    """Those of the topics that are there."""
    return set(told.names()) & set(admin.list_topics())


def test_they_are_made_once(told: Told, admin: KafkaAdminClient) -> None:
    """A dry run makes nothing; then all are made as they must be; the second time none is."""
    lines = told.made.told("topics", "create", "--dry-run").splitlines()
    assert lines == [
        f"{name}  would be made  3 partitions by {'group' if 'summaries' in name else 'agency'}"
        for name in told.names()
    ]
    assert there(admin, told) == set()
    assert told.made.told("topics", "create").count("  made  3 partitions") == 4
    assert there(admin, told) == set(told.names())
    assert told.made.told("topics", "create").count("  is there  ") == 4
    assert told.made.told("topics", "check") == "The topics are as they must be.\n"
    resource = ConfigResource(ConfigResourceType.TOPIC, told.names()[0])
    held = admin.describe_configs([resource])["topic"][told.names()[0]]
    wanted = topics(KafkaSettings(partitions=3, replicas=1))[0].config
    assert {name: held[name]["value"] for name in wanted} == wanted


def test_one_that_is_missing(told: Told, admin: KafkaAdminClient) -> None:
    """It is named, with what makes it; nothing is made by looking; create makes just that one."""
    told.made.told("topics", "create")
    gone = told.names()[1]
    admin.delete_topics([gone])
    until(lambda: gone not in there(admin, told))
    said = told.made.told("topics", "check", code=1)
    assert said == f"{gone} is missing; make it: headwind topics create\n"
    assert gone not in there(admin, told)
    lines = told.made.told("topics", "create").splitlines()
    assert [line.split("  ")[1] for line in lines] == ["is there", "made", "is there", "is there"]


def test_another_number_of_partitions(told: Told) -> None:
    """Settings follow the topics: an agency's log cannot move. Both commands say so."""
    told.made.told("topics", "create")
    told.write(partitions=5)
    for command in ("check", "create"):
        said = flat(told.made.told("topics", command, code=1))
        assert (
            f"{told.names()[0]} has 3 partitions, the settings say 5: write partitions = 3 under "
            "[kafka]; the log of an agency may never move to another partition"
        ) in said


def test_another_config(told: Told) -> None:
    """What it is and what it must be, for each topic that differs."""
    told.made.told("topics", "create")
    told.write(retention=7)
    lines = told.made.told("topics", "check", code=1).splitlines()
    assert lines == [
        f"{name}: retention.ms is 7776000000, and must be 604800000" for name in told.names()
    ]


def test_more_copies_than_brokers(told: Told) -> None:
    """The broker's own words."""
    told.write()
    config = told.made.folder / "headwind.toml"
    config.write_text(config.read_text().replace("replicas = 1", "replicas = 2"))
    said = told.made.said("topics", "create", code=1)
    assert f"Kafka ({told.servers}) did not do that: " in said
    assert "replication" in said.lower()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_no_broker(tmp_path: Path) -> None:
    """Who does not answer, and no traceback."""
    told = Told(tmp_path, f"127.0.0.1:{free_port()}")
    said = told.made.said("topics", "check", code=1)
    assert f"Kafka ({told.servers}) did not do that: " in said
    assert "Traceback" not in said
    # The client leaves sockets open where nobody listens.
    gc.collect()


def test_no_kafka_in_the_settings(tmp_path: Path) -> None:
    """What to write, and where."""
    said = Made(tmp_path).said("topics", "check", code=2)
    assert said == "No Kafka is named: write servers under [kafka] in headwind.toml."

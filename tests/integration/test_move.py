"""``headwind move`` and ``headwind archive``: to Kafka and PostgreSQL, back, and from files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from deploy.commands.move import KEPT
from deploy.commands.replay import COMPARED, difference
from deploy.servers.kafka import Kafka
from deploy.servers.postgresql import Postgresql
from models import tables
from models.settings import Settings
from models.store import open_store
from streams.catalogue import allowed
from streams.runner import Runner
from streams.worker.history import partitions
from tests.integration.cluster import Cluster
from tests.integration.made_store import Made, flat
from tests.integration.records import headwind
from tests.integration.test_distributed import ALL, FALLS, counts
from tests.unit.events_made import BEGIN, DAY

AGENCIES = {"parks": "green", "roads": "green", "water": "blue"}
SETTINGS = "[agencies]\n" + "".join(
    f'{name} = {{ group = "{group}" }}\n' for name, group in AGENCIES.items()
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """One process and one file: two loads of three agencies, a refusal, keys, a silence."""
    one = Made(tmp_path_factory.mktemp("file"), SETTINGS)
    for name in AGENCIES:
        one.told("keys", "issue", "--agency", name)
    for name in AGENCIES:
        one.load(name, counts(0, FALLS).splitlines(), BEGIN + FALLS * DAY)
    for name in AGENCIES:
        one.load(name, counts(FALLS, ALL).splitlines(), BEGIN + ALL * DAY)
    again = counts(0, 2).replace(b'"started":', b'"started":1').splitlines()
    one.load("parks", again, BEGIN + ALL * DAY, code=1)
    one.told("silence", "--agency", "parks", "--for", "3d", "--why", "works")
    return one


@pytest.fixture
def cluster(kafka: Kafka, postgresql: Postgresql, tmp_path: Path) -> Iterator[Cluster]:
    """A monitor of its own on the servers."""
    with closing(Cluster(kafka, postgresql, tmp_path, SETTINGS, parts=3)) as one:
        yield one


def assert_same(old: Engine, new: Engine) -> None:
    """Every result, floats by their bits, and all that does not follow from the log."""
    with old.connect() as mine, new.connect() as other:
        for table in (*COMPARED, *KEPT):
            assert difference(mine, other, table, alone=False) is None, table.name
        for table in (tables.value, tables.alert, tables.api_key, tables.silence, tables.refused):
            assert mine.execute(select(func.count()).select_from(table)).scalar_one(), table.name


def test_there_and_back(made: Made, cluster: Cluster) -> None:
    """Results, keys, quarantine and silences are the same in all three places."""
    here = open_store(str(made.store))
    config = str(cluster.config)
    move = ("move", cluster.store, "--store", str(made.store), "--config", config)
    assert " records would go to " in cluster.run(*move, "--dry-run")
    assert not any(end for _, end in partitions(cluster.kafka).values())
    assert "Start workers" in cluster.run(*move)
    said = refused(2, *move)
    assert "the topics hold events already; name others with prefix under [kafka]" in said
    cluster.start()
    cluster.settle()
    assert_same(here, cluster.database)
    assert "Equal" in cluster.command("replay", "--check")
    back = cluster.folder / "back.db"
    assert "headwind serve evaluates" in cluster.command("move", str(back))
    there = open_store(str(back))
    alone = Settings.load(made.folder / "headwind.toml")
    runner = Runner(there, alone, allowed(alone.privacy))
    runner.start()
    runner.drain()
    assert_same(here, there)
    full = refused(1, "move", str(back), "--store", cluster.store, "--config", config)
    assert "is not empty; name a store that is" in full
    for one in (here, there):
        one.dispose()


def refused(code: int, *arguments: str) -> str:
    """What a command in a process of its own says when it ends with this code."""
    done = headwind(*arguments)
    assert done.returncode == code, done.stdout + done.stderr
    return flat(done.stderr)


def test_an_archive_of_a_file(made: Made) -> None:
    """Written, folded anew, compared; a line that is damaged is named, and so is what is none."""
    folder = made.folder / "archive"
    said = made.told("archive", str(folder))
    assert "events-0000.jsonl.zst" in said
    assert "Equal" in made.told("replay", "--archive", str(folder))
    path = folder / "events-0000.jsonl.zst"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    damaged = made.run("replay", "--archive", str(folder))
    assert damaged.returncode == 1
    assert "events-0000.jsonl.zst" in damaged.stderr
    assert "cannot be read" in damaged.stderr
    none = made.said("replay", "--archive", str(made.folder / "nothing"), code=1)
    assert "holds no archive; make one with headwind archive" in none


def test_an_archive_of_kafka(made: Made, cluster: Cluster) -> None:
    """A file a partition; folded anew it gives what the workers gave."""
    cluster.run("move", cluster.store, "--store", str(made.store), "--config", str(cluster.config))
    cluster.start()
    cluster.settle()
    folder = cluster.folder / "archive"
    lines = cluster.command("archive", str(folder)).splitlines()
    assert len(lines) == 3
    events = sum(int(line.split()[-2].replace(",", "")) for line in lines)
    assert events >= len(AGENCIES) * ALL
    assert "Equal" in cluster.command("replay", "--archive", str(folder))

"""Real and invented records through workers: what one process makes of them, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from deploy.servers.kafka import Kafka
from deploy.servers.postgresql import Postgresql
from models.kafka import DAY_MS
from models.log import read
from models.record import Record
from models.store import open_store
from streams.stand import EVENTS
from tests.integration.cluster import Cluster
from tests.integration.records import SETTINGS, Records
from tests.integration.test_workers import Alone, assert_same, cut

BEGUN_MS, LAST_MS = 90 * DAY_MS, 12 * DAY_MS
"""Of the demo's log: in the first days each agency is heard for the first time; by the last ones
it is known of a feed that it has fallen silent, and the others still report by day and by week."""


@pytest.mark.parametrize("name", ["gp", "mobility", "vancouver"])
def test_real_records_give_the_same_answer(
    name: str,
    kafka: Kafka,
    postgresql: Postgresql,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """Areas by the month, units and calls by the day: 23 agencies on two workers, and one on one."""
    loaded: Records = request.getfixturevalue(name)
    mine = lived(loaded.store, SETTINGS)
    try:
        compare(mine, [mine.records], Cluster(kafka, postgresql, tmp_path, mine.settings), 2)
    finally:
        mine.store.dispose()


@pytest.fixture(scope="module")
def demo(demo_store: Path) -> Iterator[Alone]:
    """Three invented years of four agencies, as one process lived them."""
    mine = lived(demo_store, demo_store.with_suffix(".toml"))
    yield mine
    mine.store.dispose()


@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_the_demo_gives_the_same_answer(
    workers: int, demo: Alone, kafka: Kafka, postgresql: Postgresql, tmp_path: Path
) -> None:
    """A past of three years, caught up at once: as it was sent, and in batches cut at random.

    Longer than retention: partitions that are caught up one after the other must not lose what
    their groups have to say of the beginning.
    """
    records = cut(demo.records, Random(workers)) if workers > 2 else demo.records
    # The group counts an agency from its first word on, and closes what waited for one that fell
    # silent at the next word of another: so these two are heard in their order.
    begun = _until(records, records[0].received + BEGUN_MS)
    last = _until(records, records[-1].received - LAST_MS)
    portions = [records[:begun], records[begun:last], records[last:]]
    compare(demo, portions, Cluster(kafka, postgresql, tmp_path, demo.settings), workers)


def _until(records: list[Record], moment: int) -> int:
    """How many were received by then."""
    return sum(one.received <= moment for one in records)


def lived(path: Path, settings: Path) -> Alone:
    """What one process made in a store, with its log."""
    store = open_store(str(path), make=False)
    with store.connect() as connection:
        records = read(connection, EVENTS, 0, 1 << 30)
    return Alone(store, records, settings.read_text())


def compare(mine: Alone, portions: list[list[Record]], cluster: Cluster, workers: int) -> None:
    """Send the log of a store to workers, a portion after the other; compare what they make of it."""
    try:
        for _ in range(workers):
            cluster.start()
        for portion in portions:
            cluster.send(portion)
            cluster.settle()
        assert_same(mine, cluster)
    finally:
        cluster.close()

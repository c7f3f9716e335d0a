"""Real records through workers: what one process makes of them, row by row."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.servers.kafka import Kafka
from deploy.servers.postgresql import Postgresql
from models.log import read
from models.store import open_store
from streams.stand import EVENTS
from tests.integration.cluster import Cluster
from tests.integration.records import SETTINGS, Records
from tests.integration.test_workers import Alone, assert_same


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
    compare(loaded.store, SETTINGS, Cluster(kafka, postgresql, tmp_path, SETTINGS.read_text()))


def compare(path: Path, settings: Path, cluster: Cluster) -> None:
    """Send the log of a store to two workers, and compare what they make of it."""
    store = open_store(str(path), make=False)
    with store.connect() as connection:
        records = read(connection, EVENTS, 0, 1 << 30)
    mine = Alone(store, records, settings.read_text())
    try:
        cluster.start()
        cluster.start()
        cluster.send(records)
        cluster.settle()
        assert_same(mine, cluster)
    finally:
        cluster.close()
        store.dispose()

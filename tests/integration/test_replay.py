"""``headwind replay --check`` over the stores that loads of the real records leave."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.records import Records


@pytest.mark.parametrize("name", ["boston", "vancouver", "gp", "permits", "govuk", "mobility"])
def test_replay_is_equal(request: pytest.FixtureRequest, name: str) -> None:
    """Folding the log anew gives every value, signal, alert and count that stands."""
    records: Records = request.getfixturevalue(name)
    done = records.run("replay", "--check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Equal" in done.stdout
    assert "expected" in done.stdout
    assert "differs" not in done.stdout


def test_replay_finds_a_changed_value(permits: Records, tmp_path: Path) -> None:
    """One value that somebody changed, by the last bit, makes the check fail and names its row."""
    store = tmp_path / "changed.db"
    shutil.copy(permits.store, store)
    with closing(sqlite3.connect(store)) as connection, connection:
        changed = connection.execute(
            "UPDATE value SET value = value * (1 + 1e-15) WHERE indicator = 'waiting' "
            "AND agency = 'nl' AND service = '' AND latest AND window_end = "
            "(SELECT MAX(window_end) FROM value WHERE indicator = 'waiting' AND agency = 'nl' "
            "AND service = '' AND latest AND value IS NOT NULL)"
        )
        assert changed.rowcount == 1
    done = permits._replace(store=store).run("replay", "--check")
    assert done.returncode == 1, done.stdout
    assert "Not equal" in done.stderr
    lines = {line.split()[0]: line for line in done.stdout.splitlines() if line}
    assert "differs at" in lines["value"]
    assert "'indicator': 'waiting'" in lines["value"]
    assert lines["source"].endswith("equal")

"""When ``headwind serve`` does not start: a sentence, an exit code, no server."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from deploy.lock import engine_lock
from models.store import open_store
from models.tables import load
from tests.integration.made_store import Made, flat


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """A folder for a monitor."""
    return Made(tmp_path)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_two_on_one_store(made: Made) -> None:
    """One evaluates a store; the second is told so and ends, and the first goes on."""
    database = open_store(str(made.store))
    with engine_lock(database) as mine:
        assert mine
        said = made.said("serve", "--port", "0", code=1)
    database.dispose()
    assert said == (
        "Store: headwind.db is evaluated by another headwind already. "
        "Stop that one, or use another --store."
    )


@pytest.mark.parametrize("until", ["2026-03-10", "2026-03-11"])
def test_a_demo_on_a_store_that_is_evaluated(made: Made, until: str) -> None:
    """One sentence and no server; neither a finished demo nor an older one is touched."""
    database = open_store(str(made.store))
    row = {"id": "demo 1 2026-03-10T00:00:00+00:00", "file": "demo", "events": 0}
    with database.begin() as connection:
        connection.execute(insert(load), row | {"finished": True, "updated": 1})
    with engine_lock(database) as mine:
        assert mine
        done = made.run("demo", "--once", "--store", "headwind.db", "--until", until, "--port", "0")
        with database.connect() as connection:
            assert connection.execute(select(load.c.id)).scalars().all() == [row["id"]]
    database.dispose()
    assert (done.returncode, done.stdout) == (1, "")
    assert flat(done.stderr) == (
        "Store: headwind.db is evaluated by another headwind already. "
        "Stop that one, or use another --store."
    )
    assert made.store.exists()


def test_a_port_that_is_taken(made: Made, taken: int) -> None:
    """Which port, why, and what to do."""
    assert made.said("serve", "--port", str(taken), code=1) == (
        f"127.0.0.1 port {taken} cannot be listened on (Address already in use): end what holds "
        "it, or name another with --port or --host."
    )


def test_a_port_that_is_none(made: Made) -> None:
    """Ports end at 65535."""
    assert "less than or equal to 65535" in made.said("serve", "--port", "99999", code=2)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "somewhere.invalid"])  # noqa: S104 (refused)
def test_an_open_door_without_keys(made: Made, host: str) -> None:
    """Nobody outside may reach a door to which no key exists."""
    assert made.said("serve", "--host", host, code=2) == (
        f"{host} can be reached from outside, and no key exists. Make one first "
        "(headwind keys issue --agency NAME), or listen on 127.0.0.1."
    )


def test_a_host_that_is_not_this_one(made: Made) -> None:
    """With a key it is tried, and the name is what is wrong."""
    made.told("keys", "issue", "--agency", "parks")
    done = made.run("serve", "--host", "somewhere.invalid")
    assert done.returncode == 1
    assert "somewhere.invalid port 8080 cannot be listened on" in flat(done.stderr)

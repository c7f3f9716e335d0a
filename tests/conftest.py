"""What many tests need: the real records, a browser, and what to do where they are missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from deploy.servers.kafka import Kafka
    from deploy.servers.postgresql import Postgresql

ROOT = Path(__file__).resolve().parents[1]


DISTRIBUTED = {"test_demo_distributed", "test_move", "test_topics", "test_worker_refuses"}
"""Modules in which clients of a broker are made, though not every test starts one."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a broker: it is run by ``make test-distributed``, apart from the rest."""
    for item in items:
        needs = "kafka" in getattr(item, "fixturenames", ())
        if needs or item.path.stem in DISTRIBUTED:
            item.add_marker("distributed")


def missing(what: str) -> NoReturn:
    """A test cannot run here: skipped with the reason, but a failure where CI=true."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(f"{what} (with CI=true this is a failure)")
    pytest.skip(what)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real records: HEADWIND_TEST_DATA, or shared/data beside the checkout."""
    named = os.environ.get("HEADWIND_TEST_DATA", "")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        missing(f"no real records at {folder}; HEADWIND_TEST_DATA names another folder")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    missing("no Chromium here; on Debian: apt-get install chromium")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Engine]:
    """An empty store in a file."""
    from models.store import open_store

    engine = open_store(str(tmp_path / "empty.db"))
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def demo_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's three years in a file, with its settings beside it; tests do not change it."""
    path = tmp_path_factory.mktemp("demo") / "demo.db"
    command = Path(sys.executable).with_name("headwind")
    options = ["--store", str(path), "--port", "0", "--until", "2026-03-10"]
    subprocess.run([command, "demo", "--once", *options], check=True, capture_output=True)
    return path


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgresql]:
    """A running PostgreSQL; ask it for a database of your own.

    It lies apart from pytest's folders: another pytest that starts closes those to its user.
    """
    from deploy.servers import MissingServerError
    from deploy.servers.postgresql import Postgresql

    with tempfile.TemporaryDirectory(prefix="headwind-postgresql-") as folder:
        try:
            server = Postgresql(Path(folder))
        except MissingServerError as error:
            missing(str(error))
        yield server
        server.stop()


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A running Kafka; take topics of your own."""
    from deploy.servers import MissingServerError
    from deploy.servers.kafka import Kafka

    try:
        broker = Kafka(tmp_path_factory.mktemp("kafka"))
    except MissingServerError as error:
        missing(str(error))
    yield broker
    broker.stop()

"""The page over a synthetic store, on a real server on loopback."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from litestar import Litestar
from sqlalchemy import Engine

from dashboards.page import create_page
from tests.integration.synthetic_facts import CATALOGUE, Settings
from tests.integration.synthetic_pipeline import fill_pipeline
from tests.integration.synthetic_store import fill, new_store


@contextmanager
def synthetic(folder: Path, *, injected: bool = True) -> Iterator[Engine]:
    """A filled store, in which one agency has a hostile name unless told otherwise."""
    engine = new_store(folder / "store.db")
    fill(engine, injected=injected)
    with engine.begin() as connection:
        fill_pipeline(connection)
    yield engine
    engine.dispose()


@contextmanager
def served(store: Engine) -> Iterator[str]:
    """The address of the page over a store."""
    app = Litestar(create_page(store, Settings(), CATALOGUE))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()

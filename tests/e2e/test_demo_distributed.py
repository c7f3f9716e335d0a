"""The demo on a Kafka, a PostgreSQL and workers of its own: it is there, and it goes altogether."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import httpx
import psutil
import pytest

from deploy.demo.region import SIMULATED
from deploy.servers import MissingServerError
from deploy.servers.kafka import LIBS
from deploy.servers.postgresql import program
from tests.conftest import missing
from tests.e2e.serving import until
from tests.integration.records import HEADWIND, environment

pytestmark = pytest.mark.slow

ENDS_S = 60.0


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_shows_its_page_and_leaves_nothing(tmp_path: Path, how: signal.Signals) -> None:
    """Ctrl-C, as a terminal sends it to the whole group, in the midst of the three years."""
    try:
        program("postgres")
    except MissingServerError as error:
        missing(str(error))
    if not any(LIBS.glob("kafka_*.jar")):
        missing(f"no Kafka in {LIBS}; with Maven installed: sh tests/servers.sh")
    out = tmp_path / "said"
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    with out.open("wb") as said:
        demo = subprocess.Popen(
            [HEADWIND, "demo", "--distributed", "--port", "0", "--until", "2026-03-10"],
            env=environment() | {"TMPDIR": str(temporary)},
            cwd=tmp_path,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
    try:
        until(lambda: SIMULATED in out.read_text() or demo.poll() is not None)
        url = re.search(r"http://127\.0\.0\.1:\d+", out.read_text())
        assert url, out.read_text()
        until(lambda: "Land" in httpx.get(url[0], timeout=30).text)
        family = psutil.Process(demo.pid).children(recursive=True)
        assert {"java", "postgres"} <= {one.name() for one in family}
        began = time.monotonic()
        os.killpg(demo.pid, how)
        assert demo.wait(ENDS_S) == 0, out.read_text()
        assert "Traceback" not in out.read_text(), out.read_text()
        print(f"ended in {time.monotonic() - began:.1f} s")
        _, left = psutil.wait_procs(family, timeout=10)
        assert left == []
        assert [*temporary.iterdir()] == []
    finally:
        if demo.poll() is None:
            os.killpg(demo.pid, signal.SIGKILL)
            demo.wait(10)

"""A real Prometheus on loopback, as Debian has it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from deploy.servers import free_port
from tests.conftest import missing
from tests.e2e.serving import until

Labels = frozenset[tuple[str, str]]
"""What tells a series from another: its name, as __name__, and its labels."""


class Prometheus:
    """One running Prometheus; blocks that lie in ``storage`` before it starts are its own.

    ``config`` is the text of its prometheus.yml; empty text is a configuration that asks nobody.
    """

    def __init__(self, folder: Path, config: str = "", *, options: Sequence[str] = ()) -> None:
        self.folder = folder
        self.storage = storage_of(folder)
        self.url = f"http://127.0.0.1:{free_port()}"
        found = shutil.which("prometheus")
        if found is None:
            missing("no prometheus here; on Debian: apt-get install prometheus")
        (folder / "prometheus.yml").write_text(config, encoding="utf-8")
        with (folder / "said").open("wb") as said:
            self._process = subprocess.Popen(
                [
                    found,
                    f"--config.file={folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={self.storage}",
                    f"--web.listen-address={self.url.removeprefix('http://')}",
                    *options,
                ],
                stdout=said,
                stderr=subprocess.STDOUT,
            )
        try:
            until(self._is_ready)
        except BaseException:
            self.stop()
            raise

    def _is_ready(self) -> bool:
        assert self._process.poll() is None, self.said()
        try:
            return httpx.get(f"{self.url}/-/ready").is_success
        except httpx.TransportError:
            return False

    def said(self) -> str:
        """What it printed."""
        return (self.folder / "said").read_text(encoding="utf-8")

    def query(self, expr: str, at: float) -> dict[Labels, float]:
        """What an expression is at a moment (s since 1970), by series."""
        found = self._asked("query", query=expr, time=at)
        return {_labels(one): float(one["value"][1]) for one in found}

    def query_range(
        self, expr: str, start: float, end: float, step: float
    ) -> dict[Labels, dict[float, float]]:
        """What it is from ``start`` to ``end`` each ``step`` (s), by series and by moment."""
        found = self._asked("query_range", query=expr, start=start, end=end, step=step)
        return {_labels(one): {at: float(text) for at, text in one["values"]} for one in found}

    def _asked(self, what: str, **parameters: str | float) -> list[dict[str, Any]]:
        answer = httpx.post(f"{self.url}/api/v1/{what}", data=parameters, timeout=60).json()
        assert answer["status"] == "success", answer
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(30)


def storage_of(folder: Path) -> Path:
    """Where a Prometheus of this folder keeps its blocks."""
    return folder / "data"


def _labels(one: dict[str, Any]) -> Labels:
    return frozenset(one["metric"].items())

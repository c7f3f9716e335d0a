"""``headwind serve`` as a process of its own, with the real clock or with one turned by hand."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.records import HEADWIND

PATIENCE_S = 120.0

TURNED = """
import sys
from pathlib import Path
from deploy.commands import serve
clock = Path(sys.argv.pop(1))
serve.now = lambda: int(clock.read_text())
from deploy.cli import main
main()
"""
"""The command as it is, but for its clock, which stands in a file: months pass in seconds."""

Labels = frozenset[tuple[str, str]]


class TurnedClock:
    """A clock in a file; ms since the epoch."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def set(self, now: int) -> None:
        """Turn it; a reader sees the old time or the new one, never half of a number."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text(str(now), encoding="ascii")
        fresh.replace(self.file)


class Serving:
    """A running monitor over one store; ``url`` is what it said when it was up."""

    def __init__(
        self,
        store: Path | str,
        config: Path,
        clock: TurnedClock | None = None,
        said: Path | None = None,
    ) -> None:
        command: list[str | Path] = [HEADWIND]
        if clock is not None:
            command = [sys.executable, "-c", TURNED, clock.file]
        self._said = said or Path(store).with_suffix(".said")
        with self._said.open("wb") as out:
            self.process = subprocess.Popen(
                [*command, "serve", "--store", store, "--config", config],
                env=os.environ | {"COLUMNS": "500"},
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        try:
            self.url = self._address()
        except AssertionError:
            self.process.kill()
            raise

    @property
    def said(self) -> str:
        """Everything that it printed."""
        return self._said.read_text(encoding="utf-8")

    def _address(self) -> str:
        until(lambda: "Metrics" in self.said or self.process.poll() is not None)
        # Not at the beginning of a line: what is logged meanwhile may still lack its end.
        found = re.search(r"Page +(\S+)/$", self.said, re.MULTILINE)
        assert found, self.said
        return found[1]

    def page(self, path: str) -> str:
        """The HTML at a path."""
        answer = httpx.get(self.url + path, timeout=PATIENCE_S)
        assert answer.status_code == 200, (path, answer.text)
        return answer.text

    def metrics(self) -> dict[str, dict[Labels, float]]:
        """Every sample of ``/metrics`` by its name and labels."""
        found: dict[str, dict[Labels, float]] = {}
        text = httpx.get(f"{self.url}/metrics", timeout=PATIENCE_S).text
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                labels = frozenset(sample.labels.items())
                found.setdefault(sample.name, {})[labels] = sample.value
        return found

    def settled(self) -> bool:
        """Whether everything sent is evaluated, and everything decided delivered."""
        now = self.metrics()
        waiting = [*now["headwind_lag_records"].values()]
        return not any([*waiting, *now.get("headwind_outbox_pending", {}).values()])

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal and wait for the end; what the process ended with."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(PATIENCE_S)


def until(holds: Callable[[], bool]) -> None:
    """Wait until it holds; an error after a minute."""
    for _ in _looks():
        if holds():
            return
    message = f"never came true: {holds}"
    raise AssertionError(message)


def _looks() -> Iterator[None]:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        yield
        time.sleep(0.05)

"""A real Alertmanager on loopback, with the configuration that is shipped, made quick."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from deploy.servers import free_port
from tests.conftest import ROOT, missing
from tests.e2e.serving import until

SHIPPED = ROOT / "deploy" / "alertmanager" / "alertmanager.yml"
QUICK = {"group_wait": "1s", "group_interval": "1s"}
"""Waits of the shipped configuration that tests need not sit through."""


def program(*names: str) -> str:
    """The path of the first of these programs that is there."""
    found = next(filter(None, map(shutil.which, names)), "")
    if not found:
        package = "prometheus" if "promtool" in names else "prometheus-alertmanager"
        missing(f"no {names[0]} here; on Debian: apt-get install {package}")
    return found


class Alertmanager:
    """One running Alertmanager, whose receivers all are one listener."""

    def __init__(self, folder: Path, receivers: str) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        config = SHIPPED.read_text(encoding="utf-8").replace("http://127.0.0.1:5001", receivers)
        for name, text in QUICK.items():
            config = re.sub(rf"{name}: \S+", f"{name}: {text}", config)
        (folder / "alertmanager.yml").write_text(config, encoding="utf-8")
        with (folder / "said").open("wb") as said:
            self._process = subprocess.Popen(
                [
                    program("prometheus-alertmanager", "alertmanager"),
                    f"--config.file={folder / 'alertmanager.yml'}",
                    f"--storage.path={folder / 'data'}",
                    f"--web.listen-address={self.url.removeprefix('http://')}",
                    "--cluster.listen-address=",
                ],
                stdout=said,
                stderr=subprocess.STDOUT,
            )
        until(self._is_ready)

    def _is_ready(self) -> bool:
        assert self._process.poll() is None, "it has ended"
        try:
            return httpx.get(f"{self.url}/-/ready").is_success
        except httpx.TransportError:
            return False

    def take(self, at: datetime, minutes: int, **labels: str) -> None:
        """Hear of an alert as from a Prometheus; with 0 minutes, that it is over."""
        ends = at + timedelta(minutes=minutes)
        body = [{"labels": labels, "startsAt": at.isoformat(), "endsAt": ends.isoformat()}]
        httpx.post(f"{self.url}/api/v2/alerts", json=body).raise_for_status()

    def alerts(self, **labels: str) -> list[dict[str, Any]]:
        """What it takes to be open, with these labels, inhibited or not."""
        matchers = [f'{name}="{text}"' for name, text in labels.items()]
        answer = httpx.get(f"{self.url}/api/v2/alerts", params={"filter": matchers})
        found: list[dict[str, Any]] = answer.json()
        return found

    def groups(self) -> list[dict[str, Any]]:
        """What it shows, in its groups."""
        found: list[dict[str, Any]] = httpx.get(f"{self.url}/api/v2/alerts/groups").json()
        return found

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(30)

"""Real servers on loopback, for the demo and for tests: started here, kept in a folder, ended."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


class MissingServerError(Exception):
    """A program is not on this machine; the message says which, and how it gets here."""


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def started(command: Sequence[str], folder: Path, **more: Any) -> subprocess.Popen[bytes]:
    """A server's process; what it says is added to the file ``said`` in its folder.

    In a group of its own: Ctrl-C is for whoever started it, who ends it in its turn.
    """
    with (folder / "said").open("ab") as said:
        return subprocess.Popen(
            command, stdout=said, stderr=subprocess.STDOUT, process_group=0, **more
        )


def alive(process: subprocess.Popen[bytes] | None, folder: Path) -> None:
    """Raises MissingServerError, with what it said last, where a server has ended."""
    if process is None or process.poll() is not None:
        raise MissingServerError((folder / "said").read_text()[-2000:])


def wait_for(ready: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until a server is ready. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)

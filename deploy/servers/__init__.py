"""Real servers on loopback, for the demo and for tests: started here, kept in a folder, ended."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable


class MissingServerError(Exception):
    """A program is not on this machine; the message says which, and how it gets here."""


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def wait_for(ready: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until a server is ready. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)

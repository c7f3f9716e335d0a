"""How much memory many open items take: requests that are opened and never closed."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]


class Held(NamedTuple):
    """Peak resident memory in MB of a process that holds so many open items."""

    peak: float


def open_items(count: int) -> Held:
    """Measured in a process of its own."""
    answer = subprocess.run(
        [sys.executable, "-m", "tests.bench.open_items", str(count)],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return Held(float(answer.stdout))


def hold(count: int) -> float:
    """Fold ``count`` openings, a day's worth of 10,000 at a time; peak memory in MB."""
    from models.record import Record
    from models.settings import Settings
    from streams.catalogue import catalogue
    from streams.engine import Engine

    engine = Engine(Settings(), catalogue())
    start_ms, day_ms, a_day = 1_704_067_200_000, 86_400_000, 10_000
    for first in range(0, count, 500):
        lines = [_opened(i, start_ms + i * day_ms // a_day) for i in range(first, first + 500)]
        body = b"\n".join(lines) + b"\n"
        record = Record(
            agency="harbour", received=1 << 41, kind="events", events=500, body=body, position=1
        )
        engine.apply([record])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _opened(number: int, ms: int) -> bytes:
    from datetime import UTC, datetime

    at = datetime.fromtimestamp(ms / 1000, UTC).isoformat()
    return (
        f'{{"specversion":"1.0","id":"o{number}","source":"casework","time":"{at}",'
        f'"type":"headwind.service.request.opened.v1","data":{{"request":"r{number}",'
        f'"service":"permits","channel":"web","due":"2027-01-01T00:00:00Z"}}}}'
    ).encode()


if __name__ == "__main__":
    sys.stdout.write(f"{hold(int(sys.argv[1]))}\n")

"""``make bench``: how fast Headwind is and how much it holds, measured on this machine.

Every line says what ran and how often. The figures are of whole processes where that is what
a user waits for. Compare ratios of one run, not digits of two.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.bench.open_items import open_items
from tests.bench.profile import profile

ROOT = Path(__file__).resolve().parents[2]


class Run(NamedTuple):
    """What one process cost: wall and CPU seconds, and its peak memory in MB."""

    wall: float
    cpu: float
    peak: float


def run(*command: str) -> Run:
    """Run a process to its end and measure it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    if process.returncode and process.stderr is not None:
        raise SystemExit(process.stderr.read().decode())
    del before
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def load(folder: Path, events: int) -> Run:
    """``headwind load`` of a file of so many events into a new store."""
    file = folder / f"{events}.jsonl"
    if not file.exists():
        run(sys.executable, "-m", "tests.bench.generate", str(events), str(file))
    store = folder / f"{events}.db"
    for suffix in ("", "-wal", "-shm", ".lock"):
        Path(f"{store}{suffix}").unlink(missing_ok=True)
    return run(_headwind(), "load", str(file), "--store", str(store))


def _headwind() -> str:
    return str(Path(sys.executable).with_name("headwind"))


def _tell(what: str, events: int, one: Run, start: float) -> None:
    spent = max(one.cpu - start, 1e-9)
    sys.stdout.write(
        f"{what:<44} {events / one.wall:>9,.0f} ev/s wall {events / spent:>9,.0f} ev/s a core "
        f"{spent / events * 1e6:>7.2f} µs/event  peak {one.peak:>6,.0f} MB\n"
    )
    sys.stdout.flush()


def main() -> None:
    """Measure; ``--quick`` leaves out what takes minutes."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100 k and 500 k events only")
    quick = parser.parse_args().quick
    sizes = (100_000, 500_000) if quick else (100_000, 1_000_000, 5_000_000)
    with tempfile.TemporaryDirectory(prefix="headwind-bench-") as name:
        folder = Path(name)
        start = run(_headwind(), "load", "--help").cpu
        sys.stdout.write(f"start of the program {start:.2f} s CPU, taken off below\n")
        costs = []
        for events in sizes:
            one = load(folder, events)
            costs.append((one.cpu - start) / events)
            _tell(f"NDJSON file → 12 indicators, durable, {events:,}", events, one, start)
        change = costs[-1] / costs[0] - 1
        sys.stdout.write(f"cost per event, {sizes[-1]:,} against {sizes[0]:,}: {change:+.0%}\n")
        held = 100_000 if quick else 1_000_000
        rows = open_items(held)
        sys.stdout.write(f"{held:,} open items: {rows.peak:,.0f} MB resident at most\n")
        demo = run(_headwind(), "demo", "--once", "--store", str(folder / "demo.db"), "--port", "0")
        sys.stdout.write(f"headwind demo --once: {demo.wall:.1f} s, peak {demo.peak:,.0f} MB\n")
        profile(folder / f"{sizes[0]}.jsonl", folder / "profile.db")


if __name__ == "__main__":
    main()

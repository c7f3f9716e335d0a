"""Where the time of a load goes, by the part of the way an event is on."""

from __future__ import annotations

import cProfile
import pstats
import sys
from pathlib import Path

PARTS = {
    "check at the door": ("models/check.py", "check"),
    "decode, dedupe": ("streams/agency.py", "admit"),
    "columns": ("streams/facts.py", "prepare"),
    "items and panes": ("streams/folding.py", "_apply"),
    "buckets: measure, judge, watch": ("streams/engine.py", "_close"),
    "groups": ("streams/runner.py", "_groups"),
    "write results": ("streams/store.py", "write"),
    "write the log": ("connectors/_publish.py", "publish"),
}


def profile(file: Path, store: Path) -> None:
    """Load a file under the profiler and print the share of each part."""
    from deploy.cli import app

    sys.argv = ["headwind"]
    profiler = cProfile.Profile()
    profiler.enable()
    app(["load", str(file), "--store", str(store)], standalone_mode=False)
    profiler.disable()
    stats = pstats.Stats(profiler)
    total = float(stats.total_tt)  # type: ignore[attr-defined]
    sys.stdout.write("where the time goes (cumulative, under the profiler):\n")
    for part, (path, function) in PARTS.items():
        spent = sum(
            row[3]
            for (where, _, name), row in stats.stats.items()  # type: ignore[attr-defined]
            if where.endswith(path) and name == function
        )
        sys.stdout.write(f"  {part:<34} {spent / total:>5.0%}\n")

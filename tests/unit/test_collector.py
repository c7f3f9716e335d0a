"""The garbage collector is told once, in one place, what this program is like."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import ROOT


def test_what_was_made_at_the_start_is_left_alone() -> None:
    """What lives as long as the process is looked at no more, and new objects seldom."""
    code = (
        "import gc; from models.collector import spare; spare(); "
        "print(gc.get_freeze_count() > 1000, gc.get_threshold()[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, text=True
    )
    assert done.stdout.split() == ["True", "100000"]


def test_one_place_tells_it() -> None:
    """Nothing else of the product touches the collector."""
    product = ("models", "streams", "connectors", "dashboards", "deploy")
    files = [file for part in product for file in (ROOT / part).rglob("*.py")]
    told = [file.name for file in files if "import gc" in file.read_text(encoding="utf-8")]
    assert told == ["collector.py"]

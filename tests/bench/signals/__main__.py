"""``make bench-signals``: the tables that say how well the detectors see.

- ``scores``: labelled records (NAB, TCPD), beside what others scored there;
- ``simulate``: run lengths and delays on simulated noise;
- ``findings``: what is known of real records, line by line, found or missed.

Without a name all three. ``scores`` and ``findings`` need records that are not part of the
checkout; HEADWIND_TEST_DATA names their folder. ``--readme`` writes the short tables of the last
two into the README, between their marks.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.bench.signals import findings, shown, simulate
from tests.bench.signals.life import PLANS
from tests.bench.signals.scores import scores

ROOT = Path(__file__).resolve().parents[3]
README = ROOT / "README.md"
PARTS = ("scores", "simulate", "findings")


def main() -> None:
    """Print what was asked for; the exit code is 1 where a finding no longer holds."""
    asked = _asked()
    parts = [asked.part] if asked.part else PARTS
    broken = 0
    for part in parts:
        if part == "scores":
            scores(_records())
        elif part == "simulate":
            plans = {one: PLANS[one] for one in PLANS if asked.rhythm in ("", one)}
            if asked.series:
                plans = {name: one._replace(series=asked.series) for name, one in plans.items()}
            _give(part, shown.SIMULATED[asked.format](simulate.simulate(plans)), asked)
        else:
            report = findings.report(_records(), only=asked.set)
            _give(part, shown.FOUND[asked.format](report), asked)
            broken += len(report.broken)
    sys.exit(1 if broken else 0)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.signals", description=__doc__)
    parser.add_argument("part", nargs="?", choices=PARTS, default="")
    parser.add_argument("--format", choices=("table", "json", "markdown"), default="table")
    parser.add_argument("--rhythm", choices=tuple(PLANS), default="", help="only these buckets")
    parser.add_argument("--series", type=int, default=0, help="simulated series a row")
    parser.add_argument("--set", default="", help="only this set of real records")
    parser.add_argument("--readme", action="store_true", help="write the README's tables")
    asked = parser.parse_args()
    if asked.readme and asked.set:
        parser.error("--readme writes the table of all sets; leave --set out")
    if asked.readme:
        asked.format = "markdown"
    return asked


def _records() -> Path:
    named = os.environ.get("HEADWIND_TEST_DATA", "")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        sys.exit(f"no real records at {folder}; HEADWIND_TEST_DATA names another folder")
    return folder


def _give(part: str, lines: Iterable[str], asked: argparse.Namespace) -> None:
    if not asked.readme:
        _say(lines)
        return
    begin, end = f"<!-- {part}: begin -->", f"<!-- {part}: end -->"
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        sys.exit(f"README.md has no marks {begin} … {end}")
    table = "\n".join(lines)
    README.write_text(f"{before}{begin}\n{table}\n{end}{after}", encoding="utf-8")


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

"""``make bench-signals``: detectors on labelled records, beside what others scored there.

Thresholds are fixed beforehand and the same for every series. The records are not part of the
checkout; HEADWIND_TEST_DATA names their folder.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from tests.bench.signals import nab, ours, tcpd, windowed_gaussian

ROOT = Path(__file__).resolve().parents[3]
TAXI = "realKnownCause/nyc_taxi.csv"

NAB: dict[str, Callable[[nab.NabFile], list[int]]] = {
    "windowedGaussian, re-run": lambda file: windowed_gaussian.detections(file.values),
    "seasonal_z": ours.seasonal_z_on_nab,
}

TCPD: dict[str, Callable[[tcpd.Marked], list[int]]] = {
    "never a change": lambda _: [],
    "seasonal_z": ours.seasonal_z_on_tcpd,
}


def say(line: str = "") -> None:
    """One line of the report."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def nab_table(folder: Path) -> None:
    """Score of every detector on every file, and what was published."""
    files = nab.read(folder)
    windows = sum(len(file.windows) for file in files)
    found = {name: [detect(file) for file in files] for name, detect in NAB.items()}
    scores = {
        name: [nab.raw_score(file, rows) for file, rows in zip(files, each, strict=True)]
        for name, each in found.items()
    }
    say(f"NAB, standard profile, {len(files)} files, {windows} windows (raw score per file)")
    say(f"{'':<62}{'windows':>8}" + "".join(f"{name.split(',')[0]:>18}" for name in NAB))
    for place, file in enumerate(files):
        row = "".join(f"{scores[name][place]:>18.2f}" for name in NAB)
        say(f"  {file.name:<60}{len(file.windows):>8}{row}")
    say()
    say(f"{'':<34}{'standard':>10}{'nyc_taxi':>10}{'false alarms':>14}")
    taxi = next(place for place, file in enumerate(files) if file.name == TAXI)
    for name, each in found.items():
        alarms = sum(nab.false_alarms(*pair) for pair in zip(files, each, strict=True))
        standard = nab.normalised(sum(scores[name]), windows)
        say(f"  {name:<32}{standard:>10.1f}{scores[name][taxi]:>10.2f}{alarms:>14}")
    published = json.loads((folder / "published_scores.json").read_text())
    bars = sorted(((each["standard"], name) for name, each in published.items()), reverse=True)
    say("  published, all 58 files: " + ", ".join(f"{name} {bar:.1f}" for bar, name in bars))
    say("  published, nyc_taxi: relativeEntropy 3.83, ARTime 3.78, numenta 2.44, contextOSE -1.32")
    say()


def tcpd_table(folder: Path) -> None:
    """F1 and covering of every detector on every series, and what was published."""
    series = tcpd.read(folder)
    found = {name: [detect(one) for one in series] for name, detect in TCPD.items()}
    say(f"TCPD, {len(series)} series (F1 with margin 5 / covering / change points found)")
    say(f"{'':<22}" + "".join(f"{name:>22}" for name in TCPD))
    totals: dict[str, list[tuple[float, float]]] = {name: [] for name in TCPD}
    for place, one in enumerate(series):
        cells = ""
        for name in TCPD:
            points = found[name][place]
            f1, cover = tcpd.f1(one.marks, points), tcpd.cover(one.marks, points, len(one.values))
            totals[name].append((f1, cover))
            cells += f"{f'{f1:.3f} / {cover:.3f} / {len(points):>3}':>22}"
        say(f"  {one.name:<20}{cells}")
    cells = ""
    for each in totals.values():
        f1, cover = (sum(column) / len(each) for column in zip(*each, strict=True))
        cells += f"{f'{f1:.3f} / {cover:.3f}      ':>22}"
    say(f"  {'mean':<20}{cells}")
    published = json.loads((folder / "published_scores.json").read_text())
    for kind in ("default_f1_uni_avg", "default_cover_uni_avg"):
        bars = sorted(((bar, name) for name, bar in published[kind].items()), reverse=True)
        say(f"  published {kind}: " + ", ".join(f"{name} {bar:.3f}" for bar, name in bars))
    say()


def main() -> None:
    """Print both tables, or say where the records were looked for."""
    named = os.environ.get("HEADWIND_TEST_DATA", "")
    folder = (Path(named) if named else ROOT.parent / "shared" / "data") / "benchmarks"
    if not folder.is_dir():
        sys.exit(f"no benchmarks at {folder}; HEADWIND_TEST_DATA names the folder above it")
    nab_table(folder / "nab")
    tcpd_table(folder / "tcpd")


if __name__ == "__main__":
    main()

"""Detectors on labelled records, beside what others scored there.

Thresholds are fixed beforehand and the same for every series.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from streams.detection import DETECTORS
from streams.detector import Expecting
from streams.detectors._novelty import Novelty
from streams.detectors._shift import Shift
from tests.bench.signals import nab, ours, tcpd, windowed_gaussian
from tests.bench.signals.left_out import left_out

TAXI = "realKnownCause/nyc_taxi.csv"

NOVELTY_AT = (1.15, 1.2, 1.25, 1.3, 1.35, 1.4, 1.5)
SHIFT_AT = (3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 7.0)
"""Thresholds tried to see how much depends on them; the products' own are among them."""

CATALOGUE: dict[str, Expecting] = {
    name: one for name, one in DETECTORS.items() if isinstance(one, Expecting)
}
"""Those that need an expectation; novelty and shift keep their own history."""

TCPD: dict[str, Callable[[tcpd.Marked], list[int]]] = {
    "never a change": lambda _: [],
    "shift": ours.shift,
    **{name: partial(ours.expecting_on_tcpd, one) for name, one in CATALOGUE.items()},
}

Found = list[list[int]]


def say(line: str = "") -> None:
    """One line of the report."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def nab_table(folder: Path) -> None:
    """Score of every detector on every file, and what was published."""
    files = nab.read(folder)
    watched = [ours.novelty(file) for file in files]
    found: dict[str, Found] = {
        "windowedGaussian": [windowed_gaussian.detections(file.values) for file in files],
        "novelty": [ours.events(one) for one in watched],
    }
    for name, one in CATALOGUE.items():
        found[name] = [ours.expecting_on_nab(one, file) for file in files]
    scores = {name: _nab_scores(files, each) for name, each in found.items()}
    windows = sum(len(file.windows) for file in files)
    say(f"NAB, standard profile, {len(files)} files, {windows} windows (raw score per file)")
    say(f"{'':<62}{'windows':>8}" + "".join(f"{name:>18}" for name in found))
    for place, file in enumerate(files):
        row = "".join(f"{scores[name][place]:>18.2f}" for name in found)
        say(f"  {file.name:<60}{len(file.windows):>8}{row}")
    say()
    say(f"{'':<40}{'standard':>10}{'nyc_taxi':>10}{'false alarms':>14}")
    for name, each in found.items():
        _nab_line(name, files, scores[name], each)
    published = json.loads((folder / "published_scores.json").read_text())
    bars = sorted(((each["standard"], name) for name, each in published.items()), reverse=True)
    say("  published, all 58 files: " + ", ".join(f"{name} {bar:.1f}" for bar, name in bars))
    say("  published, nyc_taxi: relativeEntropy 3.83, ARTime 3.78, numenta 2.44, contextOSE -1.32")
    say(f"novelty by threshold ({Novelty.threshold} is the product's)")
    tried = {at: [ours.events(one, at) for one in watched] for at in NOVELTY_AT}
    by_threshold = {at: _nab_scores(files, each) for at, each in tried.items()}
    for at, each in tried.items():
        _nab_line(f"at {at}", files, by_threshold[at], each)
    _nab_line("threshold chosen on the other files", files, left_out(by_threshold), None)
    say()


def _nab_scores(files: Sequence[nab.NabFile], found: Found) -> list[float]:
    return [nab.raw_score(file, rows) for file, rows in zip(files, found, strict=True)]


def _nab_line(
    name: str, files: Sequence[nab.NabFile], scores: Sequence[float], found: Found | None
) -> None:
    windows = sum(len(file.windows) for file in files)
    taxi = next(place for place, file in enumerate(files) if file.name == TAXI)
    alarms = ""
    if found is not None:
        alarms = str(sum(nab.false_alarms(*pair) for pair in zip(files, found, strict=True)))
    standard = nab.normalised(sum(scores), windows)
    say(f"  {name:<38}{standard:>10.1f}{scores[taxi]:>10.2f}{alarms:>14}")


def tcpd_table(folder: Path) -> None:
    """F1 and covering of every detector on every series, and what was published."""
    series = tcpd.read(folder)
    say(f"TCPD, {len(series)} series (F1 with margin 5 / covering / change points found)")
    say(f"{'':<22}" + "".join(f"{name:>22}" for name in TCPD))
    found = {name: [detect(one) for one in series] for name, detect in TCPD.items()}
    scores = {name: _tcpd_scores(series, each) for name, each in found.items()}
    for place, one in enumerate(series):
        cells = ""
        for name in TCPD:
            f1, cover = scores[name][0][place], scores[name][1][place]
            cells += f"{f'{f1:.3f} / {cover:.3f} / {len(found[name][place]):>3}':>22}"
        say(f"  {one.name:<20}{cells}")
    means = (" / ".join(f"{_mean(each):.3f}" for each in scores[name]) for name in TCPD)
    say(f"  {'mean':<20}" + "".join(f"{f'{mean}      ':>22}" for mean in means))
    published = json.loads((folder / "published_scores.json").read_text())
    for kind in ("default_f1_uni_avg", "default_cover_uni_avg"):
        bars = sorted(((bar, name) for name, bar in published[kind].items()), reverse=True)
        say(f"  published {kind}: " + ", ".join(f"{name} {bar:.3f}" for bar, name in bars))
    say(f"shift by threshold ({Shift.threshold} is the product's)")
    tried = {at: _tcpd_scores(series, [ours.shift(one, at) for one in series]) for at in SHIFT_AT}
    for at, (f1s, covers) in tried.items():
        say(f"  {f'at {at}':<38}{_mean(f1s):.3f} / {_mean(covers):.3f}")
    f1 = _mean(left_out({at: each[0] for at, each in tried.items()}))
    cover = _mean(left_out({at: each[1] for at, each in tried.items()}))
    say(f"  {'threshold chosen on the other series':<38}{f1:.3f} / {cover:.3f}")
    say()


def _tcpd_scores(series: Sequence[tcpd.Marked], found: Found) -> tuple[list[float], list[float]]:
    pairs = list(zip(series, found, strict=True))
    f1s = [tcpd.f1(one.marks, points) for one, points in pairs]
    return f1s, [tcpd.cover(one.marks, points, len(one.values)) for one, points in pairs]


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers)


def scores(data: Path) -> None:
    """Print both tables from the folder of real records."""
    nab_table(data / "benchmarks" / "nab")
    tcpd_table(data / "benchmarks" / "tcpd")

"""Scoring of the Numenta Anomaly Benchmark, standard profile (Lavin and Ahmad 2015).

A detection inside a window earns the more the earlier it comes, and only the first of a window
counts; a window without one costs 1; a detection outside costs up to 0.11, less shortly behind a
window. What happens in the first 15 % of a file (750 rows at most) is not looked at.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from math import exp, floor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FALSE_POSITIVE = 0.11
FALSE_NEGATIVE = 1.0


class NabFile(NamedTuple):
    """One series; ``windows`` holds the first and the last row of each window."""

    name: str
    times: list[datetime]
    values: NDArray[np.float64]
    windows: list[tuple[int, int]]

    @property
    def probation(self) -> int:
        """Rows at the beginning that are not scored."""
        return probation(len(self.values))


def probation(rows: int) -> int:
    """How many rows a detector may learn from before it is scored."""
    return min(floor(0.15 * rows), 750)


def read(folder: Path) -> list[NabFile]:
    """Every file that windows.json names, in its order."""
    windows = json.loads((folder / "windows.json").read_text())
    return [_file(folder, name, marked) for name, marked in windows.items()]


def _file(folder: Path, name: str, marked: Sequence[Sequence[str]]) -> NabFile:
    with gzip.open(folder / f"{name}.gz", "rt") as lines:
        rows = [line.rstrip("\n").split(",") for line in list(lines)[1:]]
    times = [datetime.fromisoformat(time) for time, _ in rows]
    values = np.array([float(value) for _, value in rows])
    ends = [[times.index(datetime.fromisoformat(end)) for end in one] for one in marked]
    return NabFile(name, times, values, [(first, last) for first, last in ends])


def scaled_sigmoid(position: float) -> float:
    """1 far before the end of a window, 0 at its end, -1 far behind."""
    return -1.0 if position > 3.0 else 2.0 / (1.0 + exp(5.0 * position)) - 1.0


def raw_score(file: NabFile, detections: Iterable[int]) -> float:
    """The score of one file, from the rows at which something was detected."""
    hits = [-FALSE_NEGATIVE] * len(file.windows)
    false = 0.0
    for row in sorted(set(detections)):
        if row < file.probation:
            continue
        inside = [place for place, (first, last) in enumerate(file.windows) if first <= row <= last]
        if inside:
            hits[inside[0]] = max(hits[inside[0]], _reward(*file.windows[inside[0]], row))
        else:
            false += FALSE_POSITIVE * _penalty(file.windows, row)
    return sum(hits) + false


def normalised(raw: float, windows: int) -> float:
    """0 for a detector that says nothing, 100 for a perfect one."""
    return 100.0 * (raw + windows * FALSE_NEGATIVE) / (windows * (1.0 + FALSE_NEGATIVE))


def false_alarms(file: NabFile, detections: Iterable[int]) -> int:
    """How many scored rows outside all windows were called anomalous."""
    return sum(
        row >= file.probation and not any(first <= row <= last for first, last in file.windows)
        for row in set(detections)
    )


def _reward(first: int, last: int, row: int) -> float:
    position = -(last - row + 1) / (last - first + 1)
    return scaled_sigmoid(position) / scaled_sigmoid(-1.0)


def _penalty(windows: Sequence[tuple[int, int]], row: int) -> float:
    before = [window for window in windows if window[1] < row]
    if not before:
        return -1.0
    first, last = before[-1]
    return scaled_sigmoid((row - last) / (last - first))

"""Scoring of the Turing Change Point Dataset (van den Burg and Williams 2020).

Several people marked each series, and they do not agree. Precision asks whether a change point
was marked by anybody, recall is the mean over the annotators, and the start of a series counts
as a change point that everybody has found. Covering compares the segments.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Iterable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MARGIN = 5

Marks = list[list[int]]


class Marked(NamedTuple):
    """One series, the marks of each annotator, and the period of its season in rows (1: none)."""

    name: str
    values: NDArray[np.float64]
    marks: Marks
    period: int


class Baseline(NamedTuple):
    """What "no change, ever" scores."""

    f1: float
    cover: float


def read(folder: Path) -> list[Marked]:
    """Every series that annotations.json names."""
    annotations = json.loads((folder / "annotations.json").read_text())
    return [_series(folder, name, marks) for name, marks in annotations.items()]


def _series(folder: Path, name: str, marks: dict[str, list[int]]) -> Marked:
    held = json.loads((folder / f"{name}.json").read_text())
    monthly = held["time"].get("format") == "%Y-%m"
    values = np.array(held["series"][0]["raw"], dtype=np.float64)
    return Marked(name, values, list(marks.values()), 12 if monthly else 1)


def silent(folder: Path) -> dict[str, Baseline]:
    """The recorded scores of a detector that never finds anything, by series."""
    with (folder / "baseline_scores.csv").open() as lines:
        return {
            row["name"]: Baseline(float(row["zero_f1"]), float(row["zero_cover"]))
            for row in csv.DictReader(lines)
        }


def f1(marks: Marks, found: Iterable[int], margin: int = MARGIN) -> float:
    """The harmonic mean of precision against all marks and mean recall over annotators."""
    ours = {0, *found}
    everybody = {0}.union(*marks)
    precision = _matched(everybody, ours, margin) / len(ours)
    each = [{0, *one} for one in marks]
    recall = sum(_matched(one, ours, margin) / len(one) for one in each) / len(each)
    return 2 * precision * recall / (precision + recall)


def _matched(true: Collection[int], found: Collection[int], margin: int) -> int:
    """How many true points have one of ours within the margin; each of ours serves once."""
    free = set(found)
    count = 0
    for point in sorted(true):
        near = min(free, key=lambda other: (abs(other - point), other), default=None)
        if near is not None and abs(near - point) <= margin:
            free.remove(near)
            count += 1
    return count


def cover(marks: Marks, found: Iterable[int], rows: int) -> float:
    """How well our segments overlap with those of the annotators, by their length."""
    ours = _segments(found, rows)
    return sum(_covered(_segments(one, rows), ours, rows) for one in marks) / len(marks)


def _segments(points: Iterable[int], rows: int) -> list[tuple[int, int]]:
    bounds = [0, *sorted({point for point in points if 0 < point < rows}), rows]
    return list(pairwise(bounds))


def _covered(true: list[tuple[int, int]], ours: list[tuple[int, int]], rows: int) -> float:
    return (
        sum((end - start) * max(_overlap(start, end, *one) for one in ours) for start, end in true)
        / rows
    )


def _overlap(start: int, end: int, first: int, last: int) -> float:
    common = max(min(end, last) - max(start, first), 0)
    return common / (max(end, last) - min(start, first))

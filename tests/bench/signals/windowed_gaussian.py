"""The windowed Gaussian of the Numenta Anomaly Benchmark, as it was published.

The detector to compare with: the tail probability of a value under a normal distribution fitted
to the last 6,400 values. Window and threshold are the published ones, which were chosen on the
whole benchmark; the per-file scores published for it check detector and scorer at once.
"""

from __future__ import annotations

from math import erfc, sqrt

import numpy as np
from numpy.typing import NDArray

WINDOW, STEP = 6400, 100
THRESHOLD = 1.0 - 5e-13
"""Published is 1.0 for the standard profile, of scores that were stored in twelve digits."""


def detections(values: NDArray[np.float64]) -> list[int]:
    """Rows at which the published detector speaks."""
    found = []
    mean, deviation = 0.0, 1.0
    for row, value in enumerate(values.tolist()):
        if row and 1.0 - 0.5 * erfc(abs(value - mean) / deviation / sqrt(2.0)) >= THRESHOLD:
            found.append(row)
        if row < WINDOW:
            mean, deviation = _fit(values[: row + 1])
        elif (row + 1 - WINDOW) % STEP == 0:
            mean, deviation = _fit(values[row + 1 - WINDOW : row + 1])
    return found


def _fit(values: NDArray[np.float64]) -> tuple[float, float]:
    return float(np.mean(values)), float(np.std(values)) or 1e-6

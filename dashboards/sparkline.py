"""A line the size of a word, as the points of an SVG polyline."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.drawing import Row

WIDTH, HEIGHT, MARGIN = 100.0, 24.0, 2.0


def polylines(rows: Sequence[Row]) -> list[str]:
    """The ``points`` of one polyline for each unbroken stretch, in a box of 100 by 24.

    Time runs evenly from left to right, the lowest value stands at the foot. A stretch of one
    point is drawn as a short dash. No value at all gives no line.
    """
    drawn = [row["value"] for row in rows if row["value"] is not None]
    if not drawn:
        return []
    low, high = min(drawn), max(drawn)
    first, last = rows[0]["window_end"], rows[-1]["window_end"]

    def place(row: Row) -> str:
        x = (row["window_end"] - first) / (last - first) * WIDTH if last > first else WIDTH
        share = (row["value"] - low) / (high - low) if high > low else 0.5
        return f"{x:.1f},{HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN):.1f}"

    stretches: list[list[str]] = [[]]
    for row in rows:
        if row["value"] is None:
            stretches.append([])
        else:
            stretches[-1].append(place(row))
    return [" ".join(points * 2 if len(points) == 1 else points) for points in stretches if points]

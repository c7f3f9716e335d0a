"""What was expected, behind the line: a quiet band, and words where nothing was expected yet."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from dashboards import words

if TYPE_CHECKING:
    from dashboards.drawing import Context, Row

_MOST = 300
"""Buckets drawn one by one; of more, neighbours share the widest of their bounds."""

_MISSING = 4
"""The band goes on over a holiday or two; so many buckets without one break it."""

_ROOM = 0.15
"""A band that leaves the line's own range by more than this share of it is cut there."""

_LATE = 0.7
"""A block that begins later than this share of the time has its word to the left of its end."""


def usual_rows(
    expected: Sequence[Row], rows: Sequence[Row], context: Context
) -> dict[str, list[dict[str, Any]]]:
    """The named data ``usual`` (the band) and ``unwatched`` (the warm-up) behind some values."""
    mine = [row for row in expected if rows and row["rhythm"] == rows[-1]["rhythm"]]
    return {"usual": _band(mine, rows, context), "unwatched": _warming(mine, context)}


def in_words(expected: Sequence[Row], rhythm: str, unit: str) -> dict[int, str]:
    """By the end of a bucket: what was expected of it, or why nothing was."""
    return {
        row["bucket_end"]: row["reason"]
        if row["expected"] is None
        else f"{words.measure(row['expected'], unit)} ({_between(row, unit)})"
        for row in expected
        if row["rhythm"] == rhythm
    }


def _between(row: Row, unit: str) -> str:
    if row["high"] is None:
        return f"not below {words.measure(row['low'], unit)}"
    return words.interval(row["low"], row["high"], unit)


def unwatched_yet(expected: Sequence[Row], rhythm: str) -> str:
    """Why the newest bucket is not watched yet; empty where it is."""
    mine = [row for row in expected if row["rhythm"] == rhythm]
    if not mine or not _is_warming(mine[-1]):
        return ""
    return f"not watched yet: {mine[-1]['reason'].removesuffix(' known')}"


def _is_warming(row: Row) -> bool:
    return row["expected"] is None and row["reason"].endswith(" known")


def _band(mine: Sequence[Row], rows: Sequence[Row], context: Context) -> list[dict[str, Any]]:
    known = [row for row in mine if row["expected"] is not None]
    edges = [row[side] for row in rows for side in ("low", "value", "high")]
    drawn = [edge for edge in edges if edge is not None]
    if not known or not drawn:
        return []
    room = _ROOM * ((max(drawn) - min(drawn)) or abs(max(drawn)) or 1.0)
    least, most = min(drawn) - room, max(drawn) + room
    length = min((b["bucket_end"] - a["bucket_end"] for a, b in pairwise(mine)), default=0)
    found: list[dict[str, Any]] = []
    size = -(-len(known) // _MOST)
    run, before = 0, known[0]["bucket_end"]
    for at in range(0, len(known), size):
        some = known[at : at + size]
        run += some[0]["bucket_end"] - before > _MISSING * length
        before = some[-1]["bucket_end"]
        low = min(row["low"] for row in some)
        high = max(most if row["high"] is None else row["high"] for row in some)
        found.append(
            {
                "t": context.clock.axis(before),
                "lo": min(max(low, least), most),
                "hi": max(min(high, most), least),
                "run": run,
            }
        )
    return found


def _warming(mine: Sequence[Row], context: Context) -> list[dict[str, Any]]:
    """One block over the buckets that were too early to be judged."""
    early = [row for row in mine if _is_warming(row)]
    if not early:
        return []
    scope, clock = context.scope, context.clock
    last = early[-1]
    later = [row for row in mine if row["bucket_end"] > last["bucket_end"]]
    start, end = max(early[0]["bucket_end"], scope.since), last["bucket_end"]
    told = last["reason"].removesuffix(" known")
    word = f"not watched until {clock.date(end)}" if later else f"not watched yet: {told}"
    return [
        {
            "t": clock.axis(start),
            "t2": clock.axis(end),
            "side": "left"
            if start > scope.since + _LATE * (scope.until - scope.since)
            else "right",
            "word": word,
            "reason": f"{word}; before that too little is known to expect anything",
        }
    ]

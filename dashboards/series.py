"""From rows to lines: one rhythm a series, gaps kept, thinned without hiding an extreme."""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, get_args

from models.value import Rhythm

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Row = Mapping[str, Any]

WEEK_MS = 7 * 86_400_000

_FINER = {rhythm: rank for rank, rhythm in enumerate(get_args(Rhythm))}


def one_rhythm(rows: Iterable[Row]) -> dict[tuple[str, str], list[Row]]:
    """Rows by (agency, indicator), each in the rhythm that reaches furthest, finest first.

    An indicator fed by a daily and a monthly source has a series for each; joining them
    would draw a saw.
    """
    found: dict[tuple[str, str], dict[str, list[Row]]] = {}
    for row in rows:
        rhythms = found.setdefault((row["agency"], row["indicator"]), {})
        rhythms.setdefault(row["rhythm"], []).append(row)
    return {
        key: max(rhythms.items(), key=lambda item: (item[1][-1]["window_end"], -_FINER[item[0]]))[1]
        for key, rhythms in found.items()
    }


def standing(rows: Sequence[Row]) -> Row:
    """The row that stands for a series now: its last one.

    Where that counted nothing, as a Sunday on which nobody reports, it is the last of the week
    before it that has a value; whoever shows it says how old it is.
    """
    last = rows[-1]
    if last["value"] is None and not last["n"] and last["status"] == "undefined":
        since = last["window_end"] - WEEK_MS
        for row in reversed(rows):
            if row["window_end"] <= since:
                break
            if row["value"] is not None:
                return row
    return last


def thin(rows: Sequence[Row], most: int) -> list[Row]:
    """At most ``most`` rows: of each run of neighbours the lowest, the highest and one gap.

    Nothing is averaged, so every point drawn is a published value and no peak is lost. The
    last row always stays.
    """
    if len(rows) <= most:
        return list(rows)
    size = -(-len(rows) // ((most - 1) // 3))
    kept: list[Row] = []
    for _, run in groupby(enumerate(rows), key=lambda item: item[0] // size):
        group = [row for _, row in run]
        drawn = [row for row in group if row["value"] is not None]
        chosen = [row for row in group if row["value"] is None][:1]
        if drawn:
            chosen.append(min(drawn, key=lambda row: row["value"]))
            chosen.append(max(drawn, key=lambda row: row["value"]))
        kept += sorted({id(row): row for row in chosen}.values(), key=lambda row: row["window_end"])
    if kept[-1] is not rows[-1]:
        kept.append(rows[-1])
    return kept


def segments(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Runs of one look: ``ok``, ``weak`` (low n or stale) or ``gap`` (no value).

    Neighbouring drawn runs share the point between them, so that a line changes its look
    without breaking; a gap breaks it.
    """
    runs = [(look, list(run)) for look, run in groupby(rows, key=_look)]
    for (look, run), (after, following) in pairwise(runs):
        if "gap" not in {look, after}:
            run.append(following[0])
    return runs


def _look(row: Row) -> str:
    if row["value"] is None:
        return "gap"
    return "ok" if row["status"] == "ok" else "weak"

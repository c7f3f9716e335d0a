"""Declared crises and breaks on a time axis: rules, each with a word, dotted if we found it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dashboards.chart import LANES
from models.mark import SMALL

if TYPE_CHECKING:
    from dashboards.drawing import Context, Row

_NEAR, _LATE = 0.12, 0.85
"""Shares of the time shown: words this near would touch; this late they stand to the left."""

_SAID = {
    "definition": "definition changed",
    "rebase": "new baseline",
    "policy": "remote-work rule",
}
"""What an agency says itself, in words; a crisis has two ends."""

_FOUND = {"composition": "other parts", "scale": "another scale", "rhythm": "another rhythm"}
"""Breaks that the engine finds, in words."""


def breaks_of(rows: list[Row], context: Context) -> list[dict[str, Any]]:
    """One rule for a break, one at each end of a crisis that lies in the time."""
    scope, clock = context.scope, context.clock
    whole = scope.until - scope.since
    edges = sorted(
        (edge for row in rows for edge in _edges(row) if scope.since <= edge[0] <= scope.until),
        key=lambda edge: edge[0],
    )
    found = []
    lane, before = 0, scope.since - whole
    for at, what, row in edges:
        word = "" if row.get("wordless") else what
        if word:
            near = at - before < _NEAR * whole
            lane = lane + 1 if near else 0
            before = at
        if lane >= LANES:
            # One more has no place; what it is stands under the pointer.
            word, lane = "", LANES - 1
        found.append(
            {
                "t": clock.axis(at),
                "word": word,
                "what": what,
                "lane": lane,
                "side": "left" if at > scope.since + _LATE * whole else "right",
                "label": row["label"],
                "found": row["kind"] in _FOUND,
                "when": clock.instant(at),
            }
        )
    return found


def _edges(row: Row) -> list[tuple[int, str, Row]]:
    if row["kind"] in _SAID:
        return [(row["start"], _SAID[row["kind"]], row)]
    evidence = json.loads(row["evidence"])
    if row["kind"] == "composition" and abs(evidence.get("effect", 1.0)) < SMALL:
        return []
    if row["kind"] in _FOUND:
        return [(row["start"], _word(row["kind"], evidence), row)]
    kind = str(evidence.get("kind") or "crisis").replace("_", " ")
    edges = [(row["start"], f"{kind} declared", row)]
    if row["end"] is not None:
        edges.append((row["end"], f"{kind} over", row))
    return edges


def _word(kind: str, evidence: dict[str, Any]) -> str:
    """What was found, in two or three words; which parts they are says the label."""
    if kind != "composition":
        return _FOUND[kind]
    side = "joined" if "joined" in evidence else "left"
    return f"{len(evidence.get(side, []))} {side}"

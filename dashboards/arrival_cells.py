"""Columns about what was sent and became of it: sources, values and their past, log, deliveries."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dashboards import words
from dashboards.cells import NONE, Cell, Part, count, day, instant
from dashboards.drawing import Context, Row

if TYPE_CHECKING:
    from collections.abc import Callable

PARTS = ("accepted", "repeats", "late", "refused")
"""What may become of an event, in the order in which a bar shows it."""

_LEAST = 1.5
"""How wide (%) a part is at least where there is any of it."""

_STAGES = {1: ("events", "by agency"), 2: ("summaries", "by group of agencies")}

STATUSES = {
    "low n": "fewer cases than the minimum: draw no conclusion",
    "undefined": "nothing to compute it from in this window",
    "stale": "what feeds it has gone silent",
    "suppressed": "so few people that it could tell who they are",
    "none yet": "never computed so far",
}
"""How a status is called on the page, and what it means."""

SILENT = {"silent": "a source that said nothing for longer than it may"}
"""The one state of a source that has a word."""

_CALLED = {"low_n": "low n", "absent": "none yet"}


def parts_of(row: Row) -> tuple[Part, ...]:
    """The parts of what a source sent, each wide enough to be seen; none where nothing came."""
    counts = {name: int(row[name] or 0) for name in PARTS}
    total = sum(counts.values())
    wide = {name: max(100 * many / total, _LEAST) for name, many in counts.items() if many}
    if not wide:
        return ()
    largest = max(wide, key=lambda name: wide[name])
    wide[largest] -= sum(wide.values()) - 100
    found, at = [], 0.0
    for name, share in wide.items():
        found.append(Part(name, round(at, 2), round(share, 2)))
        at += share
    return tuple(found)


def _taken(row: Row, _: Context) -> Cell:
    share = row["taken"]
    return Cell("nothing" if share is None else words.measure(share, "share"), bar=parts_of(row))


def _complete(row: Row, context: Context) -> Cell:
    """The watermark of the agency; the source that it waits for says so."""
    if row["complete"] is None:
        return Cell("not known", more="no live source", quiet=True)
    held = row["complete"] == row["last_time"] and not row["stale"]
    return Cell(context.clock.instant(row["complete"]), more="waits for this one" if held else "")


def _window(row: Row, context: Context) -> Cell:
    if row["window_end"] is None:
        return Cell(NONE, quiet=True)
    more = f"told each {row['rhythm']}"
    return Cell(context.clock.period(row["window_start"], row["window_end"]), more=more)


def _coverage(row: Row, _: Context) -> Cell:
    if row["coverage"] is None:
        return Cell(NONE, numeric=True)
    return Cell(f"{words.number(row['coverage'], 'share')}\u00a0%", numeric=True)


def _status(row: Row, _: Context) -> Cell:
    called = _CALLED.get(row["status"], str(row["status"]))
    state = "" if row["status"] == "ok" else called.replace(" ", "-")
    return Cell(called, state=state)


def left_out(detail: str, excluded: tuple[str, ...]) -> tuple[int | None, str]:
    """How many facts a value used, and how many were left out for which reason, in words."""
    told: dict[str, Any] = json.loads(detail or "{}")
    out = [
        f"{words.count(told[word])} {word.replace('_', ' ')}" for word in excluded if word in told
    ]
    return told.get("used"), ", ".join(out)


def _detail(row: Row, context: Context) -> Cell:
    facts = context.facts.get(row["indicator"])
    used, out = left_out(row["left_out"] or "", facts.excluded if facts else ())
    if used is None and not out:
        return Cell(NONE, quiet=True)
    return Cell(
        f"{words.count(used or 0)} used", more=f"left out: {out}" if out else "none left out"
    )


def _revision(row: Row, context: Context) -> Cell:
    if not row["revision"]:
        return Cell("as first told" if row["revision"] == 0 else NONE, quiet=True)
    return Cell(f"revision\u00a0{row['revision']}", more=context.clock.date(row["recorded"]))


def _version(row: Row, _: Context) -> Cell:
    version = row["catalogue_version"]
    return Cell(NONE if version is None else f"version\u00a0{version}")


def _restated(row: Row, _: Context) -> Cell:
    more = f"up to revision\u00a0{row['revision']}"
    return Cell(words.count(row["restated"]), more=more, numeric=True)


def _stage(row: Row, _: Context) -> Cell:
    name, more = _STAGES.get(row["stage"], (f"stage {row['stage']}", ""))
    return Cell(name, more=more)


def _written(row: Row, _: Context) -> Cell:
    if row["written"] is None:
        return Cell("in Kafka", quiet=True, numeric=True)
    return Cell(words.count(row["written"]), numeric=True)


def _behind(row: Row, context: Context) -> Cell:
    """What is not applied yet, and since when it waits."""
    if row["behind"] is None:
        return Cell("see workers", quiet=True, numeric=True)
    since = row["behind_since"]
    more = "" if since is None else words.age(context.now - since)
    return Cell(words.count(row["behind"]), more=more, numeric=True)


def _error(row: Row, _: Context) -> Cell:
    return Cell(row["last_error"] or "none", quiet=not row["last_error"])


CELLS: dict[str, Callable[[Row, Context], Cell]] = {
    "problem": lambda row, _: Cell(row["problem"], more=row["message"]),
    "taken": _taken,
    "repeats": count("repeats"),
    "refused": count("refused"),
    "first_time": day("first_time"),
    "last_received": instant("last_received"),
    "complete": _complete,
    "window_end": _window,
    "coverage": _coverage,
    "status": _status,
    "left_out": _detail,
    "revision": _revision,
    "catalogue_version": _version,
    "restated": _restated,
    "recorded": day("recorded", aged=True),
    "values": count("values"),
    "start": day("start"),
    "end": day("end"),
    "stage": _stage,
    "lanes": count("lanes"),
    "written": _written,
    "applied": count("applied"),
    "behind": _behind,
    "name": lambda row, _: Cell(row["name"]),
    "seen": instant("seen"),
    "channel": lambda row, _: Cell(row["channel"]),
    "told": count("told"),
    "pending": count("pending"),
    "aside": count("aside"),
    "dead": count("dead"),
    "delivered": instant("delivered", "never"),
    "last_error": _error,
    "alerts": count("alerts"),
}
HEADS = {
    "problem": "Why refused",
    "taken": "Taken",
    "repeats": "Repeats",
    "refused": "Refused",
    "first_time": "First event",
    "last_received": "Last came in",
    "complete": "Data complete to",
    "window_end": "Window",
    "coverage": "Coverage",
    "status": "Status",
    "left_out": "Made of",
    "revision": "Revision",
    "catalogue_version": "Formula",
    "restated": "n restated",
    "recorded": "Last restated",
    "values": "n values",
    "start": "First",
    "end": "Last",
    "stage": "Log of",
    "lanes": "Lanes",
    "written": "n written",
    "applied": "n applied",
    "behind": "n behind",
    "name": "Worker",
    "seen": "Last heard",
    "channel": "Receiver",
    "told": "n told",
    "pending": "Pending",
    "aside": "Held back",
    "dead": "Given up",
    "delivered": "Last told",
    "last_error": "Last error",
    "alerts": "n alerts",
}

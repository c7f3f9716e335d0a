"""A plain table; every column has one way of being written, found by its name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from dashboards import words
from dashboards.drawing import Context, Drawn, Row, render

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboards.panel import Panel

_MOST = 12


class Cell(msgspec.Struct, frozen=True):
    """One cell: its words, a quieter second line, a link, and a state that gives an icon."""

    text: str
    more: str = ""
    link: str = ""
    more_link: str = ""
    state: str = ""
    quiet: bool = False
    numeric: bool = False


def draw(panel: Panel, answers: dict[str, list[Row]], context: Context) -> Drawn:
    """Rows are of any shape that has the panel's columns; the first dozen is shown."""
    rows = by_code(answers[""]) if "code" in panel.columns else answers[""]
    if not rows:
        return Drawn(render("kinds/empty.html", panel=panel))
    table = [[_CELLS[name](row, context) for name in panel.columns] for row in rows[:_MOST]]
    heads = [_HEADS[name] for name in panel.columns]
    html = render(
        "kinds/table.html",
        panel=panel,
        heads=heads,
        table=table,
        names=panel.columns,
        left=len(rows) - len(table),
    )
    return Drawn(html)


def by_code(rows: list[Row]) -> list[Row]:
    """Refused events counted by the code of each problem, the most frequent first."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        problems = json.loads(row["problems"])
        for code in {str(problem.get("code", "unknown")) for problem in problems}:
            entry = found.setdefault(
                code, {"code": code, "count": 0, "received": row["received"], "message": ""}
            )
            entry["count"] += 1
            entry["received"] = max(entry["received"], row["received"])
            if not entry["message"]:
                said = [p for p in problems if str(p.get("code", "unknown")) == code]
                entry["message"] = str(said[0].get("message", ""))
    return sorted(found.values(), key=lambda entry: (-entry["count"], entry["code"]))


def _severity(row: Row, _: Context) -> Cell:
    if row["alertname"] == "SourceStale":
        return Cell("silent", state="unknown")
    state = {"critical": "strained", "warning": "watch"}.get(row["severity"], "steady")
    return Cell(words.SEVERITIES.get(str(row["severity"]), str(row["severity"])), state=state)


def _agency(row: Row, context: Context) -> Cell:
    return Cell(context.agency(row["agency"]), link=context.agency_link(row["agency"]))


def _where(row: Row, context: Context) -> Cell:
    """The agency, and under it the part of it."""
    part = " · ".join(row[name] for name in ("unit", "service", "stratum") if row[name])
    return msgspec.structs.replace(_agency(row, context), more=part)


def _indicator(row: Row, context: Context) -> Cell:
    if not row["indicator"]:
        return Cell("all indicators", quiet=True)
    name = context.indicator(row["indicator"])
    return Cell(name, link=context.indicator_link(row["indicator"]))


def _reason(row: Row, _: Context) -> Cell:
    return Cell(words.sentence_of(row["reason"]))


def _story(row: Row, context: Context) -> Cell:
    """The reason, and under it what it is about."""
    scope = context.scope
    about = [] if scope.agency else [context.agency(row["agency"])]
    if row["indicator"]:
        about.append(context.indicator(row["indicator"]))
    about += [row[name] for name in ("unit", "service", "stratum") if row[name]]
    linked = bool(row["indicator"]) and bool(scope.agency)
    link = context.indicator_link if linked else context.agency_link
    name = row["indicator"] if linked else row["agency"]
    return Cell(words.sentence_of(row["reason"]), more=" · ".join(about), more_link=link(name))


def _opened(row: Row, context: Context) -> Cell:
    return Cell(context.clock.date(row["opened"]), more=words.age(context.now - row["opened"]))


def _closed(row: Row, context: Context) -> Cell:
    if row["closed"] is None:
        return Cell("still open")
    return Cell(context.clock.date(row["closed"]))


def _source(row: Row, _: Context) -> Cell:
    state = "unknown" if row["stale"] else ""
    return Cell(row["source"], more="silent" if row["stale"] else "", state=state)


def _last_time(row: Row, context: Context) -> Cell:
    past = context.now - row["last_time"]
    return Cell(context.clock.instant(row["last_time"]), more=words.age(past))


def _count(name: str) -> Callable[[Row, Context], Cell]:
    return lambda row, _: Cell(words.count(row[name]), numeric=True)


def _number(name: str) -> Callable[[Row, Context], Cell]:
    def written(row: Row, context: Context) -> Cell:
        return Cell(words.measure(row[name], context.unit(row["indicator"])), numeric=True)

    return written


def _direction(row: Row, context: Context) -> Cell:
    facts = context.facts.get(row["indicator"])
    way = "\u25b2 higher" if row["direction"] == "up" else "\u25bc lower"
    if facts is None or facts.direction not in {"up", "down"}:
        return Cell(f"{way} than expected")
    meaning = "better" if facts.direction == row["direction"] else "worse"
    return Cell(f"{way} than expected: {meaning}")


_CELLS: dict[str, Callable[[Row, Context], Cell]] = {
    "severity": _severity,
    "agency": _agency,
    "where": _where,
    "indicator": _indicator,
    "reason": _reason,
    "story": _story,
    "opened": _opened,
    "closed": _closed,
    "source": _source,
    "last_time": _last_time,
    "accepted": _count("accepted"),
    "late": _count("late"),
    "code": lambda row, _: Cell(row["code"], more=row["message"]),
    "count": _count("count"),
    "received": lambda row, context: Cell(
        context.clock.instant(row["received"]), more=words.age(context.now - row["received"])
    ),
    "bucket_end": lambda row, context: Cell(
        context.clock.period(row["bucket_start"], row["bucket_end"])
    ),
    "direction": _direction,
    "value": _number("value"),
    "expected": _number("expected"),
    "n": _count("n"),
    "detector": lambda row, _: Cell(str(row["detector"]).replace("_", " ")),
}
_HEADS = {
    "severity": "Weight",
    "agency": "Agency",
    "where": "Where",
    "indicator": "Indicator",
    "reason": "Reason",
    "story": "Reason",
    "opened": "Since",
    "closed": "Until",
    "source": "Source",
    "last_time": "Last event",
    "accepted": "n taken",
    "late": "Late",
    "code": "Why refused",
    "count": "n",
    "received": "Last refused",
    "bucket_end": "When",
    "direction": "What",
    "value": "Value",
    "expected": "Expected",
    "n": "n",
    "detector": "Detector",
}
COLUMN_NAMES = frozenset(_CELLS)

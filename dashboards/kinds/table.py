"""A plain table; every column has one way of being written, found by its name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from dashboards import arrival_cells, words
from dashboards.cells import Cell, agency, count, indicator, instant, measure, told_once
from dashboards.drawing import Context, Drawn, Row, render

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboards.panel import Panel


def draw(panel: Panel, answers: dict[str, list[Row]], context: Context) -> Drawn:
    """Rows are of any shape that has the panel's columns; as many are shown as it says."""
    rows = by_code(answers[""]) if "code" in panel.columns else answers[""]
    if not rows:
        return Drawn(render("kinds/empty.html", panel=panel))
    table = [[CELLS[name](row, context) for name in panel.columns] for row in rows[: panel.rows]]
    if panel.columns[0] == "agency":
        table = told_once(table)
    heads = [HEADS[name] for name in panel.columns]
    html = render(
        "kinds/table.html",
        panel=panel,
        heads=heads,
        table=table,
        names=panel.columns,
        left=len(rows) - len(table),
        swatches=arrival_cells.PARTS if "taken" in panel.columns else (),
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


def _where(row: Row, context: Context) -> Cell:
    """The agency, and under it the part of it."""
    part = " · ".join(row[name] for name in ("unit", "service", "stratum") if row[name])
    return msgspec.structs.replace(agency(row, context), more=part)


def _reason(row: Row, _: Context) -> Cell:
    return Cell(words.sentence_of(row["reason"]))


def _story(row: Row, context: Context) -> Cell:
    """The reason, and under it what it is about."""
    scope = context.scope
    about = [] if scope.one else [context.agency(row["agency"])]
    if row["indicator"]:
        about.append(context.indicator(row["indicator"]))
    about += [row[name] for name in ("unit", "service", "stratum") if row[name]]
    linked = bool(row["indicator"]) and scope.one
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
    silent = "silent" if row["stale"] else ""
    return Cell(row["source"] or "no source named", more=silent, state=silent)


def _sender(row: Row, context: Context) -> Cell:
    """A source; on the board of a group with the agency that it is of."""
    cell = _source(row, context)
    if context.scope.one:
        return cell
    about = [context.agency(row["agency"]), cell.more]
    return msgspec.structs.replace(cell, more=" · ".join(one for one in about if one))


def _last_time(row: Row, context: Context) -> Cell:
    """The last event that counts; a source may have sent none."""
    if row.get("accepted", 1) == 0:
        return Cell("none taken", quiet=True)
    return instant("last_time")(row, context)


def _value(row: Row, context: Context) -> Cell:
    """A value; where it is one that was published, with its interval."""
    written = measure("value")(row, context)
    if "coverage" not in row:
        return written
    between = words.interval(row["low"], row["high"], context.unit(row["indicator"]))
    return msgspec.structs.replace(written, more=between)


def _direction(row: Row, context: Context) -> Cell:
    facts = context.facts.get(row["indicator"])
    way = "\u25b2 higher" if row["direction"] == "up" else "\u25bc lower"
    if facts is None or facts.direction not in {"up", "down"}:
        return Cell(f"{way} than expected")
    meaning = "better" if facts.direction == row["direction"] else "worse"
    return Cell(f"{way} than expected: {meaning}")


CELLS: dict[str, Callable[[Row, Context], Cell]] = {
    "severity": _severity,
    "agency": agency,
    "where": _where,
    "indicator": indicator,
    "reason": _reason,
    "story": _story,
    "opened": _opened,
    "closed": _closed,
    "source": _source,
    "sender": _sender,
    "last_time": _last_time,
    "accepted": count("accepted"),
    "late": count("late"),
    "code": lambda row, _: Cell(row["code"], more=row["message"]),
    "count": count("count"),
    "received": instant("received"),
    "bucket_end": lambda row, context: Cell(
        context.clock.period(row["bucket_start"], row["bucket_end"])
    ),
    "direction": _direction,
    "value": _value,
    "expected": measure("expected"),
    "n": count("n"),
    "detector": lambda row, _: Cell(str(row["detector"]).replace("_", " ")),
    **arrival_cells.CELLS,
}
HEADS = {
    "severity": "Weight",
    "agency": "Agency",
    "where": "Where",
    "indicator": "Indicator",
    "reason": "Reason",
    "story": "Reason",
    "opened": "Since",
    "closed": "Until",
    "source": "Source",
    "sender": "Source",
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
    **arrival_cells.HEADS,
}
COLUMN_NAMES = frozenset(CELLS)

"""Why a value is what it is, or why there is none: gathered from the store."""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy
from sqlalchemy import func, select

from deploy.options import iso
from models import tables
from models.value import Cell
from streams.indicator import Indicator
from streams.kinds import ACTS


def types_read(indicator: Indicator) -> list[str]:
    """The types of event that an indicator reads."""
    return sorted(
        name for name, acts in ACTS.items() if any(act.kind in indicator.reads for act in acts)
    )


def explain(
    connection: sqlalchemy.Connection, indicator: Indicator, agency: str, cell: Cell, at: int
) -> dict[str, Any]:
    """Everything that bears on one value: formula, usage, sources, refusals, and the last hop."""
    types = types_read(indicator)
    sources = _sources(connection, agency)
    feeding = [source for source in sources if source["type"] in types]
    row = _value(connection, indicator.id, agency, cell, at)
    detail = msgspec.json.decode(row.detail) if row else {}
    used = detail.get("used", 0)
    excluded = {word: detail[word] for word in indicator.excluded if word in detail}
    refused = _refused(connection, agency, types)
    story: dict[str, Any] = {
        "indicator": indicator.id,
        "title": indicator.title,
        "says": indicator.summary,
        "formula": indicator.formula,
        "source": indicator.source,
        "pitfalls": indicator.pitfalls,
        "agency": agency,
        "at": iso(at),
        "reads": types,
        "value": None if row is None else _told(row, indicator.unit),
        "received": used + sum(excluded.values()),
        "used": used,
        "excluded": excluded,
        "refused": refused,
        "further": {
            word: figure
            for word, figure in detail.items()
            if word != "used" and word not in excluded
        },
        "sources": feeding,
    }
    story["hop"] = _hop(story, sources, indicator)
    return story


def _value(
    connection: sqlalchemy.Connection, indicator: str, agency: str, cell: Cell, at: int
) -> Any:
    """The value whose last bucket holds the moment: the first window that ends after it."""
    c = tables.value.c
    question = (
        select(tables.value)
        .where(
            c.indicator == indicator,
            c.agency == agency,
            c.unit == cell.unit,
            c.service == cell.service,
            c.stratum == cell.stratum,
            c.span == "window",
            c.latest,
            c.window_end > at,
            c.window_start <= at,
        )
        .order_by(c.window_end)
        .limit(1)
    )
    return connection.execute(question).one_or_none()


def _told(row: Any, unit: str) -> dict[str, Any]:
    names = ("value", "low", "high", "n", "coverage", "status", "reason", "revision")
    return {name: getattr(row, name) for name in names} | {
        "unit_of_measure": unit,
        "window_start": iso(row.window_start),
        "window_end": iso(row.window_end),
        "catalogue_version": row.catalogue_version,
    }


def _sources(connection: sqlalchemy.Connection, agency: str) -> list[dict[str, Any]]:
    """What came from each source of the agency, by type."""
    c = tables.source.c
    rows = connection.execute(
        select(tables.source).where(c.agency == agency).order_by(c.source, c.type)
    )
    return [
        {
            "source": row.source,
            "type": row.type,
            "accepted": row.accepted,
            "repeats": row.repeats,
            "late": row.late,
            "last_event": iso(row.last_time) if row.accepted else None,
            "last_received": iso(row.last_received),
            "silent": row.stale,
        }
        for row in rows
    ]


def _refused(connection: sqlalchemy.Connection, agency: str, types: list[str]) -> dict[str, int]:
    """How many events of these types were refused, by code; those without a type too."""
    c = tables.refused.c
    rows = connection.execute(
        select(c.problems, func.count())
        .where(c.agency == agency, c.event_type.in_([*types, ""]))
        .group_by(c.problems)
    )
    codes: dict[str, int] = {}
    for problems, count in rows:
        for code in {problem["code"] for problem in msgspec.json.decode(problems)}:
            codes[code] = codes.get(code, 0) + count
    return codes


def _hop(story: dict[str, Any], sources: list[dict[str, Any]], indicator: Indicator) -> str:
    """Where the way of its events ends, in a sentence."""
    agency, value = story["agency"], story["value"]
    if not sources:
        return (
            f"Nothing has arrived from {agency}: no event was ever accepted. Check the name, the "
            "key (headwind keys) and what was refused (headwind doctor)."
        )
    if not story["sources"]:
        came = ", ".join(sorted({source["type"] for source in sources}))
        refused = f" {sum(story['refused'].values())} were refused." if story["refused"] else ""
        return (
            f"Events arrive from {agency}, but none of a type that {indicator.id} reads."
            f"{refused} Came: {came}. Needed: {', '.join(story['reads'])}."
        )
    if value is None:
        last = max(source["last_event"] or "" for source in story["sources"])
        return (
            f"Events arrived, the last of {last}, but no bucket that holds {story['at']} is "
            "closed: it lies before the first event, or its sources have not passed its end."
        )
    if value["status"] == "ok":
        return "All the way: received, counted, closed, shown."
    if value["status"] == "undefined" and story["received"] and not story["used"]:
        return f"Received, but all left out: {', '.join(story['excluded'])}."
    return f"Counted and closed, but {value['status']}: {value['reason']}."

"""Why a value is what it is, or why there is none: gathered from the store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import sqlalchemy
from sqlalchemy import func, select

from deploy.options import iso
from deploy.reading import members
from models import tables
from models.settings import Settings
from models.value import GROUP, Cell
from streams.detection import watchers
from streams.indicator import Indicator
from streams.kinds import ACTS
from streams.mix import judged
from streams.wording import number

Row = sqlalchemy.Row[Any]


class Asked(NamedTuple):
    """Which value is to be explained: that of the window whose last bucket holds ``at`` (ms)."""

    indicator: Indicator
    agency: str
    cell: Cell
    at: int


class Known(NamedTuple):
    """What the store knows that bears on it.

    ``sources`` are those of the agency (or of a group's agencies) by type, ``feeding`` those
    among them whose type the indicator reads.
    """

    agencies: list[str]
    types: list[str]
    value: Row | None
    expected: Row | None
    """What was expected of the bucket that ends with the window."""
    sources: Sequence[Row]
    feeding: Sequence[Row]
    refused: dict[str, int]
    """Refused events of the types read, and of no type, by code."""


def types_read(indicator: Indicator) -> list[str]:
    """The types of event that an indicator reads."""
    return sorted(
        name for name, acts in ACTS.items() if any(act.kind in indicator.reads for act in acts)
    )


def gather(connection: sqlalchemy.Connection, settings: Settings, asked: Asked) -> Known:
    """Everything that bears on one value."""
    who = members(connection, settings, asked.agency)
    types = types_read(asked.indicator)
    c = tables.source.c
    question = select(tables.source).where(c.agency.in_(who))
    sources = connection.execute(question.order_by(c.agency, c.source, c.type)).all()
    value = value_at(connection, asked)
    return Known(
        agencies=who,
        types=types,
        value=value,
        expected=None if value is None else _expected_of(connection, value),
        sources=sources,
        feeding=[row for row in sources if row.type in types],
        refused=refused(connection, who, [*types, ""]),
    )


def told(asked: Asked, known: Known, hop: str) -> dict[str, Any]:
    """The whole explanation, as it is shown and as JSON has it."""
    indicator, row = asked.indicator, known.value
    detail = msgspec.json.decode(row.detail) if row else {}
    used = detail.pop("used", 0)
    excluded = {word: detail.pop(word) for word in indicator.excluded if word in detail}
    return {
        "indicator": indicator.id,
        "title": indicator.title,
        "says": indicator.summary,
        "formula": indicator.formula,
        "source": indicator.source,
        "pitfalls": indicator.pitfalls,
        "agency": asked.agency,
        "at": iso(asked.at),
        "reads": known.types,
        "value": None if row is None else _value(row, indicator.unit),
        "watched": _watched(asked, known),
        "received": used + sum(excluded.values()),
        "used": used,
        "excluded": excluded,
        "refused": known.refused,
        "further": detail,
        "sources": [_source(one) for one in known.feeding],
        "hop": hop,
    }


def watched(story: dict[str, Any], asked: Asked, settings: Settings, value: Row | None) -> None:
    """Add who looks at buckets of this length; where nobody does, nothing is watched either."""
    one = judged(asked.indicator, asked.cell)
    rhythm = one.step if value is None else value.rhythm
    story["detectors"] = watchers(one, settings, rhythm)
    if one.detect and not story["detectors"]:
        story["detectors"] = f"none looks at {rhythm}s"
        if " expected of this " in story["watched"]:
            story["watched"] = f"not watched, as no detector looks; {story['watched']}"


def value_at(connection: sqlalchemy.Connection, asked: Asked) -> Row | None:
    """The value whose last bucket holds the moment: the first window that ends after it."""
    c = tables.value.c
    question = (
        select(tables.value)
        .where(
            c.indicator == asked.indicator.id,
            c.agency == asked.agency,
            c.unit == asked.cell.unit,
            c.service == asked.cell.service,
            c.stratum == asked.cell.stratum,
            c.span == "window",
            c.latest,
            c.window_end > asked.at,
            c.window_start <= asked.at,
        )
        .order_by(c.window_end)
        .limit(1)
    )
    return connection.execute(question).one_or_none()


def _expected_of(connection: sqlalchemy.Connection, value: Row) -> Row | None:
    c = tables.expected.c
    names = ("indicator", "agency", "unit", "service", "stratum", "rhythm")
    mine = [c[name] == getattr(value, name) for name in names]
    question = select(tables.expected).where(*mine, c.bucket_end == value.window_end)
    return connection.execute(question).one_or_none()


def _watched(asked: Asked, known: Known) -> str:
    """What was expected of the last step of the window, or why it is not watched; a sentence."""
    row, unit = known.expected, asked.indicator.unit
    if row is None:
        return "" if known.value is None else _unwatched(asked, known.value)
    if row.expected is None:
        yet = " yet" if " known" in row.reason else ""
        return f"not watched{yet}: {row.reason.removesuffix(' known')}"
    usual = f"{number(row.expected, unit)} expected of this {row.rhythm}"
    if row.high is None:
        return f"{usual}, not below {number(row.low, unit)} ({row.reason})"
    return f"{usual} ({number(row.low, unit)} to {number(row.high, unit)})"


def _unwatched(asked: Asked, value: Row) -> str:
    """Why nothing was looked at: no detector, no part of the agency, or no value to look at."""
    indicator, cell = asked.indicator, asked.cell
    parts = [name for name in ("service", "unit") if (name,) in indicator.grains]
    if not indicator.detect:
        return "not watched: no detector looks at this indicator"
    if value.agency.startswith(GROUP):
        return "not watched: each agency of the group is"
    if not indicator.foreseen:
        return "nothing is expected of a single value: headwind signals and alerts tell what is off"
    if parts and not getattr(cell, parts[0]):
        return f"not watched: alerts speak of a {parts[0]}, name one with --{parts[0]}"
    if cell.stratum and not indicator.mixed:
        return f"not watched: alerts speak of a whole {parts[0] if parts else 'agency'}"
    return f"not watched: this {value.rhythm} by itself has no value that can be judged"


def refused(
    connection: sqlalchemy.Connection, agencies: Sequence[str], types: Sequence[str] | None = None
) -> dict[str, int]:
    """How many events (of these types) were refused whenever, by code."""
    c = tables.refused.c
    question = select(c.problems, func.count()).where(c.agency.in_(agencies)).group_by(c.problems)
    if types is not None:
        question = question.where(c.event_type.in_(types))
    codes: dict[str, int] = {}
    for problems, count in connection.execute(question):
        for code in sorted({problem["code"] for problem in msgspec.json.decode(problems)}):
            codes[code] = codes.get(code, 0) + count
    return codes


def _value(row: Row, unit: str) -> dict[str, Any]:
    names = ("value", "low", "high", "n", "coverage", "status", "reason", "revision")
    return {name: getattr(row, name) for name in names} | {
        "unit_of_measure": unit,
        "window_start": iso(row.window_start),
        "window_end": iso(row.window_end),
        "catalogue_version": row.catalogue_version,
    }


def _source(row: Row) -> dict[str, Any]:
    return {
        "agency": row.agency,
        "source": row.source,
        "type": row.type,
        "accepted": row.accepted,
        "repeats": row.repeats,
        "late": row.late,
        "last_event": iso(row.last_time) if row.accepted else None,
        "last_received": iso(row.last_received),
        "silent": row.stale,
    }

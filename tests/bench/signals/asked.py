"""What a loaded store says through the product's commands, in one shape."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from models.shock import UMBRELLAS
from models.value import Cell
from streams.catalogue import catalogue
from streams.gap import EVENTS_VANISHED
from streams.indicator import Indicator
from tests.integration.records import Records, figure

REQUIRED = 2
"""The level from which a rule binds somebody."""

YEAR_MS = 365.25 * 86_400_000


class Said(NamedTuple):
    """A shock, an alert, a gap, a break or a signal; days in UTC."""

    kind: str
    indicator: str
    agency: str
    service: str
    unit: str
    direction: str
    onset: str
    ended: str
    """"" while it stands."""
    detector: str = ""
    depth: float = 0.0
    stratum: str = ""


def asked(records: Records, what: str, *options: str) -> list[dict[str, Any]]:
    """The JSON of a command."""
    done = records.run(what, "--format", "json", *options)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def everything(records: Records) -> list[Said]:
    """All that a store says."""
    return [*_shocks(records), *_alerts(records), *_signals(records), *_marks(records)]


def _shocks(records: Records) -> Iterator[Said]:
    cases = (one for one in asked(records, "shocks") if one["kind"] not in UMBRELLAS)
    for one in cases:
        yield Said(
            kind="shock",
            indicator=one["indicator"],
            agency=one["agency"],
            service=one["service"],
            unit=one["unit"],
            direction=one["direction"],
            onset=one["onset"][:10],
            ended=(one["recovered"] or "")[:10],
            depth=one["depth"],
        )


def _alerts(records: Records) -> Iterator[Said]:
    states: dict[str, list[dict[str, Any]]] = {}
    for one in asked(records, "alerts", "--history"):
        states.setdefault(one["id"], []).append(one)
    for history in states.values():
        first, last = history[0], history[-1]
        told = first["evidence"]
        # What is not reached yet takes longer than anything.
        value, expected = told.get("value"), told.get("expected") or 0.0
        yield Said(
            kind=_kind(first["alertname"]),
            indicator=first["indicator"],
            agency=first["agency"],
            service=first["service"],
            unit=told.get("unit", ""),
            direction="up" if value is None or value > expected else "down",
            onset=str(told.get("since", first["opened"]))[:10],
            ended=(last["closed"] or "")[:10],
            depth=last["evidence"].get("worst_depth", 0.0),
            stratum=told.get("stratum", ""),
        )


def _kind(name: str) -> str:
    return "gap" if name == EVENTS_VANISHED else "alert"


def _signals(records: Records) -> Iterator[Said]:
    for one in asked(records, "signals"):
        yield Said(
            kind="signal",
            indicator=one["indicator"],
            agency=one["agency"],
            service=one["service"],
            unit=one["unit"],
            direction=one["direction"],
            onset=one["onset"][:10],
            ended=one["bucket_end"][:10],
            detector=one["detector"],
        )


def _marks(records: Records) -> Iterator[Said]:
    """Breaks, from where on numbers mean something else, and the first day of each strict rule."""
    strict: set[str] = set()
    for one in asked(records, "marks"):
        where = (one["indicator"], one["agency"], one["service"], one["unit"])
        day, level = one["start"][:10], one["evidence"].get("level", 0)
        if one["kind"] in ("definition", "composition", "scale", "rhythm"):
            yield Said("break", *where, "", day, "")
        elif level >= REQUIRED and one["agency"] not in strict:
            strict.add(one["agency"])
            yield Said("rule", *where, "", day, "", depth=level)


def series_years(records: Records) -> tuple[int, float]:
    """How many series are watched, and the years of their buckets with enough in them.

    Shares of channels are not counted, though their alerts are.
    """
    known = catalogue()
    question = (
        "SELECT indicator, agency, unit, service, stratum, span, SUM(window_end - window_start) "
        "FROM value WHERE latest AND value IS NOT NULL AND agency IN (SELECT agency FROM source) "
        "GROUP BY 1, 2, 3, 4, 5, 6"
    )
    watched: dict[tuple[object, ...], dict[object, float]] = {}
    for indicator, agency, unit, service, stratum, span, length in records.rows(question):
        cell = Cell(unit=str(unit), service=str(service), stratum=str(stratum))
        if _is_watched(known[str(indicator)], cell):
            spans = watched.setdefault((indicator, agency, cell), {})
            # Of work that goes on the rolling windows overlap; each says one step.
            steps = 1 if known[str(indicator)].foreseen else known[str(indicator)].window
            spans[span] = figure(length) / YEAR_MS / (steps if span == "window" else 1)
    return len(watched), sum(one.get("bucket", one.get("window", 0.0)) for one in watched.values())


def _is_watched(indicator: Indicator, cell: Cell) -> bool:
    whole = not {("service",), ("unit",)} & set(indicator.grains)
    return bool(indicator.detect) and (cell == Cell() if whole else indicator.is_part(cell))

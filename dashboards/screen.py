"""A board drawn for one reader's choice: from the store's rows to panels of HTML and charts."""

from __future__ import annotations

import functools
import hashlib
import importlib
import time
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Connection, func, select

from dashboards import questions
from dashboards.drawing import Context, Drawn, Figure, Row
from dashboards.narrowing import agencies_asked
from dashboards.panel import Panel, Scope
from dashboards.words import Clock
from models.tables import alert, position, refused, source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboards.board import Board
    from dashboards.facts import IndicatorFacts

_DAY = 86_400_000
_HOUR = 3_600_000
_SILENCE = 30 * _DAY
_AGES_STAY_MS = 60_000


class BadChoiceError(Exception):
    """A choice in the address cannot be understood; the message says what to write instead."""


class Drawing(msgspec.Struct, frozen=True):
    """A board's panels with what was drawn for each, in order."""

    panels: list[tuple[Panel, Drawn]]

    def figures(self) -> list[dict[str, Any]]:
        """What the page's script needs: each panel's HTML and charts."""
        return [
            {"id": panel.id, "html": drawn.html, "figures": [_plain(f) for f in drawn.figures]}
            for panel, drawn in self.panels
        ]


def _plain(figure: Figure) -> dict[str, Any]:
    return {"id": figure.id, "spec": figure.spec, "data": figure.data}


def latest_time(connection: Connection) -> int | None:
    """Where the time on the boards ends, up to the full hour; None when the store is empty.

    It is the newest event or alert time. An alert about silence opens by the clock: where the
    data ended long before, the boards show the data's last days, not the silence since.
    """
    event = connection.execute(select(func.max(source.c.last_time))).scalar()
    if event is None:
        return None
    opened = connection.execute(select(func.max(alert.c.updated)).where(alert.c.latest)).scalar()
    newest: int = event if (opened or 0) > event + _SILENCE else max(event, opened or 0)
    return -(-newest // _HOUR) * _HOUR


def latest_refusal(connection: Connection) -> int | None:
    """When the newest refused event came, up to the full hour; None where none ever was."""
    came: int | None = connection.execute(select(func.max(refused.c.received))).scalar()
    return None if came is None else -(-came // _HOUR) * _HOUR


def scope_of(
    chosen: Mapping[str, str],
    until: int,
    clock: Clock,
    facts: Mapping[str, IndicatorFacts],
    days: int = 365,
) -> Scope:
    """The scope that the address asks for; so many days up to the newest unless it says else.

    Raises BadChoiceError when ``since`` or ``until`` is no date.
    """
    end = _moment(chosen, "until", until, clock)
    start = _moment(chosen, "since", end - days * _DAY, clock)
    if start >= end:
        message = "since must be earlier than until: write both as 2026-01-31."
        raise BadChoiceError(message)
    names = ("agency", "group", "indicator", "unit", "service", "stratum")
    return Scope(
        **{name: chosen.get(name, "") for name in names},
        since=start,
        until=end,
        indicators=tuple(facts),
        headlines=_headlines(facts),
    )


def _headlines(facts: Mapping[str, IndicatorFacts]) -> tuple[str, ...]:
    """The first two indicators of each pillar that have a direction."""
    found: dict[str, list[str]] = {}
    for indicator, fact in facts.items():
        if fact.direction != "context":
            found.setdefault(fact.pillar, []).append(indicator)
    return tuple(indicator for members in found.values() for indicator in members[:2])


def _moment(chosen: Mapping[str, str], name: str, default: int, clock: Clock) -> int:
    if not chosen.get(name):
        return default
    try:
        return clock.start_of(chosen[name])
    except (ValueError, OverflowError):
        message = f"{name} is no date: write it as 2026-01-31."
        raise BadChoiceError(message) from None


def watermarks(connection: Connection) -> dict[str, int]:
    """By agency, the time up to which all its live sources have reported (ms).

    It is the earliest of the last event times of its sources, the silent ones left out; an
    agency without a live source is left out.
    """
    found: dict[str, int] = {}
    for row in connection.execute(questions.sources(Scope())).mappings():
        if not row["stale"]:
            found[row["agency"]] = min(row["last_time"], found.get(row["agency"], 2**62))
    return found


def agencies_of(connection: Connection, group: str = "") -> list[str]:
    """Every agency that ever sent an event, by id; of a group those in it."""
    known = agencies_asked(Scope(group=group))
    return list(connection.execute(select(known.c.agency).order_by(known.c.agency)).scalars())


def groups_of(connection: Connection) -> list[str]:
    """Every group in which one of them is."""
    return list(connection.execute(questions.group_names()).scalars())


def draw(connection: Connection, board: Board, context: Context) -> Drawing:
    """Asks every question of the board and draws its panels."""
    return Drawing([(panel, _draw_panel(connection, panel, context)) for panel in board.panels])


def _draw_panel(connection: Connection, panel: Panel, context: Context) -> Drawn:
    asked = {"": panel.question, **panel.overlays}
    answers: dict[str, list[Row]] = {
        name: [*connection.execute(question(context.scope)).mappings()]
        for name, question in asked.items()
    }
    drawn: Drawn = _kind(panel.kind).draw(panel, answers, context)
    return drawn


@functools.cache
def _kind(kind: str) -> Any:
    return importlib.import_module(f"dashboards.kinds.{kind}")


def version(connection: Connection, scope: Scope, chosen: Mapping[str, str]) -> str:
    """A fingerprint of all a drawing depends on; equal fingerprints, equal pages.

    Every transaction of the engine moves its position and every refusal has its time, so the
    few rows read here stand for the whole store. Ages in words make it change each minute.
    """
    refusals = select(func.max(refused.c.received), func.count())
    if scope.one:
        refusals = refusals.where(refused.c.agency == scope.agency)
    parts = (
        connection.execute(select(position).order_by(position.c.stage)).all(),
        connection.execute(select(func.max(source.c.last_received), func.count())).all(),
        connection.execute(refusals).all() if scope.agency else [],
        sorted(chosen.items()),
        now() // _AGES_STAY_MS,
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]


def now() -> int:
    """Milliseconds since the epoch; for ages in words only, never for a value."""
    return time.time_ns() // 1_000_000

"""A reader of the store: chooses the scope, draws boards, remembers the last few drawings."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Any

import msgspec

from dashboards import screen
from dashboards.about import about
from dashboards.assets import asset_link
from dashboards.choices import choices_of, ranges_of
from dashboards.drawing import Context, by_pillar, query, render
from dashboards.notice import EmptyStoreError, UnknownNameError
from dashboards.panel import Scope
from dashboards.theme import THEMES
from dashboards.words import Clock
from models.mirror import UNGROUPED
from models.value import GROUP

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Engine

    from dashboards.board import Board
    from dashboards.facts import IndicatorFacts, PageSettings

_REMEMBERED = 16
_PLACES = ("top", "main", "side", "foot")
PATHS = {
    "headwind-shocks": "/shocks",
    "headwind-provenance": "/provenance",
    "headwind-pipeline": "/pipeline",
}
"""Where boards are that need no name in their address; all others are elsewhere in the menu."""

_SHOW_REFUSED = {"headwind-provenance", "headwind-pipeline"}
"""Boards that have something to show where everything that came was refused."""


class Reader:
    """Draws boards from one store; safe to share between threads."""

    def __init__(
        self, engine: Engine, settings: PageSettings, catalogue: list[IndicatorFacts]
    ) -> None:
        self._engine = engine
        self._organisation = settings.organisation.name
        self._titles = {agency: facts.title for agency, facts in settings.agencies.items()}
        self._groups = {name: facts.title for name, facts in settings.groups.items()}
        self._facts = {facts.id: facts for facts in by_pillar(catalogue)}
        self._clock = Clock(settings.organisation.timezone)
        self._targets = dict(settings.targets)
        self._invented = settings.organisation.invented
        self._feeds: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def page(self, board: Board, asked: Mapping[str, str]) -> str:
        """The board as HTML; raises EmptyStoreError, UnknownNameError, BadChoiceError.

        What the board has no list for is not chosen, whoever asks for it.
        """
        chosen = _choosable(board, asked)
        with self._engine.connect() as connection:
            context = self._context(connection, board, chosen)
            drawing = screen.draw(connection, board, context)
            choices = choices_of(connection, board, context)
        places: dict[str, list[tuple[Any, str]]] = {place: [] for place in _PLACES}
        for panel, drawn in drawing.panels:
            places[panel.place].append((panel, drawn.html))
        kept = {name: held for name, held in chosen.items() if name in {"since", "until"}}
        facts = self._facts.get(context.scope.indicator)
        return render(
            "board.html",
            **self.shell(_title(board, context), board),
            **self._complete(context),
            here=_here(board, context),
            feed=f"/board/{board.uid}.json{query(**chosen)}",
            places=places,
            choices=choices,
            kept=kept,
            ranges=ranges_of(board, context, chosen),
            states=board.states,
            facts=about(facts) if facts and board.uid == "headwind-indicator" else None,
        )

    def feed(self, board: Board, asked: Mapping[str, str], known: str) -> tuple[str, bytes | None]:
        """ETag and JSON of the board; no JSON when the reader already has this version."""
        chosen = _choosable(board, asked)
        with self._engine.connect() as connection:
            context = self._context(connection, board, chosen)
            version = screen.version(connection, context.scope, {**chosen, "board": board.uid})
            etag = f'"{version}"'
            if known.removeprefix("W/") == etag:
                return etag, None
            with self._lock:
                body = self._feeds.get(etag)
            if body is None:
                drawing = screen.draw(connection, board, context)
                body = msgspec.json.encode(
                    {
                        "version": version,
                        "complete": render("complete.html", **self._complete(context)),
                        "themes": THEMES,
                        "panels": drawing.figures(),
                    }
                )
        with self._lock:
            self._feeds[etag] = body
            while len(self._feeds) > _REMEMBERED:
                self._feeds.popitem(last=False)
        return etag, body

    def shell(self, title: str, board: Board | None = None) -> dict[str, Any]:
        """What surrounds every screen: names, menus, the label of invented data."""
        with self._engine.connect() as connection:
            agencies = screen.agencies_of(connection)
            groups = screen.groups_of(connection) if len(agencies) > 1 else []
        titles = self._titled(groups)
        names = [*agencies, *(GROUP + group for group in groups)]
        context = Context(Scope(), self._facts, titles, agencies, self._clock, {}, 0)
        return {
            "title": title,
            "board": board,
            "organisation": self._organisation,
            "invented": self._invented,
            "static": asset_link,
            "agencies": [(context.agency(a), context.agency_link(a)) for a in names],
            "indicators": [(f.title, context.indicator_link(f.id)) for f in self._facts.values()]
            if agencies
            else [],
        }

    def has_refused(self) -> bool:
        """Whether the quarantine holds anything."""
        with self._engine.connect() as connection:
            return screen.latest_refusal(connection) is not None

    def _titled(self, groups: list[str]) -> dict[str, str]:
        """What agencies and groups are called."""
        found = self._titles | {GROUP + group: f"Group {group}" for group in groups}
        if UNGROUPED in groups:
            found[GROUP + UNGROUPED] = "All agencies" if len(groups) == 1 else "In no group"
        return found | {GROUP + name: title for name, title in self._groups.items() if title}

    def _context(self, connection: Connection, board: Board, chosen: Mapping[str, str]) -> Context:
        until = screen.latest_time(connection)
        if until is None and board.uid in _SHOW_REFUSED:
            until = screen.latest_refusal(connection)
        if until is None:
            raise EmptyStoreError
        scope = screen.scope_of(chosen, until, self._clock, self._facts, board.days)
        titles = self._titled(screen.groups_of(connection))
        agencies = screen.agencies_of(connection)
        self._refuse_unknown(board, scope, {*agencies, *titles})
        group = scope.group or ("" if scope.one else scope.agency.removeprefix(GROUP))
        if group:
            agencies = screen.agencies_of(connection, group)
        if scope.group and scope.agency not in agencies:
            scope = msgspec.structs.replace(scope, agency="")
        if board.uid == "headwind-overview" and not scope.indicator:
            ranked = next((f.id for f in self._facts.values() if f.direction != "context"), "")
            scope = msgspec.structs.replace(scope, indicator=ranked)
        complete = screen.watermarks(connection)
        clock, now, targets = self._clock, screen.now(), self._targets
        return Context(scope, self._facts, titles, agencies, clock, complete, now, targets)

    def _refuse_unknown(self, board: Board, scope: Scope, agencies: set[str]) -> None:
        for what, name, known in (
            ("agency", scope.agency, agencies),
            ("group", scope.group and GROUP + scope.group, agencies),
            ("indicator", scope.indicator, self._facts),
        ):
            if name and name not in known:
                raise UnknownNameError("group" if name.startswith(GROUP) else what, name)
        for variable in board.variables:
            if variable.required and not getattr(scope, variable.name):
                raise UnknownNameError(variable.name, "")

    def _complete(self, context: Context) -> dict[str, str]:
        wanted = {context.scope.agency} if context.scope.one else {*context.agencies}
        marks = [ms for agency, ms in context.complete.items() if agency in wanted]
        return {
            "complete": self._clock.instant(min(marks)) if marks else "",
            "complete_iso": self._clock.iso(min(marks)) if marks else "",
        }


def _choosable(board: Board, asked: Mapping[str, str]) -> dict[str, str]:
    """Always in the same order: it is the address of what is remembered."""
    names = {*(variable.name for variable in board.variables), "since", "until"}
    order = (name for name in Scope.__struct_fields__ if name in names)
    return {name: asked[name] for name in order if asked.get(name)}


def _title(board: Board, context: Context) -> str:
    if board.uid == "headwind-agency":
        return context.agency(context.scope.agency)
    if board.uid == "headwind-indicator":
        return context.indicator(context.scope.indicator)
    return board.title


def _here(board: Board, context: Context) -> str:
    if board.uid == "headwind-agency":
        return context.agency_link(context.scope.agency)
    if board.uid == "headwind-indicator":
        return context.indicator_link(context.scope.indicator)
    return PATHS.get(board.uid, "/")

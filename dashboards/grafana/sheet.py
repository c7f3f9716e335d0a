"""What every kind is drawn with: the board, the catalogue, and the scope that Grafana fills in."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from dashboards.board import Board
from dashboards.facts import IndicatorFacts
from dashboards.grafana import asked, looks
from dashboards.panel import Live, Panel, Place, Scope

Json = dict[str, Any]

WIDTHS: Final[dict[Place, int]] = {"top": 24, "main": 16, "side": 8, "foot": 24}
"""How wide a panel is in Grafana's grid of 24."""


class Sheet(msgspec.Struct, frozen=True):
    """A board to be drawn. ``facts`` are those of the catalogue, in the order of the page."""

    board: Board
    facts: list[IndicatorFacts]
    fixed: dict[str, str] = {}
    """Choices that are made beforehand, where readers have none."""

    def scope(self, **more: Any) -> Scope:
        """What Grafana's reader looks at."""
        told: dict[str, Any] = {
            one.name: asked.chosen(one.name) if one.always else asked.chosen_or_all(one.name)
            for one in self.board.variables
        }
        indicators = tuple(fact.id for fact in self.facts)
        return asked.scope(indicators=indicators, **{**told, **self.fixed, **more})

    def asked(self, live: Live) -> Live:
        """What Prometheus is asked, with the choices that are made beforehand."""
        expr = live.expr
        for name, chosen in self.fixed.items():
            expr = expr.replace(f"${name}", f'"{chosen or asked.WHOLE}"')
        return msgspec.structs.replace(live, expr=expr)

    def fact(self, indicator: str) -> IndicatorFacts:
        """The facts of one indicator. Raises KeyError."""
        return {fact.id: fact for fact in self.facts}[indicator]


def frame(panel: Panel, kind: str, width: int, height: int) -> Json:
    """A panel without its targets: title, description, size."""
    return {
        "type": kind,
        "title": panel.title,
        "description": panel.description,
        "gridPos": {"w": width, "h": height},
        "fieldConfig": {"defaults": {"noValue": panel.empty}, "overrides": []},
        "options": {},
        "targets": [],
    }


def table_of(panel: Panel, width: int, height: int, align: str = "left") -> Json:
    """A table without its targets, whose long texts are wrapped."""
    drawn = frame(panel, "table", width, height)
    drawn["fieldConfig"]["defaults"] |= {
        "thresholds": looks.plain(),
        "custom": {"align": align, "cellOptions": {"type": "auto"}, "wrapText": True},
    }
    return drawn | {"options": {"showHeader": True, "cellHeight": "sm"}}


class NoLiveError(Exception):
    """A panel of this kind asks Prometheus, and its definition does not say what."""


def live_of(panel: Panel, sheet: Sheet) -> Live:
    """What a panel asks Prometheus. Raises NoLiveError."""
    if panel.live is None:
        message = f"the panel {panel.id} is drawn from Prometheus: give it live=Live(…)."
        raise NoLiveError(message)
    return sheet.asked(panel.live)

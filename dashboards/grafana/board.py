"""A board as Grafana's classic JSON: panels in their places, variables, links, annotations."""

from __future__ import annotations

import importlib
import json
from collections.abc import Sequence
from typing import Final

import msgspec

from dashboards.board import Board, boards
from dashboards.drawing import by_pillar
from dashboards.facts import IndicatorFacts
from dashboards.grafana import asked, looks
from dashboards.grafana.annotations import layers
from dashboards.grafana.sheet import Json, Sheet
from dashboards.grafana.variables import variables
from dashboards.panel import IN_GROUP, Live, Panel, Place, of_chosen

SCHEMA: Final = 42
"""Version of the classic schema that Grafana 12.4 checks strictly."""

OVERVIEW: Final = "headwind-overview"
TAG: Final = "headwind"


def files(catalogue: Sequence[IndicatorFacts]) -> dict[str, str]:
    """Every file of ``dashboards/json`` by name: a board each, and variants of the overview."""
    facts = by_pillar([*catalogue])
    drawn = [compiled(Sheet(board, facts)) for board in boards().values()]
    overview = boards()[OVERVIEW]
    ranked = next(fact.id for fact in facts if fact.direction != "context")
    drawn += [
        _public(Sheet(overview, facts, {"indicator": ranked, "group": ""})),
        _kiosk(overview, facts),
    ]
    drawn.append(_alone(overview, facts))
    return {f"{one['uid']}.json": _text(one) for one in drawn}


def _text(board: Json) -> str:
    return json.dumps(board, indent=2, ensure_ascii=False) + "\n"


def compiled(sheet: Sheet) -> Json:
    """One board. Panels are numbered in their order, so that rules can name them."""
    board = sheet.board
    days = f"now-{board.days}d" if board.days < 365 else f"now-{board.days // 365}y"
    return {
        "uid": board.uid,
        "title": board.title,
        "description": board.question,
        "tags": [TAG],
        "schemaVersion": SCHEMA,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "1m",
        "time": {"from": days, "to": "now"},
        "timezone": "",
        "fiscalYearStartMonth": 0,
        "liveNow": False,
        "weekStart": "",
        "annotations": {"list": layers(sheet)},
        "links": [] if sheet.fixed else _links(),
        "templating": {"list": variables(sheet)},
        "panels": _placed(sheet),
    }


def _links() -> list[Json]:
    return [
        {
            "type": "dashboards",
            "title": "Boards",
            "tags": [TAG],
            "asDropdown": True,
            "includeVars": True,
            "keepTime": True,
            "targetBlank": False,
            "icon": "external link",
            "tooltip": "",
            "url": "",
        }
    ]


def _public(sheet: Sheet) -> Json:
    """Without variables, links and drill-down: what Grafana can share with everybody."""
    board = compiled(sheet)
    board["annotations"]["list"] = []
    return board | {"uid": f"{board['uid']}-public", "title": f"{board['title']} (public)"}


def _alone(board: Board, facts: list[IndicatorFacts]) -> Json:
    """For a monitor whose store is a file: everything is asked of Prometheus."""
    panels = tuple(_as_known(panel) for panel in board.panels)
    one = msgspec.structs.replace(board, panels=panels)
    return compiled(Sheet(one, facts, {"group": ""})) | {
        "uid": f"{board.uid}-prometheus",
        "title": f"{board.title} (Prometheus alone)",
    }


def _as_known(panel: Panel) -> Panel:
    if panel.known is None:
        return panel
    told = {name: getattr(panel.known, name) for name in ("title", "description", "unit")}
    return msgspec.structs.replace(panel, **told, live=panel.known.lives[0])


def _kiosk(board: Board, facts: list[IndicatorFacts]) -> Json:
    """For a screen on a wall: nothing to choose, and drawn anew more often."""
    drawn = compiled(Sheet(board, facts))
    for variable in drawn["templating"]["list"]:
        variable["hide"] = 2
    drawn |= {"uid": f"{board.uid}-kiosk", "title": f"{board.title} (kiosk)", "refresh": "30s"}
    return drawn | {"links": []}


def _placed(sheet: Sheet) -> list[Json]:
    """Top over everything, main and side beside each other, foot under them."""
    row = {"left": 0, "right": 0}
    placed: list[Json] = [_complete(sheet)]
    for panel in _panels(sheet.board):
        kind = importlib.import_module(f"dashboards.grafana.kinds.{panel.kind}")
        drawn: list[Json] = kind.draw(panel, sheet)
        for one in drawn:
            if one["targets"]:
                one["datasource"] = one["targets"][0]["datasource"]
        _flow(drawn, panel, row)
        placed += drawn
    return [{"id": number, **one} for number, one in enumerate(placed, 1)]


def _flow(drawn: Sequence[Json], panel: Panel, row: dict[str, int]) -> None:
    """Give each panel its x and y, wrapped within the column of its place."""
    if panel.place in {"top", "foot"}:
        row["left"] = row["right"] = max(row.values())
    column = "right" if panel.place == "side" else "left"
    first = 16 if panel.place == "side" else 0
    width = {"main": 16, "side": 8}.get(panel.place, 24)
    x, y, tallest = 0, row[column], 0
    for one in drawn:
        grid = one["gridPos"]
        if x + grid["w"] > width:
            x, y, tallest = 0, y + tallest, 0
        one["gridPos"] = {"x": first + x, "y": y, "w": grid["w"], "h": grid["h"]}
        x, tallest = x + grid["w"], max(tallest, grid["h"])
    row[column] = y + tallest
    if panel.place in {"top", "foot"}:
        row["left"] = row["right"] = row[column]


SENTENCES: Final = frozenset({"sentence", "recoveries"})
"""Kinds that stand beside the time up to which data is complete; else the question does."""


def _panels(board: Board) -> list[Panel]:
    """The board's panels, and what Grafana alone draws: courses of meters, and words."""
    found = _spread(board.panels)
    if board.panels[0].kind not in SENTENCES:
        found.insert(0, _own(board, "asked", "What this board answers, now", "top"))
    if board.meters:
        found.append(_own(board, "meters", "Courses, now", "foot"))
    return [*found, _own(board, "reading", "How to read this, now", "foot")]


def _spread(panels: Sequence[Panel]) -> list[Panel]:
    """Panels in their order; over one that Grafana repeats what else would stand beside it.

    For it repeats a panel over the whole width, whatever is there.
    """
    if not any(panel.kind == "multiples" and panel.split == "agency" for panel in panels):
        return [*panels]
    wide = [
        msgspec.structs.replace(panel, place="top") for panel in panels if panel.place != "foot"
    ]
    beside = {panel.id for panel in panels if panel.place == "side"}
    feet = [panel for panel in panels if panel.place == "foot"]
    return [*sorted(wide, key=lambda panel: panel.id not in beside), *feet]


def _own(board: Board, kind: str, title: str, place: Place) -> Panel:
    return Panel(
        id=kind,
        kind=kind,  # type: ignore[arg-type]
        title=title,
        description="What is asked here, and what marks, bands and words on this board mean.",
        unit="none",
        question=board.panels[0].question,
        place=place,
    )


def _complete(sheet: Sheet) -> Json:
    """Up to when all live sources have reported, of what is chosen."""
    one = any(variable.name == "agency" and variable.always for variable in sheet.board.variables)
    complete = "headwind_watermark_timestamp_seconds"
    if one:
        complete = of_chosen(complete)
    elif any(variable.name == "group" for variable in sheet.board.variables):
        complete = f"{complete} {IN_GROUP}"
    live = sheet.asked(Live(f"min({complete}) * 1000", "data complete to"))
    return {
        "type": "stat",
        "title": "Data complete to, now",
        "description": "The earliest last event of all sources that are not silent: what happened "
        "before it has been reported. n, the sources, stand on the provenance board.",
        "gridPos": {"x": 18, "y": 0, "w": 6, "h": 2},
        "datasource": asked.PROMETHEUS,
        "targets": [asked.metric("A", live)],
        "fieldConfig": {
            "defaults": {
                "unit": "dateTimeAsIso",
                "noValue": "no source has reported",
                "thresholds": looks.plain(),
                "mappings": [],
            },
            "overrides": [],
        },
        "options": looks.stat(textMode="value", orientation="horizontal", text={"valueSize": 18}),
    }

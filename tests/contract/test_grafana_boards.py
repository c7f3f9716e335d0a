"""What every board's JSON must keep to; the files are found, so a new one is tested too."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboards.board import boards
from dashboards.grafana import asked, looks
from dashboards.grafana.board import SCHEMA, files
from models.metrics import METRICS
from streams.catalogue import catalogue
from streams.indicator import Indicator
from tests.conftest import ROOT

Json = dict[str, Any]

JSON = Path(os.environ.get("HEADWIND_TEST_BOARDS") or ROOT / "dashboards" / "json")
"""Where the files lie; other ones, to see these tests fail."""
RULES = [*(ROOT / "deploy" / "prometheus").glob("*.yml")]
COMMITTED = {path.name: path for path in sorted(JSON.glob("*.json"))}
BOARDS: dict[str, Json] = {
    name: json.loads(path.read_text(encoding="utf-8")) for name, path in COMMITTED.items()
}
PANELS = [
    pytest.param(panel, board, id=f"{board['uid']}/{panel['id']}")
    for board in BOARDS.values()
    for panel in board["panels"]
]
KINDS = {"stat", "state-timeline", "bargauge", "table", "timeseries", "text"}
MEASURED = {"stat", "state-timeline", "bargauge", "timeseries"}
SOURCES = {asked.PROMETHEUS["uid"], asked.POSTGRESQL["uid"]}
SUFFIXES = re.compile("_(bucket|count|sum)$")


def test_the_files_are_what_the_definitions_give() -> None:
    """Byte for byte, none missing and none left over; headwind boards build writes them."""
    wanted = files([*catalogue().values()])
    held = {name: path.read_text(encoding="utf-8") for name, path in COMMITTED.items()}
    assert held.keys() == wanted.keys()
    assert [name for name in wanted if held[name] != wanted[name]] == []


def test_every_board_of_the_page_is_one_of_grafana() -> None:
    """And the overview has one for a wall, one for everybody, and one without PostgreSQL."""
    uids = {board["uid"] for board in BOARDS.values()}
    variants = {f"headwind-overview-{name}" for name in ("kiosk", "public", "prometheus")}
    assert uids == {*boards(), *variants}


def test_one_overview_asks_prometheus_alone() -> None:
    """A monitor whose store is a file has no PostgreSQL: nothing on this one needs it."""
    board = BOARDS["headwind-overview-prometheus.json"]
    assert asked.POSTGRESQL["uid"] not in json.dumps(board)
    panels = len(BOARDS["headwind-overview.json"]["panels"])
    assert len(board["panels"]) == panels


def test_control_charts_in_words_have_a_colour_for_every_word() -> None:
    """The words of both icons are mapped one by one, by the very text that SQL makes."""
    (panel,) = (
        p
        for p in BOARDS["headwind-indicator.json"]["panels"]
        if p["title"].startswith("Control charts")
    )
    text = panel["targets"][0]["rawSql"]
    mapped = [
        set(held["value"][0]["options"])
        for override in panel["fieldConfig"]["overrides"]
        for held in override["properties"]
        if held["id"] == "mappings"
    ]
    words = {"improvement", "concern", "special cause"}
    assert mapped[0] == {f"{letter}: {word}" for letter in "HL" for word in words}
    assert all(f"'{word}'" in text for word in {*words, "H", "L"})
    assert all(f"'{word}'" in text for word in mapped[1])
    assert len(mapped[1]) == 3


@pytest.mark.parametrize("board", BOARDS.values(), ids=lambda board: board["uid"])
def test_a_board(board: Json) -> None:
    """Uid, schema, time, links; nothing that Grafana numbers itself."""
    assert re.fullmatch(r"headwind-[a-z-]{1,31}", board["uid"])
    assert COMMITTED[f"{board['uid']}.json"]
    assert board["schemaVersion"] == SCHEMA
    assert not {"id", "version", "dashboard"} & board.keys()
    assert board["title"]
    assert board["description"].endswith("?")
    assert board["editable"] is False
    assert board["tags"] == ["headwind"]
    assert board["refresh"] in {"30s", "1m"}
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
    assert all(0 < one < 256 for one in ids)


@pytest.mark.parametrize("board", BOARDS.values(), ids=lambda board: board["uid"])
def test_no_panel_lies_over_another_or_beside_the_grid(board: Json) -> None:
    """24 columns, no overlap, nothing without a size."""
    taken: dict[tuple[int, int], int] = {}
    for panel in board["panels"]:
        x, y, w, h = (panel["gridPos"][name] for name in "xywh")
        assert x >= 0
        assert w > 0
        assert h > 0
        assert x + w <= 24, panel["title"]
        for cell in ((column, row) for column in range(x, x + w) for row in range(y, y + h)):
            assert cell not in taken, (panel["title"], taken[cell])
            taken[cell] = panel["id"]


@pytest.mark.parametrize("board", BOARDS.values(), ids=lambda board: board["uid"])
def test_nothing_stands_beside_a_panel_that_is_repeated(board: Json) -> None:
    """Grafana repeats it over the whole width, and would draw over its neighbours."""
    for one in (panel for panel in board["panels"] if "repeat" in panel):
        top, height = one["gridPos"]["y"], one["gridPos"]["h"]
        for other in board["panels"]:
            y, h = other["gridPos"]["y"], other["gridPos"]["h"]
            assert other is one or y >= top + height or y + h <= top, other["title"]


@pytest.mark.parametrize("name", ["", "-kiosk", "-public", "-prometheus"])
def test_the_overview_is_one_screen(name: str) -> None:
    """At 1920 by 1080 Grafana shows 26 rows of its grid, of 38 pixels each, under its head."""
    assert (
        max(
            p["gridPos"]["y"] + p["gridPos"]["h"]
            for p in BOARDS[f"headwind-overview{name}.json"]["panels"]
        )
        <= 26
    )


@pytest.mark.parametrize(("panel", "board"), PANELS)
def test_a_panel(panel: Json, board: Json) -> None:
    """Kind, title with its time, description, unit where there are numbers, targets by letters."""
    assert panel["type"] in KINDS
    assert panel["title"].endswith((" now", " as restated"))
    assert len(panel["description"].split()) >= 8
    if panel["type"] == "text":
        assert panel["options"]["content"]
        return
    refs = [target["refId"] for target in panel["targets"]]
    assert refs
    assert len(refs) == len(set(refs))
    assert {t["datasource"]["uid"] for t in panel["targets"]} <= SOURCES
    assert panel["datasource"]["uid"] in SOURCES
    defaults = panel["fieldConfig"]["defaults"]
    assert defaults["noValue"]
    if panel["type"] in MEASURED:
        assert defaults["unit"]


UNITS = {
    "share": "percentunit",
    "hours": "h",
    "days": "d",
    "cases": "locale",
    "% change": "percent",
}


@pytest.mark.parametrize("one", catalogue().values(), ids=lambda one: one.id)
def test_a_number_has_the_unit_of_its_indicator(one: Indicator) -> None:
    """On its own chart, and in its column of the table of all."""
    wanted = UNITS.get(one.unit, f"suffix: {one.unit}")
    charts = {panel["title"]: panel for panel in BOARDS["headwind-agency.json"]["panels"]}
    drawn = charts[f"{one.title}, as restated"]["fieldConfig"]["defaults"]["unit"]
    tables = [p for p in BOARDS["headwind-overview.json"]["panels"] if p["type"] == "table"]
    (column,) = (
        {held["id"]: held["value"] for held in override["properties"]}
        for override in tables[0]["fieldConfig"]["overrides"]
        if override["matcher"]["options"] == one.id
    )
    assert (drawn, column["unit"]) == (wanted, wanted)


@pytest.mark.parametrize(("panel", "board"), PANELS)
def test_one_panel_asks_one_kind_of_time(panel: Json, board: Json) -> None:
    """What was known then and what is restated never stand in one panel."""
    sources = {target["datasource"]["type"] for target in panel.get("targets", [])}
    assert len(sources) <= 1
    if "prometheus" in sources:
        assert panel["title"].endswith(" now")


def _within(held: Any) -> Iterator[Json]:
    """Every object inside."""
    if isinstance(held, dict):
        yield held
        held = [*held.values()]
    if isinstance(held, list):
        for one in held:
            yield from _within(one)


@pytest.mark.parametrize(("panel", "board"), PANELS)
def test_colours_are_of_the_palette_and_never_alone(panel: Json, board: Json) -> None:
    """Blue, yellow, red, purple and greys; what is mapped to a colour has a word too."""
    for one in _within(panel):
        for key in ("color", "fixedColor", "iconColor"):
            if isinstance(one.get(key), str):
                assert one[key] in looks.PALETTE, one
        if one.get("type") == "value" and "options" in one:
            assert all(option["text"] for option in one["options"].values())


@pytest.mark.parametrize("board", BOARDS.values(), ids=lambda board: board["uid"])
def test_variables_are_there_and_used(board: Json) -> None:
    """Each variable is asked for somewhere, and nothing asks for one that is not there."""
    names = {one["name"] for one in board["templating"]["list"]}
    asked_for = json.dumps({**board, "templating": {}})
    queries = json.dumps([one.get("query", "") for one in board["templating"]["list"]])
    used = set(re.findall(r"\$\{?([a-z]+)\b", asked_for + queries))
    used -= {"interval"}
    assert used <= names | {"repeat"}, used - names
    assert {n for n in names if not re.search(rf"\$\{{?{n}\b", asked_for + queries)} == set()


@pytest.mark.parametrize("board", BOARDS.values(), ids=lambda board: board["uid"])
def test_links_lead_somewhere(board: Json) -> None:
    """Each goes to a board that is there, and gives it a variable that it has."""
    by_uid = {one["uid"]: one for one in BOARDS.values()}
    for one in _within(board):
        url = one.get("url", "")
        if not isinstance(url, str) or not url:
            continue
        found = re.match(r"/d/([\w-]+)\?var-([a-z]+)=", url)
        assert found, url
        assert found[2] in {v["name"] for v in by_uid[found[1]]["templating"]["list"]}
        assert "${__url_time_range}" in url


def test_the_public_one_asks_nothing_of_its_reader() -> None:
    """No variables, no links, no annotations but Grafana's own."""
    public = BOARDS["headwind-overview-public.json"]
    assert public["templating"]["list"] == []
    assert public["annotations"]["list"] == []
    assert "var-" not in json.dumps(public)


def _metrics(text: str) -> set[str]:
    return {SUFFIXES.sub("", name) for name in re.findall(r"\bheadwind_[a-z_]+", text)}


def _expressions(board: Json) -> str:
    return "\n".join(str(one["expr"]) for one in _within(board) if "expr" in one)


def test_every_series_is_in_the_list_and_shown() -> None:
    """A panel about a series that no server has stays empty; a series that no panel shows is dead."""
    shown = {name for board in BOARDS.values() for name in _metrics(_expressions(board))}
    listed = {metric.name for metric in METRICS}
    assert shown - listed == set()
    ruled = {name for path in RULES for name in _metrics(path.read_text(encoding="utf-8"))}
    assert listed - shown - ruled == set()


@pytest.mark.parametrize(("panel", "board"), PANELS)
def test_several_servers_are_one(panel: Json, board: Json) -> None:
    """Two fronts, or one that was restarted, export a series twice: an aggregation makes it one."""
    for target in panel.get("targets", []):
        expr = target.get("expr")
        if expr:
            assert re.search(r"\b(max|min|sum|count|histogram_quantile)\b", expr), expr

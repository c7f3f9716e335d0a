"""The tests of the boards notice what they are there for: each fault is found by one of them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

TESTS = "tests/contract/test_grafana_boards.py"

Json = dict[str, Any]


def renamed(board: Json) -> None:
    """A series that no server has."""
    panel = _of(board, "Agencies now")
    expr = panel["targets"][0]["expr"]
    panel["targets"][0]["expr"] = expr.replace("headwind_agency_state", "headwind_agency_mood")


def swapped(board: Json) -> None:
    """Hours of a share."""
    (override,) = (
        one
        for one in _of(board, "Every indicator, every agency, now")["fieldConfig"]["overrides"]
        if one["matcher"]["options"] == "completion"
    )
    for held in override["properties"]:
        if held["id"] == "unit":
            held["value"] = "h"


def mute(board: Json) -> None:
    """A panel that does not say what it shows."""
    _of(board, "Ranking now")["description"] = ""


def overflowing(board: Json) -> None:
    """A panel that reaches beyond the 24 columns."""
    _of(board, "Ranking now")["gridPos"]["w"] = 12


def stray(board: Json) -> None:
    """A link to a board that is not there."""
    links = _of(board, "Agencies now")["fieldConfig"]["defaults"]["links"]
    links[0]["url"] = links[0]["url"].replace("headwind-agency", "headwind-agencies")


def green(board: Json) -> None:
    """A colour that not everybody can tell from red."""
    _of(board, "Ranking now")["fieldConfig"]["defaults"]["color"]["fixedColor"] = "green"


def doubled(board: Json) -> None:
    """A series that stands there twice after a restart."""
    _of(board, "Agencies now")["targets"][0]["expr"] = "headwind_agency_state"


FAULTS: dict[Callable[[Json], None], str] = {
    renamed: "test_every_series_is_in_the_list_and_shown",
    swapped: "test_a_number_has_the_unit_of_its_indicator",
    mute: "test_a_panel",
    overflowing: "test_no_panel_lies_over_another_or_beside_the_grid",
    stray: "test_links_lead_somewhere",
    green: "test_colours_are_of_the_palette_and_never_alone",
    doubled: "test_several_servers_are_one",
}


def _of(board: Json, title: str) -> Json:
    (panel,) = (one for one in board["panels"] if one["title"] == title)
    found: Json = panel
    return found


@pytest.mark.parametrize(
    ("fault", "found"), FAULTS.items(), ids=lambda one: getattr(one, "__name__", "")
)
def test_a_fault_is_found_by_one_test(
    fault: Callable[[Json], None], found: str, tmp_path: Path
) -> None:
    """And by no other, but the one that compares byte by byte."""
    folder = tmp_path / "json"
    shutil.copytree(ROOT / "dashboards" / "json", folder)
    path = folder / "headwind-overview.json"
    board = json.loads(path.read_text(encoding="utf-8"))
    fault(board)
    path.write_text(json.dumps(board), encoding="utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", TESTS),
            *("--deselect", f"{TESTS}::test_the_files_are_what_the_definitions_give"),
            *("--basetemp", str(tmp_path / "inner")),
        ],
        env=os.environ | {"HEADWIND_TEST_BOARDS": str(folder)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    failed = set(re.findall(r"^FAILED \S+::(\w+)", done.stdout, re.MULTILINE))
    assert failed == {found}, done.stdout[-3000:]

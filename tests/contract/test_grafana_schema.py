"""Every key of every board is one that Grafana 12.4's own types know: it drops others in silence.

The types are those that Grafana publishes for plugins (``@grafana/schema``); a compiler looks for
what they do not have. Targets are left out: what data sources read is not among these types.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import missing
from tests.contract.test_grafana_boards import BOARDS, PANELS
from tests.fetched import fetched

Json = dict[str, Any]

KINDS = {
    "stat": "stat",
    "state-timeline": "statetimeline",
    "bargauge": "bargauge",
    "table": "table",
    "timeseries": "timeseries",
    "text": "text",
}
HEAD = """
import type { Dashboard } from '@grafana/schema/veneer/dashboard.types';
import type { FieldConfig } from '@grafana/schema/raw/dashboard/x/types.gen';
// Words of an enumeration as JSON has them, and every key as one that may be left out.
type Plain<T> = T extends string ? `${T}` : T extends number | boolean | null | undefined ? T
  : T extends Array<infer U> ? Plain<U>[] : T extends object ? { [K in keyof T]?: Plain<T[K]> } : T;
"""
OURS = {"definition"}
"""Keys of a list of choices that Grafana's page reads, and its types leave out."""


def constants(boards: list[Json]) -> Iterator[tuple[str, str, Any]]:
    """What is compared: where it stands, its type, and what is there."""
    for board in boards:
        held = json.loads(json.dumps(board))
        for panel in held["panels"]:
            place, kind = f"{held['uid']}/{panel['id']}", KINDS[panel["type"]]
            yield f"{place} options", f"{kind}.Options", panel["options"]
            config = panel.get("fieldConfig", {"defaults": {}, "overrides": []})
            custom = config["defaults"].pop("custom", None)
            if custom is not None:
                yield f"{place} custom", f"{kind}.FieldConfig", custom
            for override in config["overrides"]:
                names = {one["id"]: one["value"] for one in override["properties"]}
                own = {n.removeprefix("custom."): v for n, v in names.items() if "." in n}
                rest = {n: v for n, v in names.items() if "." not in n}
                which = override["matcher"]["options"]
                if own:
                    yield f"{place} {which} custom", f"{kind}.FieldConfig", own
                yield f"{place} {which}", "FieldConfig", rest
            panel.pop("targets", None)
        for one in held["annotations"]["list"]:
            one.pop("target")
        for one in held["templating"]["list"]:
            for name in OURS:
                one.pop(name, None)
        yield held["uid"], "Dashboard", held


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the compiler finds the types."""
    made = tmp_path_factory.mktemp("types")
    packages = made / "node_modules" / "@grafana"
    packages.mkdir(parents=True)
    types = fetched("@grafana/schema") / "dist" / "types"
    shutil.copytree(types, packages / "schema")
    return made


def complaints(folder: Path, boards: list[Json]) -> list[str]:
    """What the compiler says, each with its place."""
    node = shutil.which("node")
    if node is None:
        missing("no node on the path; tests/servers.sh installs it with npm")
    lines = [*HEAD.strip().split("\n")]
    for kind in KINDS.values():
        place = f"@grafana/schema/raw/composable/{kind}/panelcfg/x/types.gen"
        lines.append(f"import type * as {kind} from '{place}';")
    places: dict[int, str] = {}
    for at, (place, name, held) in enumerate(constants(boards)):
        places[len(lines) + 1] = place
        text = json.dumps(held, ensure_ascii=True)
        lines.append(f"export const c{at}: Plain<{name}> = {text};")
    (folder / "boards.ts").write_text("\n".join(lines), encoding="utf-8")
    tsc = fetched("typescript") / "lib" / "tsc.js"
    options = "--noEmit --strict --skipLibCheck --moduleResolution bundler --module esnext"
    done = subprocess.run(
        [node, tsc, *options.split(), "--target", "es2022", "boards.ts"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in done.stdout.splitlines() if line.startswith("boards.ts(")]
    assert done.returncode == 0 or said, done.stdout
    return [
        f"{places.get(int(line[10:].split(',')[0]), '?')}: {line.partition(': ')[2]}"
        for line in said
    ]


def test_grafana_knows_every_key(folder: Path) -> None:
    """Of boards, options, fields and overrides; and every word of a list of words."""
    assert len(PANELS) > 60
    assert complaints(folder, [*BOARDS.values()]) == []


def _options(board: Json) -> None:
    board["panels"][0]["options"]["colourMode"] = "value"


def _word(board: Json) -> None:
    board["panels"][0]["options"]["graphMode"] = "sparkline"


def _custom(board: Json) -> None:
    table = next(panel for panel in board["panels"] if panel["type"] == "table")
    table["fieldConfig"]["defaults"]["custom"]["cellOptions"] = {"type": "auto", "wrapText": True}


def _override(board: Json) -> None:
    table = next(panel for panel in board["panels"] if panel["fieldConfig"]["overrides"])
    table["fieldConfig"]["overrides"][0]["properties"].append({"id": "custom.widht", "value": 90})


def _top(board: Json) -> None:
    board["timezones"] = "utc"


@pytest.mark.parametrize("spoil", [_options, _word, _custom, _override, _top])
def test_one_that_it_does_not_know_is_seen(folder: Path, spoil: Any) -> None:
    """Misspelled, or in another place than Grafana 12.4 has it."""
    board = json.loads(json.dumps(BOARDS["headwind-overview.json"]))
    spoil(board)
    assert len(complaints(folder, [board])) == 1

"""What a person sees: on a terminal of 80 or 120 characters, and of names that mean harm."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.cells import cell_len
from rich.text import Text
from sqlalchemy import Table, insert

import deploy.cli
from models.store import open_store
from models.tables import alert, refused, signal, source, value
from tests.integration.made_store import Made, on_terminal
from tests.integration.synthetic_store import fill, whole

DAYS = ["--since", "2020-06-10"]
COMMANDS = [
    ["alerts"],
    ["signals"],
    ["values", "--agency", "parks", "--service", "*", *DAYS],
    ["values", "--unit", "north", *DAYS],
    ["refused"],
    ["doctor"],
    ["explain", "within_standard", "--agency", "roads", "--at", "2020-03-03"],
    ["explain", "presence", "--agency", "nobody", "--at", "2020-03-03"],
    ["keys", "list"],
]
HARM = "[/red][link=x]\x1b[2Jgone\r\n\u202eevil"
SEEN = "[/red][link=x]�[2Jgone  �evil"


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda one: " ".join(one[:2]))
def test_lines_fit_and_nothing_is_cut(made: Made, arguments: list[str], width: int) -> None:
    """No line is longer than the terminal is wide, and no word is shortened."""
    lines = made.seen(width, *arguments)
    assert lines
    assert max(map(cell_len, lines)) <= width
    assert "…" not in "".join(lines)


@pytest.mark.parametrize("width", [80, 120])
def test_no_word_is_lost_from_an_alert(made: Made, width: int) -> None:
    """When, how grave, its state, what it is about and the whole reason stand on the screen."""
    shown = " ".join(" ".join(made.seen(width, "alerts")).split())
    for row in made.json("alerts"):
        part = row["service"] or row["evidence"]["unit"]
        head = f"{row['opened'][:10]} to {row['closed'][:10]} {row['severity']} {row['state']}"
        assert f"{head} {row['agency']} · {part} · {row['indicator']} {row['reason']}" in shown


def test_a_wider_terminal_shows_more_of_a_signal(made: Made) -> None:
    """Columns that do not fit are left out whole; those that matter most stay."""
    narrow, wide = (made.seen(width, "signals")[0].split() for width in (80, 160))
    for title in ("to", "agency", "indicator", "part", "way", "value", "usual"):
        assert title in narrow
    assert set(narrow) < set(wide)
    assert {"range", "n", "score", "UTC", "rhythm", "detector"} <= set(wide)


def test_long_names_wrap_between_words(made: Made) -> None:
    """Where a name is too long for its column or line it goes on below, cut at a space."""
    about = ("--indicator", "demand", "--service", "parking permits for residents", *DAYS)
    assert made.seen(50, "values", "--agency", "parks", *about)[1:3] == [
        "parks · demand · parking permits for residents",
        "(cases, by day)",
    ]
    lines = made.seen(60, "keys", "list")
    assert lines[0].split() == ["id", "agency", "families", "state", "created"]
    assert lines[1].split()[:-1] == [made.key, "parks", "and", "all", "active"]
    assert lines[2].split() == ["playgrounds"]


def test_values_stand_series_by_series(made: Made) -> None:
    """On a terminal a head names the series, and its rows have value, interval, n and status."""
    lines = made.seen(80, "values", "--agency", "parks", "--indicator", "demand", *DAYS)
    assert lines[1] == "parks · demand (cases, by day)"
    assert lines[2].split()[:6] == ["to", "UTC", "value", "low", "high", "n"]
    assert lines[-1].split() == ["2020-06-19", "00:00", "298", "266", "333.8", "298", "100%", "ok"]


def test_what_is_not_ok_says_why(made: Made) -> None:
    """Below the minimum n the number stands with its interval, and the reason beside it."""
    lines = made.seen(80, "values", "--agency", "roads", "--indicator", "within_standard")
    assert lines[4].split("  ")[-1] == "low_n: n 6 below 50"
    assert lines[-1].split("  ")[-1] == "undefined: nothing was counted in this window"


def test_on_forty_characters_nothing_is_lost(made: Made) -> None:
    """However narrow it is, words wrap and stay."""
    lines = made.seen(40, "refused")
    assert max(map(cell_len, lines)) <= 40
    shown = "".join("".join(lines).split())
    for row in made.json("refused"):
        assert "".join(row["message"].split()) in shown


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize(
    "command", [["demo"], ["load"], ["values"], ["notify", "test"]], ids=" ".join
)
def test_help_fills_its_lines(tmp_path: Path, command: list[str], width: int) -> None:
    """No line of a paragraph ends before the next word would not fit."""
    lines = on_terminal(width, *command, "--help", cwd=tmp_path)
    usage = next(at for at, one in enumerate(lines) if "Usage:" in one)
    words = [one.strip() for one in lines[usage + 1 :]]
    words = words[: next(at for at, one in enumerate(words) if one.startswith("╭"))]
    for line, below in pairwise(words):
        if line and below:
            assert len(line) + 1 + len(below.split()[0]) > width - 2, line


def helps(command: Any) -> Iterator[str]:
    """What a command and those below it say of themselves and of their options."""
    yield command.help or ""
    yield from (getattr(one, "help", None) or "" for one in command.params)
    for below in getattr(command, "commands", {}).values():
        yield from helps(below)


def test_no_word_of_a_help_is_taken_for_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in brackets is shown, but for what makes words bold."""
    monkeypatch.setattr("sys.argv", ["headwind"])
    found = list(helps(typer.main.get_command(importlib.reload(deploy.cli).app)))
    assert len(found) > 200
    for said in found:
        written = re.sub(r"\[/?bold\]", "", said).replace("\\[", "[")
        assert Text.from_markup(said).plain == written


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["notify", "test"], "as in [notify.NAME]; none"),
        (["move"], "the topics of [kafka], and"),
        (["worker"], "Needs [kafka] in the settings"),
    ],
    ids=lambda one: " ".join(one[:2]) if isinstance(one, list) else "",
)
def test_a_table_of_the_settings_is_named_in_a_help(
    tmp_path: Path, command: list[str], says: str
) -> None:
    """Brackets stand on the screen as they stand in headwind.toml."""
    shown = " ".join(" ".join(on_terminal(200, *command, "--help", cwd=tmp_path)).split())
    assert says in shown


@pytest.fixture(scope="module")
def harmful(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose names and reasons hold markup and the terminal's own commands."""
    folder = tmp_path_factory.mktemp("harmful")
    engine = open_store(str(folder / "headwind.db"))
    names = {"agency": HARM, "service": HARM, "indicator": "demand", "reason": HARM, "source": HARM}
    more: dict[Table, dict[str, Any]] = {
        value: {"span": "window", "latest": True, "window_end": 1, "status": "low_n"},
        signal: {"id": "1"},
        alert: {"id": "1", "state": "open", "latest": True, "evidence": "{}", "severity": HARM},
        source: {"type": "headwind.service.request.opened.v1", "accepted": 1, "stale": True},
        refused: {"id": "1", "problems": '[{"pointer":"","code":"x","message":"[/b]\\u001b"}]'},
    }
    with engine.begin() as connection:
        for table, row in more.items():
            held = {name: text for name, text in names.items() if name in table.columns}
            connection.execute(insert(table), whole(table, {**held, "detail": "{}", **row}))
    engine.dispose()
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        ["alerts"],
        ["signals"],
        ["values", "--service", "*"],
        ["refused"],
        ["doctor"],
        ["explain", "demand", "--agency", HARM, "--service", HARM, "--at", "1970-01-01"],
    ],
    ids=lambda one: one[0],
)
@pytest.mark.parametrize("piped", [False, True])
def test_names_from_outside_do_no_harm(harmful: Path, arguments: list[str], piped: bool) -> None:
    """Markup is shown as it is written, and what could command the terminal as a mark."""
    if piped:
        shown = Made(harmful, "").run(*arguments).stdout
        assert SEEN in shown
    else:
        shown = "\n".join(on_terminal(200, *arguments, cwd=harmful))
        assert "\x1b[2J" not in shown
        assert "\u202e" not in shown
    assert "[/red][link=x]\ufffd[2Jgone" in shown


def test_four_agencies_over_three_years(tmp_path: Path) -> None:
    """25,000 values fit as well as three, and are there in seconds."""
    engine = open_store(str(tmp_path / "headwind.db"))
    fill(engine)
    engine.dispose()
    lines = on_terminal(80, "values", "--limit", "100000", cwd=tmp_path)
    assert len(lines) > 25_000
    assert max(map(cell_len, lines)) <= 80

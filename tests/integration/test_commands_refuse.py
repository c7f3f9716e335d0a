"""What a mistake gets: a sentence that says what is wrong and what to do, and its exit code."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.integration.made_store import Made, flat
from tests.integration.records import HEADWIND, headwind

READING = ("values", "signals", "alerts", "refused")


@pytest.mark.parametrize("command", READING)
def test_an_empty_store(tmp_path: Path, command: str) -> None:
    """It is fine: no rows, and for a person a sentence."""
    empty = Made(tmp_path)
    empty.told("keys", "issue", "--agency", "parks")
    assert empty.json(command) == []
    assert empty.told(command, "--format", "csv").count("\n") == 1
    assert empty.told(command) == ""
    assert re.fullmatch(r"No.*\.", empty.said(command, code=0))


@pytest.mark.parametrize(
    ("command", "option", "wrong", "meant"),
    [
        ("values", "--agency", "park", "did you mean parks?"),
        ("values", "--agency", "group:al", "did you mean group:all?"),
        ("values", "--indicator", "demnd", "did you mean demand?"),
        ("values", "--service", "Permit", "did you mean permits?"),
        ("values", "--unit", "nord", "did you mean north?"),
        ("signals", "--agency", "xyz", "known: group:all, parks, parks and playgrounds, roads."),
        ("alerts", "--indicator", "presense", "did you mean presence?"),
        ("refused", "--agency", "road", "did you mean roads?"),
    ],
)
def test_a_name_that_nobody_knows(
    made: Made, command: str, option: str, wrong: str, meant: str
) -> None:
    """It is wrong use in every format, and the sentence says which name was probably meant."""
    for form in ("table", "json", "csv"):
        done = made.run(command, option, wrong, "--format", form)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"{option}: '{wrong}' is not known here; {meant}" in flat(done.stderr)


def test_a_known_name_without_rows_is_no_mistake(made: Made) -> None:
    """Roads has no alerts: nothing is given, and nothing is wrong."""
    assert made.json("alerts", "--agency", "roads") == []
    assert made.said("values", "--since", "2030-01-01", code=0) == (
        "No value matches all of that: leave an option out, or go back further."
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["values", "--since", "yesterday"], "'yesterday' is no date or moment. Write 2018-06-30"),
        (["values", "--as-of", "30-06-2018"], "--as-of: '30-06-2018' is no date or moment."),
        (["alerts", "--since", "2018-02-30"], "'2018-02-30' is no date or moment."),
        (["explain", "demand", "--agency", "parks", "--at", "noon"], "'noon' is no date"),
        (["explain", "demand", "--agency", "parks", "--at", ""], "name a day, for instance"),
        (["explain", "demnd", "--agency", "parks", "--at", "2020-01-01"], "did you mean demand?"),
        (["values", "--format", "xml"], "is not one of 'table', 'json', 'csv'"),
        (["values", "--span", "month"], "is not one of 'window', 'bucket'"),
        (["values", "--agensy", "parks"], "No such option: --agensy"),
        (["valeus"], "No such command 'valeus'"),
        (["values", "--store", "typo.db"], "there is no store at typo.db; name the right one"),
        (["replay", "--store", "typo.db"], "there is no store at typo.db; name the right one"),
        (["keys", "list", "--store", "typo.db"], "there is no store at typo.db"),
        (["values", "--store", "."], ". is a directory; name a file in it"),
        (["values", "--store", "no/where.db"], "there is no store at no/where.db"),
        (["values", "--store", "mysql://there/db"], "(sqlite:///headwind.db, or a file name)"),
        (["values", "--config", "typo.toml"], "there is no file typo.toml"),
        (["serve", "--config", "typo.toml"], "there is no file typo.toml"),
        (["keys", "issue", "--agency", ""], "A key needs an agency"),
        (["keys", "issue", "--agency", "a", "--expires", "soon"], "'soon' is no date or moment."),
        (["keys", "revoke", "[/bold]"], "There is no key with this id"),
        (["explain", "demand", "--agency", "p", "--at", "2020-01-01", "--format", "csv"], "table"),
    ],
)
def test_wrong_use(made: Made, arguments: list[str], sentence: str) -> None:
    """Exit code 2 and what to write instead; nothing is made by a name mistyped."""
    before = _stores(made.folder)
    assert sentence in made.said(*arguments, code=2)
    assert _stores(made.folder) == before


def _stores(folder: Path) -> set[str]:
    return {file.name for file in folder.rglob("*") if not file.name.endswith(("-wal", "-shm"))}


@pytest.mark.parametrize("command", [*READING, "replay", "serve", "explain"])
def test_wrong_settings(tmp_path: Path, command: str) -> None:
    """Every command says every fault of the settings, the tables in it too, with exit code 2."""
    wrong = Made(tmp_path, "[organisation]\ntimezone = 3\n[notify.desk]\nurl = 3\n")
    about = ["demand", "--agency", "a", "--at", "2020-01-01"] if command == "explain" else []
    said = wrong.said(command, *about, code=2)
    assert "[organisation] timezone" in said
    assert "[notify.desk] url" in said


@pytest.mark.parametrize("body", [b"no database, whatever it may say here", b"SQLite format 3\0"])
def test_a_file_that_is_no_store(tmp_path: Path, body: bytes) -> None:
    """Something to look at, in a sentence; the file stays as it was."""
    (tmp_path / "notes.db").write_bytes(body * 40)
    done = headwind("values", "--store", "notes.db", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "notes.db is not a database; name another file" in flat(done.stderr)
    assert (tmp_path / "notes.db").read_bytes() == body * 40


def test_a_reader_that_leaves(made: Made) -> None:
    """``headwind values | head -1`` ends without a word."""
    command = f"{HEADWIND} values --service '*' --unit '*' | head -1"
    done = subprocess.run(
        ["bash", "-c", command], cwd=made.folder, capture_output=True, check=False, timeout=60
    )
    assert done.stdout.startswith(b"agency")
    assert done.stderr == b""


def test_keys_are_shown_once_and_listed_without_their_secret(tmp_path: Path) -> None:
    """Issue, rotate, revoke and list; what is listed is who may send what, and its state."""
    keys = Made(tmp_path)
    key = keys.told("keys", "issue", "--agency", "parks", "--families", "service").strip()
    old = key.split("_")[1]
    new = keys.told("keys", "rotate", old).strip().split("_")[1]
    assert f"Key {new} is revoked." in keys.said("keys", "revoke", new, code=0)
    rows = {row["id"]: row for row in keys.json("keys", "list")}
    assert {name: row["state"] for name, row in rows.items()} == {old: "active", new: "revoked"}
    assert {row["families"] for row in rows.values()} == {"service"}
    assert rows[old]["expires"].endswith("Z")
    listed = keys.told("keys", "list")
    assert old in listed
    assert key.split("_", 2)[2] not in listed
    assert keys.json("keys", "list", "--agency", "nobody") == []

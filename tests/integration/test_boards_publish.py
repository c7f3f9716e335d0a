"""``headwind boards``: published into a running Grafana, never over what files own; and its token."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from deploy.grafana_finding import grafana as findings
from deploy.servers import free_port
from models.settings import Settings
from tests.integration.fake_grafana import ADMIN, EDITOR, VIEWER, Fake, Known, Odd, grafana, known
from tests.integration.made_store import Made, flat

__all__ = ["grafana", "known"]

OVERVIEW = {"uid": "headwind-overview", "title": "Overview", "schemaVersion": 42, "panels": []}
AGENCY = OVERVIEW | {"uid": "headwind-agency", "title": "Agency"}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits before it is tried again."""
    monkeypatch.setattr("dashboards.grafana_call.PAUSES_S", (0.0, 0.0, 0.0))


@pytest.fixture
def made(tmp_path: Path, grafana: Fake) -> Made:
    """Settings that name the Grafana, a token of an editor, and a folder of two boards."""
    one = Made(
        tmp_path, f'[grafana]\nurl = "{grafana.url}"\ntoken_file = "token"\nfolder = "Wind"\n'
    )
    (tmp_path / "token").write_text(EDITOR, encoding="utf-8")
    (tmp_path / "boards").mkdir()
    for board in (OVERVIEW, AGENCY):
        put(one, board)
    return one


def put(made: Made, board: Any, name: str = "") -> None:
    """Write a board into its file."""
    file = made.folder / "boards" / f"{name or board['uid']}.json"
    file.write_text(json.dumps(board), encoding="utf-8")


def publish(made: Made, *options: str, code: int = 0) -> str:
    """What it prints."""
    return made.told("boards", "publish", "--boards", "boards", *options, code=code)


def said(made: Made, *options: str, code: int) -> str:
    """What it says besides, in one line."""
    return made.said("boards", "publish", "--boards", "boards", *options, code=code)


def test_boards_are_published_once(made: Made, known: Known) -> None:
    """A dry run changes nothing; then all are saved in the folder; the second time none is."""
    lines = [
        "headwind-agency  is new",
        "headwind-overview  is new",
        "2 would be saved, in the folder Wind.",
    ]
    assert publish(made, "--dry-run").splitlines() == lines
    assert (known.boards, known.folders, known.count("POST")) == ({}, {}, 0)
    assert publish(made).splitlines() == [*lines[:2], "2 saved, in the folder Wind."]
    assert known.folders == {"wind": "Wind"}
    assert {one["folder"] for one in known.boards.values()} == {"wind"}
    assert publish(made).splitlines()[-1] == "0 saved, in the folder Wind."
    assert known.count("POST", "/dashboards/db") == 2


def test_what_changed_is_saved(made: Made, known: Known) -> None:
    """In the file, in Grafana, or its place; all of it, over what is there."""
    publish(made)
    put(made, OVERVIEW | {"title": "How it goes"})
    known.boards["headwind-agency"]["folder"] = "elsewhere"
    assert publish(made).splitlines() == [
        "headwind-agency  has changed",
        "headwind-overview  has changed",
        "2 saved, in the folder Wind.",
    ]
    assert known.boards["headwind-overview"]["board"]["title"] == "How it goes"
    assert known.boards["headwind-agency"]["folder"] == "wind"
    saved = [body for body in known.bodies if body and "dashboard" in body]
    assert all(body["message"].startswith("headwind ") and body["overwrite"] for body in saved)


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_what_files_own_is_left_alone_with_all_the_others(
    made: Made, known: Known, options: tuple[str, ...]
) -> None:
    """Named, with exit code 1: no board has two owners, and none is published by half."""
    known.boards["headwind-overview"] = {"board": OVERVIEW | {"version": 3}, "folder": "files"}
    known.files.add("headwind-overview")
    done = made.run("boards", "publish", "--boards", "boards", *options)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "headwind-agency  is new",
        "headwind-overview  belongs to files of that server",
    ]
    assert "Nothing was saved: headwind-overview would be undone by files." in flat(done.stderr)
    assert known.count("POST") == 0


def test_check_looks_and_does_nothing(made: Made, grafana: Fake, known: Known) -> None:
    """Who answers, as whom we come in; the boards need not be there."""
    who = f"Grafana 12.4.0 at {grafana.url}, as sa-editor"
    assert made.said("boards", "publish", "--check", "--boards", "none", code=0) == who
    assert {method for method, _ in known.seen} == {"GET"}
    (made.folder / "token").write_text(VIEWER, encoding="utf-8")
    lacks = said(made, "--check", code=1)
    assert "The token lacks annotations:create, annotations:write, dashboards:create" in lacks
    assert "role Editor" in lacks
    (made.folder / "token").write_text("glsa_wrong", encoding="utf-8")
    wrong = said(made, "--check", code=1)
    assert "does not know the token: make another one" in wrong
    assert "glsa" not in wrong


def test_a_token_that_may_too_little_saves_nothing(made: Made, known: Known) -> None:
    """It is said before anything is tried."""
    (made.folder / "token").write_text(VIEWER, encoding="utf-8")
    assert "The token lacks" in said(made, code=1)
    assert known.count("POST") == 0


def test_what_is_missing_is_said(made: Made, tmp_path: Path) -> None:
    """No Grafana, no token, nobody who listens: what, where, what to do; no traceback."""
    assert "put the secret there" in _without(made, "token")
    config = made.folder / "headwind.toml"
    config.write_text(f'[grafana]\nurl = "http://127.0.0.1:{free_port()}"\n', encoding="utf-8")
    assert "no token for Grafana is named" in said(made, code=1)
    config.write_text("", encoding="utf-8")
    assert said(made, code=2) == "No Grafana is named: write url under [grafana]."
    config.write_text('[grafana]\nurl = "x"\n', encoding="utf-8")
    assert "is not one that can be used" in said(made, code=2)


def _without(made: Made, name: str) -> str:
    file = made.folder / name
    text = file.read_text(encoding="utf-8")
    file.unlink()
    told = said(made, code=1)
    file.write_text(text, encoding="utf-8")
    return told


def test_nobody_listens(made: Made) -> None:
    """As long as it takes to try a few times."""
    config = made.folder / "headwind.toml"
    url = f"http://127.0.0.1:{free_port()}"
    config.write_text(f'[grafana]\nurl = "{url}"\ntoken_file = "token"\n', encoding="utf-8")
    wrong = said(made, code=1)
    assert wrong == f"Grafana at {url} cannot be reached: start it, or mend the url under [grafana]"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is no JSON"),
        ("[]", "is no bare board with a uid and a title"),
        (json.dumps({"dashboard": OVERVIEW}), "is no bare board"),
        (json.dumps(OVERVIEW | {"uid": "x" * 41}), "is no bare board"),
        (json.dumps(OVERVIEW | {"uid": "../folders"}), "is no bare board"),
        (json.dumps(OVERVIEW | {"title": ""}), "is no bare board"),
        (json.dumps(OVERVIEW), "another file has a board headwind-overview too"),
    ],
)
def test_a_file_that_holds_no_board_is_told(
    made: Made, known: Known, text: str, words: str
) -> None:
    """Which, and what to do; nothing is saved."""
    (made.folder / "boards" / "zzz.json").write_text(text, encoding="utf-8")
    told = said(made, code=1)
    assert "boards/zzz.json" in told.replace(" ", "")
    assert words in told
    assert known.count("POST") == 0


def test_a_folder_without_boards_is_told(made: Made) -> None:
    """Rather than saving nothing and being content."""
    told = made.said("boards", "publish", "--boards", "none", code=1)
    assert "there is no board in none; make them with headwind boards build" in told


def test_a_fault_in_the_middle_is_told(made: Made, known: Known) -> None:
    """What was saved before stays; the next time the rest follows."""
    put(made, OVERVIEW | {"uid": "headwind-zzz"})
    known.files.add("headwind-zzz")
    told = said(made, code=1)
    assert "answered 400 to POST /dashboards/db: Cannot save provisioned dashboard" in told
    known.files.clear()
    assert publish(made).splitlines()[-1] == "1 saved, in the folder Wind."


# --- the token ------------------------------------------------------------------------------------


def test_a_token_is_made_and_shown_once(made: Made, known: Known) -> None:
    """It alone goes to the output, so that it can be put into a file; with it all works."""
    (made.folder / "admin").write_text(f"{ADMIN}\n", encoding="utf-8")
    done = made.run("boards", "token", "--admin-token-file", "admin")
    assert done.returncode == 0
    (made.folder / "token").write_text(done.stdout, encoding="utf-8")
    assert "Shown once. Put it into the file that token_file under [grafana] names:" in done.stderr
    assert done.stdout.strip() not in done.stderr
    assert publish(made).splitlines()[-1] == "2 saved, in the folder Wind."
    again = made.told("boards", "token", "--admin-token-file", "admin")
    assert again != done.stdout
    assert [(one["name"], one["role"]) for one in known.accounts] == [("headwind", "Editor")]


def test_only_an_administrator_makes_tokens(made: Made, known: Known) -> None:
    """Said with what it takes; an absent file too."""
    told = made.said("boards", "token", "--admin-token-file", "token", code=1)
    assert "does not let the token do GET /serviceaccounts/search" in told
    assert "--admin-token-file: none cannot be read" in made.said(
        "boards", "token", "--admin-token-file", "none", code=1
    )
    assert known.accounts == []


# --- what doctor finds ----------------------------------------------------------------------------


def look(url: str) -> Any:
    """The one finding, as it stands."""
    (found,) = findings(Settings.of({"grafana": {"url": url}}).grafana)
    assert bool(found.fix) == (found.state != "ok")
    return found


def test_doctor_says_nothing_where_no_grafana_is_named() -> None:
    """It is not needed."""
    assert list(findings(Settings().grafana)) == []


def test_doctor_looks_at_grafana(
    grafana: Fake, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it answers, whether the token is right, and how many boards are there."""
    monkeypatch.delenv("HEADWIND_GRAFANA_TOKEN", raising=False)
    assert look(grafana.url).says == "no token for Grafana is named"
    monkeypatch.setenv("HEADWIND_GRAFANA_TOKEN", EDITOR)
    none = look(grafana.url)
    assert (none.state, none.fix[:23]) == ("look", "headwind boards publish")
    for uid in ("headwind-a", "headwind-b", "other"):
        known.boards[uid] = {"board": {"uid": uid}, "folder": ""}
    well = look(grafana.url)
    assert (well.about, well.state) == ("grafana", "ok")
    assert well.says == f"12.4.0 at {grafana.url}, as sa-editor, has 2 of our boards"
    monkeypatch.setenv("HEADWIND_GRAFANA_TOKEN", VIEWER)
    assert look(grafana.url).says.startswith("the token lacks annotations:create")
    monkeypatch.setenv("HEADWIND_GRAFANA_TOKEN", "glsa_wrong")
    wrong = look(grafana.url)
    assert wrong.says == f"Grafana at {grafana.url} does not know the token"
    assert wrong.fix == "make another one with headwind boards token"
    known.always = Odd(503)
    known.seen.clear()
    assert look(grafana.url).says == f"Grafana at {grafana.url} answered 503 to GET /health"
    assert len(known.seen) == 1
    url = f"http://127.0.0.1:{free_port()}"
    assert look(url).says == f"Grafana at {url} cannot be reached"


def test_doctor_has_a_line_for_grafana(made: Made, known: Known) -> None:
    """The last one, and its state counts for the exit code."""
    assert [row["about"] for row in made.json("doctor", code=1)][-1] == "grafana"

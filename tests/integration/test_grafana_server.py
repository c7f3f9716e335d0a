"""The adapter for Grafana over a real socket: every odd answer, and what is tried again."""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest
import requests

from dashboards import grafana_server
from dashboards.annotations import Annotation
from dashboards.grafana_call import ONCE, ROUTES, GrafanaCall, GrafanaError
from dashboards.grafana_server import GrafanaServer
from tests.conftest import ROOT
from tests.integration.adapter import BOARD, DAY, ONE, Paused, paused, refused, server
from tests.integration.fake_grafana import (
    ADMIN,
    EDITOR,
    VIEWER,
    Fake,
    Known,
    Odd,
    grafana,
    known,
    running,
)

__all__ = ["grafana", "known", "paused", "server"]

# --- what is asked, and what is done --------------------------------------------------------------


def test_it_says_who_answers(server: GrafanaServer) -> None:
    """Version, account, and that nothing is lacking."""
    assert server.check() == ("12.4.0", "sa-editor", ())


@pytest.mark.parametrize("anonymous", [True, False])
def test_a_wrong_token_is_found_out(grafana: Fake, known: Known, anonymous: bool) -> None:
    """Also where anybody may look: there every other GET takes it for no token and answers."""
    known.anonymous = anonymous
    with GrafanaServer(grafana.url, "glsa_wrong", pause=Paused()) as server:
        if anonymous:
            assert server.boards() == []
        error = refused(server.check)
    assert error.status == 401
    assert "does not know the token: make another one with headwind boards token" in str(error)


def test_a_token_that_may_too_little_is_found_out(grafana: Fake) -> None:
    """What it lacks is named: annotations of single boards are not those of the whole."""
    with GrafanaServer(grafana.url, VIEWER, pause=Paused()) as server:
        lacks = ("annotations:create", "annotations:write", "dashboards:create", "folders:create")
        assert server.check().lacks == lacks
        error = refused(lambda: server.annotate(ONE))
    assert error.status == 403
    assert str(error).endswith("give its account the role Editor")


def test_rights_that_are_not_told_are_no_fault(server: GrafanaServer, known: Known) -> None:
    """Where nobody says what a token may, it is not said that it may not."""
    known.odd = [
        Odd(200, b'{"database": "ok"}'),
        Odd(200, b'{"login": "a"}'),
        Odd(404, b'{"message": "Not found"}'),
    ]
    assert server.check().lacks is None


def test_an_annotation_is_written_changed_and_taken_away(
    server: GrafanaServer, known: Known
) -> None:
    """It comes back as it was sent; changed, it keeps its tags; what is gone may go again."""
    server.annotate(ONE)
    ((number, there),) = server.annotations("headwind", 1, 200 * DAY)
    assert there == ONE
    other = Annotation(ONE.start, 102 * DAY, ONE.tags, "A fall; it is over.")
    server.renew(number, other)
    assert server.annotations("headwind", 1, 200 * DAY) == [(number, other)]
    assert server.annotations("other", 1, 200 * DAY) == []
    assert server.annotations("headwind", 103 * DAY, 200 * DAY) == []
    server.withdraw(number)
    server.withdraw(number)
    assert known.annotations == {}


def test_more_annotations_than_one_answer_holds(
    server: GrafanaServer, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time is cut in two until all have been told, long ones that lie in both parts once."""
    monkeypatch.setattr(grafana_server, "AT_ONCE", 10)
    for day in range(1, 60):
        server.annotate(Annotation(day * DAY, (day + 3 * (day % 2)) * DAY, ("headwind",), f"{day}"))
    known.seen.clear()
    found = server.annotations("headwind", 1, 100 * DAY)
    assert [one.text for _, one in found] == [f"{day}" for day in range(1, 60)]
    assert known.count("GET") > 6


def test_too_many_at_one_moment(server: GrafanaServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends, with an error: nobody may believe that the rest is missing."""
    monkeypatch.setattr(grafana_server, "AT_ONCE", 3)
    for number in range(4):
        server.annotate(Annotation(DAY, DAY, ("headwind",), f"{number}"))
    with pytest.raises(GrafanaError, match="too many annotations headwind at one moment"):
        server.annotations("headwind", 1, 2 * DAY)


def test_a_folder_is_made_once(server: GrafanaServer, known: Known) -> None:
    """A second time it is found; so is one that somebody else made in between, or renamed."""
    assert server.folder("headwind", "Headwind") == "headwind"
    assert server.folder("headwind", "Renamed") == "headwind"
    assert (known.folders, known.count("POST")) == ({"headwind": "Headwind"}, 1)
    known.odd = [Odd(404, b'{"message": "folder not found"}')]
    assert server.folder("headwind", "Headwind") == "headwind"
    assert known.count("POST") == 2
    known.folders["headwind"] = "Elsewhere"
    error = refused(lambda: server.folder("other", "Elsewhere"))
    assert error.status == 412


def test_a_board_is_saved_over_itself(server: GrafanaServer, known: Known) -> None:
    """Its owner is told, before and after; the number of another server's board is not sent."""
    server.folder("headwind", "Headwind")
    assert server.board_owner("headwind-overview") is None
    for _ in range(2):
        server.save_board(BOARD | {"id": 77}, "headwind", "by a test")
    assert server.board_owner("headwind-overview") == "api"
    standing = server.board("headwind-overview")
    assert standing is not None
    assert (standing.folder, standing.board["version"]) == ("headwind", 2)
    assert known.bodies[-3]["dashboard"]["id"] is None
    assert known.bodies[-3]["message"] == "by a test"
    assert server.boards() == ["headwind-overview"]


def test_a_board_of_files_is_told_and_refused(server: GrafanaServer, known: Known) -> None:
    """Whose it is stands in its meta; saving it says why not."""
    known.boards["headwind-overview"] = {"board": BOARD, "folder": ""}
    known.files.add("headwind-overview")
    assert server.board_owner("headwind-overview") == "files"
    error = refused(lambda: server.save_board(BOARD, "", ""))
    assert str(error).endswith(
        "answered 400 to POST /dashboards/db: Cannot save provisioned dashboard"
    )


def test_a_service_account_is_made_once_and_its_tokens_work(grafana: Fake, known: Known) -> None:
    """The same name is the same account; each token is another one; a longer name is no match."""
    with GrafanaServer(grafana.url, ADMIN, pause=Paused()) as admin:
        longer = admin.service_account("headwind two", "Editor")
        number = admin.service_account("headwind", "Editor")
        assert admin.service_account("headwind", "Editor") == number != longer
        keys = {admin.token_for(number, name) for name in ("a", "b")}
        assert len(keys) == 2
        error = refused(lambda: admin.service_account("headwind", "Viewer"))
        assert "of another role" in str(error)
        assert refused(lambda: admin.token_for(number, "a")).status == 409
    for key in keys:
        with GrafanaServer(grafana.url, key) as server:
            assert server.check().lacks == ()


def test_names_are_quoted(grafana: Fake, known: Known) -> None:
    """What stands in a name never becomes another route or another question."""
    with GrafanaServer(grafana.url, ADMIN) as admin:
        assert admin.board("../folders/x?a=b#c") is None
        assert known.seen[-1] == ("GET", "/dashboards/uid/..%2Ffolders%2Fx%3Fa%3Db%23c")
        assert admin.annotations("a&limit=1", 1, 2) == []
        assert "tags=a%26limit%3D1&" in known.seen[-1][1]


def test_it_may_begin_below_a_path(known: Known) -> None:
    """As behind a proxy; a slash at the end changes nothing."""
    with running(known, path="/wind/grafana") as fake:
        for url in (fake.url, f"{fake.url}/"):
            with GrafanaServer(url, EDITOR) as server:
                assert server.check().version == "12.4.0"


# --- what is never called -------------------------------------------------------------------------


def test_no_other_call_creeps_in(grafana: Fake) -> None:
    """A route that is not on the list is not called, and each on it is used."""
    call = GrafanaCall(grafana.url, EDITOR)
    for method, route in (("GET", "/org"), ("DELETE", "/folders/{uid}"), ("GETT", "/health")):
        with pytest.raises(LookupError, match="not among"):
            call(method, route)
    with pytest.raises(LookupError, match="takes uid"):
        call("GET", "/folders/{uid}", id=7)
    call.close()
    assert grafana.known.seen == []
    code = (ROOT / "dashboards" / "grafana_server.py").read_text(encoding="utf-8")
    assert {route for _, route in ROUTES} == {
        node.value
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Constant) and str(node.value).startswith("/") and node.value != "/"
    }
    assert {route for method, route in ROUTES if method == "POST"} >= ONCE


def test_only_one_file_knows_the_package() -> None:
    """So that its faults are mended in one place; the library below it is used there alone too."""
    users = {
        path.name
        for folder in ("models", "streams", "connectors", "dashboards", "deploy")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(
            r"^\s*(from|import) (grafana_api|requests|urllib3)\b", path.read_text(), re.MULTILINE
        )
    }
    assert users == {"grafana_call.py"}


def test_the_package_is_still_as_odd(grafana: Fake, known: Known) -> None:
    """Its faults that the adapter is there for; where one is gone, so may its remedy be."""
    call = GrafanaCall(grafana.url, EDITOR)
    api: Any = call._face.api
    known.odd = [Odd(204), Odd(500, b"null"), Odd(500, b"a message")]
    with pytest.raises(requests.JSONDecodeError):
        api.GET("/health")
    for _ in range(2):
        with pytest.raises(TypeError):
            api.GET("/health")
    call.close()

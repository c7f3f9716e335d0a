"""Odd answers of Grafana, and none: what each means, and what is tried again."""

from __future__ import annotations

import json

import pytest

from dashboards.grafana_call import PAUSES_S, GrafanaError
from dashboards.grafana_server import GrafanaServer
from deploy.servers import free_port
from tests.integration.adapter import DAY, ONE, Paused, paused, refused, server
from tests.integration.fake_grafana import (
    EDITOR,
    Fake,
    Known,
    Odd,
    grafana,
    known,
)

__all__ = ["grafana", "known", "paused", "server"]

# --- odd answers ----------------------------------------------------------------------------------


def test_an_answer_without_a_body_is_a_deed_done(
    server: GrafanaServer, known: Known, paused: Paused
) -> None:
    """204: the package calls it an error; it is none, and nothing is done twice."""
    known.odd = [Odd(204, done=True)]
    server.annotate(ONE)
    assert known.texts() == ["A fall."]
    assert (known.count("POST"), paused.waits) == (1, [])


@pytest.mark.parametrize(
    "body",
    [b"null", b"no message here", b"<h1>message</h1>", b'["message"]', b"\xff\xfe", b"", b"7"],
)
@pytest.mark.parametrize("status", [400, 404, 422, 500, 502])
def test_a_body_of_an_error_may_be_anything(
    server: GrafanaServer, known: Known, status: int, body: bytes
) -> None:
    """The status is told all the same, and what may pass is known by it."""
    known.always = Odd(status, body)
    error = refused(lambda: server.renew(7, ONE))
    assert (error.status, error.passes) == (status, status >= 500)
    assert f"answered {status} to PATCH /annotations/7: " in str(error)


@pytest.mark.parametrize(
    "body", [b"<html>Sign in</html>", b'{"a"', b"null", b"[]", b'"text"', b"{}"]
)
def test_what_is_no_grafana(server: GrafanaServer, known: Known, body: bytes) -> None:
    """A page that asks for a login, say: told as such, not tried again, and nothing is believed."""
    known.always = Odd(200, body)
    error = refused(server.check)
    assert "is no Grafana: write where Grafana begins as url" in str(error)
    assert known.count("GET") == 1
    if body != b"[]":
        refused(lambda: server.annotations("headwind", 1, 2))


def test_a_redirect_is_not_followed(server: GrafanaServer, known: Known) -> None:
    """Followed, the POST would become a GET that is answered well and does nothing."""
    known.odd = [Odd(301, headers=(("Location", "/api/annotations"),))]
    error = refused(lambda: server.annotate(ONE))
    assert error.status == 301
    assert "sends elsewhere" in str(error)
    assert [method for method, _ in known.seen] == ["POST"]


def test_a_token_that_comes_back_is_not_told(server: GrafanaServer, known: Known) -> None:
    """A proxy may quote what it was sent; nor can an answer paint the terminal."""
    known.odd = [Odd(400, json.dumps({"message": f"bad header {EDITOR} \x1b[31m\n!"}).encode())]
    error = refused(lambda: server.annotate(ONE))
    assert str(error).endswith("to POST /annotations: bad header … [31m !")


@pytest.mark.parametrize("token", ["", "two words", "glsa_\n", "glsa_é", "glsa_\x00"])
def test_what_can_be_no_token_is_not_sent(token: str) -> None:
    """It would be told by what cannot send it, in full."""
    with pytest.raises(GrafanaError, match="copy it again") as caught:
        GrafanaServer("http://127.0.0.1:9", token)
    assert token == "" or token not in str(caught.value)


# --- what is tried again --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "odd",
    [
        Odd(500, b"{}"),
        Odd(502, b"Bad"),
        Odd(503),
        Odd(429),
        Odd(how="close"),
        Odd(how="slow"),
        Odd(how="half"),
    ],
)
def test_what_may_pass_is_tried_again(
    server: GrafanaServer, known: Known, paused: Paused, odd: Odd
) -> None:
    """Three times, with growing pauses; the fourth answer counts."""
    server.annotate(ONE)
    known.odd = [odd] * 3
    assert len(server.annotations("headwind", 1, 200 * DAY)) == 1
    assert paused.waits == list(PAUSES_S) == sorted(set(PAUSES_S))
    known.always = odd
    error = refused(lambda: server.renew(1, ONE))
    assert error.passes
    assert paused.waits == [*PAUSES_S, *PAUSES_S]


def test_nobody_listens(paused: Paused) -> None:
    """A closed port: tried again also for what must not be done twice, for nothing was done."""
    with GrafanaServer(f"http://127.0.0.1:{free_port()}", EDITOR, pause=paused) as server:
        error = refused(lambda: server.annotate(ONE))
    assert (error.status, error.passes, error.undone) == (None, True, True)
    assert "cannot be reached: start it, or mend the url under [grafana]" in str(error)
    assert paused.waits == list(PAUSES_S)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 412, 422])
def test_what_will_not_pass_is_not_tried_again(
    server: GrafanaServer, known: Known, paused: Paused, status: int
) -> None:
    """A refusal stays one."""
    known.always = Odd(status, b"{}")
    assert not refused(lambda: server.renew(1, ONE)).passes
    assert (len(known.seen), paused.waits) == (1, [])


@pytest.mark.parametrize(
    "odd",
    [
        Odd(502, b"Bad", done=True),
        Odd(how="close", done=True),
        Odd(how="half", done=True),
        Odd(how="slow", done=True),
    ],
)
def test_what_may_have_been_done_is_not_done_twice(
    server: GrafanaServer, known: Known, odd: Odd
) -> None:
    """An annotation whose answer was lost is not posted again; what goes by a uid is."""
    known.odd = [odd]
    assert refused(lambda: server.annotate(ONE)).passes
    assert known.texts() == ["A fall."]
    known.odd = [Odd(404, b"{}"), odd]
    server.folder("headwind", "Headwind")
    assert known.count("POST", "/folders") == 2


def test_too_many_requests_are_waited_out(
    server: GrafanaServer, known: Known, paused: Paused
) -> None:
    """For as long as the server asks, within reason; nothing was done, so all is tried again."""
    asked = [("7", 7.0), ("99999", 30.0), ("soon", PAUSES_S[2])]
    known.odd = [Odd(429, headers=(("Retry-After", text),)) for text, _ in asked]
    server.annotate(ONE)
    assert paused.waits == [wait for _, wait in asked]
    assert known.texts() == ["A fall."]


def test_whoever_stops_waits_for_nothing(grafana: Fake, known: Known) -> None:
    """A pause that is cut short is the end of trying."""
    known.always = Odd(503)
    with GrafanaServer(grafana.url, EDITOR, pause=Paused(gives_up=True)) as server:
        refused(server.check)
    assert len(known.seen) == 1

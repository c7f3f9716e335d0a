"""People's channels through Apprise, over real sockets: JSON over HTTP, and mail."""

from __future__ import annotations

import logging
import socketserver
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import sqlalchemy

from models.settings import Settings
from streams.notify.relay import Relay
from tests.integration.listening import listening
from tests.integration.test_notify import (
    HOUR,
    NOON,
    Clock,
    Listener,
    alert,
    listener,
    put,
    states,
    store,
)

__all__ = ["listener", "store"]

PLANTED = "pl4nted-secret"


class MailServer(socketserver.ThreadingTCPServer):
    """Takes mail and keeps it."""

    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Mail)
        self.got: list[bytes] = []


class _Mail(socketserver.StreamRequestHandler):
    """One conversation, as much of SMTP as a plain sender says."""

    server: MailServer

    def handle(self) -> None:
        """Answer each line."""
        self._say("220 here")
        for raw in self.rfile:
            word = raw.split()[0].upper() if raw.split() else b""
            if word == b"DATA":
                self._say("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                self.server.got.append(b"".join(lines))
            self._say("221 bye" if word == b"QUIT" else "250 fine")
            if word == b"QUIT":
                return

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@pytest.fixture
def mail() -> Iterator[MailServer]:
    """A mail server on loopback."""
    with listening(MailServer()) as server:
        yield server


def people(store: sqlalchemy.Engine, folder: Path, urls: str, **wants: str) -> Relay:
    """A relay whose one receiver are the people behind these addresses."""
    (folder / "people.url").write_text(urls, encoding="utf-8")
    receiver = {"kind": "apprise", "url_file": str(folder / "people.url"), **wants}
    settings = Settings.of(
        {
            "organisation": {"name": "Coast", "timezone": "Europe/Brussels"},
            "door": {"public_url": "https://wind.example.org/"},
            "agencies": {"permits": {"title": "Office of permits"}, "roads": {}},
            "notify": {"people": receiver},
        }
    )
    return Relay(store, settings, Clock())


def json_url(listener: Listener, query: str = "") -> str:
    """The address of a listener, for Apprise."""
    return f"json://user:{PLANTED}@127.0.0.1:{listener.server_port}/hook{query}"


def messages(listener: Listener) -> list[tuple[str, str]]:
    """Title and text of everything that was taken."""
    return [(body["title"], body["message"]) for body in listener.accepted]


def test_a_message_reads_well(store: sqlalchemy.Engine, listener: Listener, tmp_path: Path) -> None:
    """Whose it is and how grave, one sentence, and where to read on; then that it is over."""
    one = people(store, tmp_path, json_url(listener))
    put(store, alert(severity="warning"), alert(1, "closed", reason="Demand (building) is back."))
    assert one.step() == 2
    where = (
        "\n\nSee https://wind.example.org/agency/permits"
        "\nWhat to do: https://wind.example.org/runbook/indicator-off.md"
    )
    sentence = "Demand (building) is 31% below what was expected since 2020-03-16."
    assert messages(listener) == [
        ("Warning: Office of permits, demand (building)", sentence + where),
        ("Over: Office of permits, demand (building)", "Demand (building) is back." + where),
    ]
    assert [body["type"] for body in listener.accepted] == ["warning", "success"]


def test_several_alerts_are_one_message(
    store: sqlalchemy.Engine, listener: Listener, tmp_path: Path
) -> None:
    """The gravest first, a line each."""
    one = people(store, tmp_path, json_url(listener))
    put(store, alert(name="a"), alert(name="b", severity="critical", reason="Grave."))
    assert one.step() == 1
    ((title, text),) = messages(listener)
    assert title == "2 alerts: Office of permits, demand"
    assert text.splitlines()[:2] == [
        "- Critical: Grave.",
        "- Info: Demand (building) is 31% below what was expected since 2020-03-16.",
    ]
    assert text.count("https://wind.example.org/agency/permits") == 1


def test_why_a_message_comes_now_is_said(
    store: sqlalchemy.Engine, listener: Listener, tmp_path: Path
) -> None:
    """At the end of quiet hours it says so, and that an alert is still open."""
    one = people(store, tmp_path, json_url(listener), quiet_hours="12:30-14:00", repeat="P1D")
    put(store, alert(name="a"), alert(name="b", agency="roads"))
    clock = one.clock
    assert isinstance(clock, Clock)
    one.step()
    assert messages(listener) == []
    clock.now += HOUR
    one.step()
    clock.now += 24 * HOUR + 1
    one.step()
    first, *rest = messages(listener)
    assert first[0] == "While it was quiet: 2 alerts of 2 agencies"
    assert first[1].splitlines()[0].startswith("- Info, Office of permits: Demand")
    assert [title for title, _ in rest] == [
        "Still open: Info: Office of permits, demand (building)",
        "Still open: Info: roads, demand (building)",
    ]


def test_after_a_failure_only_who_missed_it_gets_it(
    store: sqlalchemy.Engine, listener: Listener, tmp_path: Path
) -> None:
    """Two addresses, the second of which fails once: the first is not told twice."""
    urls = f"{json_url(listener, '/one')} {json_url(listener, '/two')}"
    one = people(store, tmp_path, urls)
    listener.answers = [(200, {}), (500, {})]
    put(store, alert())
    one.step()
    assert states(store) == [("people", "pending", 1, "address 2 of 2 did not take it")]
    assert isinstance(one.clock, Clock)
    one.clock.now += 60_000
    one.step()
    assert [state[1] for state in states(store)] == ["delivered"]
    assert len(listener.got) == 3
    assert len(listener.accepted) == 2


@pytest.mark.parametrize(
    "case",
    [
        (f"nothing://{PLANTED}", "address 1 of 1 is none that Apprise knows"),
        (f"json://u:{PLANTED}@127.0.0.1:9/{PLANTED}", "address 1 of 1 did not take it"),
    ],
)
def test_an_address_is_written_nowhere(
    store: sqlalchemy.Engine,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    case: tuple[str, str],
) -> None:
    """Whatever goes wrong: neither the store nor a log holds what is secret in it."""
    urls, says = case
    caplog.set_level(logging.DEBUG)
    put(store, alert())
    people(store, tmp_path, urls).step()
    assert states(store) == [("people", "pending", 1, says)]
    printed = capfd.readouterr()
    assert PLANTED not in printed.out + printed.err + caplog.text
    store.dispose()
    for kept in tmp_path.glob("headwind.db*"):
        assert PLANTED.encode() not in kept.read_bytes()


def test_addresses_may_stand_in_the_environment(
    store: sqlalchemy.Engine, listener: Listener, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In a variable or the file that it names; while neither is there, it is said which."""
    settings = Settings.of({"notify": {"on-call": {"kind": "apprise"}}})
    clock = Clock()
    one = Relay(store, settings, clock)
    put(store, alert())
    one.step()
    (row,) = states(store)
    assert "HEADWIND_NOTIFY_ON_CALL_URL is not set" in row[3]
    (tmp_path / "url").write_text(json_url(listener), encoding="utf-8")
    monkeypatch.setenv("HEADWIND_NOTIFY_ON_CALL_URL_FILE", str(tmp_path / "url"))
    clock.now = NOON + HOUR
    one.step()
    assert [state[1] for state in states(store)] == ["delivered"]


def test_it_comes_by_mail(store: sqlalchemy.Engine, mail: MailServer, tmp_path: Path) -> None:
    """A mail server gets one mail, its subject the title."""
    port = mail.server_address[1]
    url = f"mailto://127.0.0.1:{port}/?to=desk@example.org&from=wind@example.org"
    put(store, alert())
    people(store, tmp_path, url).step()
    assert [state[1] for state in states(store)] == ["delivered"]
    (raw,) = mail.got
    got = message_from_bytes(raw, policy=policy.default)
    assert got["subject"] == "Info: Office of permits, demand (building)"
    text = got.get_body(("plain",))
    assert text is not None
    assert "31% below what was expected since 2020-03-16" in text.get_content()

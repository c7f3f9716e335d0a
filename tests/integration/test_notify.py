"""Notifications over a real socket: every answer a receiver may give, and restarts between."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy
from sqlalchemy import insert, select

from models.alert import Alert
from models.settings import NotifySettings, OrganisationSettings, Settings
from models.store import open_store
from models.tables import delivery, outbox
from models.value import Cell
from streams.catalogue import catalogue
from streams.notify.box import ATTEMPTS
from streams.notify.payload import outbox_row, webhook, webhook_alert
from streams.notify.relay import FIRST_WAIT_MS, TELLING_MS, Relay
from tests.integration.listening import listening

NOON = 1_584_360_000_000
HOUR = 3_600_000


class Listener(ThreadingHTTPServer):
    """A receiver that gives the answers it was told, then 200, and keeps what it got."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.got: list[tuple[dict[str, Any], dict[str, str]]] = []
        self.accepted: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}/hook"


class Handler(BaseHTTPRequestHandler):
    """One post."""

    server: Listener
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Keep the body, give the next answer."""
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.got.append((body, dict(self.headers)))
        status, headers = self.server.answers.pop(0) if self.server.answers else (200, {})
        if status == 200:
            self.server.accepted.append(body)
        self.send_response(status)
        for name, text in {**headers, "Content-Length": "0"}.items():
            self.send_header(name, text)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Clock:
    """A clock turned by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> int:
        """Milliseconds since the epoch."""
        return self.now


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A webhook receiver on loopback."""
    with listening(Listener()) as server:
        yield server


@pytest.fixture
def store(tmp_path: Path) -> Iterator[sqlalchemy.Engine]:
    """An empty store."""
    engine = open_store(str(tmp_path / "headwind.db"))
    yield engine
    engine.dispose()


def alert(transition: int = 0, state: str = "open", name: str = "a", **fields: Any) -> Alert:
    """One state of an alert; ``fields`` are what is unlike the usual one."""
    made = Alert(
        id=f"00000000-0000-0000-0000-{name:>012}",
        alertname="Demand off",
        agency="permits",
        indicator="demand",
        cell=Cell(service="building"),
        severity="info",
        state=state,  # type: ignore[arg-type]
        old_state="open" if transition else "",
        reason="Demand (building) is 31% below what was expected since 2020-03-16.",
        evidence={"value": 690.0, "expected": 1000.0, "n": 690, "depth": 0.31, "rhythm": "day"},
        opened=NOON - HOUR,
        updated=NOON,
        closed=NOON if state == "closed" else None,
        transition=transition,
    )
    return msgspec.structs.replace(made, **fields)


def put(store: sqlalchemy.Engine, *alerts: Alert, created: int = NOON) -> None:
    """Write these states into the outbox, one after the other."""
    rows = [outbox_row(one, catalogue()["demand"], created + i) for i, one in enumerate(alerts)]
    with store.begin() as connection:
        connection.execute(insert(outbox), rows)


def states(store: sqlalchemy.Engine) -> list[tuple[str, str, int, str]]:
    """What the delivery log says."""
    columns = (
        delivery.c.channel,
        delivery.c.state,
        delivery.c.attempts,
        delivery.c.last_error,
    )
    with store.connect() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(*columns))]


@contextmanager
def relay(store: sqlalchemy.Engine, clock: Clock, **receivers: NotifySettings) -> Iterator[Relay]:
    """A relay as it stands after a start; the organisation is in Brussels."""
    brussels = OrganisationSettings(name="Coast", timezone="Europe/Brussels")
    made = Relay(store, Settings(notify=receivers, organisation=brussels), clock)
    yield made
    made.close()


def test_it_succeeds_at_the_third_try(store: sqlalchemy.Engine, listener: Listener) -> None:
    """Two failures, each waited out longer than the last, then one delivery and no more."""
    clock = Clock()
    listener.answers = [(500, {}), (503, {})]
    put(store, alert())
    with relay(store, clock, ops=NotifySettings(url=listener.url)) as one:
        assert one.step() == 1
        assert one.step() == 0
        assert states(store) == [("ops", "pending", 1, "HTTP 500")]
        clock.now += 2 * FIRST_WAIT_MS
        assert one.step() == 1
        clock.now += 2 * FIRST_WAIT_MS
        assert one.step() == 0
        clock.now += 8 * FIRST_WAIT_MS
        assert one.step() == 1
        assert states(store) == [("ops", "delivered", 3, "")]
        clock.now += 30 * 24 * HOUR
        assert one.step() == 0
    assert len(listener.got) == 3


def test_restarts_bring_no_second_notification(
    store: sqlalchemy.Engine, listener: Listener
) -> None:
    """One alert over two restarts: its opening arrives once, and its closing once."""
    clock = Clock()
    ops = NotifySettings(url=listener.url)
    put(store, alert())
    with relay(store, clock, ops=ops) as one:
        one.step()
    with relay(store, clock, ops=ops) as two:
        assert two.step() == 0
        put(store, alert(1, "closed"), created=NOON + 10)
        two.step()
    with relay(store, clock, ops=ops) as three:
        assert three.step() == 0
    said = [body["alerts"][0] for body in listener.accepted]
    assert [one["status"] for one in said] == ["firing", "resolved"]
    assert said[0]["fingerprint"] == said[1]["fingerprint"]
    assert said[0]["endsAt"].startswith("0001-01-01")
    assert said[1]["endsAt"] == "2020-03-16T12:00:00.000Z"


def test_retry_after_is_kept(store: sqlalchemy.Engine, listener: Listener) -> None:
    """A receiver that says 429 and when to come back is left alone until then."""
    clock = Clock()
    listener.answers = [(429, {"Retry-After": "120"})]
    put(store, alert())
    with relay(store, clock, ops=NotifySettings(url=listener.url)) as one:
        one.step()
        clock.now += 119_000
        assert one.step() == 0
        clock.now += 1_000
        assert one.step() == 1
    assert len(listener.accepted) == 1


def test_a_permanent_error_is_not_repeated(store: sqlalchemy.Engine, listener: Listener) -> None:
    """400 is a dead letter at once, and what went with it still arrives, alone."""
    clock = Clock()
    listener.answers = [(400, {}), (400, {})]
    put(store, alert(name="a"), alert(name="b"))
    with relay(store, clock, ops=NotifySettings(url=listener.url)) as one:
        assert one.step() == 1
        clock.now += 30 * 24 * HOUR
        assert one.step() == 0
    assert [state[1:] for state in states(store)] == [("dead", 1, "HTTP 400"), ("delivered", 1, "")]


def test_it_gives_up_in_the_end(store: sqlalchemy.Engine, listener: Listener) -> None:
    """After the last try a notification is a dead letter, kept and counted."""
    clock = Clock()
    listener.answers = [(500, {})] * ATTEMPTS
    put(store, alert())
    with relay(store, clock, ops=NotifySettings(url=listener.url)) as one:
        for _ in range(ATTEMPTS + 3):
            one.step()
            clock.now += 8 * HOUR
    assert states(store) == [("ops", "dead", ATTEMPTS, "HTTP 500")]


def test_a_closing_never_overtakes_its_opening(
    store: sqlalchemy.Engine, listener: Listener
) -> None:
    """While the opening waits for its next try, the closing waits behind it."""
    clock = Clock()
    listener.answers = [(500, {})]
    put(store, alert(), alert(1, "closed"))
    with relay(store, clock, ops=NotifySettings(url=listener.url)) as one:
        one.step()
    with relay(store, clock, ops=NotifySettings(url=listener.url)) as two:
        assert two.step() == 0
        clock.now += 2 * FIRST_WAIT_MS
        assert two.step() == 2
    assert [body["status"] for body in listener.accepted] == ["firing", "resolved"]


def test_a_dead_receiver_holds_no_other_up(store: sqlalchemy.Engine, listener: Listener) -> None:
    """Nobody listens at one receiver; it is tried once a step, the other gets everything."""
    clock = Clock()
    dead = NotifySettings(url="http://127.0.0.1:9/hook")
    put(store, *(alert(name=letter, agency=letter) for letter in "abcde"))
    with relay(store, clock, ops=NotifySettings(url=listener.url), far=dead) as one:
        assert one.step() == 6
    assert len(listener.accepted) == 5
    tried = [attempts for channel, _, attempts, _ in states(store) if channel == "far"]
    assert sorted(tried) == [0, 0, 0, 0, 1]


def test_receivers_get_what_they_asked_for(store: sqlalchemy.Engine, listener: Listener) -> None:
    """Agencies and severity filter; a receiver named later is not told of history."""
    clock = Clock()
    receivers = {
        "other": NotifySettings(url=listener.url, agencies=("elsewhere",)),
        "grave": NotifySettings(url=listener.url, min_severity="critical"),
        "all": NotifySettings(url=listener.url),
    }
    put(store, alert(name="a"), created=NOON - TELLING_MS - 1)
    put(store, alert(name="b"))
    with relay(store, clock, **receivers) as one:
        assert one.step() == 1
    assert len(listener.accepted) == 1


def test_the_token_is_sent_and_nowhere_written(
    store: sqlalchemy.Engine, listener: Listener, tmp_path: Path
) -> None:
    """A bearer token comes from its file; while that is missing nothing is sent."""
    clock = Clock()
    file = tmp_path / "token"
    ops = NotifySettings(url=listener.url, token_file=str(file))
    put(store, alert())
    with relay(store, clock, ops=ops) as one:
        one.step()
        assert listener.got == []
        assert states(store)[0][1] == "pending"
        file.write_text("t0ken-of-the-test\n", encoding="utf-8")
        clock.now += 2 * FIRST_WAIT_MS
        one.step()
    assert listener.got[0][1]["authorization"] == "Bearer t0ken-of-the-test"
    store.dispose()
    for kept in tmp_path.glob("headwind.db*"):
        assert b"t0ken-of-the-test" not in kept.read_bytes()


def test_the_loop_delivers_and_stops(store: sqlalchemy.Engine, listener: Listener) -> None:
    """Run in a thread it delivers what comes, and ends when told."""
    stop = threading.Event()
    made = Relay(store, Settings(notify={"ops": NotifySettings(url=listener.url)}), Clock())
    thread = threading.Thread(target=made.run, args=(stop, 0.01))
    thread.start()
    put(store, alert())
    for _ in range(500):
        if states(store) and states(store)[0][1] == "delivered":
            break
        stop.wait(0.01)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
    assert len(listener.accepted) == 1


def test_the_payload_is_that_of_alertmanager() -> None:
    """Version 4: labels identify and hold no value, annotations explain, groups share labels."""
    one = webhook_alert(alert(), catalogue()["demand"])
    worse = webhook_alert(alert(1), catalogue()["demand"])
    assert one["labels"] == {
        "alertname": "IndicatorOff",
        "severity": "info",
        "agency": "permits",
        "indicator": "demand",
        "service": "building",
        "rhythm": "day",
    }
    assert one["fingerprint"] == worse["fingerprint"]
    wanted = {"summary", "description", "runbook_url", "value", "expected", "n", "window"}
    assert wanted | {"data_as_of", "reason"} <= set(one["annotations"])
    assert all(isinstance(text, str) for text in one["annotations"].values())
    body = webhook("ops", [one, worse])
    assert body["version"] == "4"
    assert body["status"] == "firing"
    assert body["groupLabels"] == {"agency": "permits", "indicator": "demand"}
    assert set(body) == {
        *("version", "groupKey", "truncatedAlerts", "status", "receiver", "groupLabels"),
        *("commonLabels", "commonAnnotations", "externalURL", "alerts"),
    }


def test_what_was_received_long_ago_is_told_a_minute_later(
    store: sqlalchemy.Engine, listener: Listener
) -> None:
    """A row that comes in late, stamped with an earlier receipt, is found by the next long look."""
    clock = Clock()
    with relay(store, clock, ops=NotifySettings(url=listener.url)) as one:
        assert one.step() == 0
        put(store, alert(name="a"), created=NOON - HOUR)
        put(store, alert(name="b", agency="roads"), created=NOON)
        one.step()
        assert [body["groupLabels"]["agency"] for body in listener.accepted] == ["roads"]
        clock.now += 60_000
        one.step()
    assert [body["groupLabels"]["agency"] for body in listener.accepted] == ["roads", "permits"]

"""Sending through a door: the clock goes first, waits are kept, faults are sentences."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from deploy.clock import SettableClock
from deploy.demo.send import ATTEMPTS, SendError, send
from deploy.demo.sending import Sent

Answer = tuple[int, bytes, dict[str, str]]

OK: Answer = (202, b'{"accepted": 2, "refused": []}', {})
BUSY: Answer = (429, b'{"detail": "Too many events for now."}', {"Retry-After": "0"})


class Door(ThreadingHTTPServer):
    """Answers as told, one after the other, the last one for ever; keeps what it was sent."""

    def __init__(self, clock: SettableClock) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.clock = clock
        self.answers: list[Answer] = [OK]
        self.seen: list[tuple[int, str, str, bytes]] = []

    @property
    def url(self) -> str:
        """Where it stands."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answering(BaseHTTPRequestHandler):
    """One request of the door."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Keep what came, answer what is next."""
        door = self.server
        assert isinstance(door, Door)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind, key = self.headers["Content-Type"], self.headers["Authorization"]
        door.seen.append((door.clock(), kind, key, body))
        status, answer, headers = door.answers.pop(0) if len(door.answers) > 1 else door.answers[0]
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(answer))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's name)
        """Say nothing."""


@pytest.fixture
def door() -> Iterator[Door]:
    """A door on a free port of this machine."""
    with Door(SettableClock(5)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


BATCHES = [Sent("a", 1000, [b"{}", b"{}"]), Sent("b", 2000, [b"[]"])]
KEYS = {"a": "hwk_a", "b": "hwk_b"}


def test_clock_is_set_before_each_batch(door: Door) -> None:
    """Each batch arrives with its agency's key while the clock stands at its time."""
    told: list[int] = []
    report = send(door.url, KEYS, BATCHES, clock=door.clock, progress=told.append)
    assert [seen[0] for seen in door.seen] == [1000, 2000]
    assert [seen[2] for seen in door.seen] == ["Bearer hwk_a", "Bearer hwk_b"]
    assert door.seen[0][1] == "application/x-ndjson"
    assert door.seen[0][3] == b"{}\n{}\n"
    assert told == [2, 1]
    assert (report.batches, report.events, report.refused, report.retries) == (2, 4, 0, 0)


def test_busy_door_is_asked_again(door: Door) -> None:
    """429 and 503 are tried again with the same body; the events count once."""
    door.answers = [BUSY, (503, b"{}", {"Retry-After": "0"}), OK]
    report = send(door.url, KEYS, BATCHES[:1], clock=door.clock)
    assert report.retries == 2
    assert report.events == 2
    assert len({seen[3] for seen in door.seen}) == 1


def test_busy_for_ever_ends_in_a_sentence(door: Door) -> None:
    """A door that stays busy ends the sending, with what it said and without the key."""
    door.answers = [BUSY]
    with pytest.raises(SendError, match="Too many events") as raised:
        send(door.url, KEYS, BATCHES, clock=door.clock)
    assert len(door.seen) == ATTEMPTS
    assert "hwk" not in str(raised.value)


def test_refused_events_are_counted(door: Door) -> None:
    """A partly refused batch is counted on both sides and does not end the sending."""
    door.answers = [(207, b'{"accepted": 1, "refused": [{"index": 0}]}', {})]
    report = send(door.url, KEYS, BATCHES, clock=door.clock)
    assert (report.events, report.refused) == (2, 2)


@pytest.mark.parametrize(
    "answer", [(401, b'{"detail": "This key is not accepted."}', {}), (500, b"", {})]
)
def test_other_answers_end_it(door: Door, answer: Answer) -> None:
    """Any other answer ends the sending at once, with its status."""
    door.answers = [answer]
    with pytest.raises(SendError, match=str(answer[0])):
        send(door.url, KEYS, BATCHES, clock=door.clock)
    assert len(door.seen) == 1


def test_no_key_and_no_door() -> None:
    """A missing key and a door that is not there are both told in a sentence."""
    clock = SettableClock()
    with pytest.raises(SendError, match="no key for agency a"):
        send("http://127.0.0.1:9", {}, BATCHES, clock=clock)
    with pytest.raises(SendError, match="could not be reached"):
        send("http://127.0.0.1:9", KEYS, [Sent("a", 3000, [b"{}"])], clock=clock)


def test_clock() -> None:
    """The clock stands where it is put, never runs back, and then goes with real time."""
    clock = SettableClock(10)
    clock.set(10)
    clock.set(20)
    assert clock() == 20
    with pytest.raises(ValueError, match="cannot be set back"):
        clock.set(19)
    clock.release()
    assert abs(clock() - time.time() * 1000) < 60_000
    with pytest.raises(RuntimeError, match="released"):
        clock.set(30)


def test_a_clock_that_goes_on_in_the_past() -> None:
    """Released at a moment it goes from there, at the pace of real time."""
    clock, began = SettableClock(10), time.time()
    clock.release(20)
    assert 20 <= clock() <= 20 + (time.time() - began) * 1000 + 1

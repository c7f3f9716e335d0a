"""The HTTP door on a real server: what it takes, what it turns away, and in which words."""

from __future__ import annotations

import gzip
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest
import uvicorn
from sqlalchemy import event, select

from connectors import _keys
from connectors._door import door_app
from connectors._publish import EmbeddedPublisher
from models.log import read
from models.store import open_store
from models.tables import refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from litestar import Litestar
    from sqlalchemy import Engine

    from connectors._publish import Batch

ONE = "application/cloudevents+json"
MANY = "application/cloudevents-batch+json"
LINES = "application/x-ndjson"
MAX_BODY = 256 * 1024


class Settings(msgspec.Struct):
    """Limits small enough to be met in a test."""

    max_body: int = MAX_BODY
    rate_per_second: int = 0


class CountingPublisher(EmbeddedPublisher):
    """Counts its transactions."""

    transactions = 0

    def publish(self, batches: Sequence[Batch]) -> None:
        """Publish, and count."""
        self.transactions += 1
        super().publish(batches)


class Served:
    """A door served on loopback, its store, and a client with a key."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        """Start the server in a thread of this process."""
        self.path = folder / "headwind.db"
        self.engine: Engine = open_store(str(self.path), patience_s=0.3)
        self.publisher = CountingPublisher(self.engine)
        app: Litestar = door_app(self.engine, self.publisher, settings, clock=now)
        config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None)
        self.server = uvicorn.Server(config)
        self.thread = Thread(target=self.server.run)
        self.thread.start()
        deadline = time.monotonic() + 20
        while not self.server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        port = self.server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.key = self.issue("parks")
        self.client = httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {self.key}"}, timeout=20
        )

    def issue(self, agency: str, *families: str) -> str:
        """A new key."""
        with self.engine.begin() as connection:
            return _keys.issue(connection, agency, now=now(), families=families)

    def post(self, body: bytes, kind: str = ONE, *, query: str = "", **headers: str) -> Any:
        """Send a body to /events; headers are written with _ for -."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return self.client.post(
            f"/events{query}", content=body, headers={"Content-Type": kind} | named
        )

    def logged(self) -> list[dict[str, Any]]:
        """Every event in the log, in order."""
        with self.engine.connect() as connection:
            records = read(connection, 1, 0, 100_000)
        return [
            msgspec.json.decode(line) for record in records for line in record.body.splitlines()
        ]

    def close(self) -> None:
        """Stop the server."""
        self.client.close()
        self.server.should_exit = True
        self.thread.join(20)
        self.engine.dispose()


def now() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def sample(identity: str = "req-1", **more: Any) -> dict[str, Any]:
    """A request.opened event."""
    return {
        "id": identity,
        "source": "crm",
        "specversion": "1.0",
        "type": "headwind.service.request.opened.v1",
        "time": "2018-06-30T00:00:00Z",
        "data": {"request": identity, "service": "permits"},
    } | more


def pack(*events: object) -> bytes:
    """A batch body."""
    return msgspec.json.encode(events)


def lines(*events: object) -> bytes:
    """An NDJSON body."""
    return b"\n".join(map(msgspec.json.encode, events))


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Served]:
    """A door without a rate limit."""
    served = Served(tmp_path, Settings())
    yield served
    served.close()


def test_one_structured_event_is_in_the_log_when_202_arrives(door: Served) -> None:
    """202 says how many were accepted; the record bears agency and time of receipt."""
    before = now()
    answer = door.post(msgspec.json.encode(sample()))
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "refused": []})
    with door.engine.connect() as connection:
        (record,) = read(connection, 1, 0, 10)
    assert (record.agency, record.events, record.kind) == ("parks", 1, "events")
    assert before <= record.received <= now()
    assert door.logged() == [sample()]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (msgspec.json.format(msgspec.json.encode(sample("a")), indent=2), ONE),
        (pack(sample("a")), MANY),
        (msgspec.json.format(pack(sample("a")), indent=2), MANY),
        (b"\n \r\n" + lines(sample("a")) + b"\r\n\n", LINES),
        (b"\xef\xbb\xbf" + lines(sample("a")), LINES + "; charset=UTF-8"),
    ],
)
def test_every_packing_gives_the_same_line(door: Served, body: bytes, kind: str) -> None:
    """Structured, batch and NDJSON, pretty-printed or not, leave one event on one line."""
    assert door.post(body, kind).status_code == 202
    assert door.logged() == [sample("a")]


def test_a_binary_event_is_put_together_from_its_headers(door: Served) -> None:
    """ce-* headers are the attributes, percent-decoded; the body is the data."""
    whole = sample("caf\u00e9 1")
    headers = {f"ce_{name}": str(value) for name, value in whole.items() if name != "data"}
    headers["ce_id"] = "caf%C3%A9%201"
    data = msgspec.json.format(msgspec.json.encode(whole["data"]), indent=2)
    assert door.post(data, "application/json", **headers).status_code == 202
    assert door.logged() == [whole | {"datacontenttype": "application/json"}]


def test_a_batch_keeps_its_order_and_is_cut_into_records(door: Served) -> None:
    """1,100 events of one request come out as they went in."""
    events = [sample(f"r{number}") for number in range(1100)]
    answer = door.post(lines(*events), LINES)
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1100)
    assert door.logged() == events


def test_a_partly_good_batch_is_told_apart(door: Served) -> None:
    """207 lists each refused event by its place, with reasons; the good ones are in the log."""
    bad = sample("r2", type="headwind.service.request.vanished.v1")
    answer = door.post(pack(sample("r1"), bad, 7, sample("r4")), MANY)
    assert answer.status_code == 207
    told = answer.json()
    assert told["accepted"] == 2
    assert [(one["index"], one["id"]) for one in told["refused"]] == [(1, "r2"), (2, "")]
    assert "unknown_type" in {problem["code"] for problem in told["refused"][0]["problems"]}
    assert all(problem["message"] for one in told["refused"] for problem in one["problems"])
    assert [event["id"] for event in door.logged()] == ["r1", "r4"]


def test_lines_that_are_no_json_are_refused_alone(door: Served) -> None:
    """A torn line and one in another encoding do not spoil the lines around them."""
    body = b"\n".join([lines(sample("r1")), b'{"id": "r2', b'{"id":"\xe9"}', lines(sample("r4"))])
    answer = door.post(body, LINES)
    assert answer.status_code == 207
    assert [one["index"] for one in answer.json()["refused"]] == [1, 2]
    assert [event["id"] for event in door.logged()] == ["r1", "r4"]


def test_when_all_is_refused_the_answer_is_422(door: Served) -> None:
    """Nothing reaches the log; the quarantine holds the event as sent, once, however often."""
    bad = msgspec.json.encode(sample(time="yesterday"))
    answers = [door.post(bad) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {422}
    assert answers[0].json()["accepted"] == 0
    assert door.logged() == []
    (kept,) = door.client.get("/refused").json()["refused"]
    assert (kept["event_id"], kept["origin"], kept["payload"]) == ("req-1", "door", bad.decode())
    assert kept["problems"] == answers[0].json()["refused"][0]["problems"]


def test_no_line_smuggles_in_a_second_event(door: Served) -> None:
    """A raw newline inside a string cannot make two lines of one event."""
    inner = msgspec.json.encode(sample("hidden", agency="other"))
    body = b"[" + msgspec.json.encode(sample("r1"))[:-1] + b',"x":"\n' + inner + b'\n"}]'
    door.post(body, MANY)
    door.post(body[1:-1], ONE)
    assert [event for event in door.logged() if event["id"] == "hidden"] == []


def test_the_key_fixes_the_agency(door: Served) -> None:
    """An event may name its key's agency or none; another agency's is refused."""
    own, foreign = sample("r1", agency="parks"), sample("r2", agency="police")
    answer = door.post(pack(own, foreign), MANY)
    assert answer.status_code == 207
    (one,) = answer.json()["refused"]
    assert (one["id"], one["problems"][0]["code"]) == ("r2", "wrong_agency")


def test_the_key_fixes_the_families(door: Served) -> None:
    """A key for project events takes no service event."""
    key = door.issue("parks", "project")
    answer = door.post(msgspec.json.encode(sample()), Authorization=f"Bearer {key}")
    assert answer.status_code == 422
    assert answer.json()["refused"][0]["problems"][0]["code"] == "family_not_allowed"


def test_a_dry_run_stores_nothing(door: Served) -> None:
    """The answer is the real one but for its status of 200; log and quarantine stay empty."""
    good = door.post(msgspec.json.encode(sample()), query="?dry_run=true")
    assert (good.status_code, good.json()) == (200, {"accepted": 1, "refused": [], "dry_run": True})
    mixed = door.post(pack(sample(), 7), MANY, query="?dry_run=true")
    assert (mixed.status_code, mixed.json()["accepted"]) == (207, 1)
    assert door.logged() == []
    assert door.client.get("/refused").json() == {"refused": [], "next": None}


@pytest.mark.parametrize(
    ("body", "kind", "status", "words"),
    [
        (b"", ONE, 400, "body is empty"),
        (b"\n\n", LINES, 400, "body is empty"),
        (b"[]", MANY, 400, "batch is empty"),
        (b"{", ONE, 400, "not JSON"),
        (b'{"id":"\xff"}', ONE, 400, "not JSON"),
        (b'{"id": 1}', MANY, 400, "not a JSON array"),
        (b"{}", "text/csv", 415, "Content-Type must be"),
        (b"{}", "application/json", 415, "ce-* headers"),
        (b"{}", ONE + "; charset=latin1", 415, "UTF-8"),
        (b" " * (MAX_BODY + 1), ONE, 413, "smaller batches"),
        (b"{}\n" * 10_001, LINES, 413, "More than 10000 events"),
        (b"[" + b"1," * 10_000 + b"1]", MANY, 413, "More than 10000 events"),
    ],
)
def test_a_body_that_cannot_be_taken_apart(
    door: Served, body: bytes, kind: str, status: int, words: str
) -> None:
    """The whole request is turned away with a sentence on what to send instead."""
    answer = door.post(body, kind)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert words in answer.json()["detail"]
    assert door.logged() == []


def test_a_body_without_length_is_bounded_too(door: Served) -> None:
    """A chunked body is cut off at the limit."""

    def chunks() -> Iterator[bytes]:
        for _ in range(MAX_BODY // 4096 + 1):
            yield b" " * 4096

    with httpx.Client(timeout=20) as client:
        answer = client.post(
            f"{door.url}/events",
            content=chunks(),
            headers={"Content-Type": ONE, "Authorization": f"Bearer {door.key}"},
        )
    assert answer.status_code == 413


def test_gzip_is_unpacked_within_bounds(door: Served) -> None:
    """Packed bodies are taken, also in two members; bombs, stumps and nonsense are not."""
    body = lines(*(sample(f"r{number}") for number in range(100)))
    packed = gzip.compress(body[:5000]) + gzip.compress(body[5000:])
    assert door.post(packed, LINES, Content_Encoding="gzip").json()["accepted"] == 100
    bomb = gzip.compress(b" " * (MAX_BODY + 1))
    for sent, status, words in [
        (bomb, 413, "larger than"),
        (packed[:-20], 400, "ends too early"),
        (b"plain", 400, "not gzip"),
    ]:
        answer = door.post(sent, LINES, Content_Encoding="gzip")
        assert (answer.status_code, words in answer.json()["detail"]) == (status, True)
    assert door.post(body, LINES, Content_Encoding="br").status_code == 415


def test_wrong_keys_are_refused_without_a_hint(door: Served) -> None:
    """Unknown id, wrong secret and another scheme get the same words; no key gets others."""
    wrong = [f"Bearer {door.key[:-3]}abc", "Bearer hwk_0_x", "Basic eA==", "Bearer x"]
    texts = {door.post(b"{}", Authorization=header).text for header in wrong}
    assert len(texts) == 1
    assert "not accepted" in texts.pop()
    missing = httpx.post(f"{door.url}/events", content=b"{}", timeout=20)
    assert missing.status_code == 401
    assert missing.headers["www-authenticate"].startswith("Bearer")
    assert "Authorization: Bearer" in missing.json()["detail"]
    for path in ("/refused", "/ping"):
        method = "POST" if path == "/ping" else "GET"
        assert httpx.request(method, door.url + path, timeout=20).status_code == 401


def test_a_revoked_key_is_refused_within_five_seconds(door: Served) -> None:
    """Revoking needs no restart of the door."""
    assert door.client.post("/ping").status_code == 200
    with door.engine.begin() as connection:
        _keys.revoke(connection, door.key.split("_")[1], now=now())
    deadline = time.monotonic() + 5
    while door.client.post("/ping").status_code == 200 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert door.client.post("/ping").status_code == 401


def test_ping_says_whose_key_it_is(door: Served) -> None:
    """A first call tells agency, families and the door's clock."""
    told = door.client.post("/ping").json()
    assert (told["agency"], told["families"], told["expires"]) == ("parks", None, None)
    assert told["time"].endswith("Z")


def test_an_agency_reads_its_own_quarantine_only_page_by_page(door: Served) -> None:
    """Every row comes once, oldest first; nobody sees another agency's."""
    for number in range(5):
        door.post(msgspec.json.encode(sample(f"r{number}", time="?")))
    seen: list[str] = []
    after = ""
    while True:
        page = door.client.get("/refused", params={"limit": 2, "after": after}).json()
        seen += [one["event_id"] for one in page["refused"]]
        after = page["next"]
        if after is None:
            break
    assert seen == [f"r{number}" for number in range(5)]
    other = {"Authorization": f"Bearer {door.issue('police')}"}
    assert door.client.get("/refused", headers=other).json()["refused"] == []
    later = {"since": "2199-01-01T00:00:00Z"}
    assert door.client.get("/refused", params=later).json()["refused"] == []
    for wrong in ({"after": "x"}, {"since": "2018-06-30T00:00:00"}, {"limit": "0"}):
        assert door.client.get("/refused", params=wrong).status_code == 400


def test_too_many_events_get_429_and_a_time(tmp_path: Path) -> None:
    """An agency over its rate is asked to wait; another one is not."""
    served = Served(tmp_path, Settings(rate_per_second=10))
    try:
        body = lines(*(sample(f"r{number}") for number in range(120)))
        assert served.post(body, LINES).status_code == 202
        answer = served.post(body, LINES)
        assert answer.status_code == 429
        assert 1 <= int(answer.headers["retry-after"]) <= 3
        assert answer.headers["retry-after"] in answer.json()["detail"]
        other = served.issue("police")
        assert served.post(body, LINES, Authorization=f"Bearer {other}").status_code == 202
    finally:
        served.close()


def test_a_locked_store_gets_503_and_nothing_is_kept(door: Served) -> None:
    """The sender is told to try again, and after that the event is in the log once."""
    body = msgspec.json.encode(sample())
    other = sqlite3.connect(door.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answer = door.post(body)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "nothing was kept" in answer.json()["detail"]
    other.execute("ROLLBACK")
    other.close()
    assert door.post(body).status_code == 202
    assert len(door.logged()) == 1


def test_a_full_store_gets_503(door: Served) -> None:
    """A disk without room is told apart from a busy one, and the door stays up."""
    door.engine.dispose()

    @event.listens_for(door.engine, "connect")
    def _limit(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA max_page_count=1")

    body = pack(*(sample(f"r{number * 7919}") for number in range(1000)))
    answers = [door.post(body, MANY) for _ in range(8)]
    assert answers[-1].status_code == 503
    assert "store is full" in answers[-1].json()["detail"]
    assert door.client.get("/healthz").status_code == 200


def test_requests_at_the_same_time_share_transactions(door: Served) -> None:
    """400 single events from 16 senders are all in the log, in fewer transactions."""
    bodies = [msgspec.json.encode(sample(f"r{number}")) for number in range(400)]
    before = door.publisher.transactions
    with ThreadPoolExecutor(16) as senders:
        statuses = list(senders.map(lambda body: door.post(body).status_code, bodies))
    assert set(statuses) == {202}
    assert sorted(one["id"] for one in door.logged()) == sorted(f"r{n}" for n in range(400))
    assert door.publisher.transactions - before < 400


def test_one_unwritable_batch_does_not_fail_its_neighbours(door: Served) -> None:
    """An error of our own at one request is a 500 there, and 202 for those beside it."""
    publish = EmbeddedPublisher.publish

    def picky(self: EmbeddedPublisher, batches: Sequence[Batch]) -> None:
        if any(b'"poison"' in line for batch in batches for line in batch.lines):
            message = "poison"
            raise RuntimeError(message)
        publish(self, batches)

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(8) as senders:
        patch.setattr(CountingPublisher, "publish", picky)
        names = ["poison" if number == 20 else f"r{number}" for number in range(40)]
        bodies = [msgspec.json.encode(sample(name)) for name in names]
        statuses = list(senders.map(lambda body: door.post(body).status_code, bodies))
    assert [status for status in statuses if status != 202] == [500]
    assert statuses[20] == 500


def test_the_webhook_handshake(door: Served) -> None:
    """OPTIONS with an origin is answered as the CloudEvents webhook specification asks."""
    asked = {"WebHook-Request-Origin": "events.example.org"}
    answer = httpx.options(f"{door.url}/events", headers=asked, timeout=20)
    assert answer.status_code == 200
    assert answer.headers["webhook-allowed-origin"] == "*"
    assert answer.headers["webhook-allowed-rate"] == "*"
    assert "POST" in answer.headers["allow"]


def test_every_type_has_a_schema(door: Served) -> None:
    """The list leads to each JSON Schema; an unknown type or address is a 404 with a sentence."""
    listed = door.client.get("/schemas").json()["schemas"]
    assert "headwind.service.request.opened.v1" in {one["type"] for one in listed}
    for one in listed:
        answer = door.client.get(one["href"])
        assert answer.headers["content-type"].startswith("application/schema+json")
        assert answer.json()["$schema"].endswith("2020-12/schema")
    assert "GET /schemas" in door.client.get("/schemas/none").json()["detail"]
    assert door.client.get("/none").json()["status"] == 404
    assert door.client.delete("/events").json()["status"] == 405


def test_health(door: Served) -> None:
    """Anybody may ask whether the door is open."""
    answer = httpx.get(f"{door.url}/healthz", timeout=20)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_the_quarantine_row_is_the_agencys(door: Served) -> None:
    """A refused event is filed under the key's agency, whatever the event says."""
    door.post(msgspec.json.encode(sample(agency="police")))
    with door.engine.connect() as connection:
        assert connection.execute(select(refused.c.agency)).scalars().all() == ["parks"]

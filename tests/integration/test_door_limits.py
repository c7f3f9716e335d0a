"""What the HTTP door turns away as a whole: bodies, keys, rates, a store that fails."""

from __future__ import annotations

import gzip
import sqlite3
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import msgspec
import pytest
from sqlalchemy import event, select

from connectors import _keys
from connectors._publish import Batch, EmbeddedPublisher
from models.settings import DoorSettings
from models.tables import refused
from tests.integration.served_door import (
    LINES,
    MANY,
    MAX_BODY,
    ONE,
    CountingPublisher,
    Served,
    lines,
    now,
    pack,
    sample,
)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Served]:
    """A door without a rate limit."""
    served = Served(tmp_path, DoorSettings(max_body=MAX_BODY, rate_per_second=0))
    yield served
    served.close()


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


def test_too_many_requests_get_429_and_a_time(tmp_path: Path) -> None:
    """An agency over its rate is asked to wait; another one is not."""
    served = Served(tmp_path, DoorSettings(rate_per_second=1))
    try:
        body = msgspec.json.encode(sample())
        answers = [served.post(body) for _ in range(16)]
        assert answers[0].status_code == 202
        assert answers[-1].status_code == 429
        assert answers[-1].headers["retry-after"] == "1"
        assert "wait 1 s" in answers[-1].json()["detail"]
        other = served.issue("police")
        assert served.post(body, Authorization=f"Bearer {other}").status_code == 202
        answer = httpx.options(
            f"{served.url}/events", headers={"WebHook-Request-Origin": "a"}, timeout=20
        )
        assert answer.headers["webhook-allowed-rate"] == "60"
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

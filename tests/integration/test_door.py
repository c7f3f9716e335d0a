"""What the HTTP door takes, and how it tells what was wrong with the rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from models.log import read
from models.settings import DoorSettings
from tests.integration.served_door import (
    LINES,
    MANY,
    MAX_BODY,
    ONE,
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

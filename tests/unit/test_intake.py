"""Intake: whatever a message is, its position is taken and what is wrong with it is said."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.envelope import BATCH
from models.kafka import MAX_MESSAGE
from models.partitioning import partition_of
from streams.intake import Message, Taken, take_in, take_in_all

PARTS = 4
NOON = 1_577_880_000_000
KEY = b"parks"
HOME = partition_of("parks", PARTS)


def event(name: str = "1", **more: Any) -> dict[str, Any]:
    """A good event."""
    return {
        "specversion": "1.0",
        "id": name,
        "source": "crm",
        "type": "headwind.service.request.opened.v1",
        "time": "2020-01-01T11:00:00Z",
        "data": {"request": f"r-{name}", "service": "parking"},
        **more,
    }


def line(name: str = "1", **more: Any) -> bytes:
    """The same as JSON."""
    return json.dumps(event(name, **more)).encode()


def taken(
    value: bytes | None, key: bytes | None = KEY, partition: int = HOME, **headers: str
) -> Taken:
    """What a message becomes."""
    said = [(name.replace("_", "-"), text.encode()) for name, text in headers.items()]
    return take_in(Message(41, key, value, NOON, said), partition, PARTS)


def codes(found: Taken) -> list[str]:
    """What is wrong."""
    return [problem.code for refusal in found.refused for problem in refusal.problems]


def test_a_batch_of_lines_becomes_one_record() -> None:
    """Our own publishers send NDJSON; position is the offset and one."""
    found = taken(line("1") + b"\n" + line("2") + b"\n")
    assert found.refused == []
    record = found.record
    assert (record.agency, record.events, record.position) == ("parks", 2, 42)
    assert (record.kind, record.received) == ("events", NOON)
    assert record.body == line("1") + b"\n" + line("2") + b"\n"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (line(), "application/cloudevents+json"),
        (json.dumps([event("1"), event("2")]).encode(), "application/cloudevents-batch+json"),
        (line() + b"\n", "application/x-ndjson"),
    ],
)
def test_every_packing_of_the_door_is_taken(value: bytes, kind: str) -> None:
    """Structured, batch and lines, told apart by their content type."""
    found = taken(value, content_type=kind)
    assert found.refused == []
    assert found.record.events == (2 if "batch" in kind else 1)


def test_an_event_in_headers_is_taken() -> None:
    """Kafka's binary binding: attributes in headers ce_id, ce_type …, data as the value."""
    headers = [
        (f"ce_{name}", str(text).encode()) for name, text in event().items() if name != "data"
    ]
    headers.append(("content-type", b"application/json"))
    data = json.dumps(event()["data"]).encode()
    found = take_in(Message(0, KEY, data, NOON, headers), HOME, PARTS)
    assert found.refused == []
    assert json.loads(found.record.body)["id"] == "1"


def test_the_doors_time_of_receipt_counts_unless_it_lies_ahead() -> None:
    """A header says when our door received it; nobody can receive what is sent later."""
    assert taken(line(), received=str(NOON - 5000)).record.received == NOON - 5000
    assert taken(line(), received=str(NOON + 5000)).record.received == NOON
    assert taken(line(), received="soon").record.received == NOON


def test_a_tick_is_the_clock() -> None:
    """It has no agency and no events."""
    found = taken(b"{}", None, kind="tick", received=str(NOON - 1))
    assert (found.record.kind, found.record.received, found.record.events) == ("tick", NOON - 1, 0)
    assert found.refused == []


@pytest.mark.parametrize(
    ("found", "code", "words"),
    [
        (lambda: taken(None), "missing", "tombstone"),
        (lambda: taken(line(), None), "missing", "key must be the agency"),
        (lambda: taken(line(), b"\xff\xfe\x00"), "missing", "key must be the agency"),
        (lambda: taken(line(), b"jane.doe@example.org"), "missing", "key must be the agency"),
        (lambda: taken(line(), b"x" * 200), "missing", "key must be the agency"),
        (lambda: taken(line(), partition=(HOME + 1) % PARTS), "out_of_range", "murmur2"),
        (lambda: taken(b"x" * (MAX_MESSAGE + 1)), "too_large", "larger than"),
        (lambda: taken(line(agency="roads")), "wrong_agency", "parks"),
        (lambda: taken(b""), "not_json", "empty"),
        (lambda: taken(b"no json"), "not_json", ""),
        (lambda: taken(line(), content_type="text/xml"), "not_json", "Content-Type"),
        (lambda: taken(line(time="2031-01-01T00:00:00Z")), "future", ""),
    ],
)
def test_what_is_wrong_is_refused_and_said(found: Any, code: str, words: str) -> None:
    """No key, another partition, a tombstone, too large, of another agency, of the future."""
    result = found()
    assert code in codes(result)
    said = " ".join(p.message for r in result.refused for p in r.problems)
    assert words in said
    assert result.record.position == 42
    assert result.record.events == 0
    assert "jane" not in said


def test_one_bad_event_leaves_the_good_ones() -> None:
    """Of a batch only what is wrong is refused."""
    found = taken(line("1") + b"\n{}\n" + line("3") + b"\n")
    assert found.record.events == 2
    assert len(found.refused) == 1


@given(
    st.one_of(st.none(), st.binary(max_size=300)),
    st.one_of(st.none(), st.binary(max_size=140)),
    st.lists(st.tuples(st.text(max_size=12), st.binary(max_size=20)), max_size=4),
    st.integers(0, PARTS - 1),
)
def test_it_never_raises_and_always_takes_the_position(
    value: bytes | None, key: bytes | None, headers: list[tuple[str, bytes]], partition: int
) -> None:
    """Any bytes: a record at the message's position, and events or a reason for none."""
    found = take_in(Message(7, key, value, NOON, headers), partition, PARTS)
    assert found.record.position == 8
    assert found.record.events or found.refused or found.record.kind == "tick" or not value


MIXED = st.tuples(
    st.sampled_from([b"parks", b"roads", b"", None]),
    st.sampled_from(
        [
            line("1"),
            line("2") + b"\n" + line("3"),
            line("4") + b"\n" + line("5", source="a@b.example"),
            line("6", time="2020-01-01T14:00:00Z"),
            line("7", type="nobody.knows"),
            b"[]",
            b"\n \n",
            b"{",
            None,
        ]
    ),
    st.sampled_from([NOON, NOON + 10_000_000, 0]),
    st.sampled_from([[], [("kind", b"tick")], [("content-type", BATCH.encode())]]),
)


@given(st.lists(MIXED, max_size=12))
def test_read_together_is_read_one_by_one(some: list[tuple[Any, ...]]) -> None:
    """Whatever lies beside a message, and whenever it came."""
    messages = [
        Message(at, key, value, came, headers)
        for at, (key, value, came, headers) in enumerate(some)
    ]
    # One partition, so that every key is in its own.
    assert take_in_all(messages, 0, 1) == [take_in(one, 0, 1) for one in messages]


def test_one_that_came_too_early_is_not_excused_by_a_later_one() -> None:
    """What is checked together is each held against its own time of receipt."""
    early = Message(0, KEY, line("1", time="2020-01-01T14:00:00Z"), NOON, [])
    late = Message(1, KEY, line("2", time="2020-01-01T14:00:00Z"), NOON + 10_000_000, [])
    first, second = take_in_all([early, late], HOME, PARTS)
    assert codes(first) == ["future"]
    assert (second.record.events, second.refused) == (1, [])

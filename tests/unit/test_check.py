"""What is refused, with which words, and that a quick look and a close one agree."""

from __future__ import annotations

import copy
import json
import logging
from datetime import UTC, datetime
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.check import MAX_EVENT, Checked, Code, Problem, Refusal, check, family_of
from models.event import DATA_TYPES, Event, example
from models.examine import Terms, examine

AGENCY = "permits-office"
RECEIVED = 1_600_000_000_000
TERMS = Terms(
    agency=AGENCY, families=None, latest=datetime.fromtimestamp(RECEIVED / 1000 + 300, UTC)
)
OPENED = "headwind.service.request.opened.v1"
COUNTED = "headwind.service.transactions.counted.v1"
WAITING = "headwind.service.waiting.counted.v1"
DEPLOYED = "dev.cdevents.service.deployed.0.2.0"
ALL = sorted(DATA_TYPES)


def _raw(name: str = OPENED, data: dict[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
    raw = example(name)
    return {**raw, "data": {**raw["data"], **(data or {})}, **changed}


def _without(raw: dict[str, Any], *path: str) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(raw))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return copy


def _check(*lines: bytes, families: frozenset[str] | None = None) -> Checked:
    return check(lines, agency=AGENCY, families=families, received=RECEIVED)


def _problems(raw: Any, families: frozenset[str] | None = None) -> list[Problem]:
    line = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    checked = _check(line, families=families)
    return [problem for refusal in checked.refused for problem in refusal.problems]


WRONG: list[tuple[str, str, Any]] = [
    ("not_json", "", b'{"id": "1"'),
    ("not_json", "", b'{"id": "1"} {"id": "2"}'),
    ("not_json", "", b"\xef\xbb\xbf{}"),
    ("not_json", "", b'{"id": "a\x00b"}'),
    ("not_json", "", json.dumps(example(OPENED)).encode("utf-16-le")),
    ("not_json", "", b"[" * 20_000),
    ("not_json", "", b'{"n": ' + b"9" * 5000 + b"}"),
    ("not_utf8", "", b'{"id": "caf\xe9"}'),
    ("not_utf8", "/data/service", json.dumps(_raw(data={"service": "x\ud800"})).encode()),
    ("too_large", "", b'{"id": "' + b"1" * MAX_EVENT + b'"}'),
    ("unknown_type", "/type", _raw(type="headwind.service.request.open.v1")),
    ("unknown_type", "/type", _raw(type="dev.cdevents.change.merged.9.0.0")),
    ("missing", "/type", _without(_raw(), "type")),
    ("missing", "/id", _without(_raw(), "id")),
    ("missing", "/data", _without(_raw(), "data")),
    ("missing", "/data/request", _without(_raw(), "data", "request")),
    ("missing", "/data/subject/id", _without(_raw(DEPLOYED), "data", "subject", "id")),
    ("wrong_type", "", b"[1]"),
    ("wrong_type", "", b"null"),
    ("wrong_type", "/type", _raw(type=7)),
    ("wrong_type", "/data", _raw() | {"data": "x"}),
    ("wrong_type", "/data/request", _raw(data={"request": 17})),
    ("wrong_type", "/data/due", _raw(data={"due": 1530346500})),
    ("wrong_type", "/data/started", _raw(COUNTED, {"started": 1200.0})),
    ("wrong_type", "/data/customData/change_ids/1", _raw(DEPLOYED, {"customData": {"change_ids": ["a", 1]}})),
    ("out_of_range", "/specversion", _raw(specversion="0.3")),
    ("out_of_range", "/id", _raw(id="")),
    ("out_of_range", "/data/service", _raw(data={"service": "s" * 129})),
    ("out_of_range", "/data/failed", _raw(COUNTED, {"failed": -1})),
    ("out_of_range", "/data/started", _raw(COUNTED, {"started": 2**53 + 1})),
    ("out_of_range", "/data/service", _raw(data={"service": "a\u0000b"})),
    ("out_of_range", "/time", _raw(COUNTED, time="2020-05-01T00:00:00Z")),
    ("out_of_range", "/data/ratings", _raw("headwind.service.feedback.counted.v1", {"ratings": [1, 2]})),
    ("out_of_range", "/data/currency", _raw("headwind.service.cost.posted.v1", {"currency": "euro"})),
    ("out_of_range", "/data/bands", _raw(WAITING, {"bands": [{"at_least_s": 0, "count": 1}] * 2})),
    ("out_of_range", "/data/class", _raw("headwind.project.decision.made.v1", {"class": "big"})),
    ("not_a_number", "/data/started", json.dumps(_raw(COUNTED, {"started": float("nan")})).encode()),
    ("not_a_number", "/data/amount", json.dumps(_raw("headwind.service.cost.posted.v1", {"amount": float("-inf")})).encode()),
    ("no_time_zone", "/time", _raw(time="2018-06-30T08:15:00")),
    ("no_time_zone", "/data/due", _raw(data={"due": "2018-06-30T08:15:00"})),
    ("bad_time", "/time", _raw(time="2018-06-31T08:15:00Z")),
    ("bad_time", "/recordedtime", _raw(recordedtime="30/06/2018")),
    ("bad_time", "/data/customData/created_at", _raw("dev.cdevents.change.merged.0.2.0", {"customData": {"created_at": "soon"}})),
    ("end_before_start", "/data/to", _raw(COUNTED, {"to": "2020-03-01T00:00:00Z"})),
    ("out_of_range", "/data/to", _raw(COUNTED, {"to": "2021-03-01T00:00:00Z"})),
    ("end_before_start", "/data/to", _raw("headwind.context.calendar.marked.v1", {"to": "2020-01-01T00:00:00Z"})),
    ("end_before_start", "/data/bands", _raw(WAITING, {"bands": [{"at_least_s": 9, "below_s": 9, "count": 1}]})),
    ("part_exceeds_whole", "/data/completed", _raw(COUNTED, {"completed": 1201})),
    ("part_exceeds_whole", "/data/completed", _raw(COUNTED, {"failed": 500})),
    ("part_exceeds_whole", "/data/within_standard", _raw(COUNTED, {"within_standard": 1021})),
    ("part_exceeds_whole", "/data/ready", _raw("headwind.remote.readiness.counted.v1", {"ready": 241})),
    ("part_exceeds_whole", "/data/succeeded", _raw("headwind.remote.sessions.counted.v1", {"succeeded": 911})),
    ("part_exceeds_whole", "/data/prefilled", _raw("headwind.service.forms.counted.v1", {"prefilled": 9801})),
    ("wrong_agency", "/agency", _raw(agency="other")),
    ("future", "/time", _raw(time="2020-09-13T12:31:41Z")),
    ("person_like", "/data/request", _raw(data={"request": "jane@example.org"})),
    ("person_like", "/data/email", _raw(data={"email": "x"})),
    ("person_like", "/data/extra/first_name", _raw(data={"extra": {"first_name": "x"}})),
    ("person_like", "/data/extra/1/IP", _raw(data={"extra": [1, {"IP": 1}]})),
    ("person_like", "/data/subject/content/description", _raw("dev.cdevents.incident.detected.0.2.0", {"subject": {"id": "i", "content": {"description": "x"}}})),
    ("person_like", "/subject", _raw(subject="+32 471 12 34 56")),
    ("person_like", "/traceparent", _raw(traceparent="10.0.0.1")),
    ("person_like", "/data/customData/change_ids/0", _raw(DEPLOYED, {"customData": {"change_ids": ["a@example.org"]}})),
]  # fmt: skip


@pytest.mark.parametrize(("code", "pointer", "raw"), WRONG)
def test_what_is_wrong_is_said(code: str, pointer: str, raw: Any) -> None:
    """Each mistake gets its code, the place, and a sentence."""
    found = _problems(raw)
    assert (pointer, code) in {(one.pointer, one.code) for one in found}
    assert all(one.message.endswith((".", "?")) for one in found)
    assert len({(one.pointer, one.code) for one in found}) == len(found)


def test_a_single_mistake_is_one_problem() -> None:
    """A mistake does not draw others after it."""
    single = [
        (raw, code) for code, pointer, raw in WRONG if isinstance(raw, dict) and pointer != "/data"
    ]
    for raw, code in single:
        assert [one.code for one in _problems(raw)] == [code], raw


def test_family_must_be_allowed() -> None:
    """A key for one family may not send another."""
    assert [one.code for one in _problems(_raw(), frozenset({"remote"}))] == ["family_not_allowed"]
    assert _problems(_raw(), frozenset({"service"})) == []
    assert _problems(_raw(DEPLOYED), frozenset({"project"})) == []
    assert family_of("nonsense") == ""


def test_every_code_has_an_example() -> None:
    """No code stands in the list that nothing produces, but for the engine's own two."""
    seen = {code for code, _, _ in WRONG} | {"family_not_allowed", "id_reused", "beyond_retention"}
    assert seen == set(get_args(Code))


def test_all_problems_are_said_at_once() -> None:
    """Mistakes of every sort in one event are all in one answer."""
    raw = _raw(
        COUNTED,
        {"started": -5, "failed": "x", "within_standard": 5000, "to": "2020-02-01T00:00:00Z"},
        agency="other",
        recordedtime="2020-03-01T00:00:00",
    )
    found = {(one.pointer, one.code) for one in _problems(_without(raw, "data", "service"))}
    assert found == {
        ("/data/service", "missing"),
        ("/data/started", "out_of_range"),
        ("/data/failed", "wrong_type"),
        ("/data/within_standard", "part_exceeds_whole"),
        ("/data/to", "end_before_start"),
        ("/agency", "wrong_agency"),
        ("/recordedtime", "no_time_zone"),
        ("/time", "out_of_range"),
    }


def test_the_nearest_type_is_named() -> None:
    """A type that is nearly right gets a hint."""
    (problem,) = _problems(_raw(type="headwind.service.request.open.v1"))
    assert OPENED in problem.message


def test_good_events_pass_beside_bad_ones() -> None:
    """Rows are kept apart: the good are taken in order, the bad say which row they were."""
    good = [json.dumps(_raw(id=str(i))).encode() for i in range(4)]
    lines = [good[0], b"", b"{", good[1], b"  ", json.dumps(_raw(agency="x")).encode(), good[2]]
    checked = _check(*lines, good[3].replace(b", ", b",\n"), good[3] + b"\r")
    assert [event.id for event in checked.events] == ["0", "1", "2", "3", "3"]
    assert [refusal.row for refusal in checked.refused] == [2, 5]
    assert len(checked.lines) == len(checked.events)
    assert all(b"\n" not in line and line for line in checked.lines)
    assert checked.refused[1].payload == lines[5]
    assert checked.refused[1].event_id == "example-" + OPENED


def test_nothing_comes_of_nothing() -> None:
    """No lines, or empty ones only, are no mistake."""
    assert _check() == Checked(events=[], lines=[], refused=[])
    assert _check(b"", b" \r") == Checked(events=[], lines=[], refused=[])


def test_a_huge_line_is_not_kept() -> None:
    """A line of 50 MB is refused for its size, unread, and the one beside it is taken."""
    good = json.dumps(_raw()).encode()
    checked = _check(b"{" * 50_000_000, good)
    assert [one.problems[0].code for one in checked.refused] == ["too_large"]
    assert checked.refused[0].payload is None
    assert checked.lines == [good]


def test_unknown_fields_pass_and_stay_in_the_line() -> None:
    """A field that is not known is no mistake, and is kept."""
    line = json.dumps(_raw(data={"ward": 7, "kind": {"colour": ["red"]}}, tenant="x")).encode()
    checked = _check(line)
    assert checked.refused == []
    assert checked.lines == [line]


def test_agency_may_be_left_out() -> None:
    """Who sends is known from the key."""
    assert _problems(_without(_raw(), "agency")) == []


def test_tolerance_of_clocks() -> None:
    """Five minutes ahead of receipt is taken, a second more is not."""
    assert _problems(_raw(time="2020-09-13T12:31:40Z")) == []


PLANTED = "jane.planted@example.org"


@pytest.mark.parametrize(
    "raw",
    [
        _raw(id=PLANTED),
        _raw(source=PLANTED),
        _raw(type=PLANTED),
        _raw(agency=PLANTED),
        _raw(time=PLANTED),
        _raw(data={"request": PLANTED}),
        _raw(data={PLANTED: {"email": PLANTED}}),
        _raw(data={"extra": [{"by": PLANTED}]}),
        [PLANTED],
        PLANTED,
        json.dumps(_raw(data={"by": PLANTED})).encode()[:-1],
        json.dumps(_raw(data={"by": PLANTED})).replace("@", "\\u0040").encode()[:-1],
        json.dumps(_raw()).replace('"id"', f'"id": "{PLANTED}", "id"', 1).encode(),
        json.dumps(_raw()).replace('"id"', '"id": "jane\\u0040planted.org", "id"', 1).encode(),
        f'{{"by": "{PLANTED}"}}'.encode("utf-16"),
        json.dumps(_raw(data={"name": "Jane Planted"})).encode(),
    ],
)
def test_what_is_a_persons_is_written_nowhere(
    raw: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither the refusal, nor a log, nor the terminal holds the value."""
    line = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    with caplog.at_level(logging.DEBUG):
        checked = _check(line)
    (refusal,) = checked.refused
    assert "person_like" in {one.code for one in refusal.problems}
    assert refusal.payload is None
    out, err = capfd.readouterr()
    kept = msgspec.json.encode(checked).decode() + caplog.text + out + err
    assert "planted" not in kept.lower()


def _both(line: bytes) -> tuple[Event | None, Event | None]:
    checked = _check(line)
    close = examine(0, line, TERMS)
    quick = checked.events[0] if checked.events else None
    return quick, None if isinstance(close, Refusal) else close


@pytest.mark.parametrize("name", ALL)
def test_every_example_passes_both_ways(name: str) -> None:
    """An example is taken at a quick and at a close look, as the same event."""
    quick, close = _both(json.dumps(_raw(name)).encode())
    assert quick is not None
    assert quick == close


VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [
        None, True, 0, -1, 1, 5, 1.0, 0.5, 1e300, 2**53, 2**53 + 1, 2**64, 10**400, "", "x", "s" * 128,
        "s" * 129, "é" * 128, "a\u0000b", "x\ud800", "\udc00", "a\tb", "\u2028", "bos-1", "2020-03-01T00:00:00Z",
        "2020-03-01T00:00:00", "2020-03-16 08:30:00+02", "2020-04-01T00:00:00+05:30", "2020-02-30T00:00:00Z",
        "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2020-03-01T00:00:00.1234567z", "2020-03-01",
        "EUR", "eur", "EUR\n", "pilot", "success", "crisis", "1.0", AGENCY, [], {}, [1, 2, 3, 4, 5], ["a"],
        {"id": "x"}, [{"at_least_s": 0, "below_s": 5, "count": 1}], "jane@example.org", "10.0.0.1", float("nan"),
        float("inf"), "git@example.org:x", "+32 471 12 34 56", "%40", "v1.2.3.4", "::1", "\\u0040",
    ]
)  # fmt: skip


@st.composite
def _damaged(draw: st.DrawFn) -> bytes:
    """An example in which up to three fields, known or not, hold something else."""
    raw = json.loads(json.dumps(example(draw(st.sampled_from(ALL)))))
    for _ in range(draw(st.integers(0, 3))):
        where = draw(st.sampled_from(["", "data", "data", "data", "subject", "customData"]))
        data = raw.get("data")
        inner = raw if not where else raw.get(where)
        if inner is None and isinstance(data, dict):
            inner = data.get(where)
        if not isinstance(inner, dict):
            continue
        key = draw(
            st.sampled_from([*sorted(inner), "x", "unit", "due", "email", "service", "agency"])
        )
        if draw(st.booleans()) and key in inner:
            del inner[key]
        else:
            inner[key] = copy.deepcopy(draw(VALUES))
    return json.dumps(raw, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")


@settings(max_examples=1500, deadline=None)
@given(_damaged())
def test_quick_and_close_look_agree(line: bytes) -> None:
    """What passes at a quick look has no problem at a close one, and the other way round."""
    quick, close = _both(line)
    assert quick == close


@settings(max_examples=500, deadline=None)
@given(_damaged())
def test_the_schema_explains_every_refusal(line: bytes) -> None:
    """What the reader of events does not take, the schema or a rule says why."""
    for refusal in _check(line).refused:
        assert all("compare it with the schema" not in one.message for one in refusal.problems)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=60) | _damaged(), max_size=6), st.integers(-(2**60), 2**60))
def test_no_bytes_raise(lines: list[bytes], received: int) -> None:
    """Whatever is sent, each line that is not empty is taken or refused, and none raises."""
    checked = check(lines, agency=AGENCY, families=None, received=received)
    sent = sum(bool(line.strip()) for line in lines)
    assert len(checked.events) + len(checked.refused) == sent
    assert len(checked.lines) == len(checked.events)
    msgspec.json.encode(checked.refused)


@settings(max_examples=200, deadline=None)
@given(st.lists(_damaged(), max_size=6))
def test_neighbours_change_nothing(lines: list[bytes]) -> None:
    """A line gets the same answer alone and among others."""
    together = _check(*lines)
    alone = [_check(line) for line in lines]
    assert together.events == [event for one in alone for event in one.events]
    assert [one.problems for one in together.refused] == [
        one.problems for each in alone for one in each.refused
    ]

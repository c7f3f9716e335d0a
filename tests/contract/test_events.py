"""What every type of event must keep to: said in full, and every mistake in it answered at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, get_args

import msgspec
import pytest

from models.check import MAX_EVENT, Code, Problem, check
from models.event import DATA_TYPES, example, json_schema
from models.events import Counted
from models.problem import MEANINGS
from tests.unit.engine_run import whole
from tests.unit.events_made import BEGIN, DAY, Made, line, records

EACH = pytest.mark.parametrize("name", sorted(DATA_TYPES))
OPENED = "headwind.service.request.opened.v1"
RECEIVED = 1_900_000_000_000

UNITS = ("0 to 1", "percent", "full-time equivalents", "units of the currency", "seconds")
ADVICE = re.compile(
    r"\b(send|write|leave|add|use|save|give|check|must be|must have|in ascending order)\b"
    r"|did you mean|the schemas list|with the schema|as in [A-Z{]|stays in the log",
    re.IGNORECASE,
)
"""Words of a sentence that says what to send instead."""

Path = tuple[str | int, ...]

# --- what a type says of itself -------------------------------------------------------------------


def resolved(spec: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """What a field holds where it is there: behind references, and not null."""
    if "anyOf" in spec:
        (spec,) = [one for one in spec["anyOf"] if one != {"type": "null"}]
    if "$ref" in spec:
        found: dict[str, Any] = schema["$defs"][spec["$ref"].rpartition("/")[2]]
        return found
    return spec


def fields(
    schema: dict[str, Any], within: dict[str, Any] | None = None, path: Path = ()
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every field at every depth, with its path in an event and what it must hold."""
    holder = schema if within is None else within
    for name, spec in holder.get("properties", {}).items():
        if (*path, name) == ("type",):
            continue
        held = resolved(spec, schema)
        yield (*path, name), held
        if held.get("type") == "array":
            held = resolved(held["items"], schema)
            yield (*path, name, 0), held
            yield from fields(schema, held, (*path, name, 0))
        else:
            yield from fields(schema, held, (*path, name))


@EACH
def test_every_field_is_described(name: str) -> None:
    """At every depth: what it means, as a sentence."""
    schema = json_schema(name)
    for definition in (schema, *schema["$defs"].values()):
        for field, spec in definition["properties"].items():
            if field == "type" and definition is schema:
                continue
            said = spec.get("description") or resolved(spec, schema).get("description", "")
            assert re.fullmatch(r"\S.{5,}[.…]", said), (field, said)


@EACH
def test_every_number_has_its_unit(name: str) -> None:
    """A measured number names its unit, a length of time its seconds; a count what it counts."""
    schema = json_schema(name)
    for definition in (schema, *schema["$defs"].values()):
        for field, spec in definition["properties"].items():
            held = resolved(spec, schema)
            said = spec.get("description", "") + held.get("description", "")
            if held.get("type") == "number":
                assert any(unit in said for unit in UNITS), (field, said)
            if held.get("type") == "integer" and field.endswith("_s"):
                assert "seconds" in said, (field, said)


@EACH
def test_a_type_says_what_happened(name: str) -> None:
    """Its name has family, thing, verb and version; its docstring is a sentence about it."""
    kind = DATA_TYPES[name]
    pattern = r"headwind\.(project|service|remote|context)\.[a-z_]+\.[a-z]+\.v1"
    pattern += r"|dev\.cdevents\.[a-z]+\.[a-z]+\.\d+\.\d+\.\d+"
    assert re.fullmatch(pattern, name)
    assert kind.__doc__ is not None
    assert re.match(r"[A-Z][^\n]{15,}[.]", kind.__doc__)
    assert issubclass(kind, Counted) == (kind.TYPE.rsplit(".", 2)[1] in COUNTS)


COUNTS = {"counted", "posted", "accessed"}
"""Verbs of what is told of a period."""

# --- what is answered -----------------------------------------------------------------------------


def problems(raw: Any) -> list[Problem]:
    """All that is wrong with one event."""
    body = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    checked = check([body], agency="permits-office", families=None, received=RECEIVED)
    return [problem for refusal in checked.refused for problem in refusal.problems]


def put(raw: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """A copy with one field set, and all around it that it needs to stand in."""
    copy: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(raw))
    inside: Any = copy
    for step, following in pairwise(path):
        if isinstance(inside, dict) and not isinstance(inside.get(step), dict | list):
            inside[step] = [] if isinstance(following, int) else {}
        if isinstance(inside, list) and not inside:
            inside.append({})
        inside = inside[step]
    if isinstance(inside, list) and not inside:
        inside.append(value)
    inside[path[-1]] = value
    return copy


def pointer(path: Path) -> str:
    return "".join(f"/{step}" for step in path)


def wrongs(spec: dict[str, Any]) -> Iterator[tuple[Code, Any]]:
    """Values that a field may not hold, each with the code that it gets."""
    kind = spec.get("type", "string")
    if "enum" in spec:
        yield "out_of_range", "none of these"
    elif spec.get("format") == "date-time":
        yield "bad_time", "2018-06-31T08:15:00Z"
        yield "no_time_zone", "2018-06-30T08:15:00"
    elif kind in ("integer", "number"):
        yield "wrong_type", "7"
        yield "not_a_number", float("nan")
        if "minimum" in spec:
            yield "out_of_range", spec["minimum"] - 1
        if "maximum" in spec:
            yield "out_of_range", int(spec["maximum"]) + 1
    elif "maxLength" in spec:
        yield "out_of_range", "s" * (spec["maxLength"] + 1)
    yield "wrong_type", "seven" if kind in ("array", "object", "boolean") else [7]


@EACH
def test_every_mistake_in_every_field_is_answered(name: str) -> None:
    """Where it is, by JSON Pointer; what it is, by code; and what to send instead."""
    for path, spec in fields(json_schema(name)):
        for code, value in wrongs(spec):
            found = problems(put(example(name), path, value))
            here = [one for one in found if one.pointer == pointer(path)]
            assert code in {one.code for one in here}, (path, value, found)
            assert all(ADVICE.search(one.message) for one in found), found


@EACH
def test_what_is_left_out_is_told_with_its_meaning(name: str) -> None:
    """Each field that must be there is asked for by name, with what it means."""
    schema = json_schema(name)
    inner = resolved(schema["properties"]["data"], schema)
    for holder, above in ((schema, ()), (inner, ("data",))):
        for field in holder["required"]:
            raw = example(name)
            inside = raw["data"] if above else raw
            raw = raw | {"data": {k: v for k, v in raw["data"].items() if not above or k != field}}
            raw = {key: value for key, value in raw.items() if above or key != field}
            assert field in inside
            (told,) = [one for one in problems(raw) if one.pointer == pointer((*above, field))]
            assert told.code == "missing"
            assert f'"{field}" is missing; send it: ' in told.message


@EACH
def test_all_mistakes_of_an_event_are_answered_at_once(name: str) -> None:
    """With every field wrong, at every depth, not one is kept for the next try."""
    raw, expected = example(name), set[str]()
    for path, spec in fields(json_schema(name)):
        if spec.get("type") not in ("object", "array"):
            raw = put(raw, path, next(wrongs(spec))[1])
            expected.add(pointer(path))
    assert expected <= {one.pointer for one in problems(raw)}
    assert len(expected) > 10


@pytest.mark.parametrize(
    "body",
    [
        b'{"id": "1"',
        b'{"id": }',
        b"{'id': 1}",
        b'{"id": "1"} {"id": "2"}',
        b"\xef\xbb\xbf{}",
        b'{"id": "a\x00b"}',
        b"[" * 20_000,
        b'{"n": ' + b"9" * 5000 + b"}",
        b'{"id": "caf\xe9"}',
        b'{"id": "' + b"1" * MAX_EVENT + b'"}',
        b'{"id": "x\\ud800"}',
        b"7",
    ],
)
def test_what_cannot_be_read_is_answered_with_what_to_send(body: bytes) -> None:
    """No sentence only says that something is wrong."""
    found = problems(body)
    assert found
    assert all(ADVICE.search(one.message) for one in found), found


def test_what_the_engine_refuses_is_answered_with_what_to_send() -> None:
    """An event of the future, one too old, and one under a used id are told what to do."""
    told = [(BEGIN, "e1"), (BEGIN + 9 * DAY, "e2"), (BEGIN - 90 * DAY, "e3"), (BEGIN - DAY, "e1")]
    made = [
        Made(BEGIN, "parks", "crm", at, line(OPENED, name, "crm", at, request=name, service="x"))
        for at, name in told
    ]
    rows = [msgspec.json.decode(body) for _, body in whole(records(made)).refused.values()]
    found = [problem for row in rows for problem in row]
    assert {one["code"] for one in found} == {"future", "beyond_retention", "id_reused"}
    assert all(ADVICE.search(one["message"]) for one in found), found


def test_every_code_is_documented() -> None:
    """Each has its meaning, which stands in the description of the answer that senders read."""
    assert tuple(MEANINGS) == get_args(Code)
    described = msgspec.json.schema(Problem)["$defs"]["Problem"]["properties"]["code"]
    for code, meaning in MEANINGS.items():
        assert re.fullmatch(r"[A-Za-z][^.;]{10,}", meaning)
        assert f"{code}: {meaning}" in described["description"]

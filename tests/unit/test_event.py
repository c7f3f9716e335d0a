"""Types of events: found, described by a schema, and read."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from models.event import (
    DATA_TYPES,
    EVENT_TYPES,
    Event,
    convert,
    decode,
    decode_lines,
    envelope_schema,
    example,
    json_schema,
    write_schemas,
)
from models.person import person_field

ALL = sorted(DATA_TYPES)


def _line(name: str, **changed: Any) -> bytes:
    return json.dumps({**example(name), **changed}).encode()


def test_every_family_has_its_types() -> None:
    """Types of the four families and of CDEvents in each version are found."""
    families = {name.split(".")[1] for name in ALL}
    assert families == {"project", "service", "remote", "context", "cdevents"}
    assert sum(name.startswith("headwind.") for name in ALL) == 47
    assert "dev.cdevents.change.merged.0.1.0" in DATA_TYPES
    assert "dev.cdevents.incident.resolved.0.3.0" in DATA_TYPES


@pytest.mark.parametrize("name", ALL)
def test_schema_is_valid_and_takes_its_example(name: str) -> None:
    """A schema is right 2020-12, and its example fits it."""
    schema = json_schema(name)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(example(name))
    assert "additionalProperties" not in json.dumps(schema)


@pytest.mark.parametrize("name", ALL)
def test_example_is_read_and_written_back(name: str) -> None:
    """An example becomes its Struct, which becomes the same JSON again."""
    event = decode(_line(name))
    assert type(event) is EVENT_TYPES[name]
    assert type(event.data) is DATA_TYPES[name]
    assert event.type == name
    again = msgspec.json.decode(msgspec.json.encode(event))
    assert decode(msgspec.json.encode(again)) == event


@pytest.mark.parametrize("name", ALL)
def test_every_field_says_what_it_means(name: str) -> None:
    """Each type and each field of its data has a description, and no field is for a person."""
    schema = json_schema(name)
    definition = schema["$defs"][DATA_TYPES[name].__name__]
    assert definition["description"]
    for field, said in definition["properties"].items():
        assert said.get("description") or "$ref" in said, field
        assert not person_field(field), field


def test_unknown_fields_are_ignored_at_every_depth() -> None:
    """An event with fields that are not known is read as if they were not there."""
    name = "headwind.service.waiting.counted.v1"
    raw = example(name)
    plain = convert(raw)
    bands = [{**band, "median_s": 7} for band in raw["data"]["bands"]]
    raw = {**raw, "tenant": "x", "data": {**raw["data"], "kind": {"a": 1}, "bands": bands}}
    line = json.dumps(raw).encode()
    assert decode(line) == plain
    assert decode_lines(line + b"\n\n" + line + b"\n") == [plain, plain]


def test_a_wrong_line_raises() -> None:
    """Reading many lines raises if one of them is no event."""
    right = _line("headwind.service.request.opened.v1")
    for wrong in (b"[]", b"{}", b"{", _line("headwind.service.request.opened.v1", type="x")):
        with pytest.raises(msgspec.DecodeError):
            decode_lines(right + b"\n" + wrong)


def test_the_envelope_has_a_schema() -> None:
    """The common part names every type and takes every example."""
    schema = envelope_schema()
    Draft202012Validator.check_schema(schema)
    for name in ALL:
        Draft202012Validator(schema).validate(example(name))
    assert Event.__struct_fields__[-1] == "data"


def test_schemas_are_written(tmp_path: Path) -> None:
    """One file a type and one for the envelope are written."""
    assert write_schemas(tmp_path / "new") == len(ALL) + 1
    written = json.loads(
        (tmp_path / "new" / "headwind.remote.presence.counted.v1.json").read_text()
    )
    assert written == json_schema("headwind.remote.presence.counted.v1")


def test_command_says_what_it_needs(tmp_path: Path) -> None:
    """Without a folder, or with a file in its place, one sentence comes and exit code 2."""
    taken = tmp_path / "taken"
    taken.write_text("")
    for arguments in ([], [str(taken)]):
        done = subprocess.run(
            [sys.executable, "-m", "models.event", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert "Traceback" not in done.stderr

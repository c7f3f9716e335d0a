"""The envelope of an event (CloudEvents 1.0), one class a type, and how it is read.

``python -m models.event DIR`` writes the JSON Schema (2020-12) of every type into DIR.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Union

import msgspec
from msgspec import Meta

import models.events
from models.events import Counted, Data, Instant, Name

if TYPE_CHECKING:
    from collections.abc import Iterator

Identity = Annotated[str, Meta(min_length=1, max_length=256)]
Reference = Annotated[str, Meta(max_length=512)]


class Event(msgspec.Struct, tag_field="type", frozen=True, kw_only=True, gc=False):
    """Something that happened, told by one source of one agency.

    ``type`` is on every instance, ``data`` is the Struct of that type. Moments keep the zone
    they were sent with.
    """

    type: ClassVar[str]

    id: Annotated[
        Identity,
        Meta(description="Unique in its source: an event sent again has the same id."),
    ]
    source: Annotated[Identity, Meta(description="System that tells it, as a URI or a plain name.")]
    specversion: Annotated[Literal["1.0"], Meta(description="Version of CloudEvents.")]
    time: Annotated[Instant, Meta(description="When it happened; ISO 8601 with a time zone.")]
    agency: Annotated[
        Name, Meta(description='Agency it belongs to; "" is the one whose key sends it.')
    ] = ""
    subject: Annotated[Reference, Meta(description="Thing it is about; not read.")] = ""
    recordedtime: Annotated[
        Instant | None,
        Meta(description="When the agency wrote it down; of two corrections the later stands."),
    ] = None
    datacontenttype: Annotated[Name, Meta(description="Media type of data; JSON only.")] = ""
    dataschema: Annotated[Reference, Meta(description="Schema the sender wrote to.")] = ""
    partitionkey: Annotated[Name, Meta(description="Key for a broker; not read.")] = ""
    traceparent: Annotated[Name, Meta(description="W3C trace context; not read.")] = ""
    tracestate: Annotated[Reference, Meta(description="W3C trace context; not read.")] = ""
    data: Annotated[Data, Meta(description="What is said, in the shape of the type.")]


def _classes() -> Iterator[type[Data]]:
    """Every class of data in the family files, in order of file and place."""
    for module in pkgutil.iter_modules(models.events.__path__):
        family = importlib.import_module(f"models.events.{module.name}")
        for found in vars(family).values():
            if isinstance(found, type) and issubclass(found, Data) and found.TYPE:
                yield found


def _discover() -> dict[str, type[Data]]:
    found: dict[str, type[Data]] = {}
    for data in _classes():
        versions = data.VERSIONS
        for name in [f"{data.TYPE}.{version}" for version in versions] or [data.TYPE]:
            if name in found:
                places = [f"{one.__module__}.{one.__qualname__}" for one in (found[name], data)]
                message = f"{' and '.join(places)} are both {name}; give one another TYPE"
                raise TypeError(message)
            found[name] = data
    return found


def _envelope(name: str, data: type[Data]) -> type[Event]:
    made: Any = msgspec.defstruct(
        f"{data.__name__}Event",
        [("data", data)],
        bases=(Event,),
        namespace={"type": name, "__doc__": data.__doc__},
        module=__name__,
        tag=name,
        frozen=True,
        kw_only=True,
        gc=False,
        forbid_unknown_fields=True,
    )
    envelope: type[Event] = made
    return envelope


DATA_TYPES: dict[str, type[Data]] = _discover()
"""Every type of event that is understood, and the class of its data."""

EVENT_TYPES: dict[str, type[Event]] = {
    name: _envelope(name, data) for name, data in DATA_TYPES.items()
}
"""Every type of event that is understood, and its envelope."""

_ANY: Any = Union[tuple(EVENT_TYPES.values())]  # noqa: UP007 (a tuple, made just now)
_DECODER: msgspec.json.Decoder[Event] = msgspec.json.Decoder(_ANY)


def decode_lines(body: bytes) -> list[Event]:
    """Read events, one a line (NDJSON); empty lines are left out.

    Raises ``msgspec.DecodeError`` or ``UnicodeDecodeError`` if any line is not an event:
    ``models.check.check`` says which and why.
    """
    try:
        return _DECODER.decode_lines(body)
    except msgspec.ValidationError:
        # Perhaps for a field that we do not know: those are kept in the line, and not read.
        return [decode(line) for line in body.split(b"\n") if line.strip()]


def decode_known(body: bytes) -> list[Event]:
    """Read events like ``decode_lines``; a field that is not known raises too."""
    return _DECODER.decode_lines(body)


def decode(line: bytes) -> Event:
    """Read one event; fields that are not known are ignored. Raises as ``decode_lines``."""
    try:
        return _DECODER.decode(line)
    except msgspec.ValidationError:
        return convert(msgspec.json.decode(line))


def convert(raw: Any) -> Event:
    """Make an event of plain JSON values; fields that are not known are ignored.

    Raises ``msgspec.ValidationError`` where it is no event, ``UnicodeEncodeError`` where a text
    holds half of a surrogate pair.
    """
    name = raw.get("type") if isinstance(raw, dict) else None
    envelope = EVENT_TYPES.get(name) if isinstance(name, str) else None
    if envelope is None:
        message = "Not an event of a type that is known - at `$.type`"
        raise msgspec.ValidationError(message)
    return msgspec.convert(_known(raw, envelope), envelope)


def _known(raw: Any, struct: type[msgspec.Struct]) -> Any:
    """The fields of ``raw`` that ``struct`` declares, at every depth."""
    if not isinstance(raw, dict):
        return raw
    shape = _shape(struct)
    kept = {
        key: value if (inner := shape[key]) is None else _inside(value, inner)
        for key, value in raw.items()
        if key in shape
    }
    if "type" in raw and struct.__struct_config__.tag_field == "type":
        kept["type"] = raw["type"]
    return kept


def _inside(value: Any, struct: type[msgspec.Struct]) -> Any:
    if isinstance(value, list):
        return [_known(one, struct) for one in value]
    return _known(value, struct)


_SHAPES: dict[type[msgspec.Struct], dict[str, type[msgspec.Struct] | None]] = {}


def _shape(struct: type[msgspec.Struct]) -> dict[str, type[msgspec.Struct] | None]:
    """JSON names of a Struct's fields, each with the Struct inside it, if there is one."""
    known = _SHAPES.get(struct)
    if known is None:
        known = _SHAPES[struct] = {
            field.encode_name: _struct_in(msgspec.inspect.type_info(field.type))
            for field in msgspec.structs.fields(struct)
        }
    return known


def _struct_in(info: msgspec.inspect.Type) -> type[msgspec.Struct] | None:
    if isinstance(info, msgspec.inspect.StructType):
        return info.cls
    if isinstance(info, msgspec.inspect.Metadata):
        return _struct_in(info.type)
    if isinstance(info, msgspec.inspect.ListType):
        return _struct_in(info.item_type)
    if isinstance(info, msgspec.inspect.UnionType):
        return next((found for one in info.types if (found := _struct_in(one))), None)
    return None


def example(name: str) -> dict[str, Any]:
    """Give a right event of this type, as plain JSON values. Raises KeyError if unknown."""
    kind = DATA_TYPES[name]
    data = kind.EXAMPLE
    time = data["from"] if issubclass(kind, Counted) else "2020-03-16T08:30:00Z"
    return {
        "specversion": "1.0",
        "id": f"example-{name}",
        "source": "https://example.org/register",
        "type": name,
        "time": time,
        "agency": "permits-office",
        "data": data,
    }


def json_schema(name: str) -> dict[str, Any]:
    """Give the JSON Schema (2020-12) of a type. Raises KeyError if unknown."""
    schema = _schema(EVENT_TYPES[name], name)
    schema["examples"] = [example(name)]
    return schema


def envelope_schema() -> dict[str, Any]:
    """Give the JSON Schema (2020-12) of what all events have in common."""
    schema = _schema(Event, "envelope")
    schema["properties"]["type"] = {"enum": list(EVENT_TYPES)}
    return schema


def _schema(envelope: type[Event], name: str) -> dict[str, Any]:
    written = msgspec.json.schema(envelope)
    definitions = written["$defs"]
    top = definitions.pop(written["$ref"].rpartition("/")[2])
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:headwind:event:{name}",
        **top,
        "$defs": definitions,
    }
    _open(schema)
    return schema


def _open(schema: Any) -> None:
    """Say at every depth that further fields are allowed: they are kept and ignored."""
    if isinstance(schema, dict):
        schema.pop("additionalProperties", None)
        for inner in schema.values():
            _open(inner)
    elif isinstance(schema, list):
        for inner in schema:
            _open(inner)


def write_schemas(folder: Path) -> int:
    """Write one file a type and envelope.json; how many were written. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    schemas = {name: json_schema(name) for name in DATA_TYPES} | {"envelope": envelope_schema()}
    for name, schema in schemas.items():
        text = json.dumps(schema, indent=2, ensure_ascii=False)
        (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    return len(schemas)


def _main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write("Say where to write the schemas: python -m models.event DIR\n")
        return 2
    try:
        written = write_schemas(Path(arguments[0]))
    except OSError as error:
        sys.stderr.write(f"{arguments[0]} cannot be written: {error.strerror}; name another.\n")
        return 2
    sys.stdout.write(f"{written} schemas written to {arguments[0]}\n")
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))

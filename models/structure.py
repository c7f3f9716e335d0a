"""All that is wrong with the shape of an event, read from the JSON Schema of its type."""

from __future__ import annotations

import functools
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.validators import extend

from models.event import DATA_TYPES, envelope_schema, json_schema
from models.events import Instant
from models.problem import Code, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jsonschema import TypeChecker, ValidationError

TIME_LIKE = "2018-06-30T08:15:00Z or 2018-06-30T10:15:00+02:00"

UNREADABLE = (msgspec.ValidationError, UnicodeEncodeError)
"""What reading a plain value may raise; the second for half a surrogate pair in a text."""

_FORMATS = FormatChecker(formats=())
_NOUNS = {
    "string": "text in double quotes",
    "integer": "a whole number without a decimal point or quotes",
    "number": "a number without quotes",
    "boolean": "true or false",
    "object": "an object in braces",
    "array": "a list in brackets",
}


class NotANumber:
    """Stands where NaN, Infinity or -Infinity was sent."""


def pointer_to(parts: Any) -> str:
    """Write a JSON Pointer (RFC 6901) of keys and indices."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


def instant(value: Any) -> datetime | None:
    """Read a time with a zone; None if it is none."""
    try:
        return msgspec.convert(value, Instant) if isinstance(value, str) else None
    except UNREADABLE:
        return None


@_FORMATS.checks("date-time")
def _is_instant(value: Any) -> bool:
    return not isinstance(value, str) or instant(value) is not None


def _is_integer(_checker: TypeChecker, value: Any) -> bool:
    # The standard also takes 1.0; the reader of events does not.
    return isinstance(value, int) and not isinstance(value, bool)


_extend: Any = extend
_Validator = _extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)


@functools.cache
def _validator(name: str) -> Any:
    if name in DATA_TYPES:
        return _Validator(json_schema(name), format_checker=_FORMATS)
    schema = envelope_schema()
    schema["properties"].pop("type")
    return _Validator(schema, format_checker=_FORMATS)


def structure_problems(raw: Mapping[str, Any], name: str) -> Iterator[Problem]:
    """Everything in which ``raw`` does not fit the schema of the type ``name``.

    Where the type is not known ("" or any other), the envelope alone is looked at.
    """
    for error in _validator(name).iter_errors(raw):
        yield from _problems(error, ())


def _problems(error: ValidationError, above: tuple[Any, ...]) -> Iterator[Problem]:
    path = (*above, *error.relative_path)
    if error.validator == "anyOf":
        # A field that may be absent is "its type, or null": what counts is its type.
        for inner in error.context or ():
            if inner.schema != {"type": "null"}:
                yield from _problems(inner, path)
    elif error.validator == "required":
        # One error is raised for each missing field; its name is in the message only.
        missing = error.message.split("'")[1]
        yield _missing(error, (*path, missing))
    elif isinstance(error.instance, NotANumber):
        yield Problem(
            pointer_to(path),
            "not_a_number",
            f"{_named(path)} is NaN or infinite; send a number, or leave the field out where "
            "there is none.",
        )
    else:
        code, sentence = _sentence(error)
        yield Problem(pointer_to(path), code, f"{_named(path)} {sentence}")


def _named(path: tuple[Any, ...]) -> str:
    if not path:
        return "The event"
    if isinstance(path[-1], int):
        return f"Item {path[-1] + 1} of {_named(path[:-1])}"
    return f'"{path[-1]}"'


def _missing(error: ValidationError, path: tuple[Any, ...]) -> Problem:
    properties = error.schema["properties"] if isinstance(error.schema, dict) else {}
    said = properties.get(path[-1], {})
    meaning = said.get("description") or "see the schema of the type."
    return Problem(pointer_to(path), "missing", f"{_named(path)} is missing; send it: {meaning}")


_LIMITS = {
    "minimum": "must be at least {}; send a number that is not smaller.",
    "maximum": "must be at most {}; send a number that is not larger.",
    "minLength": "must not be empty; send at least {} character, or leave the event out.",
    "maxLength": "must have at most {} characters; send a short name or code.",
    "minItems": "must have at least {} items.",
    "maxItems": "must have at most {} items; send the rest in further events.",
}


def _sentence(error: ValidationError) -> tuple[Code, str]:
    """Code and the rest of a sentence; of the event, only what the schema itself says."""
    limit: Any = error.validator_value
    if error.validator == "type":
        return "wrong_type", f"must be {_NOUNS.get(str(limit), str(limit))}."
    if error.validator == "format":
        return _time_sentence(error.instance)
    if error.validator == "enum":
        code: Code = "out_of_range" if isinstance(error.instance, str) else "wrong_type"
        return code, f"must be one of {_listed(limit)}."
    if str(error.validator) in _LIMITS:
        return "out_of_range", _LIMITS[str(error.validator)].format(limit)
    meaning = error.schema.get("description", "") if isinstance(error.schema, dict) else ""
    return "out_of_range", f"does not have the form it must have: {meaning}".rstrip(": ")


def _listed(choices: list[Any]) -> str:
    return ", ".join(f'"{choice}"' for choice in choices)


def _time_sentence(value: Any) -> tuple[Code, str]:
    try:
        msgspec.convert(value, datetime)
    except UNREADABLE:
        return "bad_time", f"is not a date and time that exists; write it like {TIME_LIKE}."
    return "no_time_zone", f"has no time zone; add Z for UTC or the offset, like {TIME_LIKE}."

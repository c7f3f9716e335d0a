"""What is wrong with an event, said so that its sender can put it right."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Code = Literal[
    "not_json",
    "not_utf8",
    "too_large",
    "unknown_type",
    "missing",
    "wrong_type",
    "out_of_range",
    "not_a_number",
    "no_time_zone",
    "bad_time",
    "end_before_start",
    "part_exceeds_whole",
    "wrong_agency",
    "family_not_allowed",
    "future",
    "person_like",
    "id_reused",
    "beyond_retention",
]
"""Every code; ``id_reused`` and ``beyond_retention`` are found by the engine only."""

MEANINGS: dict[Code, str] = {
    "not_json": "the text is not one JSON object",
    "not_utf8": "the text is not UTF-8",
    "too_large": "the event has more bytes than are read",
    "unknown_type": "no type of this name is known",
    "missing": "a field that the type requires is not there",
    "wrong_type": "a field holds another kind of JSON value than it must",
    "out_of_range": "a value lies outside its limits, choices or form",
    "not_a_number": "NaN or infinity stands where a number must",
    "no_time_zone": "a time has no zone",
    "bad_time": "a time is none that exists in ISO 8601",
    "end_before_start": "a period or band ends before it starts",
    "part_exceeds_whole": "a count is larger than the one it is a part of",
    "wrong_agency": "the event names another agency than the key",
    "family_not_allowed": "the key may not send this family of types",
    "future": "the time lies after receipt",
    "person_like": "a field or text looks like a person's data",
    "id_reused": "another event of the source had this id",
    "beyond_retention": "the event is older than anything that is still kept",
}
"""What is wrong where a code stands."""


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong.

    ``pointer`` is a JSON Pointer into the event ("" is the whole of it), ``code`` one of
    ``Code``, ``message`` a sentence that says what to send instead. It never holds a value
    that was sent.
    """

    pointer: str
    code: Annotated[
        Code, Meta(description="; ".join(f"{code}: {said}" for code, said in MEANINGS.items()))
    ]
    message: str


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """An event that was not taken, and everything that is wrong with it.

    ``row`` counts from 0 in what was handed in. ``event_source``, ``event_id`` and
    ``event_type`` are "" where they could not be read or may say something of a person.
    ``payload`` is what was sent, absent where it is too large to keep or may hold a
    person's data.
    """

    row: int
    event_source: str
    event_id: str
    event_type: str
    problems: list[Problem]
    payload: bytes | None

"""What is wrong with an event, said so that its sender can put it right."""

from __future__ import annotations

from typing import Literal

import msgspec

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


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong.

    ``pointer`` is a JSON Pointer into the event ("" is the whole of it), ``code`` one of
    ``Code``, ``message`` a sentence that says what to send instead. It never holds a value
    that was sent.
    """

    pointer: str
    code: Code
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

"""A close look at one event that did not pass at once: everything that is wrong with it."""

from __future__ import annotations

import difflib
import json
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from models.event import DATA_TYPES, Event, convert
from models.events import Counted, Data, Rule
from models.person import control_character, person_field, person_text, person_value, unfit
from models.problem import Problem, Refusal
from models.structure import UNREADABLE, NotANumber, instant, pointer_to, structure_problems

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

FUTURE_TOLERANCE_MS = 300_000
"""How far ahead of its receipt an event may be: clocks differ."""

_NAME_LENGTH = 64
_MISSING: Any = object()


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What the events of one delivery must keep to, beyond being right by themselves."""

    agency: str
    families: frozenset[str] | None
    latest: datetime

    @property
    def agencies(self) -> frozenset[str]:
        """What an event may say of its agency."""
        return frozenset(("", self.agency))

    def allows(self, name: str) -> bool:
        """Whether events of this type may be sent."""
        return self.families is None or family_of(name) in self.families


def family_of(name: str) -> str:
    """Tell the family of a type: project, service, remote, context; "" if there is none."""
    first, _, rest = name.partition(".")
    if first == "headwind":
        return rest.partition(".")[0]
    return "project" if name.startswith("dev.cdevents.") else ""


def too_large(row: int, limit: int) -> Refusal:
    """Refuse an event for its size alone, unread."""
    message = (
        f"The event is larger than {limit} bytes; send one event a line, and only the fields "
        "of its type."
    )
    return Refusal(
        row=row,
        event_source="",
        event_id="",
        event_type="",
        problems=[Problem("", "too_large", message)],
        payload=None,
    )


def examine(row: int, line: bytes, terms: Terms) -> Event | Refusal:
    """Read one event and give it, or the refusal that says everything wrong with it."""
    dropped: list[Any] = []
    raw, problem = _read(line, dropped)
    if problem is not None:
        problems = [problem]
        if person_text(line):
            problems.append(_person("", "text", "something of a person"))
        return _refusal(row, line, None, problems)
    problems = [*_unfit_texts(raw, dropped)]
    if not isinstance(raw, dict):
        message = 'An event is a JSON object in braces, as in {"specversion": "1.0", …}.'
        return _refusal(row, line, None, [*problems, Problem("", "wrong_type", message)])
    event = _event(raw)
    if event is None:
        problems += _shape_problems(raw)
    problems += _term_problems(raw, terms)
    problems += _rule_problems(raw)
    if event is not None and not problems:
        return event
    if not problems:
        message = "The event does not have the form of its type; compare it with the schema."
        problems = [Problem("", "wrong_type", message)]
    return _refusal(row, line, raw, problems)


def _event(raw: dict[str, Any]) -> Event | None:
    try:
        return convert(raw)
    except UNREADABLE:
        return None


def _refusal(row: int, line: bytes, raw: Any, problems: list[Problem]) -> Refusal:
    def said(field: str, longest: int) -> str:
        value = raw.get(field) if isinstance(raw, dict) else None
        if not isinstance(value, str) or _unfit(value) is not None:
            return ""
        return value[:longest]

    unique = list({(one.pointer, one.code): one for one in reversed(problems)}.values())[::-1]
    personal = any(one.code == "person_like" for one in unique)
    return Refusal(
        row=row,
        event_source=said("source", 256),
        event_id=said("id", 256),
        event_type=said("type", 128),
        problems=unique,
        payload=None if personal else line,
    )


# --- reading ----------------------------------------------------------------------------------


def _read(line: bytes, dropped: list[Any]) -> tuple[Any, Problem | None]:
    """Plain JSON values, or why there are none; values of repeated keys go to ``dropped``."""

    def keep_last(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        last = dict(pairs)
        if len(last) != len(pairs):
            dropped.extend({key: value} for key, value in pairs if last[key] is not value)
        return last

    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        message = f"Byte {error.start + 1} is not UTF-8; save or send the text as UTF-8."
        return None, Problem("", "not_utf8", message)
    if text.startswith("\ufeff"):
        message = "A byte order mark stands before the event; save the text as UTF-8 without one."
        return None, Problem("", "not_json", message)
    try:
        raw = json.loads(text, parse_constant=lambda _: NotANumber(), object_pairs_hook=keep_last)
    except json.JSONDecodeError as error:
        return None, Problem("", "not_json", _malformed(text, error))
    except (ValueError, RecursionError):
        message = (
            "The event holds a number of thousands of digits, or is nested too deeply; send only "
            "the fields of its type."
        )
        return None, Problem("", "not_json", message)
    return raw, None


def _malformed(text: str, error: json.JSONDecodeError) -> str:
    if "\0" in text:
        return "The event holds NUL bytes; send JSON as UTF-8 text, not UTF-16 or binary."
    where = f"at character {error.pos + 1}"
    if error.msg == "Extra data":
        return f"Something follows the event {where}; send one JSON object a line."
    if error.pos >= len(text.rstrip()):
        return "The event breaks off before its end; send it whole, on one line."
    found = error.msg[:1].lower() + error.msg[1:]
    return f"The event is not JSON: {found} {where}; send one JSON object a line."


# --- texts ------------------------------------------------------------------------------------


def _unfit_texts(raw: Any, dropped: list[Any]) -> Iterator[Problem]:
    """Problems of every name and text in the event, declared or not, at every depth."""
    names, texts = _all_texts([raw, *dropped])
    if (
        not any(map(person_field, names))
        and not unfit([*names, *texts])
        and _is_whole(names | texts)
    ):
        return
    stack: list[tuple[tuple[Any, ...], Any]] = [((), raw), *(((), one) for one in dropped)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, str):
            found = _unfit(value)
            if found is not None:
                yield found(path)
        elif isinstance(value, list):
            stack.extend(((*path, i), one) for i, one in enumerate(value))
        elif isinstance(value, dict):
            for key, one in value.items():
                here = _step(path, key)
                if _unfit(key) is not None:
                    yield _person(pointer_to(path), "a name", "something of a person")
                elif person_field(key):
                    yield _person(pointer_to(here), "a field", "a person's data")
                stack.append((here, one))


def _all_texts(stack: list[Any]) -> tuple[set[str], set[str]]:
    """Names of fields, and texts, at every depth. Loops, since nesting may be deep."""
    names: set[str] = set()
    texts: set[str] = set()
    while stack:
        value = stack.pop()
        if isinstance(value, str):
            texts.add(value)
        elif isinstance(value, list):
            stack.extend(value)
        elif isinstance(value, dict):
            names.update(value)
            stack.extend(value.values())
    return names, texts


def _is_whole(texts: set[str]) -> bool:
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        return False
    return True


def _step(path: tuple[Any, ...], key: str) -> tuple[Any, ...]:
    """Go on to a field; a name that may itself say something is not written down."""
    plain = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return (*path, key) if plain and len(key) <= _NAME_LENGTH and not _unfit(key) else path


def _unfit(text: str) -> Any:
    """Make the problem of a text, given its path; None if there is none."""
    seems = person_value(text)
    if seems:
        return lambda path: _person(pointer_to(path), "the text", seems)
    if control_character(text):
        return lambda path: Problem(
            pointer_to(path),
            "out_of_range",
            "The text holds a control character (NUL, tab or newline); send plain text.",
        )
    if not _is_whole({text}):
        return lambda path: Problem(
            pointer_to(path),
            "not_utf8",
            "The text holds half of a surrogate pair; write the character itself, as UTF-8.",
        )
    return None


def _person(pointer: str, what: str, seems: str) -> Problem:
    sentences = {
        "a field": "A field of this name is for a person's data; leave it out, or name it for "
        "the thing it counts.",
        "a name": "A field has a name that cannot be kept; use plain words that name no person.",
        "text": "It may hold a person's data, so that nothing of it is kept; leave those out.",
        "the text": f"It looks like {seems}; send an id or a name that says nothing of a person.",
    }
    return Problem(pointer, "person_like", sentences[what])


# --- the event as a whole -----------------------------------------------------------------------


def _shape_problems(raw: dict[str, Any]) -> Iterator[Problem]:
    name = raw.get("type")
    known = isinstance(name, str) and name in DATA_TYPES
    if "type" not in raw:
        message = '"type" is missing; send it: one of the types that are known, such as '
        yield Problem("/type", "missing", f'{message}"headwind.service.request.opened.v1".')
    elif not isinstance(name, str):
        yield Problem("/type", "wrong_type", '"type" must be text in double quotes.')
    elif not known:
        yield Problem("/type", "unknown_type", _hint(name))
    yield from structure_problems(raw, str(name) if known else "")


def _hint(name: str) -> str:
    near = difflib.get_close_matches(name[:128], DATA_TYPES, n=1)
    if near:
        return f'This type is not known; did you mean "{near[0]}"?'
    return "This type is not known; the schemas list those that are."


def _term_problems(raw: dict[str, Any], terms: Terms) -> Iterator[Problem]:
    agency, name, time = raw.get("agency"), raw.get("type"), instant(raw.get("time"))
    if isinstance(agency, str) and agency not in terms.agencies:
        message = f'"agency" must be "{terms.agency}", for which this is sent; or leave it out.'
        yield Problem("/agency", "wrong_agency", message)
    if isinstance(name, str) and name in DATA_TYPES and not terms.allows(name):
        message = (
            f"This key may not send events of the family {family_of(name)}; use a key that may, "
            "or have one issued."
        )
        yield Problem("/type", "family_not_allowed", message)
    if time is not None and time > terms.latest:
        message = (
            "The time lies after receipt; send events once they have happened, and check the "
            "sender's clock and time zone."
        )
        yield Problem("/time", "future", message)


def _rule_problems(raw: dict[str, Any]) -> Iterator[Problem]:
    name, said = raw.get("type"), raw.get("data")
    data = DATA_TYPES.get(name) if isinstance(name, str) else None
    if data is None or not isinstance(said, dict):
        return
    fields = _fields(data)
    for rule in data.RULES:
        values = [_value(said, fields[name]) for name in rule.fields]
        if all(value is not _MISSING for value in values) and not _holds(rule, values):
            yield Problem(f"/data{rule.pointer}", rule.code, rule.message)
    time = instant(raw.get("time"))
    if issubclass(data, Counted) and time is not None:
        start, end = instant(said.get("from")), instant(said.get("to"))
        if (start is not None and time < start) or (end is not None and time > end):
            message = 'The time of a count lies in its period; send "time" equal to "from".'
            yield Problem("/time", "out_of_range", message)


@cache
def _fields(data: type[Data]) -> dict[str, msgspec.structs.FieldInfo]:
    return {field.name: field for field in msgspec.structs.fields(data)}


def _holds(rule: Rule, values: list[Any]) -> bool:
    return rule.holds(*values)


def _value(said: dict[str, Any], field: msgspec.structs.FieldInfo) -> Any:
    """Read one field of the data; ``_MISSING`` where it is absent or wrong by itself."""
    if field.encode_name not in said:
        return _MISSING if field.default is msgspec.NODEFAULT else field.default
    try:
        return msgspec.convert(said[field.encode_name], field.type)
    except UNREADABLE:
        return _MISSING

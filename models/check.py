"""What every event must pass before it is kept: nearly all pass at once, the rest hear why not."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec

from models.event import DATA_TYPES, Event, decode_known
from models.events import Counted, Data
from models.examine import FUTURE_TOLERANCE_MS, Terms, examine, family_of, too_large
from models.person import unfit
from models.problem import Code, Problem, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = [
    "FUTURE_TOLERANCE_MS",
    "MAX_EVENT",
    "Checked",
    "Code",
    "Problem",
    "Refusal",
    "check",
    "family_of",
    "latest",
]

MAX_EVENT = 65_536
"""Largest event that is read, in bytes; also the largest payload that is kept of a refused one."""

_OPEN_BRACE = ord("{")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Checked(msgspec.Struct):
    """What came of some lines: ``events[i]`` was read from ``lines[i]``, the rest is refused.

    A line holds no newline, whatever was handed in.
    """

    events: list[Event]
    lines: list[bytes]
    refused: list[Refusal]


def check(
    lines: Sequence[bytes], *, agency: str, families: frozenset[str] | None, received: int
) -> Checked:
    """Check events, each a JSON object, that an agency sent; none is left without an answer.

    ``families`` are those that the agency's key may send (None: all), ``received`` is when
    the events came, in ms since the epoch. Empty lines are left out. Never raises, whatever
    the bytes.
    """
    terms = Terms(agency=agency, families=families, latest=latest(received))
    read = _read_together(lines)
    rows: Sequence[int] = range(len(lines))
    events, others = read or [], list[int]()
    if read is None:
        rows, events, others = _read_singly(lines)
    doubtful = _doubtful(events, [lines[row] for row in rows], terms)
    if read is not None and not doubtful:
        return Checked(events=events, lines=list(lines), refused=[])
    fine = {rows[i]: event for i, event in enumerate(events) if i not in doubtful}
    checked = Checked(events=[], lines=[], refused=[])
    for row in sorted({*fine, *others, *(rows[i] for i in doubtful)}):
        line = lines[row]
        found = fine.get(row) or _slow(row, line, terms)
        if isinstance(found, Refusal):
            checked.refused.append(found)
        else:
            checked.events.append(found)
            checked.lines.append(_one_line(line))
    return checked


def latest(received: int) -> datetime:
    """The latest that an event may say it happened, which came at a moment (ms)."""
    try:
        return _EPOCH + timedelta(milliseconds=received + FUTURE_TOLERANCE_MS)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def _slow(row: int, line: bytes, terms: Terms) -> Event | Refusal:
    if len(line) > MAX_EVENT:
        return too_large(row, MAX_EVENT)
    return examine(row, line, terms)


def _one_line(line: bytes) -> bytes:
    if b"\n" not in line and b"\r" not in line:
        return line
    # Only between tokens can a valid event hold them.
    return line.replace(b"\n", b" ").replace(b"\r", b" ").strip()


def _read_together(lines: Sequence[bytes]) -> list[Event] | None:
    """All events at once, or None where any line needs a look of its own."""
    if not lines:
        return []
    if not all(lines) or max(map(len, lines)) > MAX_EVENT:
        return None
    if {line[0] for line in lines} != {_OPEN_BRACE}:
        return None
    if b"\n" in b"".join(lines):
        return None
    try:
        events = decode_known(b"\n".join(lines))
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    return events if len(events) == len(lines) else None


def _read_singly(lines: Sequence[bytes]) -> tuple[list[int], list[Event], list[int]]:
    """Rows that could be read, their events, and the rows that could not."""
    rows: list[int] = []
    events: list[Event] = []
    others: list[int] = []
    for row, line in enumerate(lines):
        if len(line) > MAX_EVENT:
            others.append(row)
            continue
        if not line.strip():
            continue
        try:
            (event,) = decode_known(line)
        except (msgspec.DecodeError, ValueError, RecursionError):
            others.append(row)
        else:
            rows.append(row)
            events.append(event)
    return rows, events, others


_ENVELOPE = [
    attrgetter(name)
    for name in (
        "source",
        "subject",
        "datacontenttype",
        "dataschema",
        "partitionkey",
        "traceparent",
        "tracestate",
    )
]
"""Reads the texts of an envelope that many events share."""


def _doubtful(events: list[Event], lines: list[bytes], terms: Terms) -> set[int]:
    """Which events need a closer look. Every question is first asked of all of them together."""
    found = _hiding(lines)
    if not events:
        return found
    if max([event.time for event in events]) > terms.latest:
        found.update(i for i, event in enumerate(events) if event.time > terms.latest)
    if not {event.agency for event in events} <= terms.agencies:
        found.update(i for i, event in enumerate(events) if event.agency not in terms.agencies)
    texts = [event.id for event in events]
    for shared in _ENVELOPE:
        texts += set(map(shared, events))
    for kind, rows in _by_type(events).items():
        some = [events[i].data for i in rows]
        if not terms.allows(kind.type):
            found.update(rows)
        found.update(_broken(kind, rows, events))
        for get in _texts(kind):
            texts += set(map(get, some))
        for get in _deep(kind):
            texts += _columns_inside(list(map(get, some)))
    wrong = unfit(texts)
    if wrong:
        found.update(i for i, event in enumerate(events) if not wrong.isdisjoint(_inside(event)))
    return found


def _hiding(lines: list[bytes]) -> set[int]:
    if not _hides(b"\n".join(lines)):
        return set()
    return {i for i, line in enumerate(lines) if _hides(line)}


def _hides(body: bytes) -> bool:
    """Whether something may stand where decoding does not look: in a field that is sent twice."""
    return b"@" in body or (b"\\" in body and b"\\u0040" in body)


def _by_type(events: list[Event]) -> dict[type[Event], Sequence[int]]:
    kinds = set(map(type, events))
    if len(kinds) == 1:
        return {kinds.pop(): range(len(events))}
    groups: defaultdict[type[Event], list[int]] = defaultdict(list)
    for i, event in enumerate(events):
        groups[type(event)].append(i)
    return {**groups}


def _broken(kind: type[Event], rows: Sequence[int], events: list[Event]) -> Iterator[int]:
    """Rows of events of one type that break a rule between their fields."""
    data = DATA_TYPES[kind.type]
    rules = [(rule.holds, [attrgetter(name) for name in rule.fields]) for rule in data.RULES]
    counted = issubclass(data, Counted)
    if not rules:
        return
    for row in rows:
        event = events[row]
        said: Any = event.data
        inside = not counted or said.start <= event.time <= said.end
        if not inside or not all(holds(*[get(said) for get in gets]) for holds, gets in rules):
            yield row


@cache
def _texts(kind: type[Event]) -> list[Callable[[Data], str]]:
    """Read each field of the data that is text."""
    return [
        attrgetter(field.name)
        for field in msgspec.structs.fields(DATA_TYPES[kind.type])
        if isinstance(_bare(field.type), msgspec.inspect.StrType)
    ]


@cache
def _deep(kind: type[Event]) -> list[Callable[[Data], Any]]:
    """Read each field of the data that may hold texts without being one."""
    shallow = (
        msgspec.inspect.StrType,
        msgspec.inspect.IntType,
        msgspec.inspect.FloatType,
        msgspec.inspect.BoolType,
        msgspec.inspect.LiteralType,
        msgspec.inspect.DateTimeType,
    )
    return [
        attrgetter(field.name)
        for field in msgspec.structs.fields(DATA_TYPES[kind.type])
        if not isinstance(_bare(field.type), shallow)
    ]


def _columns_inside(values: list[Any]) -> set[str]:
    """Every text in some values, at every depth; column by column, since there are many."""
    found: set[str] = set()
    kinds = set(map(type, values))
    for kind in kinds:
        some = values
        if len(kinds) > 1:
            some = [one for one in values if type(one) is kind]
        if kind is str:
            found.update(some)
        elif kind is list:
            found |= _columns_inside([one for each in some for one in each])
        elif issubclass(kind, msgspec.Struct):
            for name in kind.__struct_fields__:
                found |= _columns_inside(list(map(attrgetter(name), some)))
    return found


def _bare(hint: Any) -> msgspec.inspect.Type:
    return _unwrapped(msgspec.inspect.type_info(hint))


def _unwrapped(info: msgspec.inspect.Type) -> msgspec.inspect.Type:
    while isinstance(info, msgspec.inspect.Metadata):
        info = info.type
    return info


def _inside(value: Any) -> Iterator[str]:
    """Every text in a Struct or list, at every depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _inside(one)
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _inside(getattr(value, name))

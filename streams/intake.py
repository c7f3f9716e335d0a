"""Intake: a message of Kafka becomes a record of the log, and what is wrong with it is told.

Whatever a message is, its position is taken: a record without events stands where nothing could
be kept, so that positions have no hole and nothing is skipped in silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Final, NamedTuple

from models.check import check, latest
from models.envelope import NDJSON, EnvelopeError, split
from models.kafka import MAX_MESSAGE
from models.partitioning import partition_of
from models.person import unfit
from models.problem import Problem, Refusal
from models.record import Record

LONGEST_NAME = 128

TOGETHER: Final = 1000
"""Lines of an agency that are checked together."""

Headers = Sequence[tuple[str, bytes]]


class Message(NamedTuple):
    """One message as the broker gave it; ``timestamp`` (ms) is when the broker took it."""

    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int
    headers: Headers


class Taken(NamedTuple):
    """The record that a message became, and what of it was refused; ``origin`` says where it stood."""

    record: Record
    refused: list[Refusal]
    origin: str


class _Read(NamedTuple):
    """A message as it was read: its lines, or the one thing that is wrong with it as a whole."""

    position: int
    received: int
    origin: str
    kind: str
    agency: str
    lines: list[bytes]
    problem: Problem | None

    @property
    def whole(self) -> bool:
        """Whether there are lines to check."""
        return self.kind == "events" and self.problem is None


def take_in(message: Message, partition: int, partitions: int) -> Taken:
    """Read one message of a partition; it never raises, whatever the bytes."""
    (taken,) = take_in_all([message], partition, partitions)
    return taken


def take_in_all(messages: Sequence[Message], partition: int, partitions: int) -> list[Taken]:
    """Read messages of a partition, with the result of one by one.

    Most are good, so what came from one agency is checked together: with one event a message
    that is a fifth of the cost.
    """
    read = [_read(one, partition, partitions) for one in messages]
    of_agency: dict[str, list[_Read]] = {}
    for one in read:
        if one.whole:
            of_agency.setdefault(one.agency, []).append(one)
    good = {id(one) for mine in of_agency.values() for some in _cut(mine) for one in _good(some)}
    return [_taken(one, good=id(one) in good) for one in read]


def _cut(read: list[_Read]) -> Iterator[list[_Read]]:
    """Some at a time: one bad line makes all of them be checked again, each by itself."""
    held: list[_Read] = []
    lines = 0
    for one in read:
        held.append(one)
        lines += len(one.lines)
        if lines >= TOGETHER:
            yield held
            held, lines = [], 0
    yield held


def _good(read: list[_Read]) -> list[_Read]:
    """Those that may be taken as they are; the others need a check of their own."""
    if len(read) < 2:
        return []
    lines = [line for one in read for line in one.lines]
    newest = max(one.received for one in read)
    found = check(lines, agency=read[0].agency, families=None, received=newest)
    if found.refused or found.lines != lines:
        return []
    good = []
    times = iter(found.events)
    for one in read:
        bound = latest(one.received)
        if all(event.time <= bound for event in list(islice(times, len(one.lines)))):
            good.append(one)
    return good


def _read(message: Message, partition: int, partitions: int) -> _Read:
    origin = f"kafka {partition}@{message.offset}"
    headers = {name.lower(): _text(value) for name, value in message.headers}
    position, received = message.offset + 1, _received(headers, message.timestamp)
    if headers.get("kind") == "tick":
        return _Read(position, received, origin, "tick", "", [], None)
    agency = _agency(message.key)
    problem = _wrong(message, agency, partition, partitions)
    lines: list[bytes] = []
    if problem is None and message.value is not None:
        headers.setdefault("content-type", NDJSON)
        try:
            lines = split(message.value, _as_http(headers))
        except EnvelopeError as error:
            problem = Problem("", "not_json", error.sentence)
    return _Read(position, received, origin, "events", agency, lines, problem)


def _taken(read: _Read, *, good: bool) -> Taken:
    if good or read.kind == "tick":
        return Taken(_record(read, read.lines), [], read.origin)
    if read.problem is None:
        checked = check(read.lines, agency=read.agency, families=None, received=read.received)
        return Taken(_record(read, checked.lines), checked.refused, read.origin)
    refused = Refusal(
        row=0,
        event_source="",
        event_id=read.origin,
        event_type="",
        problems=[read.problem],
        payload=None,
    )
    return Taken(_record(read, []), [refused], read.origin)


def _record(read: _Read, lines: list[bytes]) -> Record:
    return Record(
        agency=read.agency,
        received=read.received,
        kind=read.kind,
        events=len(lines),
        body=b"\n".join([*lines, b""]),
        position=read.position,
    )


def _wrong(message: Message, agency: str, partition: int, partitions: int) -> Problem | None:
    """What is wrong with a message as a whole."""
    if not agency:
        said = "The message has no key; its key must be the agency's name."
        return Problem("", "missing", said)
    if message.value is None:
        said = "The message has no value (a tombstone); nothing is ever deleted by one."
        return Problem("", "missing", said)
    if len(message.value) > MAX_MESSAGE:
        said = f"The message is larger than {MAX_MESSAGE} bytes; send at most 500 events in one."
        return Problem("", "too_large", said)
    if partition_of(agency, partitions) != partition:
        said = (
            "The message is in another partition than that of its key; let the producer choose "
            "the partition by murmur2 of the key (in librdkafka: partitioner=murmur2_random)."
        )
        return Problem("", "out_of_range", said)
    return None


@lru_cache(1024)
def _agency(key: bytes | None) -> str:
    """The agency that a key names; "" where it is none."""
    name = _text(key or b"").strip()
    return "" if len(name) > LONGEST_NAME or not name.isprintable() or unfit([name]) else name


def _as_http(headers: dict[str, str]) -> dict[str, str]:
    """Kafka's binding of CloudEvents writes ce_id where that of HTTP writes ce-id."""
    return {
        f"ce-{name[3:]}" if name.startswith("ce_") else name: text for name, text in headers.items()
    }


def _received(headers: dict[str, str], taken: int) -> int:
    """When our own door received it, which was before the broker took it; ms."""
    said = headers.get("received", "")
    return min(int(said), taken) if said.isascii() and said.isdecimal() else taken


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")

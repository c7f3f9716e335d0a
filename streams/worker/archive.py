"""An archive of the events: one compressed file of JSON lines a partition, a line a record.

A line says ``position``, ``agency``, ``received`` (ms), ``kind``, and ``events``: what the log
held, event by event as it was sent. What a worker refused is not in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec
import zstandard

from models.record import Record
from models.store import StoreError

SUFFIX = ".jsonl.zst"

CHUNK: Final = 64 * 1024
"""Bytes of a file that are unpacked at once."""


class Line(msgspec.Struct):
    """One record."""

    position: int
    agency: str
    received: int
    kind: str
    events: list[msgspec.Raw]


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Line)


def file_of(folder: Path, partition: int) -> Path:
    """The file of a partition."""
    return folder / f"events-{partition:04d}{SUFFIX}"


def encoded(records: Iterable[Record]) -> bytes:
    """Records as lines of an archive."""
    lines = []
    for record in records:
        raw = [msgspec.Raw(line) for line in record.body.split(b"\n") if line]
        line = Line(record.position, record.agency, record.received, record.kind, raw)
        lines.append(_ENCODER.encode(line) + b"\n")
    return b"".join(lines)


def archived(path: Path) -> Iterator[Record]:
    """The records of a file. Raises StoreError where it is damaged, with the line."""
    number = 0
    try:
        for number, text in enumerate(_lines(path), 1):  # noqa: B007
            line = _DECODER.decode(text)
            yield Record(
                agency=line.agency,
                received=line.received,
                kind=line.kind,
                events=len(line.events),
                body=b"".join(bytes(raw) + b"\n" for raw in line.events),
                position=line.position,
            )
    except (msgspec.DecodeError, zstandard.ZstdError, EOFError) as error:
        message = f"{path}, line {number + 1}: cannot be read ({type(error).__name__})."
        raise StoreError(message) from None


def _lines(path: Path) -> Iterator[bytes]:
    """The lines of a file. Raises EOFError where it was cut off, which a plain reader passes over."""
    expand, rest = zstandard.ZstdDecompressor().decompressobj(), b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            *lines, rest = (rest + expand.decompress(chunk)).split(b"\n")
            yield from lines
    if rest or not expand.eof:
        raise EOFError


def files(folder: Path) -> dict[int, Path]:
    """The files of an archive by partition. Raises StoreError where there is none."""
    found = {
        int(path.name.removesuffix(SUFFIX).rpartition("-")[2]): path
        for path in sorted(folder.glob(f"events-*{SUFFIX}"))
    }
    if not found:
        message = f"{folder} holds no archive; make one with headwind archive."
        raise StoreError(message)
    return found

"""Streaming: a jsonl file whose lines are events already, in bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeGuard

import msgspec

from connectors._cells import Fault
from connectors._file_bytes import blocks, measure
from connectors._owner import fit
from models.check import MAX_EVENT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from connectors._file_bytes import Extent
    from connectors._report import FileReport
    from connectors._send import Sender

WINDOW = 5_000
"""Lines looked at together."""


class _Owner(msgspec.Struct):
    """Whose event a line says it is."""

    agency: str = ""


_OPEN_BRACE = ord("{")

_DECODER = msgspec.json.Decoder(_Owner)


class _Cut(NamedTuple):
    """Some lines, their numbers, and the numbers of lines too long to be read."""

    lines: list[bytes]
    rows: list[int]
    long: list[int]


def stream(extent: Extent, agency: str | None, sender: Sender, report: FileReport) -> None:
    """Send the lines in their order. Without ``agency`` each event must name its own."""
    for cut in _cuts(extent):
        report.rows += len(cut.rows) + len(cut.long)
        if cut.long:
            message = f"is longer than {MAX_EVENT} bytes; send one event a line."
            fault = Fault(rows=cut.long, column="", code="too_large", message=message)
            sender.refuse(agency or "", [fault])
        for owner, places in _owners(cut.lines, agency).items():
            lines = [cut.lines[place] for place in places]
            rows = [cut.rows[place] for place in places]
            if not owner:
                message = "names no agency, or something that cannot be one; add one to each event, or say --agency NAME."
                fault = Fault(rows=rows, column="agency", code="missing", message=message)
                sender.refuse("", [fault])
                continue
            sender.send(owner, lines, rows, _named)


def rows_of(path: Path, lines: Collection[bytes]) -> dict[bytes, int]:
    """In which rows of such a file these lines stand; of several rows the last."""
    runs = (enumerate(some, row) for row, some in _runs(measure(path)))
    return {line: row for run in runs for row, line in run if line and line in lines}


def _named(_place: int, pointer: str) -> tuple[str, str]:
    return "", pointer


def _owners(lines: list[bytes], agency: str | None) -> dict[str, list[int]]:
    """Places of the lines by the agency that they belong to."""
    if agency:
        return {agency: list(range(len(lines)))}
    owners: dict[str, list[int]] = {}
    for place, owner in enumerate(_named_owners(lines)):
        owners.setdefault(owner if fit(owner) else "", []).append(place)
    return owners


def _named_owners(lines: list[bytes]) -> list[str]:
    """The agency that each line names; "" where it cannot be read."""
    try:
        together = [one.agency for one in _DECODER.decode_lines(b"\n".join(lines))]
    except (msgspec.DecodeError, UnicodeDecodeError):
        together = []
    return together if len(together) == len(lines) else [_named_owner(line) for line in lines]


def _named_owner(line: bytes) -> str:
    try:
        return _DECODER.decode(line).agency
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""


def _cuts(extent: Extent) -> Iterator[_Cut]:
    cut = _Cut([], [], [])
    for first, lines in _runs(extent):
        if not _is_plain(lines):
            for row, line in enumerate(lines, first):
                if line is None:
                    cut.long.append(row)
                elif line.strip():
                    cut.lines.append(line)
                    cut.rows.append(row)
                if len(cut.rows) >= WINDOW:
                    yield cut
                    cut = _Cut([], [], [])
            continue
        at = 0
        while at < len(lines):
            many = WINDOW - len(cut.rows)
            some = lines[at : at + many]
            cut.lines.extend(some)
            cut.rows.extend(range(first + at, first + at + len(some)))
            at += many
            if len(cut.rows) >= WINDOW:
                yield cut
                cut = _Cut([], [], [])
    if cut.rows or cut.long:
        yield cut


def _is_plain(lines: list[bytes | None]) -> TypeGuard[list[bytes]]:
    """Whether all lines begin like an object: then none is blank or too long."""
    return None not in lines and all(lines) and {line[0] for line in lines if line} == {_OPEN_BRACE}


def _runs(extent: Extent) -> Iterator[tuple[int, list[bytes | None]]]:
    """Lines in runs, each with its first number; None for one that is too long.

    Of a line that is too long nothing is kept.
    """
    row, rest, long = 1, b"", False
    for block in blocks(extent):
        first, *more = block.split(b"\n")
        if not long:
            rest += first
            long = len(rest) > MAX_EVENT
        if long:
            rest = b""
        if not more:
            continue
        lines: list[bytes | None] = [None if long else rest, *more[:-1]]
        if max(map(len, more)) > MAX_EVENT:
            lines[1:] = [line if len(line) <= MAX_EVENT else None for line in more[:-1]]
        yield row, lines
        row, rest, long = row + len(lines), more[-1], len(more[-1]) > MAX_EVENT
    if (rest or long) and not extent.cut:
        yield row, [None if long else rest]

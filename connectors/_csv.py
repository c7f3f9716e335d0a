"""CSV: text to columns, with the number of every row and a word on rows of another width."""

from __future__ import annotations

import codecs
import csv
import io
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from connectors._cells import Fault
from connectors._report import LoadError

if TYPE_CHECKING:
    from pathlib import Path

    from connectors._mapping import Mapping

_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_MAX_CELL = 1 << 20


class Read(NamedTuple):
    """All columns as text; ``rows`` numbers them as a spreadsheet does (the header is row 1).

    ``damaged``: some bytes were not in the encoding and stand as U+FFFD.
    """

    frame: pl.DataFrame
    rows: pl.Series
    faults: list[Fault]
    notes: list[str]
    damaged: bool


def read_csv(body: bytes, path: Path, mapping: Mapping) -> Read:
    """Read csv. Raises ``LoadError`` where there is no header, or no row below it."""
    text, damaged = _decode(body, path, mapping)
    delimiter = mapping.delimiter or ("\t" if ".tsv" in path.suffixes else ",")
    if len(delimiter) != 1:
        message = "The map's `delimiter` must be one character, as in delimiter = ';'."
        raise LoadError(message)
    read = _quoted if '"' in text else _plain
    frame, rows, faults = read(text, delimiter)
    faults = [fault for fault in faults if fault.rows]
    if frame.width == 0 or (frame.is_empty() and not faults):
        message = f"{path.name} has a header at most and no rows; export it again."
        raise LoadError(message)
    return Read(frame, rows, faults, [], damaged)


def _decode(body: bytes, path: Path, mapping: Mapping) -> tuple[str, bool]:
    encoding = next((name for mark, name in _MARKS.items() if body.startswith(mark)), None)
    encoding = "utf-8-sig" if encoding == "utf-8" else encoding or mapping.encoding
    try:
        return body.decode(encoding), False
    except UnicodeError:
        return body.decode(encoding, errors="replace"), True
    except LookupError:
        message = (
            f'{path.name}: the map says encoding = "{mapping.encoding}", which is not known; '
            'write "utf-8", "windows-1252" or "iso-8859-15".'
        )
        raise LoadError(message) from None


def _plain(text: str, delimiter: str) -> tuple[pl.DataFrame, pl.Series, list[Fault]]:
    """No quotation marks anywhere: a line is a row, and Polars may split it."""
    lines = pl.Series("line", text.split("\n")).str.strip_chars_end("\r")
    rows = pl.Series("row", range(1, len(lines) + 1), pl.UInt32)
    filled = lines.str.strip_chars(delimiter + " \t") != ""
    lines, rows = lines.filter(filled), rows.filter(filled)
    if lines.is_empty():
        return pl.DataFrame(), rows, []
    names = _names(lines[0].split(delimiter))
    lines, rows = lines[1:], rows[1:]
    widths = lines.str.count_matches(delimiter, literal=True) + 1
    good = widths == len(names)
    faults = _ragged(rows.filter(~good).to_list(), len(names))
    lines = lines.filter(good)
    if lines.is_empty():
        empty = pl.DataFrame({name: [] for name in names}, dict.fromkeys(names, pl.String))
        return empty, rows.filter(good), faults
    if len(names) == 1:
        return pl.DataFrame({names[0]: lines}), rows.filter(good), faults
    frame = pl.read_csv(
        "\n".join(lines.to_list()).encode(),
        has_header=False,
        new_columns=names,
        separator=delimiter,
        quote_char=None,
        infer_schema=False,
    )
    return frame, rows.filter(good), faults


def _quoted(text: str, delimiter: str) -> tuple[pl.DataFrame, pl.Series, list[Fault]]:
    """Quotation marks: a row may hold line breaks and delimiters, so it is read cell by cell."""
    csv.field_size_limit(_MAX_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: list[str] = []
    found: list[list[str]] = []
    rows: list[int] = []
    ragged: list[int] = []
    faults: list[Fault] = []
    row = 0
    while True:
        row += 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            faults.append(_unreadable(row, error))
            continue
        if not any(map(str.strip, cells)):
            continue
        if not names:
            names = _names(cells)
        elif len(cells) == len(names):
            found.append(cells)
            rows.append(row)
        else:
            ragged.append(row)
    schema = dict.fromkeys(names, pl.String)
    columns = list(zip(*found, strict=True)) or [()] * len(names)
    frame = pl.DataFrame(dict(zip(names, columns, strict=True)), schema)
    return frame, pl.Series("row", rows, pl.UInt32), faults + _ragged(ragged, len(names))


def _unreadable(row: int, error: csv.Error) -> Fault:
    if "field limit" in str(error):
        message = f"has a cell of more than {_MAX_CELL} characters; leave out what is no event's."
        return Fault(rows=[row], column="", code="too_large", message=message)
    message = (
        "has a quotation mark that is not closed or stands inside a cell; double it "
        '("") there. A mark that is not closed takes the rest of the file with it.'
    )
    return Fault(rows=[row], column="", code="wrong_type", message=message)


def _ragged(rows: list[int], width: int) -> list[Fault]:
    message = (
        f"has more or fewer cells than the header ({width}); put a cell that holds the "
        "delimiter into quotation marks."
    )
    return [Fault(rows=rows, column="", code="wrong_type", message=message)]


def _names(cells: list[str]) -> list[str]:
    """Header names; the second of two alike, and one without a name, gets its place added."""
    names: list[str] = []
    for place, cell in enumerate(cells, 1):
        name = cell.strip()
        names.append(name if name and name not in names else f"{name}#{place}")
    return names

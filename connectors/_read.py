"""Reading: a csv, xlsx, jsonl or parquet file as columns, each row with its number."""

from __future__ import annotations

import io
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

import fastexcel
import msgspec
import polars as pl

from connectors._cells import Fault
from connectors._csv import read_csv
from connectors._file_bytes import content
from connectors._report import LoadError

if TYPE_CHECKING:
    from pathlib import Path

    from connectors._file_bytes import Extent
    from connectors._mapping import Mapping

ROW = "#row"
"""Name of the column that holds a row's number; no file can have it among its columns."""

MAX_LINE = 64 * 1024
"""Longest line of a jsonl file, bytes."""


class Table(NamedTuple):
    """``frame`` has a column ``ROW``; faults are of rows left out of it; notes are sentences."""

    frame: pl.DataFrame
    faults: list[Fault]
    notes: list[str]


def format_of(path: Path) -> str:
    """``csv``, ``xlsx``, ``jsonl`` or ``parquet``, by the name. Raises ``LoadError``."""
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    kind = {
        ".csv": "csv",
        ".tsv": "csv",
        ".txt": "csv",
        ".xlsx": "xlsx",
        ".jsonl": "jsonl",
        ".ndjson": "jsonl",
        ".parquet": "parquet",
    }.get(suffixes[-1] if suffixes else "")
    if kind is None:
        message = (
            f"{path.name} is of no kind that can be loaded; export it as .csv, .xlsx, .jsonl "
            "(one JSON object a line) or .parquet; each may be gzipped (.gz)."
        )
        raise LoadError(message)
    return kind


def read_table(extent: Extent, mapping: Mapping) -> Table:
    """Read a file by a mapping. Raises ``LoadError`` where nothing of it can be used."""
    kind = format_of(extent.path)
    body = content(extent)
    if not body.strip():
        message = f"{extent.path.name} holds no rows; export it again and load it then."
        raise LoadError(message)
    try:
        table = _READERS[kind](body, extent.path, mapping)
    except (pl.exceptions.PolarsError, fastexcel.FastExcelError):
        message = (
            f"{extent.path.name} is no {kind} file, whatever its name says, or it is damaged; "
            "export it again."
        )
        raise LoadError(message) from None
    if table.frame.is_empty() and table.faults:
        # Nothing can be said of columns: no row has any.
        columns = {name: pl.String for name in mapping.used() if name not in table.frame.columns}
        frame = table.frame.with_columns(
            pl.lit(None, kind).alias(name) for name, kind in columns.items()
        )
        return table._replace(frame=frame)
    _check_columns(table.frame, extent.path, mapping)
    return table


def _read_csv(body: bytes, path: Path, mapping: Mapping) -> Table:
    read = read_csv(body, path, mapping)
    table = Table(read.frame.with_columns(read.rows.alias(ROW)), read.faults, read.notes)
    if not read.damaged:
        return table
    return _leave_out_damaged(table, mapping)


def _leave_out_damaged(table: Table, mapping: Mapping) -> Table:
    """Refuse the rows in which a cell that is used is not in the encoding."""
    frame, faults = table.frame, table.faults
    good = pl.repeat(value=True, n=len(frame), eager=True)
    for column in [name for name in mapping.used() if name in frame.columns]:
        bad = frame[column].str.contains("�", literal=True).fill_null(value=False)
        if bad.any():
            message = (
                f"holds bytes that are not {mapping.encoding}; save the file as UTF-8, or say "
                'in the map what it is: encoding = "windows-1252".'
            )
            rows = frame[ROW].filter(bad).to_list()
            faults.append(Fault(rows=rows, column=column, code="not_utf8", message=message))
            good &= ~bad
    return Table(frame.filter(good), faults, table.notes)


def _read_xlsx(body: bytes, _path: Path, mapping: Mapping) -> Table:
    book = fastexcel.read_excel(body)
    if mapping.sheet and mapping.sheet not in book.sheet_names:
        sheets = ", ".join(f'"{name}"' for name in book.sheet_names)
        message = f'The sheet "{mapping.sheet}" is not in the file; it has {sheets}.'
        raise LoadError(message)
    sheet = book.load_sheet(mapping.sheet or 0, dtypes="string")
    # A day that was typed as a day and time is the same key as in a csv export.
    midnight = pl.all().str.replace(r"^(\d{4}-\d{2}-\d{2}) 00:00:00$", "${1}")
    frame = sheet.to_polars().select(midnight)
    rows = pl.Series(ROW, range(2, len(frame) + 2), pl.UInt32)
    empty = frame.select(pl.all_horizontal(pl.all().is_null())).to_series()
    return Table(frame.with_columns(rows).filter(~empty), [], [])


def _read_parquet(body: bytes, _path: Path, _mapping: Mapping) -> Table:
    frame = pl.read_parquet(io.BytesIO(body))
    rows = pl.Series(ROW, range(1, len(frame) + 1), pl.UInt32)
    return Table(frame.with_columns(rows), [], [])


def _read_jsonl(body: bytes, _path: Path, mapping: Mapping) -> Table:
    """Objects of one level; numbers, text and truth values become text, as in a csv file."""
    wanted = list(mapping.used())
    columns: dict[str, list[str | None]] = {name: [] for name in wanted}
    rows: list[int] = []
    bad: list[int] = []
    long: list[int] = []
    seen: set[str] = set()
    decoder = msgspec.json.Decoder(dict[str, Any])
    for row, line in enumerate(body.split(b"\n"), 1):
        if not line.strip():
            continue
        if len(line) > MAX_LINE:
            long.append(row)
            continue
        try:
            found = decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            bad.append(row)
            continue
        seen |= found.keys()
        rows.append(row)
        for name in wanted:
            columns[name].append(_as_text(found.get(name)))
    frame = pl.DataFrame(
        {name: cells for name, cells in columns.items() if name in seen},
        schema_overrides=dict.fromkeys(seen & set(wanted), pl.String),
    ).with_columns(pl.Series(ROW, rows, pl.UInt32))
    faults = []
    if bad:
        message = "is no JSON object; write one object a line, in UTF-8."
        faults.append(Fault(rows=bad, column="", code="not_json", message=message))
    if long:
        message = f"is longer than {MAX_LINE} bytes; send less in one row."
        faults.append(Fault(rows=long, column="", code="too_large", message=message))
    return Table(frame, faults, [])


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()


def _check_columns(frame: pl.DataFrame, path: Path, mapping: Mapping) -> None:
    have = [name for name in frame.columns if name != ROW]
    lines = []
    for column, where in mapping.used().items():
        if column in have:
            continue
        near = get_close_matches(column, have, n=2, cutoff=0.5)
        hint = " Near to it: " + ", ".join(f'"{name}"' for name in near) + "." if near else ""
        lines.append(f'The column "{column}" is missing (the map reads it in {where}).{hint}')
    if not lines:
        return
    if len(have) == 1 and any(mark in have[0] for mark in ";\t|"):
        mark = next(mark for mark in ";\t|" if mark in have[0])
        lines.append(f"The columns seem to be divided by another sign: delimiter = {mark!r}.")
    lines.append("Nothing of the file was sent; correct the map or the export.")
    raise LoadError(f"{path.name}: " + " ".join(lines))


_READERS = {
    "csv": _read_csv,
    "xlsx": _read_xlsx,
    "jsonl": _read_jsonl,
    "parquet": _read_parquet,
}

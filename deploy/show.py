"""Results as a table, JSON or CSV."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from deploy.options import Format

out = Console(emoji=False, highlight=False)
err = Console(stderr=True, emoji=False, highlight=False)

NUMBERS = (int, float)


def rows(
    found: Iterable[Mapping[str, Any]], form: Format, columns: Sequence[str], empty: str
) -> int:
    """Write rows; how many there were. ``columns`` are those of the table; JSON has all."""
    listed = list(found)
    if form is Format.json:
        sys.stdout.write(json.dumps(listed, ensure_ascii=False, indent=1) + "\n")
    elif form is Format.csv:
        writer = csv.DictWriter(sys.stdout, fieldnames=list(listed[0]) if listed else columns)
        writer.writeheader()
        writer.writerows(listed)
    elif not listed:
        err.print(empty)
    else:
        out.print(_table(listed, columns))
    return len(listed)


def _table(listed: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Table:
    table = Table(header_style="bold", box=None, pad_edge=False)
    for name in columns:
        numeric = any(isinstance(row[name], NUMBERS) for row in listed)
        table.add_column(name.replace("_", " "), justify="right" if numeric else "left")
    for row in listed:
        table.add_row(*(text(row[name]) for name in columns), style=_style(row))
    return table


def _style(row: Mapping[str, Any]) -> str:
    return "dim" if row.get("status", "ok") != "ok" else ""


def text(value: Any) -> str:
    """One cell: four significant digits for a fraction, nothing for nothing."""
    if value is None or value == "":
        return "–"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value)

"""What results look like: tables that fit their terminal, headed blocks, JSON and CSV.

A terminal gets what fits its width: columns that matter least are left out first, then text
wraps. Anything else (a pipe, a file) gets everything, each row in one line, however long.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from textwrap import TextWrapper
from typing import Any, NamedTuple, TypeVar

from rich.cells import cell_len
from rich.console import Console

from deploy.options import Format

out = Console(emoji=False, highlight=False)
err = Console(stderr=True, emoji=False, highlight=False)

GAP = "  "
INDENT = "    "
NARROWEST = 12
"""Text wraps in columns of at least so many characters."""

BREAK = re.compile(r"(\s+|(?<=[./_-])(?=[A-Za-z]))")
"""Where text in a column may wrap: at spaces, and in long names behind what joins their parts."""

Row = Mapping[str, Any]
R = TypeVar("R", bound=Row)


class Column(NamedTuple):
    """A column: its cells, and how early it is left out where room is short (0: never)."""

    title: str
    cell: Callable[[Row], str]
    rank: int = 0
    right: bool = False


def column(name: str, title: str = "", rank: int = 0, *, right: bool = False) -> Column:
    """A column of what stands in a row under a name."""
    return Column(title or name.replace("_", " "), lambda row: text(row[name]), rank, right)


def when(name: str, title: str, rank: int = 0) -> list[Column]:
    """A time: as it stands, but on a terminal the day, and the hour (UTC) if there is room."""
    return [
        Column(title, lambda row: day(row[name])),
        Column("UTC", lambda row: _hour(row[name]), rank),
    ]


def day(time: str | None) -> str:
    """The day of a time on a terminal, all of it elsewhere."""
    return text(time)[:10] if out.is_terminal else text(time)


def _hour(time: str | None) -> str:
    return text(time)[11:16] if out.is_terminal else ""


def text(value: Any) -> str:
    r"""A value in words: four significant digits of a fraction, nothing for nothing.

    What cannot be printed is not sent to the terminal: names come from outside.

    >>> text(0.12345), text(1234567), text(None), text("a\x1b[31mb\n")
    ('0.1235', '1,234,567', '', 'a\ufffd[31mb ')
    """
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, int):
        return f"{value:,}"
    plain = str(value)
    if plain.isprintable():
        return plain
    return "".join(c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in plain)


def figure(value: float | None, unit: str) -> str:
    """A value of an indicator: a share in per cent.

    >>> figure(0.8066, "share"), figure(43.0, "cases"), figure(None, "cases")
    ('80.7%', '43', '')
    """
    return f"{value:.1%}" if unit == "share" and value is not None else text(value)


def part(row: Row) -> str:
    """The part of an agency that a row is about: service, unit, stratum."""
    return " · ".join(text(row[name]) for name in ("service", "unit", "stratum") if row[name])


def machine(found: Iterable[Row], form: Format, fields: Sequence[str]) -> None:
    """Write these fields of each row as JSON, a row a line, or as CSV, as the rows come."""
    rows = ({name: row[name] for name in fields} for row in found)
    if form is Format.csv:
        writer = csv.DictWriter(sys.stdout, fieldnames=fields, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _flat(value) for name, value in row.items()} for row in rows)
        return
    before = "[\n "
    for row in rows:
        sys.stdout.write(before + json.dumps(row, ensure_ascii=False))
        before = ",\n "
    sys.stdout.write("[]\n" if before == "[\n " else "\n]\n")


def listed(
    found: Iterable[R],
    form: Format,
    fields: Sequence[str],
    draw: Callable[[list[R]], None],
    none: str,
) -> None:
    """Rows as ``machine`` writes them, or for people: drawn, or in a word that there is none."""
    if form is not Format.table:
        machine(found, form, fields)
    elif rows := list(found):
        draw(rows)
    else:
        err.print(none)


def _flat(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def line(words: str, style: str = "") -> None:
    """One line, as it is."""
    if style and out.is_terminal:
        out.print(words, style=style, markup=False, soft_wrap=True)
    else:
        sys.stdout.write(words + "\n")


def table(rows: Sequence[Row], columns: Sequence[Column]) -> None:
    """Rows under a head; columns that are empty in every row are left out."""
    sized = Sized(rows, columns)
    sized.head()
    sized.body(rows)


class Sized:
    """Columns with widths for some rows, of which one part after the other may be printed."""

    def __init__(self, rows: Sequence[Row], columns: Sequence[Column]) -> None:
        widths = [max((cell_len(c.cell(row)) for row in rows), default=0) for c in columns]
        held = [(c, w) for c, w in zip(columns, widths, strict=True) if w]
        self.columns = [c for c, _ in held]
        self.widths = [max(w, cell_len(c.title)) for c, w in held]
        if out.is_terminal:
            self._leave_out()
            if self._over > 0:
                self._narrow([self._longest(rows, column) for column in self.columns])
                self._narrow([NARROWEST] * len(self.columns))

    @property
    def _over(self) -> int:
        """By how many characters a row is too long."""
        return sum(self.widths) + len(GAP) * (len(self.widths) - 1) - out.width

    def _leave_out(self) -> None:
        while self._over > 0:
            rank, at = max((c.rank, i) for i, c in enumerate(self.columns))
            if not rank:
                return
            del self.columns[at], self.widths[at]

    def _longest(self, rows: Sequence[Row], column: Column) -> int:
        """The length of the longest piece of a column that wrapping would leave whole."""
        pieces = {piece for row in rows for piece in BREAK.split(column.cell(row))}
        return max(NARROWEST, *map(cell_len, pieces))

    def _narrow(self, least: Sequence[int]) -> None:
        """Take from the widest text until the row fits, or every text is at its least."""
        while self._over > 0:
            texts = [
                (width, at)
                for at, (width, floor) in enumerate(zip(self.widths, least, strict=True))
                if width > floor and not self.columns[at].right
            ]
            if not texts:
                return
            self.widths[max(texts)[1]] -= 1

    def head(self) -> None:
        """The titles."""
        self._print([c.title for c in self.columns], "bold")

    def body(self, rows: Iterable[Row]) -> None:
        """Rows; those that are not ok stand back, and say why in a word."""
        for row in rows:
            style = "dim" if row.get("status", "ok") != "ok" else ""
            self._print([c.cell(row) or "–" for c in self.columns], style)

    def _print(self, cells: list[str], style: str) -> None:
        if all(cell_len(c) <= w for c, w in zip(cells, self.widths, strict=True)):
            line(self._joined(cells), style)
            return
        folded = [folds(c, w, _Cells) for c, w in zip(cells, self.widths, strict=True)]
        for at in range(max(map(len, folded))):
            line(self._joined([c[at] if at < len(c) else "" for c in folded]), style)

    def _joined(self, cells: list[str]) -> str:
        padded = [
            " " * (w - cell_len(c)) + c if one.right else c + " " * (w - cell_len(c))
            for one, c, w in zip(self.columns, cells, self.widths, strict=True)
        ]
        return GAP.join(padded).rstrip()


class _Cells(TextWrapper):
    """Wraps names that are too long for their column between their parts."""

    wordsep_simple_re = BREAK


def folds(words: str, width: int, how: type[TextWrapper] = TextWrapper) -> list[str]:
    """Text in lines of at most this width."""
    return how(width, break_on_hyphens=False).wrap(words) or [""]


def block(head: Sequence[str], body: Iterable[str], style: str = "") -> None:
    """A headed block: the parts of its head in a line if they fit, its body indented below."""
    room = out.width if out.is_terminal else sys.maxsize
    heads = [head[0]]
    for words in head[1:]:
        longer = heads[-1] + GAP + words
        if cell_len(longer) <= room:
            heads[-1] = longer
        else:
            heads.append(INDENT + words)
    for words in heads:
        line(words, style)
    for words in body:
        hang(INDENT, words)


def hang(lead: str, words: str, style: str = "") -> None:
    """Text behind a lead, its further lines below its first."""
    room = out.width - cell_len(lead) if out.is_terminal else sys.maxsize
    for at, some in enumerate(folds(words, max(room, NARROWEST))):
        line((lead if not at else " " * cell_len(lead)) + some, style)

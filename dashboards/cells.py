"""One cell of a table, and how numbers and times are written in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from dashboards import words
from dashboards.drawing import Context, Row

if TYPE_CHECKING:
    from collections.abc import Callable

NONE = "\u2014"


class Part(msgspec.Struct, frozen=True):
    """One part of a bar: what it is, where it begins and how wide it is (% of the bar)."""

    name: str
    at: float
    wide: float


class Cell(msgspec.Struct, frozen=True):
    """One cell: its words, a quieter second line, a link, and a state that gives an icon.

    ``bar`` is drawn before the words, from the left. It stands for so many ``rows``, those
    below it with the same words; one that another stands for has none.
    """

    text: str
    more: str = ""
    link: str = ""
    more_link: str = ""
    state: str = ""
    quiet: bool = False
    numeric: bool = False
    bar: tuple[Part, ...] = ()
    rows: int = 1


def count(name: str) -> Callable[[Row, Context], Cell]:
    """A column of counts."""
    return lambda row, _: Cell(words.count(row[name]), numeric=True)


def instant(name: str, absent: str = NONE) -> Callable[[Row, Context], Cell]:
    """A column of moments, each with its age; ``absent`` where there is none."""

    def written(row: Row, context: Context) -> Cell:
        at = row[name]
        if at is None:
            return Cell(absent, quiet=True)
        return Cell(context.clock.instant(at), more=words.age(context.now - at))

    return written


def day(name: str, *, aged: bool = False) -> Callable[[Row, Context], Cell]:
    """A column of days, each with its age where that matters."""

    def written(row: Row, context: Context) -> Cell:
        at = row[name]
        if at is None:
            return Cell(NONE, quiet=True)
        return Cell(context.clock.date(at), more=words.age(context.now - at) if aged else "")

    return written


def measure(name: str) -> Callable[[Row, Context], Cell]:
    """A column of values in the unit of each row's indicator."""

    def written(row: Row, context: Context) -> Cell:
        return Cell(words.measure(row[name], context.unit(row["indicator"])), numeric=True)

    return written


def agency(row: Row, context: Context) -> Cell:
    """An agency, linked."""
    return Cell(context.agency(row["agency"]), link=context.agency_link(row["agency"]))


def indicator(row: Row, context: Context) -> Cell:
    """An indicator, linked."""
    if not row["indicator"]:
        return Cell("all indicators", quiet=True)
    name = context.indicator(row["indicator"])
    return Cell(name, link=context.indicator_link(row["indicator"]))


def told_once(table: list[list[Cell]]) -> list[list[Cell]]:
    """The rows of a table, what stands in the first column said once for those that follow."""
    found: list[list[Cell]] = []
    first = 0
    for at, (head, *others) in enumerate(table):
        if at and table[first][0] == head:
            found[first][0] = msgspec.structs.replace(head, rows=at - first + 1)
            found.append([msgspec.structs.replace(head, rows=0), *others])
        else:
            first = at
            found.append([head, *others])
    return found

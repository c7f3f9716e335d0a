"""Rows: the columns of a file typed, joined and filtered as a mapping says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from connectors._cells import (
    Cells,
    Reading,
    to_boolean,
    to_integer,
    to_number,
    to_text,
    to_time,
)
from connectors._read import ROW, Table
from connectors._report import LoadError

if TYPE_CHECKING:
    from connectors._mapping import Column, Derive, Mapping

_PLACE = "#place"


def prepare(table: Table, mapping: Mapping) -> Table:
    """Type the declared columns, leave out rows where that fails, and add derived columns.

    Only columns that the mapping uses stay. Raises ``LoadError`` where SQL cannot be computed.
    """
    used = [name for name in mapping.used() if name in table.frame.columns]
    frame = table.frame.select(ROW, *used)
    faults = list(table.faults)
    typed: list[pl.Series] = []
    for name in used:
        column = mapping.columns.get(name)
        cells = convert(
            column, frame[name], Reading(frame[ROW], name, mapping.timezone, mapping.decimal)
        )
        typed.append(cells.values.alias(name))
        faults += cells.faults
    frame = frame.with_columns(typed)
    wrong = {row for fault in faults for row in fault.rows}
    if wrong:
        frame = frame.filter(~frame[ROW].is_in(list(wrong)))
    for step in mapping.derive:
        frame = _derive(frame, step)
    return Table(frame, faults, table.notes)


def convert(column: Column | None, cells: pl.Series, how: Reading) -> Cells:
    """Cells as the mapping declares the column; text is stripped, other types stay as read."""
    kind = column.type if column else "text"
    if column is None and cells.dtype != pl.String:
        return Cells(cells, [])
    if kind == "time" and column:
        return to_time(cells, how, column.format)
    if kind == "integer":
        return to_integer(cells, how)
    if kind == "number":
        return to_number(cells, how)
    if kind == "boolean":
        return to_boolean(cells, how)
    return Cells(to_text(cells), [])


def compute(frame: pl.DataFrame, sql: str, where: str) -> pl.Series:
    """Compute SQL over the columns. Raises ``LoadError`` without repeating any value."""
    try:
        return frame.select(pl.sql_expr(sql).alias("computed")).to_series()
    except pl.exceptions.PolarsError:
        # Polars repeats cells in its messages; ours may not.
        message = (
            f"{where}: {sql!r} cannot be computed over these columns. Columns are text unless "
            'declared: say [columns] NAME = "integer", "number" or "time". Nothing was sent.'
        )
        raise LoadError(message) from None


def matching(frame: pl.DataFrame, sql: str, where: str) -> pl.Series:
    """Of each row: whether the SQL condition holds (unknown: it does not)."""
    found = compute(frame, sql, where)
    if found.dtype != pl.Boolean:
        message = f"{where}: {sql!r} is no condition; write one, as in status = 'closed'."
        raise LoadError(message)
    if len(found) != len(frame):
        found = pl.repeat(found[0], len(frame), eager=True)
    return found.fill_null(value=False)


def _derive(frame: pl.DataFrame, step: Derive) -> pl.DataFrame:
    """Give each row what the first row behind it has, and that row what belongs to it."""
    where = "[[derive]]"
    frame = frame.with_columns(pl.Series(_PLACE, range(len(frame)), pl.UInt32))
    number = to_number(frame[step.by], Reading(frame[ROW], step.by)).values
    keyed = frame.with_columns(number.alias("#by"))
    firsts = _firsts(keyed.filter(matching(frame, step.first, where)), step)
    rows = keyed.filter(matching(frame, step.rows, where) & number.is_not_null())
    for name, sql in step.collect.items():
        rows = rows.with_columns(to_text(compute(rows, sql, where)).alias(f"#collect {name}"))
    chosen = [_PLACE, "#by", *step.within, *(f"#collect {name}" for name in step.collect)]
    joined = (
        rows.select(chosen)
        .sort("#by")
        .join_asof(
            firsts.select(
                "#by",
                *step.within,
                pl.col(_PLACE).alias("#found"),
                *(pl.col(column).alias(name) for name, column in step.give.items()),
            ),
            on="#by",
            by=step.within or None,
            strategy="forward",
            check_sortedness=False,
        )
    )
    given = joined.select(_PLACE, *step.give)
    frame = frame.join(given, on=_PLACE, how="left", maintain_order="left")
    if step.collect:
        lists = (
            joined.filter(pl.col("#found").is_not_null())
            .group_by("#found", maintain_order=True)
            .agg(pl.col(f"#collect {name}").alias(name) for name in step.collect)
            .rename({"#found": _PLACE})
        )
        frame = frame.join(lists, on=_PLACE, how="left", maintain_order="left")
    return frame.drop(_PLACE)


def _firsts(firsts: pl.DataFrame, step: Derive) -> pl.DataFrame:
    """The rows that can be found: each is ahead, in ``by``, of all before it in ``order``."""
    firsts = firsts.filter(pl.col("#by").is_not_null())
    if step.order:
        firsts = firsts.sort(step.order, "#by", maintain_order=True)
        ahead = pl.col("#by").cum_max().shift(1)
        ahead = ahead.over(step.within) if step.within else ahead
        firsts = firsts.filter(ahead.is_null() | (pl.col("#by") > ahead))
    return firsts.sort("#by", maintain_order=True)

"""What a reader chose, as a condition: text, or SQL that gives text where Grafana fills it in."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, ColumnElement, Select, false, or_, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


def narrowed(column: ColumnElement[Any], chosen: Any) -> ColumnElement[bool]:
    """Whether a row is among what was chosen; "" chooses all."""
    if isinstance(chosen, str):
        return column == chosen if chosen else true()
    return or_(unchosen(chosen), column == chosen)


def unchosen(chosen: Any) -> ColumnElement[bool]:
    """Whether nothing was chosen, as a condition."""
    if isinstance(chosen, str):
        return false() if chosen else true()
    found: ColumnElement[bool] = chosen == ""
    return found


def is_all(chosen: Any) -> bool:
    """Whether it is known beforehand that nothing was chosen."""
    return isinstance(chosen, str) and not chosen


class _Among(FunctionElement[bool]):
    """Whether a column is in the rows of a select; PostgreSQL reads these first."""

    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:
        """A condition as it is: "= 1" behind it would keep SQLite from its index."""
        del against
        return self


def among(column: ColumnElement[Any], rows: Select[Any]) -> ColumnElement[bool]:
    """Whether a column is one of few values that a select gives, by seeks in its index.

    As ``IN (SELECT …)`` PostgreSQL would rather read a whole table of values and join.
    """
    return _Among(column, rows.scalar_subquery())


@compiles(_Among)
def _in(element: _Among, compiler: SQLCompiler, **more: Any) -> str:
    column, rows = (compiler.process(one, **more) for one in element.clauses)
    return f"{column} IN {rows}"


@compiles(_Among, "postgresql")
def _any(element: _Among, compiler: SQLCompiler, **more: Any) -> str:
    column, rows = (compiler.process(one, **more) for one in element.clauses)
    return f"{column} = ANY (ARRAY{rows})"

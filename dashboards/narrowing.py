"""What a reader chose, as a condition: text, or SQL that gives text where Grafana fills it in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    CTE,
    Boolean,
    ColumnElement,
    Select,
    String,
    cast,
    false,
    literal,
    not_,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from models.tables import source

if TYPE_CHECKING:
    from dashboards.panel import Scope


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


def agencies_asked(scope: Scope) -> CTE:
    """The agencies that a scope asks for: the one that was chosen, also a group, or all agencies."""
    every = select(source.c.agency).distinct()
    if isinstance(scope.agency, str):
        known = select(literal(scope.agency).label("agency")) if scope.agency else every
        return known.cte()  # Without a name: a statement may hold several questions.
    none = unchosen(scope.agency)
    one = select(cast(scope.agency, String).label("agency")).where(not_(none))
    return union_all(every.where(none), one).cte()


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

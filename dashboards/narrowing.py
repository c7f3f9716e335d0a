"""What a reader chose, as a condition: text, or SQL that gives text where Grafana fills it in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import (
    CTE,
    Boolean,
    ColumnElement,
    Select,
    String,
    cast,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    union,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from models.mirror import OF_GROUP, UNGROUPED
from models.tables import setting, source
from models.value import GROUP

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


GROUP_OF = func.coalesce(
    select(setting.c.held)
    .where(setting.c.kind == OF_GROUP, setting.c.name == source.c.agency)
    .scalar_subquery(),
    UNGROUPED,
)
"""The group of an agency that has sent something."""


def agencies_asked(scope: Scope) -> CTE:
    """The one that was chosen, also a group's own name; else all of the group, or all."""
    every = select(source.c.agency).distinct().where(narrowed(GROUP_OF, scope.group))
    if isinstance(scope.agency, str):
        known = select(literal(scope.agency).label("agency")) if scope.agency else every
        return known.cte()  # Without a name: a statement may hold several questions.
    none = unchosen(scope.agency)
    one = select(cast(scope.agency, String).label("agency")).where(not_(none))
    return union_all(every.where(none), one).cte()


def senders_asked(scope: Scope) -> CTE:
    """Who sends, and has alerts, for what a scope asks for: of a group each agency in it."""
    if not isinstance(scope.agency, str):
        asked = agencies_asked(scope)
        inside = literal(GROUP) + GROUP_OF == scope.agency
        return union(select(asked.c.agency), select(source.c.agency).where(inside)).cte()
    group = scope.agency.removeprefix(GROUP)
    if group != scope.agency:
        scope = msgspec.structs.replace(scope, agency="", group=group)
    return agencies_asked(scope)


def sent_by(column: ColumnElement[Any], scope: Scope) -> ColumnElement[bool]:
    """Whether a row is of who sends for what a scope asks for; also of who sent nothing right."""
    if is_all(scope.agency) and is_all(scope.group):
        return true()
    mine = column.in_(select(senders_asked(scope).c.agency))
    return mine if isinstance(scope.agency, str) else or_(unchosen(scope.agency), mine)


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

"""Rows that may be there already: both databases have the same words for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Table

    Insert = postgresql.Insert | sqlite.Insert

COPIED_AT_ONCE = 50
"""Rows from which PostgreSQL's COPY is worth its opening."""


def insert_into(connection: Connection, table: Table) -> Insert:
    """An insert of this connection's dialect, which knows ``on_conflict_do_…``."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def add(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; those whose key is there already are left out."""
    if rows:
        connection.execute(insert_into(connection, table).on_conflict_do_nothing(), rows)


def put(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; those whose key is there already take the place of what is there.

    Every row has the same columns; a column that no row has stays as it is.
    """
    if not rows:
        return
    key = [column.name for column in table.primary_key]
    statement = insert_into(connection, table)
    fresh = {name: statement.excluded[name] for name in rows[0] if name not in key}
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_=fresh), rows)


def add_many(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows by the thousands, each a value for every column, in the table's order.

    By the driver's own means, which cost a third of the usual ones: many rows a statement in
    SQLite, COPY in PostgreSQL.
    """
    if connection.dialect.name == "postgresql" and len(rows) >= COPIED_AT_ONCE:
        _copy(connection, table, rows)
    elif rows and connection.dialect.name == "postgresql":
        names = [column.name for column in table.columns]
        connection.execute(table.insert(), [dict(zip(names, row, strict=True)) for row in rows])
    elif rows:
        statement = str(table.insert().compile(dialect=connection.dialect))
        connection.exec_driver_sql(statement, list(rows))


def _copy(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    quote = connection.dialect.identifier_preparer.quote
    columns = ", ".join(quote(column.name) for column in table.columns)
    driver: Any = connection.connection.driver_connection
    statement = f"COPY {quote(table.name)} ({columns}) FROM STDIN"
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)

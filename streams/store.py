"""The store: what the engine changed, written in one transaction with the position."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Table, and_, bindparam, false, insert, select, update

from models import tables
from models.alert import Alert
from models.expected import Expected
from models.log import append
from models.mark import Mark
from models.partition import ensure_months
from models.record import Record
from models.refused import refused_rows
from models.shock import Quality, Shock
from models.signal import Signal
from models.upsert import add, add_many, put
from models.value import Cell, Value
from streams.engine import Changes, Engine
from streams.notify.payload import outbox_row
from streams.summary import Hush, Summary, freeze


class Written(NamedTuple):
    """Rows of the quarantine and of the outbox that were written."""

    refused: list[dict[str, Any]]
    notices: list[dict[str, Any]]


def write(
    connection: Connection, engine: Engine, changes: Changes, stage: int, partition: int
) -> Written:
    """Everything of stage one but the position; news for groups go into this part of the log."""
    write_values(connection, changes.values, changes.restated)
    if changes.expected:
        connection.execute(insert(tables.expected), list(map(_expected_row, changes.expected)))
    if changes.signals:
        connection.execute(insert(tables.signal), [_signal_row(one) for one in changes.signals])
    _write_states(connection, tables.alert, changes.alerts)
    _write_states(connection, tables.shock, changes.shocks)
    _write_curves(connection, changes.curve)
    write_marks(connection, changes.marks)
    notices = [
        outbox_row(one.alert, engine.catalogue.get(one.alert.indicator), one.recorded)
        for one in changes.notices
    ]
    # What was moved here from another store is known already, and was told there.
    add(connection, tables.outbox, notices)
    refused = [
        row
        for agency, received, refusal in changes.refused
        for row in refused_rows(agency, received, "engine", [refusal])
    ]
    add(connection, tables.refused, refused)
    for name in sorted(changes.agencies):
        _write_sources(connection, engine, name)
    _write_news(connection, changes.news, stage, partition)
    return Written(refused, notices)


def write_values(connection: Connection, first: Sequence[Value], restated: Sequence[Value]) -> None:
    """First values as they are; given anew only where something differs."""
    ensure_months(connection, {one.window_end for one in (*first, *restated)})
    if first:
        add_many(connection, tables.value, [tuple(_value_row(one, 0).values()) for one in first])
    if restated:
        _restate(connection, restated)


_PLACE = ("indicator", "agency", "unit", "service", "stratum", "rhythm", "span", "window_end")
"""What a value is known by, whatever its revision."""


def _restate(connection: Connection, values: Sequence[Value]) -> None:
    """Set what stands aside and write the new revision; a value that says the same is let be."""
    c = tables.value.c
    mine = and_(*(c[name] == bindparam(name) for name in _PLACE), c.latest)
    newest, outdate, added = (
        str(statement.compile(dialect=connection.dialect))
        for statement in (
            select(tables.value).where(mine),
            update(tables.value).where(mine).values(latest=false()),
            insert(tables.value),
        )
    )
    # SQLite's driver takes values in order, PostgreSQL's by their names.
    shape: Any = dict if connection.dialect.name == "postgresql" else _in_order
    for one in values:
        row = _value_row(one, 0)
        place = shape({name: row[name] for name in _PLACE})
        last = connection.exec_driver_sql(newest, place).one_or_none()
        if last is not None:
            told = last._asdict()
            if all(row[name] == told[name] for name in row if name not in ("revision", "recorded")):
                continue
            row["revision"] = last.revision + 1
            connection.exec_driver_sql(outdate, place)
        connection.exec_driver_sql(added, shape(row))


def _in_order(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row.values())


def _value_row(one: Value, revision: int) -> dict[str, Any]:
    """A row of the table, its columns in the table's order."""
    return {
        "indicator": one.indicator,
        "agency": one.agency,
        **_cell(one.cell),
        "rhythm": one.rhythm,
        "span": one.span,
        "window_end": one.window_end,
        "revision": revision,
        "window_start": one.window_start,
        "value": one.value,
        "n": one.n,
        "low": one.low,
        "high": one.high,
        "coverage": one.coverage,
        "status": one.status,
        "reason": one.reason,
        "catalogue_version": one.catalogue_version,
        "recorded": one.recorded,
        "detail": one.detail,
        "latest": True,
    }


def _cell(cell: Cell) -> dict[str, str]:
    return {"unit": cell.unit, "service": cell.service, "stratum": cell.stratum}


def _expected_row(one: Expected) -> dict[str, Any]:
    return {
        "indicator": one.indicator,
        "agency": one.agency,
        **_cell(one.cell),
        "rhythm": one.rhythm,
        "bucket_end": one.end,
        "expected": one.expected,
        "low": one.low,
        "high": one.high,
        "reason": one.reason,
    }


def _signal_row(one: Signal) -> dict[str, Any]:
    row = {name: getattr(one, name) for name in one.__struct_fields__ if name != "cell"}
    return row | _cell(one.cell)


def _write_states(
    connection: Connection,
    table: Table,
    records: Sequence[Alert] | Sequence[Shock] | Sequence[Mark],
) -> None:
    """Add states of records that live; the newest of each is marked."""
    for one in records:
        row = {name: getattr(one, name) for name in one.__struct_fields__ if name != "cell"}
        row |= _cell(one.cell) | {"evidence": msgspec.json.encode(one.evidence).decode()}
        connection.execute(
            update(table).where(table.c.id == one.id, table.c.latest).values(latest=False)
        )
        connection.execute(insert(table), row | {"latest": True})


def _write_curves(connection: Connection, curve: Sequence[Quality]) -> None:
    """Points of case files, and of what runs beside them."""
    rows = [msgspec.structs.asdict(one) for one in curve]
    aside = [row for row in rows if row["series"]]
    own = [
        {n: held for n, held in row.items() if n != "series"} for row in rows if not row["series"]
    ]
    for table, some in ((tables.quality, own), (tables.beside, aside)):
        if some:
            connection.execute(insert(table), some)


def write_marks(connection: Connection, marks: Sequence[Mark]) -> None:
    """Marks that are not there yet."""
    if marks:
        _write_states(connection, tables.mark, _unsaid(connection, marks))


def _unsaid(connection: Connection, marks: Sequence[Mark]) -> list[Mark]:
    """Marks that are not there yet: two events may say one and the same."""
    c = tables.mark.c
    fresh = {(one.id, one.transition): one for one in marks}
    same = c.id.in_([name for name, _ in fresh])
    for name, transition in connection.execute(select(c.id, c.transition).where(same)):
        fresh.pop((name, transition), None)
    return list(fresh.values())


def _write_sources(connection: Connection, engine: Engine, name: str) -> None:
    rows = [
        {
            "agency": name,
            "source": source.name,
            "type": kind,
            "accepted": traffic.accepted,
            "repeats": traffic.repeats,
            "late": traffic.late,
            "first_time": traffic.first_time,
            "last_time": traffic.last_time,
            "last_received": traffic.last_received,
            "stale": source.stale,
        }
        for source in engine.agencies[name].sources.values()
        if not source.by_hand
        for kind, traffic in source.traffic.items()
    ]
    put(connection, tables.source, rows)


def _write_news(
    connection: Connection, news: Sequence[Summary | Hush], stage: int, partition: int
) -> None:
    """One record of stage two's log for each record of stage one that brought news about.

    So the second log is the same, record by record, however the first was cut into transactions.
    """
    records = []
    for _, some in groupby(news, key=attrgetter("position")):
        mine = list(some)
        records.append(
            Record(
                agency=mine[0].agency,
                received=0,
                kind="summary",
                events=len(mine),
                body=freeze(mine),
            )
        )
    append(connection, stage, records, partition)

"""The log: what arrived, in the order it was made durable; positions 1, 2, 3 … without a hole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import zstandard
from sqlalchemy import func, insert, select, union_all

from models.record import Record
from models.tables import log, position

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

COMPRESSION_LEVEL = 1
"""zstd level 1: a higher one costs the door more time than it saves on disk."""


def append(
    connection: Connection, stage: int, records: Sequence[Record], partition: int = 0
) -> int:
    """Append the records in their order; the position of the last one (0: log is empty).

    The connection must hold the write lock (``engine.begin()`` of an open store), or the writer
    must own the partition, so that no other can take the same position. Where retention has emptied the log, numbering
    goes on behind the last applied position.
    """
    last = _last(connection, stage, partition)
    if not records:
        return last
    compressor = zstandard.ZstdCompressor(level=COMPRESSION_LEVEL)
    rows = [
        {
            "stage": stage,
            "partition": partition,
            "position": number,
            "agency": record.agency,
            "received": record.received,
            "kind": record.kind,
            "events": record.events,
            "body": compressor.compress(record.body),
        }
        for number, record in enumerate(records, start=last + 1)
    ]
    connection.execute(insert(log), rows)
    return last + len(rows)


def read(
    connection: Connection, stage: int, after: int, limit: int, partition: int = 0
) -> list[Record]:
    """Up to ``limit`` records behind position ``after``, in order, their bodies uncompressed."""
    rows = connection.execute(
        select(log.c.agency, log.c.received, log.c.kind, log.c.events, log.c.body, log.c.position)
        .where(log.c.stage == stage, log.c.partition == partition, log.c.position > after)
        .order_by(log.c.position)
        .limit(limit)
    )
    decompressor = zstandard.ZstdDecompressor()
    return [
        Record(
            agency=row.agency,
            received=row.received,
            kind=row.kind,
            events=row.events,
            body=decompressor.decompress(row.body),
            position=row.position,
        )
        for row in rows
    ]


def _last(connection: Connection, stage: int, partition: int) -> int:
    stands = union_all(
        select(func.max(log.c.position).label("position")).where(
            log.c.stage == stage, log.c.partition == partition
        ),
        select(position.c.applied.label("position")).where(
            position.c.stage == stage, position.c.partition == partition
        ),
    ).subquery()
    return connection.execute(select(func.max(stands.c.position))).scalar() or 0

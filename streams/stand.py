"""Where a partition stands: how far it is applied, by whom, and the state that is stored.

All of it changes in the transaction of the results, or not at all. Who takes a partition over
gets a new token from the database; whoever still holds an older one can write nothing more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import zstandard
from sqlalchemy import Connection, Select, delete, insert, select, update

from models import tables
from models.upsert import add
from streams import snapshot

EVENTS, SUMMARIES, TOLD = 1, 2, 3
"""Stages of the log: events, summaries for groups, and summaries that are still to be told to
whoever folds them elsewhere."""


class FencedError(Exception):
    """Another one has taken the partition over: nothing of this was written."""


class Stand(NamedTuple):
    """Last applied position, the one that the stored state stands at, and the right to write."""

    stage: int
    partition: int
    applied: int = 0
    snapshot: int = 0
    token: int = 0


def standing(connection: Connection, stage: int, partition: int = 0) -> Stand:
    """Where a partition stands."""
    c = tables.position.c
    question = select(c.applied, c.snapshot, c.token)
    mine = question.where(c.stage == stage, c.partition == partition)
    row = connection.execute(mine).one_or_none()
    return Stand(stage, partition, *(row or ()))


def claim(connection: Connection, stage: int, partition: int, owner: str) -> Stand:
    """Take a partition over: from now on only ``owner`` writes it."""
    c = tables.position.c
    _make(connection, stage, partition)
    mine = (c.stage == stage, c.partition == partition)
    connection.execute(
        update(tables.position).where(*mine).values(token=c.token + 1, owner=owner[:128])
    )
    return standing(connection, stage, partition)


def advance(
    connection: Connection, stand: Stand, applied: int, snapshot_at: int | None = None
) -> Stand:
    """Say that everything up to ``applied`` is in the results, and the stored state if given.

    Raises :class:`FencedError` where the partition is not where ``stand`` says.
    """
    c = tables.position.c
    at = stand.snapshot if snapshot_at is None else snapshot_at
    if not stand.applied and not stand.token:
        _make(connection, stand.stage, stand.partition)
    mine = (c.stage == stand.stage, c.partition == stand.partition)
    same = (c.token == stand.token, c.applied == stand.applied)
    moved = update(tables.position).where(*mine, *same).values(applied=applied, snapshot=at)
    if connection.execute(moved).rowcount != 1:
        message = (
            f"Partition {stand.partition} (stage {stand.stage}) was taken over by another worker; "
            "nothing was written by this one."
        )
        raise FencedError(message)
    return stand._replace(applied=applied, snapshot=at)


def _make(connection: Connection, stage: int, partition: int) -> None:
    nowhere = {"applied": 0, "snapshot": 0, "token": 0, "owner": ""}
    add(connection, tables.position, [{"stage": stage, "partition": partition, **nowhere}])


def save(connection: Connection, stand: Stand, parts: Iterable[tuple[str, str, bytes]]) -> None:
    """Store the whole state of a partition as (owner, part, bytes), in place of what was there.

    In the transaction that says where it stands.
    """
    compress = zstandard.ZstdCompressor(level=1).compress
    where = {"stage": stand.stage, "partition": stand.partition}
    rows = [
        where | {"owner": owner, "part": part, "version": snapshot.VERSION, "body": compress(body)}
        for owner, part, body in parts
    ]
    c = tables.snapshot.c
    mine = (c.stage == stand.stage, c.partition == stand.partition)
    connection.execute(delete(tables.snapshot).where(*mine))
    if rows:
        connection.execute(insert(tables.snapshot), rows)


def saved(connection: Connection, stand: Stand) -> Mapping[str, Mapping[str, bytes]]:
    """The stored state by owner and part; nothing if it is of another version."""
    expand = zstandard.ZstdDecompressor().decompress
    found: dict[str, dict[str, bytes]] = {}
    for row in connection.execute(_rows(stand)):
        if row.version != snapshot.VERSION:
            return {}
        found.setdefault(row.owner, {})[row.part] = expand(row.body)
    return found


def _rows(stand: Stand) -> Select[tuple[str, str, int, bytes]]:
    c = tables.snapshot.c
    question = select(c.owner, c.part, c.version, c.body)
    return question.where(c.stage == stand.stage, c.partition == stand.partition)

"""Checkpoints: how far the loads of files have come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from models.tables import load

if TYPE_CHECKING:
    from sqlalchemy import Engine


def read_checkpoint(engine: Engine, fingerprint: str) -> tuple[int, bool] | None:
    """Events of the load dealt with so far, and whether it is finished; None if never begun."""
    wanted = select(load.c.events, load.c.finished).where(load.c.id == fingerprint)
    with engine.connect() as connection:
        row = connection.execute(wanted).one_or_none()
    return None if row is None else (row.events, row.finished)

"""Shape: a read file turned into all of its events, in the order in which they are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import polars as pl

from connectors._cells import Fault
from connectors._lines import Shaper
from connectors._owner import owners, owners_by_row
from connectors._read import ROW
from connectors._rows import prepare

if TYPE_CHECKING:
    from connectors._mapping import Mapping
    from connectors._read import Table

WINDOW = 20_000
"""Events within which those of one agency are put together, so that batches fill up."""


class Shaped(msgspec.Struct, kw_only=True):
    """``frame`` has row, at (ms), agency, event (place in the map), line, in sending order.

    The same file, map and agency give the same order, so that a broken load can go on.
    """

    frame: pl.DataFrame
    faults: list[Fault]
    agencies: dict[int, str]
    """Agencies by row, as far as they are known; only where there are faults."""
    cleaned: dict[str, int]
    repeats: int
    notes: list[str]


def shape(table: Table, mapping: Mapping, agency: str | None) -> Shaped:
    """Make every event of the file. Raises ``LoadError`` where the map does not fit at all."""
    raw = table.frame
    table = prepare(table, mapping)
    named = owners(table.frame, mapping, agency)
    frame = table.frame.with_columns(named.alias("#agency"))
    nameless = frame[ROW].filter(frame["#agency"].is_null()).to_list()
    faults = list(table.faults)
    if nameless:
        message = "names no agency, or something that cannot be one; every row needs one."
        faults.append(Fault(rows=nameless, column="agency", code="missing", message=message))
        frame = frame.filter(pl.col("#agency").is_not_null())
    cleaned: dict[str, int] = {}
    parts: list[pl.DataFrame] = []
    for place, event in enumerate(mapping.events):
        made = Shaper(frame, event, mapping).lines()
        parts.append(made.frame.with_columns(pl.lit(place, pl.UInt16).alias("event")))
        faults += made.faults
        for what, count in made.cleaned.items():
            cleaned[what] = cleaned.get(what, 0) + count
    events = pl.concat(parts).sort("at", "row", "event", maintain_order=True)
    events, repeats, reused = _without_repeats(events, mapping)
    faults += reused
    return Shaped(
        frame=_grouped(events),
        faults=faults,
        agencies=owners_by_row(raw, mapping, agency, raw[ROW]) if faults else {},
        cleaned=cleaned,
        repeats=repeats,
        notes=table.notes + _corrections(events),
    )


def _without_repeats(
    events: pl.DataFrame, mapping: Mapping
) -> tuple[pl.DataFrame, int, list[Fault]]:
    """Leave out a row that says the same again; refuse one that says something else."""
    identity = pl.struct("agency", "id")
    # Hashes take a fraction of the memory, and no two of them alike means no two ids alike.
    if events.select(identity.hash().n_unique()).item() == len(events):
        return events, 0, []
    again = events.select(~identity.is_first_distinct()).to_series()
    first = events.select(pl.col("line").first().over("agency", "id")).to_series()
    same = first == events["line"]
    other = events.filter(again & ~same)
    faults = [
        Fault(
            rows=part["row"].to_list(),
            column=", ".join(mapping.events[int(part["event"][0])].key),
            code="id_reused",
            message="is the key of an earlier row that says something else; put into `key` the "
            "columns that tell them apart, or correct the row.",
            event=mapping.events[int(part["event"][0])].name,
        )
        for part in other.partition_by("event", maintain_order=True)
    ]
    return events.filter(~again), int((again & same).sum()), faults


def _corrections(events: pl.DataFrame) -> list[str]:
    counts = events.filter(pl.col("same").is_not_null())
    again = counts.filter(~pl.struct("agency", "same").is_first_distinct())
    if again.is_empty():
        return []
    row = min(again["row"].to_list())
    note = (
        f"{len(again)} counts (the first in row {row}) are for a period, service, channel and "
        "part that another row counts too: the later row corrects the earlier one. If they are "
        "parts of a whole, say so in the map with `part`."
    )
    return [note]


def _grouped(events: pl.DataFrame) -> pl.DataFrame:
    """By time, and within each window of events by agency, so that few batches are short.

    A window holds so many events, and a quarter of a year at most: no agency's time may run far
    ahead of the others', or a group forgets buckets before all of its members have filled them.
    """
    quarter = pl.col("at").cast(pl.Datetime("ms")).dt.truncate("1q")
    window = pl.struct(pl.int_range(pl.len()) // WINDOW, quarter.alias("quarter")).rle_id()
    wanted = events.select("row", "at", "agency", "event", "line", window.alias("window"))
    return wanted.sort("window", "agency", maintain_order=True)

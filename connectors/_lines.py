"""Lines: rows turned into events, one JSON line each, column by column."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
import polars as pl
import xxhash

from connectors._cells import (
    Fault,
    Reading,
    to_boolean,
    to_integer,
    to_iso,
    to_number,
    to_text,
    to_time,
)
from connectors._mapping_data import polars_duration
from connectors._read import ROW
from connectors._rows import compute, matching

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors._mapping import EventMap, Mapping
    from connectors._mapping_data import Leaf, Tree

MAX_ID = 128
"""Longest id that is written out; a longer one is hashed."""

_NAMING = frozenset({"unit", "service", "channel", "mode", "from", "to", "part", "scope"})
"""Fields that say which count it is; all others of a count are its numbers."""

_SPECIAL = '[\\x00-\\x1f"\\\\]'


class Lines(NamedTuple):
    """Events of one ``[[event]]``: row, at (ms, UTC), agency, id, same, line.

    ``same`` is equal for a count and its correction; null where that cannot happen.
    """

    frame: pl.DataFrame
    faults: list[Fault]
    cleaned: dict[str, int]


class Shaper:
    """Makes the lines of one ``[[event]]``; times are ms since the epoch, UTC."""

    def __init__(self, frame: pl.DataFrame, event: EventMap, mapping: Mapping) -> None:
        """``frame`` holds the prepared rows of the file, with an agency column "#agency"."""
        if event.when:
            frame = frame.filter(matching(frame, event.when, f'event "{event.name}", when'))
        if event.once:
            frame = frame.unique(event.once, keep="first", maintain_order=True)
        self.frame = frame
        self.event = event
        self.mapping = mapping
        self.faults: list[Fault] = []
        self.cleaned: dict[str, int] = {}
        self.values: dict[str, pl.Series] = {}

    def lines(self) -> Lines:
        """Every row that can be read as an event; the others are in the faults."""
        event, frame = self.event, self.frame
        data = self._object(event.data)
        start = self._start()
        ids = self._ids(data)
        made = pl.DataFrame(
            {
                "row": frame[ROW],
                "at": start.to_physical(),
                "agency": frame["#agency"],
                "id": ids,
                "same": self._same(),
                "time": to_iso(self._time(start)),
                "data": data,
            }
        )
        wrong = {row for fault in self.faults for row in fault.rows}
        if wrong:
            made = made.filter(~pl.col("row").is_in(list(wrong)))
        head = f'{{"specversion":"1.0","type":{_json(event.type)},"source":{_json(self.mapping.source)},"id":'
        line = pl.concat_str(
            pl.lit(head),
            pl.lit(quoted(made["id"])),
            pl.lit(',"time":"'),
            pl.col("time"),
            pl.lit('","agency":'),
            pl.lit(quoted(made["agency"])),
            pl.lit(',"data":'),
            pl.col("data"),
            pl.lit("}"),
        )
        kept = made.select("row", "at", "agency", "id", "same", line.alias("line"))
        faults = [msgspec.structs.replace(fault, event=event.name) for fault in self.faults]
        return Lines(kept, faults, self.cleaned)

    def _start(self) -> pl.Series:
        """Where the event belongs in the order of time: a count, at the start of its period."""
        counted = self.event.counted and "/data/from" in self.values
        start = self.values["/data/from"] if counted else self._told()
        leaf = self.event.data.leaves["from"] if counted else self.event.time
        column = leaf.origin if leaf else ""
        self._needed(start, column, "has no time; every event needs one.")
        return start

    def _told(self) -> pl.Series:
        leaf = self.event.time
        if leaf is None:
            return self.values["/data/from"]
        if leaf.pointer not in self.values:
            self.values[leaf.pointer] = self._leaf(leaf)
        return self.values[leaf.pointer]

    def _time(self, start: pl.Series) -> pl.Series:
        return start if self.event.time is None else self._told()

    def _ids(self, data: pl.Series) -> pl.Series:
        """Key columns and the event's name; of a count also a hash of what it says."""
        parts = [to_text(self.frame[name]) for name in self.event.key]
        empty = pl.DataFrame({str(i): part.is_null() for i, part in enumerate(parts)})
        nothing = empty.select(pl.all_horizontal(pl.all())).to_series()
        columns = ", ".join(self.event.key)
        self._needed(
            nothing.not_().replace(old=False, new=None), columns, "is empty; it makes the id."
        )
        whole = pl.select(
            pl.concat_str(
                *(pl.lit(part.fill_null("")) for part in parts),
                pl.lit(self.event.name),
                separator="|",
            )
        ).to_series()
        if self.event.counted:
            digest = xxhash.xxh3_64_hexdigest
            said = ["" if text is None else digest(text.encode())[:10] for text in data.to_list()]
            whole = whole + "|" + pl.Series(said, dtype=pl.String)
        if (whole.str.len_chars() > MAX_ID).any():
            long = xxhash.xxh3_128_hexdigest
            whole = pl.Series(
                [long(one.encode()) if len(one) > MAX_ID else one for one in whole.to_list()]
            )
        return whole

    def _same(self) -> pl.Series:
        if not self.event.counted:
            return pl.Series([None] * len(self.frame), dtype=pl.String)
        names = [leaf for name, leaf in self.event.data.leaves.items() if name in _NAMING]
        texts = [pl.lit(to_text(self.values[leaf.pointer]).fill_null("")) for leaf in names]
        return pl.select(pl.concat_str(pl.lit(self.event.type), *texts, separator="|")).to_series()

    def _needed(self, values: pl.Series, column: str, message: str) -> None:
        known = {row for fault in self.faults for row in fault.rows}
        rows = self.frame[ROW].filter(values.is_null()).to_list()
        rows = [row for row in rows if row not in known]
        if rows:
            self.faults.append(Fault(rows=rows, column=column, code="missing", message=message))

    def _object(self, tree: Tree) -> pl.Series:
        """JSON objects, without the fields that are empty."""
        parts: list[pl.Expr] = []
        for name, leaf in tree.leaves.items():
            values = self.values[leaf.pointer] = self._leaf(leaf)
            parts.append(pl.lit(f",{_json(name)}:") + pl.lit(_encoded(values)))
        for name, inner in tree.objects.items():
            parts.append(pl.lit(f",{_json(name)}:") + pl.lit(self._object(inner)))
        for name, many in tree.arrays.items():
            items = [pl.lit(self._object(one)) for one in many]
            body = pl.concat_str(*items, separator=",") if items else pl.lit("")
            parts.append(pl.lit(f",{_json(name)}:[") + body + pl.lit("]"))
        if not parts:
            return pl.repeat("{}", len(self.frame), eager=True)
        fields = pl.concat_str(*parts, ignore_nulls=True).str.strip_prefix(",")
        return pl.select(pl.lit("{") + fields + pl.lit("}")).to_series()

    def _leaf(self, leaf: Leaf) -> pl.Series:
        """The values of one field, converted to what it asks for, and cleaned."""
        where = f'event "{self.event.name}", {leaf.pointer}'
        if leaf.column:
            raw = self.frame[leaf.column]
        elif leaf.sql:
            raw = compute(self.frame, leaf.sql, where)
        else:
            raw = pl.Series([leaf.const])
        if len(raw) != len(self.frame):
            raw = pl.repeat(raw[0], len(self.frame), dtype=raw.dtype, eager=True)
        values = self._converted(leaf, raw)
        if leaf.when:
            values = values.set(~matching(self.frame, leaf.when, where), None)
        if leaf.plus:
            values = self._later(values, polars_duration(leaf.plus) or "0s")
        for sql, low in ((leaf.not_before, True), (leaf.not_after, False), (leaf.at_most, False)):
            if sql:
                values = self._bounded(values, sql, low=low, leaf=leaf)
        return values

    def _converted(self, leaf: Leaf, raw: pl.Series) -> pl.Series:
        how = Reading(self.frame[ROW], leaf.origin, self.mapping.timezone, self.mapping.decimal)
        if leaf.target == "time":
            cells = to_time(raw, how, leaf.format)
        elif leaf.target == "integer":
            cells = to_integer(raw, how)
        elif leaf.target == "number":
            cells = to_number(raw, how)
        elif leaf.target == "boolean":
            cells = to_boolean(raw, how)
        else:
            return raw if isinstance(raw.dtype, pl.List) else to_text(raw)
        self.faults += cells.faults
        return cells.values

    def _later(self, values: pl.Series, by: str) -> pl.Series:
        zone = self.mapping.timezone or "UTC"
        local = values.dt.convert_time_zone(zone).dt.offset_by(by)
        return local.dt.convert_time_zone("UTC")

    def _bounded(self, values: pl.Series, sql: str, *, low: bool, leaf: Leaf) -> pl.Series:
        where = f'event "{self.event.name}", {leaf.pointer}'
        bound = self._converted(leaf, compute(self.frame, sql, where))
        beyond = (values < bound if low else values > bound).fill_null(value=False)
        if beyond.any():
            field = leaf.pointer.rpartition("/")[2]
            side = "earlier" if low else "later" if leaf.target == "time" else "larger"
            what = f"{self.event.name}: {field} {side} than {sql}, taken as {sql}"
            self.cleaned[what] = self.cleaned.get(what, 0) + int(beyond.sum())
        return bound.zip_with(beyond, values)


def quoted(texts: pl.Series) -> pl.Series:
    """Texts as JSON strings."""
    if not texts.str.contains(_SPECIAL).any():
        return pl.select(pl.lit('"') + pl.lit(texts) + pl.lit('"')).to_series()
    return _stripped(texts)


def _encoded(values: pl.Series) -> pl.Series:
    """Values as JSON; null stays null."""
    if values.dtype == pl.String:
        return quoted(values)
    if isinstance(values.dtype, pl.Datetime):
        return pl.select(pl.lit('"') + pl.lit(to_iso(values)) + pl.lit('"')).to_series()
    if isinstance(values.dtype, pl.List):
        return _stripped(values)
    return values.cast(pl.String)


def _stripped(values: pl.Series) -> pl.Series:
    frame = pl.DataFrame({"a": values})
    encoded = frame.select(pl.struct("a").struct.json_encode()).to_series()
    encoded = encoded.str.strip_prefix('{"a":').str.strip_suffix("}")
    return encoded.set(values.is_null(), None)


def _json(text: str) -> str:
    return msgspec.json.encode(text).decode()


def repeated(parts: Sequence[pl.Series]) -> pl.Series:
    """Of each row: whether an earlier row has the same in all parts."""
    return pl.DataFrame(list(parts)).select(~pl.struct(pl.all()).is_first_distinct()).to_series()

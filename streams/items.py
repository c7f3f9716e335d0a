"""Items: things that start and end, and counts that may be corrected; columns, one row each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.value import Cell
from streams.kinds import ABSENT, Kind

I64 = NDArray[np.int64]

NEVER = 1 << 62
"""A step or mark that has not been reported. Later than any time."""

BLANK = -1
"""``place`` of a row that holds nothing yet."""

Bands = tuple[tuple[int, int, int], ...]
"""Of each band: at least (s), below (s, -1 = open), count."""


class View:
    """Some rows of one table, as columns: what an indicator reads.

    ``place`` is the code of (unit, service, stratum); ``known`` the time of the first event
    that spoke of the item; ``start`` and ``end`` bound a count's period; ``rhythm`` is the
    code of the period's length (-1 where the item is no count). Steps and marks are attributes
    of their own name, in ms, :data:`NEVER` where absent; counts likewise.
    """

    __slots__ = ("bands", "columns", "places")

    def __init__(self, columns: dict[str, I64], bands: list[Bands], places: Sequence[Cell]) -> None:
        self.columns = columns
        self.bands = bands
        self.places = places

    def __getattr__(self, name: str) -> I64:
        return self.columns[name]

    def __len__(self) -> int:
        return len(self.columns["place"])

    def stratum_in(self, names: Collection[str]) -> NDArray[np.bool_]:
        """Of each row: whether its stratum is one of ``names``."""
        # Only of the places that are here: an agency may have very many of them.
        codes, rows = np.unique(self.columns["place"], return_inverse=True)
        here = [code != BLANK and self.places[code].stratum in names for code in codes.tolist()]
        flags: NDArray[np.bool_] = np.array(here, np.bool_)[rows]
        return flags


class Facts:
    """What a batch of events of one type says, one row an item spoken of."""

    __slots__ = ("bands", "columns", "keys", "rank", "step")

    def __init__(
        self, keys: list[int], step: str, rank: int, columns: dict[str, I64], bands: list[Bands]
    ) -> None:
        self.keys = keys
        self.step = step
        self.rank = rank
        self.columns = columns
        self.bands = bands


class Items:
    """The table of one kind of one agency.

    Memory is some 60 to 120 bytes a row for the columns and about 120 for the index.
    """

    def __init__(self, kind: Kind, places: Sequence[Cell]) -> None:
        self.kind = kind
        self.places = places
        self.index: dict[int, int] = {}
        self.bands: dict[int, Bands] = {}
        self.columns = {name: np.full(16, fill, np.int64) for name, fill in _fills(kind).items()}

    def __len__(self) -> int:
        return len(self.index)

    def rows(self, keys: Sequence[int]) -> I64:
        """Row numbers of these keys, new rows made where needed."""
        index = self.index
        for key in keys:
            if key not in index:
                index[key] = len(index)
        self._grow(len(index))
        return np.array([index[key] for key in keys], np.int64)

    def view(self, rows: I64 | slice) -> View:
        """A copy of these rows; a slice gives a window on the table itself."""
        columns = {name: column[rows] for name, column in self.columns.items()}
        if not self.kind.bands:
            return View(columns, [], self.places)
        numbers = range(*rows.indices(len(self))) if isinstance(rows, slice) else rows.tolist()
        return View(columns, [self.bands.get(row, ()) for row in numbers], self.places)

    def all(self) -> View:
        """Every row."""
        return self.view(slice(0, len(self)))

    def update(self, rows: I64, facts: Facts) -> None:
        """Take in what a batch says; ``rows`` are those of ``facts.keys``, repeats allowed."""
        columns, said = self.columns, facts.columns
        np.minimum.at(columns["known"], rows, said["known"])
        if facts.step:
            np.minimum.at(columns[facts.step], rows, said["at"])
        order = np.lexsort((said["stamp"], rows))
        last = np.ones(len(order), dtype=bool)
        last[:-1] = rows[order][1:] != rows[order][:-1]
        best = order[last]
        mine = rows[best]
        better = (facts.rank > columns["rank"][mine]) | (
            (facts.rank == columns["rank"][mine]) & (said["stamp"][best] >= columns["stamp"][mine])
        )
        best, mine = best[better], mine[better]
        columns["rank"][mine] = facts.rank
        for name in (
            "place",
            "stamp",
            "rhythm",
            "start",
            "end",
            *self.kind.marks,
            *self.kind.names,
            *self.kind.counts,
        ):
            if name in said:
                columns[name][mine] = said[name][best]
        if facts.bands:
            for row, i in zip(mine.tolist(), best.tolist(), strict=True):
                self.bands[row] = facts.bands[i]

    def prune(self, horizon: int) -> None:
        """Forget the items that were over before ``horizon`` (ms)."""
        size = len(self)
        if self.kind.steps:
            ends = [self.columns[step][:size] for step in self.kind.steps[1:]]
            over = np.minimum.reduce(ends)
        else:
            over = self.columns["end"][:size]
        stay = np.flatnonzero(over >= horizon)
        if len(stay) == size:
            return
        keys = np.fromiter(self.index, np.uint64, size)[stay]
        old = self.bands
        self.bands = {new: old[row] for new, row in enumerate(stay.tolist()) if row in old}
        self.columns = {name: column[stay] for name, column in self.columns.items()}
        self.index = {key: row for row, key in enumerate(keys.tolist())}
        self._grow(max(16, len(stay)))

    def dump(self) -> bytes:
        """The table as bytes, rows in order of their keys, whatever order they came in."""
        size = len(self)
        keys = np.fromiter(self.index, np.uint64, size)
        order = np.argsort(keys, kind="stable")
        columns = {name: column[:size][order].tobytes() for name, column in self.columns.items()}
        bands = [self.bands.get(row, ()) for row in order.tolist()] if self.kind.bands else []
        return msgspec.msgpack.encode((keys[order].tobytes(), columns, bands))

    @classmethod
    def load(cls, kind: Kind, places: Sequence[Cell], body: bytes) -> Items:
        """The table of :meth:`dump`."""
        keys, columns, bands = msgspec.msgpack.decode(
            body, type=tuple[bytes, dict[str, bytes], Any]
        )
        items = cls(kind, places)
        items.index = {key: row for row, key in enumerate(np.frombuffer(keys, np.uint64).tolist())}
        for name, column in columns.items():
            items.columns[name] = np.frombuffer(column, np.int64).copy()
        items.bands = {
            row: tuple(tuple(band) for band in some) for row, some in enumerate(bands) if some
        }
        items._grow(16)
        return items

    def _grow(self, size: int) -> None:
        room = len(self.columns["place"])
        if size <= room:
            return
        fills = _fills(self.kind)
        for name, column in self.columns.items():
            more = np.full(max(size, 2 * room) - room, fills[name], np.int64)
            self.columns[name] = np.concatenate((column, more))


def _fills(kind: Kind) -> dict[str, int]:
    """The columns of a table and what stands in a row before anything is known."""
    fills = {"place": BLANK, "rank": -1, "stamp": -NEVER, "known": NEVER, "rhythm": -1}
    fills |= dict.fromkeys(("start", "end"), NEVER) if not kind.steps else {}
    fills |= dict.fromkeys((*kind.steps, *kind.marks, *kind.names), NEVER)
    return fills | dict.fromkeys(kind.counts, ABSENT)

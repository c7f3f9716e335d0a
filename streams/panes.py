"""Panes: whole numbers by bucket and cell, merged into windows only when read."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.value import Cell

I64 = NDArray[np.int64]

FAR = 1 << 40
"""No bucket has this number."""


class Cells:
    """The cells that one indicator keeps, and which of them a place counts towards.

    A place is the code of a full (unit, service, stratum); a grain names the dimensions that a
    cell keeps. Two grains that give the same cell for a place count once. Cells that only an
    ``unseen`` grain gives are kept to know who reports, and never shown.
    """

    def __init__(
        self, grains: Iterable[tuple[str, ...]], unseen: Iterable[tuple[str, ...]] = ()
    ) -> None:
        shown = tuple(grains)
        self.grains = (*shown, *unseen)
        self.shown = len(shown)
        self.unseen: set[int] = set()
        self.names: list[Cell] = []
        self._index: dict[Cell, int] = {}
        self._table: I64 = np.empty((0, len(self.grains)), np.int64)

    def code(self, cell: Cell) -> int:
        """The number of a cell that is known."""
        return self._index[cell]

    def of(self, places: list[Cell]) -> I64:
        """Cells of all places so far: (places, grains), -1 where a grain adds none."""
        rows: list[list[int]] = []
        for place in places[len(self._table) :]:
            row: list[int] = []
            for at, grain in enumerate(self.grains):
                cell = Cell(**{name: getattr(place, name) for name in grain})
                number = self._index.get(cell)
                if number is None:
                    number = self._index[cell] = len(self.names)
                    self.names.append(cell)
                    if at >= self.shown:
                        self.unseen.add(number)
                row.append(-1 if number in row else number)
            rows.append(row)
        if rows:
            self._table = np.vstack((self._table, np.array(rows, np.int64)))
        return self._table


class Panes:
    """Sums by (bucket, cell): int64, dense, growing at both ends.

    Shape (buckets, cells, width). ``first`` is the first bucket in which a cell had a fact;
    ``single`` is the first in which a single event fed it: from there on, none means zero.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self.origin = FAR
        self.sums: I64 = np.zeros((0, 0, width), np.int64)
        self.first: I64 = np.zeros(0, np.int64)
        self.single: I64 = np.zeros(0, np.int64)

    def add(self, buckets: I64, cells: I64, values: I64) -> None:
        """Add ``values`` (n, width) at (n,) buckets and cells."""
        self._room(int(buckets.min()), int(buckets.max()), int(cells.max()))
        np.add.at(self.sums, (buckets - self.origin, cells), values)
        np.minimum.at(self.first, cells, buckets)

    def began(self, cells: I64, buckets: I64) -> int:
        """Until which bucket these facts change since when some cell is known; -FAR: none."""
        if not len(cells):
            return -FAR
        if not len(self.first) or int(cells.max()) >= len(self.first):
            return FAR
        was = self.first[cells]
        moved = was[buckets < was]
        return int(moved.max()) if len(moved) else -FAR

    def alone(self, cells: I64, buckets: I64) -> int:
        """Take in single events: until which bucket none now means zero; -FAR: no change."""
        if not len(cells):
            return -FAR
        was = self.single[cells]
        np.minimum.at(self.single, cells, buckets)
        moved = was[buckets < was]
        return int(moved.max()) if len(moved) else -FAR

    def window(self, start: int, stop: int) -> I64:
        """Sums over buckets start … stop - 1: (cells, width)."""
        low = max(start - self.origin, 0)
        high = max(stop - self.origin, 0)
        merged: I64 = self.sums[low:high].sum(axis=0)
        return merged

    def prune(self, before: int) -> None:
        """Forget buckets before ``before``."""
        cut = min(max(before - self.origin, 0), len(self.sums))
        if cut:
            self.sums = self.sums[cut:].copy()
            self.origin += cut

    def _room(self, low: int, high: int, cell: int) -> None:
        buckets, cells, width = self.sums.shape
        if self.origin == FAR:
            self.origin = low
        front = max(self.origin - low, 0)
        back = max(high - self.origin + 1 - buckets, 0)
        more = max(cell + 1 - cells, 0)
        if not (front or back or more):
            return
        if back:
            back = max(back, buckets // 4)
        grown = np.zeros((front + buckets + back, cells + more, width), np.int64)
        grown[front : front + buckets, :cells] = self.sums
        self.sums = grown
        self.origin -= front
        self.first = np.concatenate((self.first, np.full(more, FAR, np.int64)))
        self.single = np.concatenate((self.single, np.full(more, FAR, np.int64)))

    def dump(self) -> bytes:
        """The panes as bytes, the same for the same sums: empty buckets on both sides left out."""
        filled = np.flatnonzero(self.sums.any(axis=(1, 2)))
        start, stop = (int(filled[0]), int(filled[-1]) + 1) if len(filled) else (0, 0)
        origin = self.origin + start if len(filled) else FAR
        body = self.sums[start:stop]
        return msgspec.msgpack.encode(
            (origin, body.shape, body.tobytes(), self.first.tobytes(), self.single.tobytes())
        )

    @classmethod
    def load(cls, body: bytes) -> Panes:
        """The panes of :meth:`dump`."""
        origin, shape, sums, first, single = msgspec.msgpack.decode(
            body, type=tuple[int, tuple[int, int, int], bytes, bytes, bytes]
        )
        panes = cls(shape[2])
        panes.origin = origin
        panes.sums = np.frombuffer(sums, np.int64).reshape(shape).copy()
        panes.first = np.frombuffer(first, np.int64).copy()
        panes.single = np.frombuffer(single, np.int64).copy()
        return panes

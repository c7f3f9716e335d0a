"""Remembering which events were seen, in 24 bytes each.

An event is known by a 128-bit hash of its source and id. Beside it stand 32 bits of its body,
to tell a repeat from another event under a used id, and the day after which it may be
forgotten. Rows live in sorted runs that double in size as they merge, so that looking up a
batch costs one binary search a run and adding costs O(log n) a row.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

U64 = np.uint64

NEW, REPEAT, REUSED = 0, 1, 2
"""Verdicts: never seen; seen with the same body; seen with another body."""

_DAY_BITS = 32


class Run(NamedTuple):
    """Rows sorted by ``high``; 8 bytes a column."""

    high: NDArray[np.uint64]
    low: NDArray[np.uint64]
    tag: NDArray[np.uint64]


class Seen:
    """The ids of one agency's events within the retention horizon."""

    def __init__(self) -> None:
        self.runs: list[Run] = []

    def __len__(self) -> int:
        return sum(len(run.high) for run in self.runs)

    @property
    def nbytes(self) -> int:
        """Bytes held: 24 a remembered id."""
        return sum(column.nbytes for run in self.runs for column in run)

    def sift(
        self, ids: NDArray[np.uint64], bodies: NDArray[np.uint64], days: NDArray[np.int64]
    ) -> NDArray[np.int8]:
        """Tell new events from repeats, and remember the new ones.

        ``ids`` is (n, 2): the halves of the hash. ``bodies`` and ``days`` are (n,). Rows are in
        order of arrival: within the batch too, the first of equals is the new one.
        """
        order = np.argsort(ids[:, 0], kind="stable")
        high, low = ids[order, 0], ids[order, 1]
        body = bodies[order] & U64(0xFFFFFFFF)
        verdict = np.zeros(len(order), dtype=np.int8)
        twins = np.zeros(len(order), dtype=bool)
        twins[1:] = (high[1:] == high[:-1]) & (low[1:] == low[:-1])
        if twins.any():
            first = np.maximum.accumulate(np.where(twins, 0, np.arange(len(order))))
            verdict[twins] = np.where(body[twins] == body[first[twins]], REPEAT, REUSED)
        for run in self.runs:
            at = np.searchsorted(run.high, high)
            at[at == len(run.high)] = 0
            known = (run.high[at] == high) & (run.low[at] == low)
            if known.any():
                same = (run.tag[at[known]] >> U64(_DAY_BITS)) == body[known]
                verdict[known] = np.where(same, REPEAT, REUSED)
        new = verdict == NEW
        if new.any():
            tag = (body[new] << U64(_DAY_BITS)) | days[order][new].astype(U64)
            self._push(Run(high[new], low[new], tag))
        answer = np.empty_like(verdict)
        answer[order] = verdict
        return answer

    def forget(self, before: int) -> None:
        """Drop the ids of events of days before ``before``."""
        kept = []
        for run in self.runs:
            stay = (run.tag & U64(0xFFFFFFFF)) >= U64(max(before, 0))
            if stay.any():
                kept.append(Run(*(column[stay] for column in run)))
        self.runs = kept

    def _push(self, run: Run) -> None:
        while self.runs and len(self.runs[-1].high) <= 2 * len(run.high):
            other = self.runs.pop()
            high = np.concatenate((other.high, run.high))
            order = np.argsort(high, kind="stable")
            run = Run(
                high[order],
                np.concatenate((other.low, run.low))[order],
                np.concatenate((other.tag, run.tag))[order],
            )
        self.runs.append(run)

    def dump(self) -> bytes:
        """All rows in one sorted run, as bytes."""
        if not self.runs:
            return b""
        high = np.concatenate([run.high for run in self.runs])
        order = np.argsort(high, kind="stable")
        columns = (high, *(np.concatenate([run[i] for run in self.runs]) for i in (1, 2)))
        return b"".join(column[order].tobytes() for column in columns)

    @classmethod
    def load(cls, body: bytes) -> Seen:
        """The rows of :meth:`dump`."""
        seen = cls()
        if body:
            table = np.frombuffer(body, dtype=U64).reshape(3, -1)
            seen.runs.append(Run(table[0].copy(), table[1].copy(), table[2].copy()))
        return seen

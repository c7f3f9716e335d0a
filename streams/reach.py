"""Events that reach back: they change what an item was before their own time.

Most events only add to an item's life from their own time on. An event reaches back where it
- moves an item to another place, or gives it another mark (a due date);
- outranks all that was known of the item (a beginning told after the end);
- dates a step earlier than its own time, and earlier than the step was known to be.

A few events too many may be named, for that costs time and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from streams.facts import Prepared
from streams.items import NEVER, Items

I64 = NDArray[np.int64]


def reaching_back(tables: Mapping[str, Items], prepared: Iterable[Prepared]) -> I64:
    """Numbers of the events that reach back, rising, given the tables before all of them."""
    by_kind: dict[str, list[Prepared]] = {}
    for one in prepared:
        if one.act.step and len(one.rows):
            by_kind.setdefault(one.act.kind, []).append(one)
    found = [_of_kind(tables[kind], some) for kind, some in by_kind.items()]
    return np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)


def _of_kind(items: Items, some: list[Prepared]) -> I64:
    keys = np.concatenate([np.array(one.facts.keys, np.uint64) for one in some])
    rows = np.concatenate([one.rows for one in some])
    _, item = np.unique(keys, return_inverse=True)
    numbers = np.concatenate([np.full(len(one.rows), i) for i, one in enumerate(some)])
    within = np.concatenate([np.arange(len(one.rows)) for one in some])
    order = np.lexsort((numbers, rows, item))
    ranks = np.array([one.act.rank for one in some], np.int64)[numbers]
    early = np.concatenate([one.facts.columns["at"] < one.times for one in some])
    doubtful = early[order] | (ranks[order] >= _best_before(items, keys, item, ranks, order))
    picked = np.flatnonzero(np.isin(item, item[order][doubtful]))
    if not len(picked):
        return np.zeros(0, np.int64)
    facts = _Told(items)
    order = picked[np.lexsort((numbers[picked], rows[picked]))]
    back = [
        row
        for number, place, row in zip(
            numbers[order].tolist(), within[order].tolist(), rows[order].tolist(), strict=True
        )
        if facts.reaches(some[number], place)
    ]
    return np.array(back, np.int64)


def _best_before(items: Items, keys: NDArray[np.uint64], item: I64, ranks: I64, order: I64) -> I64:
    """Of each fact, in ``order``: the best rank told of its item before; huge where none was."""
    kind, rank = item[order], ranks[order]
    known = np.full(len(order), -1, np.int64)
    if items.index:
        get = items.index.get
        stored = np.fromiter((get(key, -1) for key in keys[order].tolist()), np.int64, len(order))
        known = np.where(stored < 0, -1, items.columns["rank"][np.maximum(stored, 0)])
    first = np.ones(len(order), bool)
    first[1:] = kind[1:] != kind[:-1]
    before = np.where(first, known, np.roll(rank, 1))
    # Items rise in this order, so one running maximum starts anew at each of them.
    best: I64 = np.maximum.accumulate(kind * 64 + before + 1) - kind * 64 - 1
    return np.where(best < 0, NEVER, best)


class _Told:
    """What was told of some items: best rank, all that came with it, earliest steps."""

    def __init__(self, items: Items) -> None:
        self.items = items
        self.known: dict[int, tuple[int, tuple[int, ...], dict[str, int]]] = {}

    def reaches(self, part: Prepared, place: int) -> bool:
        """Whether one fact reaches back; takes it in."""
        said, act = part.facts.columns, part.act
        key = part.facts.keys[place]
        kept = self.known.get(key) or self._stored(key)
        names = ("place", *self.items.kind.marks)
        facts = tuple(int(said[name][place]) if name in said else NEVER for name in names)
        at = int(said["at"][place])
        if kept is None:
            self.known[key] = (act.rank, facts, {act.step: at})
            return False
        rank, before, steps = kept
        was = steps.get(act.step, NEVER)
        back = act.rank > rank or (act.rank == rank and facts != before)
        back |= at < was and at < int(part.times[place])
        steps[act.step] = min(was, at)
        if act.rank > rank:
            before = facts
        elif act.rank == rank and facts != before:
            before = ()
        self.known[key] = (max(rank, act.rank), before, steps)
        return back

    def _stored(self, key: int) -> tuple[int, tuple[int, ...], dict[str, int]] | None:
        row = self.items.index.get(key)
        if row is None:
            return None
        columns = self.items.columns
        facts = tuple(int(columns[name][row]) for name in ("place", *self.items.kind.marks))
        steps = {step: int(columns[step][row]) for step in self.items.kind.steps}
        return int(columns["rank"][row]), facts, steps

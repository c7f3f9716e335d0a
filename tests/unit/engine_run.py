"""An engine and the tables that its changes would fill, for comparing one run with another."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import msgspec

from models.record import Record
from models.refused import refused_rows
from models.settings import Settings
from models.value import Value
from streams.catalogue import catalogue
from streams.engine import Changes, Engine
from streams.group import Groups
from streams.snapshot import parts, restore
from streams.summary import freeze, thaw
from tests.unit.events_made import SETTINGS

Key = tuple[Any, ...]


class Run:
    """Stage one and two, and what stands in the tables, kept as the store keeps it."""

    def __init__(self, settings: Settings = SETTINGS) -> None:
        self.engine = Engine(settings, catalogue())
        self.groups = Groups(settings, catalogue())
        self.values: dict[Key, list[Value]] = {}
        self.expected: list[Any] = []
        self.signals: list[Any] = []
        self.alerts: list[Any] = []
        self.shocks: list[Any] = []
        self.curve: list[Any] = []
        self.marks: list[Any] = []
        self.notices: list[Any] = []
        self.refused: dict[str, tuple[int, str]] = {}

    def apply(self, records: Sequence[Record]) -> Changes:
        """One transaction."""
        changes = self.engine.apply(records)
        self._keep(changes.values, changes.restated)
        self.expected += changes.expected
        self.signals += changes.signals
        self.alerts += changes.alerts
        self.shocks += changes.shocks
        self.curve += changes.curve
        self.marks += changes.marks
        self.notices += changes.notices
        for agency, received, refusal in changes.refused:
            for row in refused_rows(agency, received, "engine", [refusal]):
                self.refused.setdefault(row["id"], (received, row["problems"]))
        self._keep(*self.groups.apply(thaw(freeze(changes.news))))
        return changes

    def _keep(self, first: Sequence[Value], again: Sequence[Value]) -> None:
        for one in first:
            assert key(one) not in self.values, f"given twice: {one}"
            self.values[key(one)] = [one]
        for one in again:
            rows = self.values.setdefault(key(one), [])
            if rows and content(rows[-1]) == content(one):
                continue
            rows.append(msgspec.structs.replace(one, revision=len(rows)))

    def restart(self) -> Run:
        """The same run, its state taken through a snapshot."""
        other = Run(self.engine.settings)
        for name in self.engine.agencies:
            restore(other.engine, name, dict(parts(self.engine, name)))
        other.groups.load(self.groups.dump())
        for name in (
            "values",
            "expected",
            "signals",
            "alerts",
            "shocks",
            "curve",
            "marks",
            "notices",
            "refused",
        ):
            setattr(other, name, getattr(self, name))
        return other

    def table(self, *, groups: bool = False) -> dict[Key, list[Value]]:
        """Values of agencies, or of groups, with every revision."""
        return {
            name: rows
            for name, rows in self.values.items()
            if name[1].startswith("group:") == groups
        }

    def latest(self, *, groups: bool = False) -> dict[Key, tuple[Any, ...]]:
        """What stands now, whenever it was written."""
        return {name: content(rows[-1]) for name, rows in self.table(groups=groups).items()}

    def sources(self) -> list[bytes]:
        """Every source of every agency, as bytes."""
        return sorted(
            msgspec.json.encode((agency.name, source), order="sorted")
            for agency in self.engine.agencies.values()
            for source in agency.sources.values()
        )


def key(value: Value) -> Key:
    """The primary key of a value, without its revision."""
    cell = value.cell
    where = (cell.unit, cell.service, cell.stratum)
    return (value.indicator, value.agency, *where, value.rhythm, value.span, value.window_end)


def content(value: Value) -> tuple[Any, ...]:
    """All that a value says, but when it was said."""
    fields = [name for name in value.__struct_fields__ if name not in ("revision", "recorded")]
    return tuple(getattr(value, name) for name in fields)


def decisions(run: Run) -> list[bytes]:
    """What was expected, signals, alerts, shocks, curves, marks and notices, sorted."""
    told = [
        *run.expected,
        *run.signals,
        *run.alerts,
        *run.shocks,
        *run.curve,
        *run.marks,
        *run.notices,
    ]
    return sorted(type(one).__name__.encode() + msgspec.json.encode(one) for one in told)


def whole(records: Sequence[Record]) -> Run:
    """Everything in one transaction."""
    run = Run()
    run.apply(records)
    return run


def singly(records: Sequence[Record]) -> Run:
    """The oracle: one transaction an event, one event a record."""
    run = Run()
    for one in records:
        for body in one.body.splitlines(keepends=True) or [b""]:
            run.apply([msgspec.structs.replace(one, body=body, events=int(bool(body)))])
    return run


def cut(records: Sequence[Record], random: Random, restart: float = 0.0) -> Run:
    """Transactions of random sizes, with restarts between some of them."""
    run, at = Run(), 0
    while at < len(records):
        size = random.choice((1, 2, 5, 20, 100))
        run.apply(records[at : at + size])
        at += size
        if random.random() < restart:
            run = run.restart()
    return run


def assert_same(one: Run, other: Run) -> None:
    """Stage one gave the same, row by row, whatever the order of the rows."""
    ours, theirs = one.table(), other.table()
    for name in sorted(set(ours) | set(theirs)):
        assert ours.get(name) == theirs.get(name), name
    assert decisions(one) == decisions(other)
    assert one.refused == other.refused
    assert one.sources() == other.sources()

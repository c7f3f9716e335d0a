"""Marks of what explains numbers: what an agency declares, and breaks found in its reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID, uuid5

import numpy as np

from models.events.context import BaselineRebased, CalendarMarked, DefinitionChanged
from models.events.remote import PolicyChanged
from models.mark import Mark, rule
from models.value import Cell
from streams.arrivals import PLANNED, POLICY, Arrivals
from streams.crisis import Crisis

NAMESPACE = UUID("0c6b0d0e-5f6e-4e0c-9d5b-1f0a3f1c9b57")
"""Of the ids of marks, so that a replay gives the same."""

RATINGS: Final = "delivery_confidence"
"""What reads ratings of projects."""

LONGEST: Final = 256
"""Characters of a label."""

ROOM: Final = 200
"""Characters of a label that names fill."""


def crisis_mark(agency: str, crisis: Crisis) -> Mark:
    """A declared crisis, from its declaration to its end."""
    return Mark(
        id=_id(f"crisis {agency} {crisis.id}"),
        agency=agency,
        kind="crisis",
        cell=Cell(service=crisis.scope),
        label=crisis.id,
        start=crisis.start,
        end=crisis.end,
        evidence={"kind": crisis.kind, "required_level": crisis.required},
        transition=0 if crisis.end is None else 1,
    )


def definition_mark(agency: str, said: DefinitionChanged, at: int) -> Mark:
    """A changed definition: what is counted before and after cannot be compared."""
    name = f"definition {agency} {said.indicator} {said.service} {at} {said.what}"
    return Mark(
        id=_id(name),
        agency=agency,
        kind="definition",
        indicator=said.indicator,
        cell=Cell(service=said.service),
        label=said.what,
        start=at,
    )


def rebase_mark(agency: str, said: BaselineRebased, at: int) -> Mark:
    """A new baseline: control limits and what is expected are learned from here on."""
    name = f"rebase {agency} {said.indicator} {said.unit}\x1f{said.service} {at} {said.why}"
    return Mark(
        id=_id(name),
        agency=agency,
        kind="rebase",
        indicator=said.indicator,
        cell=Cell(said.unit, said.service),
        label=said.why,
        start=at,
    )


def composition_mark(
    agency: str, indicator: str, total: Cell, start: int, evidence: dict[str, Any]
) -> Mark:
    """Parts that a total gained or lost; ``evidence`` names them as ``joined`` or ``left``."""
    side = "joined" if "joined" in evidence else "left"
    where = f"{total.unit}\x1f{total.service}\x1f{total.stratum}"
    name = f"composition {agency} {indicator} {where} {evidence['rhythm']} {side} {start}"
    return Mark(
        id=_id(f"{name} {evidence['seen']}"),
        agency=agency,
        kind="composition",
        indicator=indicator,
        cell=total,
        label=f"{side}: {some_of(evidence[side])}",
        start=start,
        evidence=evidence,
    )


def scale_mark(agency: str, start: int, evidence: dict[str, Any]) -> Mark:
    """Another scale of ratings, or other steps on one: ratings do not compare across it.

    It touches ratings only, so it names what reads them; no other figure is concerned.
    """
    if "before" in evidence:
        label = f"scale {evidence['now']} after {evidence['before']}"
    else:
        side = "gone" if "gone" in evidence else "new"
        label = f"ratings of {evidence['scale']} {side}: {some_of(evidence[side])}"
    return Mark(
        id=_id(f"scale {agency} {start} {label}"),
        agency=agency,
        kind="scale",
        indicator=RATINGS,
        label=label[:LONGEST],
        start=start,
        evidence=evidence,
    )


def rhythm_mark(agency: str, indicator: str, label: str, start: int, seen: int) -> Mark:
    """Reports that come for other periods, or in another way, than before."""
    return Mark(
        id=_id(f"rhythm {agency} {indicator} {label} {start}"),
        agency=agency,
        kind="rhythm",
        indicator=indicator,
        label=label[:LONGEST],
        start=start,
        evidence={"seen": seen},
    )


def some_of(names: Sequence[str]) -> str:
    """The first names, as many as have room, and how many more there are.

    >>> some_of(["parking", "permits"]), some_of(["a" * 120, "b" * 120, "c"])[-10:]
    ('parking, permits', 'and 2 more')
    """
    told = names[0]
    for at, name in enumerate(names[1:], 1):
        if len(told) + len(name) > ROOM:
            return f"{told} and {len(names) - at} more"
        told = f"{told}, {name}"
    return told


def event_marks(agency: str, arrivals: Arrivals) -> Iterator[Mark]:
    """What some events mark by themselves: spans in which notifications keep still, and rules."""
    for row in np.flatnonzero(np.isin(arrivals.types, (PLANNED, POLICY))).tolist():
        event = arrivals.events[row]
        name = _id(f"event {agency} {event.source}\x1f{event.id}")
        match event.data:
            case CalendarMarked(kind="closure" | "release_freeze" as kind) as said:
                yield Mark(
                    id=name,
                    agency=agency,
                    kind=kind,
                    cell=Cell(service=said.scope),
                    start=round(said.start.timestamp() * 1000),
                    end=round(said.end.timestamp() * 1000),
                )
            case PolicyChanged() as said:
                yield Mark(
                    id=name,
                    agency=agency,
                    kind="policy",
                    label=f"working from elsewhere {rule(said.level)}",
                    start=int(arrivals.times[row]),
                    evidence={"level": said.level, "scope": said.scope},
                )


def _id(name: str) -> str:
    return str(uuid5(NAMESPACE, name))

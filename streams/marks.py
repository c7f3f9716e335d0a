"""Marks of what an agency declares: crises, changed definitions, closures, freezes, rebases."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid5

import numpy as np

from models.event import Event
from models.events.context import BaselineRebased, CalendarMarked, DefinitionChanged
from models.mark import Mark
from models.value import Cell
from streams.arrivals import PLANNED, Arrivals
from streams.crisis import Crisis

NAMESPACE = UUID("0c6b0d0e-5f6e-4e0c-9d5b-1f0a3f1c9b57")
"""Of the ids of marks, so that a replay gives the same."""


def crisis_mark(agency: str, crisis: Crisis) -> Mark:
    """A declared crisis, from its declaration to its end."""
    return Mark(
        id=str(uuid5(NAMESPACE, f"crisis {agency} {crisis.id}")),
        agency=agency,
        kind="crisis",
        indicator="",
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
        id=str(uuid5(NAMESPACE, name)),
        agency=agency,
        kind="definition",
        indicator=said.indicator,
        cell=Cell(service=said.service),
        label=said.what,
        start=at,
        end=None,
        evidence={},
        transition=0,
    )


def rebase_mark(agency: str, said: BaselineRebased, at: int) -> Mark:
    """A new baseline: control limits and what is expected are learned from here on."""
    name = f"rebase {agency} {said.indicator} {said.unit}\x1f{said.service} {at} {said.why}"
    return Mark(
        id=str(uuid5(NAMESPACE, name)),
        agency=agency,
        kind="rebase",
        indicator=said.indicator,
        cell=Cell(said.unit, said.service),
        label=said.why,
        start=at,
        end=None,
        evidence={},
        transition=0,
    )


def planned_marks(agency: str, arrivals: Arrivals) -> Iterator[Mark]:
    """Closures and freezes of releases among some events: notifications keep still in them."""
    for row in np.flatnonzero(arrivals.types == PLANNED).tolist():
        event = arrivals.events[row]
        match event.data:
            case CalendarMarked(kind="closure" | "release_freeze" as kind) as said:
                yield Mark(
                    id=_of_event(agency, event),
                    agency=agency,
                    kind=kind,
                    indicator="",
                    cell=Cell(service=said.scope),
                    label="",
                    start=round(said.start.timestamp() * 1000),
                    end=round(said.end.timestamp() * 1000),
                    evidence={},
                    transition=0,
                )


def _of_event(agency: str, event: Event) -> str:
    return str(uuid5(NAMESPACE, f"event {agency} {event.source}\x1f{event.id}"))

"""A declared crisis: what was said of it, what showed under it, and how fast people moved.

1. It is listed from its declaration on, whether anything shows or not. *Declared* while no case
   is under it, *showing* from the first case on, *over* once it was closed and something had
   shown. If nothing has shown 90 days after its beginning it is *unshown*: declared, never
   showed; a case that comes later still makes it showing.
2. The first declaration of an id stands; others are noted. A closing before the beginning is
   noted and is no end; nor is a second closing. A closing of what was never declared is listed
   as *undeclared*; if the declaration comes later, both hold.
3. Response lag: from its beginning to the first crisis decision within it.
4. Adaptation: the first time that remote readiness of its scope is at 95 % of the required
   level. Readiness is counted by the week or longer, so one count spans the three working days
   that it must hold. The times to 50 % and 80 % stand beside it. Without a required level, and
   before it is reached, there is no number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID, uuid5

import msgspec

from models.shock import Shock, ShockState
from models.value import Cell, Value

NAMESPACE: Final = UUID("7c8e43a5-52c1-4d0c-8ac1-5b5a0a0e6c7e")
"""Of the ids of shocks, so that a replay gives the same."""

DAY_MS: Final = 86_400_000

SHOWS_MS: Final = 90 * DAY_MS
"""A crisis under which nothing has shown by then never showed."""

BEFORE_MS: Final = 14 * DAY_MS
"""Crises are declared late: a case that began by so much earlier is still under it."""

ANSWER_MS: Final = 400 * DAY_MS
"""A decision later than this answers something else."""

READINESS: Final = "remote_readiness"

STEPS: Final = (0.5, 0.8, 0.95)
"""Shares of the required level that are timed; the last one is the adaptation."""


class Crisis(msgspec.Struct):
    """A declared crisis; ``scope`` is a unit or service, empty for the whole agency; ms."""

    id: str
    kind: str
    scope: str
    start: int
    end: int | None = None
    required: float | None = None
    declared: bool = True
    """False while only its closing was told."""
    again: list[int] = []
    """When it was said to have begun by further declarations."""
    early: int | None = None
    """A closing that lay before its beginning."""
    answered: int | None = None
    """The first crisis decision within it."""
    steps: list[int | None] = msgspec.field(default_factory=lambda: [None] * len(STEPS))
    """When readiness came to each of :data:`STEPS`."""
    cases: list[str] = []
    unshown: bool = False
    told: bytes = b""
    transition: int = 0

    def covers(self, cell: Cell, since: int, until: int) -> bool:
        """Whether a stretch [since, until) of a cell lies in it, at least in part."""
        here = self.declared and (not self.scope or self.scope in (cell.unit, cell.service))
        return here and self.start < until and (self.end is None or since < self.end)

    def answer(self, decisions: Sequence[int]) -> None:
        """Look for the first crisis decision within it."""
        end = self.start + ANSWER_MS if self.end is None else self.end
        known = [] if self.answered is None else [self.answered]
        self.answered = min(
            (d for d in [*decisions, *known] if self.start <= d < end), default=None
        )

    def ready(self, value: Value) -> None:
        """Take in a count of remote readiness."""
        end, whole = self.end, self.required
        if not whole or value.value is None or value.window_end <= self.start:
            return
        if not self.declared or (end is not None and value.window_start >= end):
            return
        if self.scope not in ("", value.cell.unit) or (not self.scope and value.cell != Cell()):
            return
        at = max(value.window_start, self.start)
        for place, share in enumerate(STEPS):
            if self.steps[place] is None and value.value >= share * whole:
                self.steps[place] = at

    @property
    def state(self) -> ShockState:
        """How it stands, by the rules above."""
        if not self.declared:
            return "undeclared"
        if self.cases:
            return "showing" if self.end is None else "over"
        return "unshown" if self.unshown else "declared"

    def tell(self, agency: str, overlaps: Sequence[str], updated: int) -> Shock | None:
        """Its new state, or None where nothing changed."""
        evidence: dict[str, Any] = {
            "crisis": self.kind,
            "required_level": self.required,
            "ended": self.end,
            "declared_again": list(self.again),
            "closed_before_it_began": self.early,
            "answered": self.answered,
            "adapted": dict(zip(("50", "80", "95"), self.steps, strict=True)),
            "cases": list(self.cases),
            "overlaps": list(overlaps),
        }
        now = msgspec.msgpack.encode((self.state, self.start, evidence))
        if now == self.told:
            return None
        shock = Shock(
            id=str(uuid5(NAMESPACE, f"crisis {agency} {self.id}")),
            agency=agency,
            indicator="",
            cell=Cell(service=self.scope),
            kind="crisis",
            direction="down",
            state=self.state,
            onset=self.start,
            trough=self.start,
            depth=0.0,
            absorbed=None,
            adapted=self.steps[-1],
            recovered=None,
            loss_service_days=0.0,
            declared=self.id,
            evidence=evidence,
            updated=updated,
            transition=self.transition,
        )
        self.told = now
        self.transition += 1
        return shock


class Crises:
    """The declared crises of one agency. Each change is followed by :meth:`news`."""

    def __init__(self, agency: str) -> None:
        self.agency = agency
        self.known: dict[str, Crisis] = {}
        self.decisions: list[int] = []
        """When crisis decisions were made, ms, as they were told."""
        self._changed: dict[str, int] = {}
        self.due: float = float("inf")
        """When the next of them is known never to have shown."""

    def declare(self, crisis: Crisis) -> bool:
        """Take in a declared crisis; the first declaration of an id stands. Says if it is new."""
        known = self.known.get(crisis.id)
        if known is not None and known.declared:
            known.again.append(crisis.start)
            self._change(known, crisis.start)
            return False
        if known is not None:
            crisis.told, crisis.transition = known.told, known.transition
            if known.start >= crisis.start:
                crisis.end = known.start
            else:
                crisis.early = known.start
        self.known[crisis.id] = crisis
        crisis.answer(self.decisions)
        for other in self.known.values():
            self._change(other, crisis.start)
        self.wait()
        return True

    def close(self, crisis: str, at: int) -> Crisis | None:
        """A declared crisis is over; an end before its beginning is none, nor is a second one."""
        known = self.known.get(crisis)
        if known is None:
            known = self.known[crisis] = Crisis(crisis, "", "", at, at, declared=False)
        elif not known.declared or known.end is not None:
            return None
        elif at < known.start:
            known.early = at
        else:
            known.end = at
            known.answer([])
        for other in self.known.values():
            self._change(other, at)
        return known if known.declared and known.end == at else None

    def decided(self, at: int) -> None:
        """Take in a crisis decision."""
        self.decisions = [one for one in self.decisions if one > at - ANSWER_MS] + [at]
        for one in self.known.values():
            one.answer([at])
            self._change(one, at)

    def ready(self, value: Value) -> None:
        """Take in a count of remote readiness, of a unit or of the whole agency."""
        for one in self.known.values():
            one.ready(value)
            self._change(one, value.window_end)

    def under(self, crisis: str, case: str, at: int) -> None:
        """A case fell into a crisis."""
        self.known[crisis].cases.append(case)
        self._change(self.known[crisis], at)
        self.wait()

    def passed(self, end: int) -> None:
        """Time has come so far."""
        for one in self.known.values():
            if one.declared and not one.cases and end >= one.start + SHOWS_MS:
                one.unshown = True
                self._change(one, one.start + SHOWS_MS)
        self.wait()

    def wait(self) -> None:
        """Find out what is due next."""
        quiet = [c.start for c in self.known.values() if c.declared and not (c.cases or c.unshown)]
        self.due = min(quiet, default=float("inf")) + SHOWS_MS

    def news(self) -> Iterator[Shock]:
        """New states since this was last asked."""
        changed, self._changed = self._changed, {}
        for name, at in changed.items():
            told = self.known[name].tell(self.agency, self._overlaps(self.known[name]), at)
            if told is not None:
                yield told

    def _change(self, one: Crisis, at: int) -> None:
        self._changed[one.id] = max(at, one.start)

    def _overlaps(self, one: Crisis) -> list[str]:
        """Other declared crises that hold at the same time."""
        if not one.declared:
            return []
        return sorted(
            other.id
            for other in self.known.values()
            if other is not one
            and other.declared
            and (one.end is None or other.start < one.end)
            and (other.end is None or one.start < other.end)
        )

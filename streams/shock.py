"""Shocks: when a series gets a case file, and how the file is kept.

1. An alert whose series was a quarter worse in two buckets becomes a shock; so does any alert
   on a series that a declared crisis covers. The case begins at the alert's first bucket.
2. What was expected of each slot is frozen at that onset; Q of every later bucket is read
   against it until the case ends, whatever detection has learned since.
3. The file has a new state whenever its course, depth or times change (``resilience``).
4. Beside it runs the curve of the other side of the same service, against what was expected of
   that one: service beside a case of demand, demand beside a case of service (``beside``).
5. It ends 90 days after recovery. A level that stays ends it as degraded, without a recovery.
   A deep fall during the 90 days that has an alert of its own is another shock, and each names
   the other; one that has none is a relapse of the same.
6. Demand and other context have no better or worse: their files end as over (``resilience``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from models.shock import OVER, Shock, ShockKind, ShockState
from models.value import Cell, Rhythm
from streams.beside import Beside
from streams.curve import Curve, lowest
from streams.expectation import Quantity
from streams.resilience import FAR, IN_A_ROW, Resilience, Terms, gained, read

DEEP: Final = 0.25
"""Depth from which a bucket is deep."""

DEEP_BUCKETS: Final = 2
"""Deep buckets of one alert that make it a shock."""

LONGEST_MS: Final = 400 * 86_400_000
"""A case that has not recovered by then ends without a recovery."""

KINDS: dict[str, ShockKind] = {
    "Service": "service",
    "Exploit": "delivery",
    "Explore": "delivery",
    "Scale": "delivery",
    "Data & decisions": "decision",
    "Remote": "remote",
}


class About(NamedTuple):
    """What a case is about; ``quantity`` and ``rhythm`` say how its series is counted."""

    agency: str
    indicator: str
    kind: ShockKind
    cell: Cell
    quantity: Quantity
    rhythm: Rhythm
    context: bool = False
    """No way is better."""


class Case(Curve, kw_only=True):
    """A case file that is still open, with the curve of its series."""

    id: str
    about: About
    onset: int
    doubt: float = 0.0
    """Standard error of ``frozen``, as a share of it."""
    noise: float = 0.0
    """Standard deviation of a point, before the case."""
    alerts: list[tuple[int, int]] = []
    """Of context: since when and until when alerts stood that belong to it, ms."""
    another: int = FAR
    """What comes from here on has the next case of the same series, ms."""
    declared: str = ""
    """The declared crisis that it is under; of several the first by name."""
    crises: list[str] = []
    """All of them."""
    beside: list[Beside] = []
    """What the other side of the service did meanwhile: service beside demand, demand beside service."""
    answered: int | None = None
    """The first crisis decision at or after the onset, ms."""
    others: list[str] = []
    """Other cases of the same series that were open at the same time."""
    level: bool = False
    """The alert ended because the new level stays."""
    broken: bool = False
    """What is counted has changed: it can be followed no further."""
    told: bytes = b""
    """What the last state said, to tell a change."""
    transition: int = 0

    def answer(self, decisions: Sequence[int]) -> None:
        """Look for the first crisis decision between the onset and the end of the curve."""
        if self.points:
            until = self.points[-1].end
            self.answered = min((d for d in decisions if self.onset <= d < until), default=None)

    def yields(self, since: int, until: int) -> bool:
        """Hear that an alert of its series stands since and until then; whether it is another's.

        It is once the case has recovered; of context also when the one before it is long over:
        against what was expected at the onset another season is never back.
        """
        if not self.about.context:
            return self.recovers
        if self.alerts and self.alerts[-1][0] == since:
            self.alerts.pop()
        last = self.alerts[-1][1] if self.alerts else since
        self.alerts.append((since, until))
        between = sum(last <= point.start < since for point in self.points)
        return between >= 2 * IN_A_ROW[self.about.rhythm] or self.recovers

    def leave(self, onset: int) -> None:
        """What comes from that onset on has a case of its own; what it is back by stays here."""
        back = self.read(guarded=True).recovered
        run = [one.end for one in self.points if back is not None and one.start >= back]
        until = max([onset, *run[: IN_A_ROW[self.about.rhythm]]])
        self.another = min(self.another, until)

    def read(self, *, guarded: bool) -> Resilience:
        """What the curve says by now."""
        about = self.about
        terms = Terms(
            about.rhythm,
            backlog=about.quantity == "count",
            guarded=guarded,
            doubt=self.doubt,
            seed=self.id,
            noise=self.noise,
            another=self.another,
            context=self.direction if about.context else "",
            alerts=self.alerts,
            level=about.quantity == "level",
        )
        found = read(self.points, terms)
        if self.broken:
            return found._replace(state="broken")
        late = self.points[-1].end - self.onset > LONGEST_MS and found.recovered is None
        ended: ShockState = "over" if about.context else "degraded"
        return found._replace(state=ended) if self.level or late else found

    @property
    def recovers(self) -> bool:
        """Whether it has recovered, so that a new fall is another shock."""
        return bool(self.points) and self.read(guarded=True).recovered is not None

    def is_deep(self) -> bool:
        """Whether the curve is deep enough to be a shock by itself."""
        return sum(point.q <= 1 - DEEP for point in self.points) >= DEEP_BUCKETS

    def over(self, found: Resilience) -> bool:
        """Whether nothing more can be learned."""
        return found.state in OVER

    def tell(self, found: Resilience) -> Shock | None:
        """The file's new state, or None where nothing changed but the loss."""
        course = (found.state, round(found.depth, 6), found.trough, found.absorbed)
        more = (found.adapted, found.recovered, self.crises, self.others, self.answered)
        about = self.about
        beside = [one.told(found.recovered) for one in self.beside]
        words = [(one["series"], one["course"], one["level"]) for one in beside]
        now = msgspec.msgpack.encode((course, more, words))
        if now == self.told:
            return None
        shock = Shock(
            id=self.id,
            agency=about.agency,
            indicator=about.indicator,
            cell=about.cell,
            kind=about.kind,
            direction=self.direction,
            state=found.state,
            onset=self.onset,
            trough=found.trough,
            depth=found.depth,
            absorbed=found.absorbed,
            adapted=found.adapted,
            recovered=found.recovered,
            loss_service_days=found.loss_days,
            declared=self.declared,
            evidence=self._evidence(found)
            | {"worst_run": lowest(self.points, about.rhythm), "beside": beside},
            updated=self.points[-1].end,
            transition=self.transition,
        )
        self.told = now
        self.transition += 1
        return shock

    def _evidence(self, found: Resilience) -> dict[str, object]:
        return {
            "rhythm": self.about.rhythm,
            "quantity": self.about.quantity,
            "buckets": len(self.points),
            "answered": self.answered,
            "level_shift": self.level,
            "overlaps": list(self.others),
            "crises": list(self.crises),
            **gained(found.gain, context=self.about.context),
        }

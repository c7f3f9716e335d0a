"""Shocks: when a series gets a case file, and how the file is kept.

1. An alert whose series was a quarter worse in two buckets becomes a shock; so does any alert
   on a series that a declared crisis covers. The case begins at the alert's first bucket.
2. What was expected of each slot is frozen at that onset; Q of every later bucket is read
   against it until the case ends, whatever detection has learned since.
3. The file has a new state whenever its course, depth or times change (``resilience``).
4. It ends 90 days after recovery. A level that stays ends it as degraded, without a recovery.
   A deep fall during the 90 days is another shock, and each names the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

import msgspec

from models.shock import OVER, Shock, ShockKind
from models.value import Cell, Rhythm
from streams.expectation import Quantity, season
from streams.resilience import Point, Resilience, Terms, read
from streams.series import Bucket

DEEP: Final = 0.25
"""Depth from which a bucket is deep."""

DEEP_BUCKETS: Final = 2
"""Deep buckets of one alert that make it a shock."""

LONGEST_MS: Final = 400 * 86_400_000
"""A case that has not recovered by then ends as degraded."""

KINDS: dict[str, ShockKind] = {
    "Service": "service",
    "Exploit": "delivery",
    "Explore": "delivery",
    "Scale": "delivery",
    "Data & decisions": "decision",
    "Remote": "remote",
}


class Crisis(msgspec.Struct):
    """A declared crisis; ``scope`` is a unit or service, empty for the whole agency; ms."""

    id: str
    kind: str
    scope: str
    start: int
    end: int | None = None
    required: float | None = None

    def covers(self, cell: Cell, since: int, until: int) -> bool:
        """Whether a stretch [since, until) of a cell lies in it, at least in part."""
        here = not self.scope or self.scope in (cell.unit, cell.service)
        return here and self.start < until and (self.end is None or since < self.end)


class About(NamedTuple):
    """What a case is about; ``quantity`` and ``rhythm`` say how its series is counted."""

    agency: str
    indicator: str
    kind: ShockKind
    cell: Cell
    quantity: Quantity
    rhythm: Rhythm


class Case(msgspec.Struct):
    """A case file that is still open."""

    id: str
    onset: int
    direction: Literal["up", "down"]
    frozen: dict[int, float]
    """What was expected of each slot at the onset; -1 is a public holiday."""
    working: bool = False
    """``frozen`` is per working day."""
    doubt: float = 0.0
    """Standard error of ``frozen``, as a share of it."""
    points: list[Point] = []
    declared: str = ""
    answered: int | None = None
    """The first crisis decision at or after the onset, ms."""
    others: list[str] = []
    """Other cases of the same series that were open at the same time."""
    level: bool = False
    """The alert ended because the new level stays."""
    told: bytes = b""
    """What the last state said, to tell a change."""
    transition: int = 0

    def see(self, bucket: Bucket, about: About) -> None:
        """Add a bucket to the curve; one that was never expected is left out."""
        if bucket.plan:
            return
        expected = self.frozen.get(season(about.rhythm, bucket.slot))
        if expected is not None and self.working:
            expected *= bucket.days
        if expected is None or (self.points and bucket.start < self.points[-1].end):
            return
        q = quality(bucket.value, expected, self.direction, about.quantity)
        self.points.append(Point(bucket.start, bucket.end, q))

    def answer(self, decisions: Sequence[int]) -> None:
        """Look for the first crisis decision between the onset and the end of the curve."""
        if self.points:
            until = self.points[-1].end
            self.answered = min((d for d in decisions if self.onset <= d < until), default=None)

    def read(self, about: About, *, guarded: bool) -> Resilience:
        """What the curve says by now."""
        backlog = about.quantity == "count"
        found = read(self.points, Terms(about.rhythm, backlog, guarded, self.doubt, self.id))
        late = self.points[-1].end - self.onset > LONGEST_MS and found.recovered is None
        return found._replace(state="degraded") if self.level or late else found

    def recovers(self, about: About) -> bool:
        """Whether it has recovered, so that a new fall is another shock."""
        return bool(self.points) and self.read(about, guarded=True).recovered is not None

    def is_deep(self) -> bool:
        """Whether the curve is deep enough to be a shock by itself."""
        return sum(point.q <= 1 - DEEP for point in self.points) >= DEEP_BUCKETS

    def over(self, found: Resilience) -> bool:
        """Whether nothing more can be learned."""
        return found.state in OVER

    def tell(self, about: About, found: Resilience) -> Shock | None:
        """The file's new state, or None where nothing changed but the loss."""
        course = (found.state, round(found.depth, 6), found.trough, found.absorbed)
        more = (found.adapted, found.recovered, self.declared, self.others, self.answered)
        now = msgspec.msgpack.encode((course, more))
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
            evidence=self._evidence(about, found),
            updated=self.points[-1].end,
            transition=self.transition,
        )
        self.told = now
        self.transition += 1
        return shock

    def _evidence(self, about: About, found: Resilience) -> dict[str, object]:
        gain = found.gain
        return {
            "rhythm": about.rhythm,
            "buckets": len(self.points),
            "answered": self.answered,
            "level_shift": self.level,
            "overlaps": list(self.others),
            "gain": None if gain is None else round(gain.mean, 6),
            "gain_low": None if gain is None else round(gain.low, 6),
            "gain_high": None if gain is None else round(gain.high, 6),
            "gain_n": 0 if gain is None else gain.n,
        }


def quality(value: float, expected: float, direction: str, quantity: Quantity) -> float:
    """Q: actual / expected, or expected / actual where it is off upwards; 1 is as expected.

    Levels are in per cent points already: a hundred of them are one.
    """
    if quantity == "level":
        off = value - expected if direction == "up" else expected - value
        return 1 - off / 100
    above, below = (expected, value) if direction == "up" else (value, expected)
    if below <= 0:
        return 1.0 if above <= 0 else 2.0
    return above / below

"""The recent buckets of one cell, as detection needs them.

History lies packed: four bytes a value, one for its place in the season, one for the distance
to the bucket before; a daily series takes some 5 KB, in memory and in a snapshot alike. Values
are rounded to single precision when they are learned, so that a series that was stored and
restored is the same to the last bit as one that was not.
"""

from __future__ import annotations

from struct import Struct
from typing import Any, Final

import msgspec

from models.alert import AlertState, Severity
from models.calendar import Calendar
from models.value import Rhythm
from streams.lived import Lived

KEPT: dict[Rhythm, int] = {"hour": 1512, "day": 792, "week": 112, "month": 60, "quarter": 24}
"""Buckets kept: nine weeks of hours, two years and two months of days, two of weeks …"""

RESIDUALS: Final = 56
"""Residuals that the scale is read from: eight weeks of days."""

AWAY: Final = 0x80
"""Marks the slot of a bucket that was set aside; only hours have slots so high."""

CLOSED: Final = -3
"""Slot of a bucket inside a marked holiday or closure; 0xFD where it is kept."""

WAITING: Final = 28
"""Buckets that wait for the end of a stretch; one that lasts longer without an alert is usual."""

LONG_GAP: Final = 255
"""A gap of so many buckets or more is kept as this: what lies behind it has no place in time."""

_VALUE: Final = Struct("<f")
_PAIR: Final = Struct("<ff")
_LARGEST: Final = 3.0e38


class Bucket(msgspec.Struct, frozen=True):
    """One closed bucket; times in ms."""

    number: int
    start: int
    end: int
    value: float
    n: int
    slot: int
    """Place in the season; -1 on a public holiday, :data:`CLOSED` in a marked one."""
    days: int = 0
    """Working days of a month or quarter; 0 for shorter buckets."""
    plan: str = ""
    """Kind and scope of the deadline or campaign that it lies in."""
    plan_since: int = 0
    """Start of that one, ms."""
    lived: Lived | None = None
    """Of work that goes on: what was lived in it, and what ended."""
    unit_ms: int = 1
    """Milliseconds of one unit of the value, where that is a time."""

    @classmethod
    def of(
        cls, calendar: Calendar, rhythm: Rhythm, number: int, value: float, n: int = 0
    ) -> Bucket:
        """The bucket of this number in the calendar."""
        holiday = rhythm == "day" and calendar.holiday(number)
        slot = -1 if holiday else calendar.slot(rhythm, number)
        start, end = calendar.start(rhythm, number), calendar.end(rhythm, number)
        long = rhythm in ("month", "quarter")
        days = calendar.working_days(rhythm, number) if long else 0
        return cls(number, start, end, value, n, slot, days)


class Episode(msgspec.Struct):
    """A stretch in which a series is away from what was expected; its baseline is frozen."""

    alert: str
    opened: int
    since: int
    """Start of its first bucket, ms."""
    direction: str
    severity: Severity
    state: AlertState
    transition: int
    told: bool
    due: bool = False
    """Somebody would have been told, but a silence held it back."""
    quiet: int = 0
    """Buckets in a row that were back."""
    back_since: int = 0
    """Start of the first of them, ms."""
    buckets: int = 0
    worst: float = 0.0
    shock: bool = False
    """It has its case file: what follows belongs to that one."""
    by: str = ""
    """The detector that opened it by itself, and closes it; empty where depth and news did."""
    peak: float = 0.0
    """How far it went from what was expected (module ``streams.wave``)."""
    recent: list[float] = []
    """How far its last days were."""
    calm: bool = False
    """It is nearly over, so that a new rise is another event."""
    rise: int = 0
    """Days in a row of what may be one."""
    rise_since: int = 0
    """Start of the first of them, ms."""
    crest: float = 0.0
    """How far they went."""


class Series(msgspec.Struct, array_like=True):
    """History in packed columns, oldest first, and where the series stands."""

    last: int = 0
    """Number of the newest bucket learned."""
    gaps: bytearray = msgspec.field(default_factory=bytearray)
    """Distance of each bucket to the one before, at most :data:`LONG_GAP`."""
    packed: bytearray = msgspec.field(default_factory=bytearray)
    slots: bytearray = msgspec.field(default_factory=bytearray)
    """Place of each bucket in its season, 255 for a holiday; :data:`AWAY` added if set aside."""
    days: bytearray = msgspec.field(default_factory=bytearray)
    """Working days of each month or quarter; empty for shorter buckets."""
    misses: bytearray = msgspec.field(default_factory=bytearray)
    """Residuals of learned buckets, each with the middle that it was taken from."""
    run: int = 0
    """Buckets outside their interval in the present stretch of deep ones."""
    run_direction: str = ""
    """Where the stretch goes; empty while there is none."""
    run_since: int = 0
    """Start of the first bucket of the stretch, ms."""
    run_signals: int = 0
    run_sums: int = 0
    episode: Episode | None = None
    waiting: list[tuple[int, float, float]] = msgspec.field(default_factory=list)
    """Number, value and middle of buckets set aside for as long as the present stretch lasts."""
    empty: int = 0
    """Empty buckets in the present gap (module ``streams.gap``)."""
    empty_since: int = 0
    """Start of the first of them, ms."""
    memory: dict[str, Any] = msgspec.field(default_factory=dict)
    """What each detector remembers."""
    broken: bool = False
    """What is counted has changed: nothing that was learned holds for the next bucket."""
    lifts: dict[str, list[tuple[int, float]]] = msgspec.field(default_factory=dict)
    """Of each kind of deadline or campaign: how far its buckets went, each with its end, ms."""
    rebased: int | None = None
    """Where a new baseline begins that somebody asked for (ms), until the next bucket."""

    def __len__(self) -> int:
        """Buckets kept."""
        return len(self.slots)

    def learn(self, bucket: Bucket, residual: float | None, kept: int) -> None:
        """Take a bucket into the history; the oldest falls out.

        ``residual`` is value less middle, None where there was no middle yet.
        """
        self._append(bucket, bucket.slot & 0xFF, kept)
        if residual is not None:
            self._miss(residual, bucket.value - residual)

    def _miss(self, residual: float, middle: float) -> None:
        self.misses += _PAIR.pack(_single(residual), _single(middle))
        del self.misses[: -RESIDUALS * _PAIR.size]

    def set_aside(self, bucket: Bucket, kept: int) -> None:
        """Keep a bucket that nothing usual is learned from, so that its season is known."""
        self._append(bucket, AWAY | bucket.slot if bucket.slot >= 0 else 0xFE, kept)

    def wait(self, bucket: Bucket, middle: float) -> None:
        """Let a bucket that was set aside be learned if its stretch comes to nothing."""
        self.waiting.append((bucket.number, _single(bucket.value), _single(middle)))
        if len(self.waiting) > WAITING:
            self.take_back()

    def take_back(self) -> None:
        """The stretch came to nothing: learn what was set aside for it."""
        for number, value, middle in self.waiting:
            for place in self.between(number, number):
                self.slots[place] &= ~AWAY & 0xFF
            self._miss(value - middle, middle)
        self.waiting.clear()

    def _append(self, bucket: Bucket, slot: int, kept: int) -> None:
        gap = bucket.number - self.last if self.slots else LONG_GAP
        self.gaps.append(min(max(gap, 0), LONG_GAP))
        self.last = bucket.number
        self.packed += _VALUE.pack(_single(bucket.value))
        self.slots.append(slot)
        if bucket.days:
            self.days.append(bucket.days)
        if len(self.slots) > kept:
            del self.gaps[0], self.slots[0], self.packed[: _VALUE.size]
            del self.days[:-kept]

    def value(self, place: int) -> float:
        """The value of the bucket at this place of the history, 0 the oldest."""
        return float(_VALUE.unpack_from(self.packed, place * _VALUE.size)[0])

    def recent(self, slot: int | None, many: int, before: int | None = None) -> list[int]:
        """Places of the last ``many`` buckets of a slot (None: of all), newest first.

        ``before`` is a place of the history: only what lies before it counts. What was set
        aside does not.
        """
        end = len(self.slots) if before is None else before
        found: list[int] = []
        if slot is None:
            for place in range(end - 1, -1, -1):
                if self.slots[place] < AWAY:
                    found.append(place)
                    if len(found) == many:
                        break
            return found
        while len(found) < many and (end := self.slots.rfind(slot & 0xFF, 0, end)) >= 0:
            found.append(end)
        return found

    def share_below(self, limit: float) -> float:
        """Share of the learned buckets that held no more than this; 0 where none is kept."""
        held = [self.value(at) for at, slot in enumerate(self.slots) if slot < AWAY]
        return sum(value <= limit for value in held) / max(len(held), 1)

    def away(self, place: int) -> int:
        """How many buckets in a row were set aside about this place; 0 if it was not."""
        first = stop = place
        while first >= 0 and AWAY <= self.slots[first] < 0xFF:
            first -= 1
        while stop < len(self.slots) and AWAY <= self.slots[stop] < 0xFF:
            stop += 1
        return max(stop - first - 1, 0)

    def residuals(self) -> list[tuple[float, float]]:
        """Residuals of learned buckets, oldest first, each with its middle."""
        return list(_PAIR.iter_unpack(self.misses))

    def between(self, low: int, high: int) -> range:
        """Places of the history whose bucket numbers lie in low … high, both included.

        Places behind a gap too long to be kept are left out.
        """
        number, stop, start = self.last, len(self.slots), len(self.slots)
        for place in range(len(self.slots) - 1, -1, -1):
            if number < low:
                break
            start = place
            if number > high:
                stop = place
            if self.gaps[place] == LONG_GAP:
                break
            number -= self.gaps[place]
        return range(start, max(start, stop))

    def numbers(self, places: range) -> list[int]:
        """Bucket numbers of places of the history that lie behind every long gap."""
        number, found = self.last, []
        for place in range(len(self.slots) - 1, places.start - 1, -1):
            if place in places:
                found.append(number)
            number -= self.gaps[place]
        return found[::-1]

    def forget(self) -> None:
        """Start anew: nothing that was learned holds."""
        self.memory.clear()
        self.waiting.clear()
        for column in (self.gaps, self.packed, self.slots, self.days, self.misses):
            column.clear()


def _single(value: float) -> float:
    """A number that single precision can hold."""
    return min(max(value, -_LARGEST), _LARGEST)

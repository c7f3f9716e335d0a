"""Types of event that vanish or fade, although their source speaks on.

Time counts in days on which the source said anything at all, by its own watermark: so no
weekend, holiday or silence of the whole source is a pause of one of its types.

- A type has **vanished** when it pauses for longer than chance has it (module ``streams.pause``),
  several times its longest pause, of which at least eight were seen; and for a week at least. A type of seasons is told
  in its first year, and not when it stops at the same time of a later one.
- A type **fades** when four weeks bring less than a tenth of what they usually do, less than
  half of what they ever did in a year, and the source's other types hold.

It is over when the type comes again, or brings a quarter of what it usually did. After that its
pauses are learned anew. What surrounds the numbers (crises, heartbeats) comes when there is
something to say, and is not missed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import median
from typing import Final, Literal, NamedTuple

import msgspec

from streams.pause import patience

DAY_MS: Final = 86_400_000

WEEK: Final = 7
"""Days on which the source spoke: a shorter pause is not told, however steady the type was."""

SEASON: Final = 31
"""Days by which a pause of another year may begin earlier or later and be the same season."""

MONTH: Final = 4
"""Weeks that are looked at together for fading."""

YEAR: Final = 52
"""Weeks that must be known before a type can be said to fade, and that are kept beside these."""

FADED, LOWEST, HOLDS, BACK = 0.1, 0.5, 0.5, 0.25
"""Shares: of the usual, of the least ever, of what other types usually bring, and of being back."""

MANY: Final = 40.0
"""Events in four weeks below which next to none may well be chance."""

MISSED: Final = ("headwind.project.", "headwind.service.", "headwind.remote.", "dev.cdevents.")
"""Families whose types are missed when they stop."""


class Noticed(NamedTuple):
    """What became of a type: since which day, and what it usually brings in four weeks."""

    what: Literal["vanished", "fading", "back"]
    kind: str
    since: int
    usual: float
    pause: int


class Beat(msgspec.Struct, array_like=True):
    """One type of one source; turns count the days on which the source spoke."""

    last: int
    """The turn in which it came last."""
    day: int
    """The day of that, since 1970."""
    count: int = 0
    """Pauses known."""
    longest: int = 1
    weeks: list[int] = []
    """Events by week, the newest last."""
    now: int = 0
    """Events of the present week."""
    told: Literal["", "vanished", "fading", "season"] = ""
    since: int = 0
    usual: float = 0.0
    stops: list[int] = []
    """Days on which earlier pauses that were told began."""


class Pulse(msgspec.Struct, array_like=True):
    """One source: when it spoke, and what of."""

    day: int = -1
    """The day that is not over yet."""
    turn: int = 0
    week: int = -1
    today: dict[str, int] = {}
    beats: dict[str, Beat] = {}

    def hear(self, day: int, said: Mapping[str, int]) -> Iterator[Noticed]:
        """Take in what was said on a day; what the end of the day before brings to light."""
        if day > self.day:
            if self.today:
                yield from self._close()
            self.day, self.today = day, {}
        for kind, many in said.items():
            self.today[kind] = self.today.get(kind, 0) + many

    def _close(self) -> Iterator[Noticed]:
        self.turn += 1
        week = (self.day + 3) // 7
        if week > self.week >= 0:
            yield from self._weekly()
        self.week = week
        for kind in sorted({*self.beats, *self.today}):
            if kind.startswith(MISSED):
                yield from self._daily(kind, self.today.get(kind, 0))

    def _daily(self, kind: str, many: int) -> Iterator[Noticed]:
        beat = self.beats.get(kind)
        if beat is None:
            self.beats[kind] = Beat(self.turn, self.day, now=many)
            return
        beat.now += many
        pause = self.turn - beat.last
        if many:
            if beat.told in ("vanished", "season"):
                if beat.told == "vanished":
                    yield Noticed("back", kind, beat.since, beat.usual, pause)
                beat.told, beat.count, beat.longest = "", 0, 1
            else:
                beat.count, beat.longest = beat.count + 1, max(beat.longest, pause)
            beat.last, beat.day = self.turn, self.day
            return
        most = patience(beat.count, beat.longest)
        if beat.told or most is None or pause < max(most, WEEK):
            return
        beat.since = beat.day + 1
        season = any(_same_season(beat.since - day) for day in beat.stops)
        beat.stops = [*beat.stops[-7:], beat.since]
        beat.told = "season" if season else "vanished"
        if not season:
            yield Noticed("vanished", kind, beat.since, beat.usual, pause)

    def _weekly(self) -> Iterator[Noticed]:
        """A week is over: what fades, and what fades no longer."""
        for beat in self.beats.values():
            beat.weeks = [*beat.weeks[-YEAR - MONTH + 1 :], beat.now]
            beat.now = 0
        for kind, beat in sorted(self.beats.items()):
            if beat.told == "fading":
                if beat.weeks[-1] * MONTH >= BACK * beat.usual:
                    yield Noticed("back", kind, beat.since, beat.usual, 0)
                    beat.told, beat.weeks = "", []
            elif not beat.told and self._fades(kind):
                beat.told, beat.since = "fading", self.day - 7 * MONTH
                yield Noticed("fading", kind, beat.since, beat.usual, 0)

    def _fades(self, kind: str) -> bool:
        beat = self.beats[kind]
        if len(beat.weeks) < YEAR + MONTH:
            return False
        sums = [sum(beat.weeks[at : at + MONTH]) for at in range(YEAR)]
        beat.usual = float(median(sums))
        now = sum(beat.weeks[-MONTH:])
        few = now <= FADED * beat.usual and now < LOWEST * min(sums)
        return few and beat.usual >= MANY and self._others_hold(kind)

    def _others_hold(self, kind: str) -> bool:
        others = [one for name, one in self.beats.items() if name != kind and len(one.weeks) > YEAR]
        now = sum(sum(one.weeks[-MONTH:]) for one in others)
        usual = sum(median(one.weeks) for one in others) * MONTH
        return bool(usual) and now >= HOLDS * usual


def _same_season(apart: int) -> bool:
    """Whether so many days are about a whole number of years, one at least."""
    years = round(apart / 365.25)
    return years >= 1 and abs(apart - years * 365.25) <= SEASON

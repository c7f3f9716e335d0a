"""Numbers, times and states in words: what stands on every tile, cell and tooltip."""

from __future__ import annotations

import datetime as dt
from typing import Literal
from zoneinfo import ZoneInfo

State = Literal["strained", "watch", "unknown", "steady"]

STATES: dict[State, str] = {
    "strained": "a critical alert is open",
    "watch": "a warning is open",
    "unknown": "a source has gone silent, or there is no data",
    "steady": "no alert is open",
}
CASE_STATES = {
    "disrupted": "it has just fallen; one bucket so far",
    "absorbing": "the worst may be to come",
    "recovering": "the worst is over since three buckets",
    "recovered": "back at 95 %, followed for 90 days",
    "thriving": "over: better than before, its interval above 0",
    "restored": "over: as before",
    "degraded": "over: worse than before, or never back",
    "over": "over, without a verdict: of context no way is better",
    "broken": "its definition or baseline changed: followed no further",
}
CRISIS_STATES = {
    "declared": "nothing has shown so far",
    "showing": "at least one case is under it",
    "over": "it showed and was closed; of context, followed to its end",
    "unshown": "no case in the 90 days after it began",
    "undeclared": "closed, never declared",
}
SEVERITIES = {"critical": "critical", "warning": "warning", "info": "note"}
STATUSES = {
    "ok": "",
    "low_n": "low n",
    "stale": "stale",
    "suppressed": "suppressed",
    "undefined": "undefined",
}
DIRECTIONS = {
    "up": "higher is better",
    "down": "lower is better",
    "context": "context: neither high nor low is better",
}
SHARES = frozenset({"share", "proportion", "fraction", "ratio"})
_NBSP = "\u00a0"
_EN = "\u2013"
_MINUTE, _HOUR, _DAY = 60_000, 3_600_000, 86_400_000
_AGES = ((_MINUTE, "minute"), (_HOUR, "hour"), (_DAY, "day"))


def number(value: float, unit: str) -> str:
    """The value alone, three or four significant digits; shares become percentages."""
    scaled = value * 100 if unit in SHARES else value
    size = abs(scaled)
    tens, thousand = 10, 1000
    digits = 0 if size >= thousand or scaled == int(scaled) else 1 if size >= tens else 2
    if unit in SHARES:
        digits = 1
    return f"{scaled:,.{digits}f}".replace("-", "\u2212")


def unit_word(unit: str) -> str:
    """What follows the number: ``%`` for shares, else the unit itself."""
    return "%" if unit in SHARES else unit


def measure(value: float | None, unit: str) -> str:
    """The value with its unit, or a dash when there is none."""
    if value is None:
        return "\u2014"
    return f"{number(value, unit)}{_NBSP}{unit_word(unit)}".rstrip(_NBSP)


def interval(low: float | None, high: float | None, unit: str) -> str:
    """A 95 % interval without its unit; "" when it is not known on both sides."""
    if low is None or high is None:
        return ""
    lows, highs = number(low, unit), number(high, unit)
    between = f"{_NBSP}to{_NBSP}" if "\u2212" in lows + highs else _EN
    return f"{lows}{between}{highs}"


def count(n: int | None) -> str:
    """A count with thousands set apart."""
    return "\u2014" if n is None else f"{n:,}"


def age(milliseconds: int) -> str:
    """How long ago, in one unit: "2 hours ago"."""
    size, word = _AGES[0]
    for candidate in _AGES:
        if milliseconds >= candidate[0]:
            size, word = candidate
    whole = max(0, milliseconds) // size
    if whole == 0:
        return "just now"
    return f"{whole:,}{_NBSP}{word}{'s' if whole != 1 else ''}{_NBSP}ago"


def sentence_of(reason: str) -> str:
    """A reason as a sentence: capital first, full stop last."""
    text = reason.strip()
    if not text:
        return ""
    first = text.split(maxsplit=1)[0]
    named = first == "n" or any(mark in first for mark in ":/_.@")
    return (text if named else text[0].upper() + text[1:]) + ("" if text[-1] in ".!?" else ".")


def several(names: list[str], most: int = 3) -> str:
    """Names joined as people do: "a, b and 3 more"."""
    shown, left = names[:most], len(names) - most
    return f"{', '.join(shown)} and {left} more" if left > 0 else listed(shown)


def listed(names: list[str]) -> str:
    """Names joined as people do: "a, b and c"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


class Clock:
    """Times of one zone: as people write them, and as a chart's axis needs them."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self.name = zone

    def at(self, ms: int) -> dt.datetime:
        """The moment, in the zone; far-away times are held to years 1 to 9999."""
        held = min(max(ms, -62_135_510_400_000), 253_402_214_400_000)
        return (
            dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=held)
        ).astimezone(self._zone)

    def date(self, ms: int) -> str:
        """``3 Nov 2026``."""
        at = self.at(ms)
        return f"{at.day}{_NBSP}{at:%b}{_NBSP}{at.year}"

    def instant(self, ms: int) -> str:
        """``3 Nov 2026 14:00 UTC``."""
        at = self.at(ms)
        return f"{self.date(ms)} {at:%H:%M}{_NBSP}{at.tzname()}"

    def iso(self, ms: int) -> str:
        """ISO 8601, UTC, for machines."""
        return self.at(ms).astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def period(self, start: int, end: int) -> str:
        """A window by its first and last day; one within a day by its hours."""
        last = end - 1
        if end - start < _DAY - _HOUR:
            return f"{self.date(start)} {self.at(start):%H:%M}{_EN}{self.at(end):%H:%M}"
        first_day, last_day = self.date(start), self.date(last)
        return first_day if first_day == last_day else f"{first_day} to {last_day}"

    def axis(self, ms: int) -> int:
        """The zone's wall clock as if it were UTC, so that an axis shows local days."""
        offset = self.at(ms).utcoffset() or dt.timedelta()
        return ms + int(offset.total_seconds() * 1000)

    def start_of(self, text: str) -> int:
        """Milliseconds of a date or an ISO 8601 time; raises ValueError on anything else."""
        moment = dt.datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self._zone)
        return int(moment.timestamp() * 1000)

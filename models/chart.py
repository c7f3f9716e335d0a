"""A control chart: its points by class, its limits, and what the icons beside it say."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

BASELINE: Final = 12
"""Values that a baseline has; while there are fewer, its limits are on trial."""

LIMIT: Final = 2.66
"""Mean moving ranges from the mean to a limit: three over 1.128."""

CLOSE: Final = 2 / 3
"""Share of the way to a limit from which on a value is close to it."""

SCREEN: Final = 3.267
"""Moving ranges of so many times their mean are no common variation."""

RUN: Final = 7
"""Values in a trend or a shift."""


LONG: Final = 24
"""Points over which limits are asked whether they still hold."""

MOST: Final = 20
"""As many of them with a special cause on one side say that they do not."""

Rule = Literal["outside", "trend", "two of three", "shift"]
Way = Literal["up", "down"]
Variation = Literal["common", "improvement", "concern", "neutral"]
Assurance = Literal["", "pass", "fail", "hit or miss"]


class Reading(NamedTuple):
    """One bucket: times in ms, and its value."""

    start: int
    end: int
    value: float


class Begin(NamedTuple):
    """Where a baseline begins (ms); ``whole``: with the first bucket that lies all behind it."""

    at: int
    whole: bool = True


class Stretch(NamedTuple):
    """Limits and the time for which they hold; ``trial`` while the baseline is not whole."""

    start: int
    end: int
    mean: float
    low: float
    high: float
    points: int
    """Of its baseline."""
    trial: bool


class Dot(NamedTuple):
    """A point, the first rule that marks it ("" for none), its side, and what that means."""

    reading: Reading
    rule: Rule | Literal[""]
    way: Way | Literal[""]
    variation: Variation


class Chart(NamedTuple):
    """``dots`` in order of time; ``now`` holds for the last, None while it is alone."""

    dots: list[Dot]
    stretches: list[Stretch]
    now: Stretch | None
    assurance: Assurance
    target: float | None


def outgrown(chart: Chart) -> int | None:
    """Where a new baseline could begin (ms), if the limits that hold have long been left behind.

    That is the first point beyond a limit among the last :data:`LONG`; a run may begin sooner, by
    chance.
    """
    if chart.now is None or chart.now.trial:
        return None
    recent = [dot for dot in chart.dots[-LONG:] if dot.reading.start >= chart.now.start]
    for way in ("up", "down"):
        there = [dot for dot in recent if dot.way == way]
        if len(there) >= MOST:
            beyond = [dot for dot in there if dot.rule == "outside"]
            return (beyond or there)[0].reading.start
    return None


def variation_words(dot: Dot) -> str:
    """The class of a point in words.

    >>> variation_words(Dot(Reading(0, 1, 2.0), "shift", "down", "concern"))
    'special cause, concern: seven or more on the low side of the mean'
    """
    if not dot.way:
        return "common cause: nothing but the usual variation"
    limit, side, move = ("upper", "high", "rise") if dot.way == "up" else ("lower", "low", "fall")
    why = {
        "": "",
        "outside": f"beyond the {limit} limit",
        "trend": f"seven or more that {move} without a break",
        "two of three": f"two of three close to the {limit} limit",
        "shift": f"seven or more on the {side} side of the mean",
    }[dot.rule]
    kind = "no direction is better" if dot.variation == "neutral" else dot.variation
    return f"special cause, {kind}: {why}"


ASSURANCES: dict[Assurance, str] = {
    "": "",
    "pass": "P: the target is met consistently",
    "fail": "F: the target is missed consistently",
    "hit or miss": "?: the target is hit or missed by chance",
}

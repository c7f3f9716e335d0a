"""Alerts in words: one plain sentence each, made of numbers and names of the catalogue only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from math import isfinite

from models.value import RHYTHMS, Cell, Value
from streams.alert import BACK, Verdict
from streams.expectation import Expectation
from streams.indicator import Indicator
from streams.look import Look
from streams.mix import is_mixed
from streams.pulse import Noticed
from streams.series import Episode
from streams.source import FAR_PAST, Source
from streams.spoken import Switched

Day = Callable[[int], str]
"""The date of a moment (ms) where the agency is."""


def reason(look: Look, expected: Expectation, episode: Episode, verdict: Verdict, day: Day) -> str:
    """What changed, against what, since when, and how many stand behind it."""
    indicator, value = look.indicator, look.value
    what = indicator.title + _where(value.cell)
    now = number(value.value, indicator.unit)
    usual = f"{number(expected.expected, indicator.unit)} expected"
    if value.value is None or not isfinite(expected.expected):
        # A time that is not reached, now or usually, is no figure to compare.
        now = usual = ""
    room = f"{usual} ({_span(expected.low, expected.high, indicator.unit)})"
    since = day(episode.since)
    if verdict.what not in ("open", "worse"):
        if indicator.detect == "pace":
            # What was judged is how fast open work ends, not what has ended at last.
            now = usual = ""
        elif verdict.depth >= BACK and usual:
            usual = room
        figures = (now, usual, day(value.window_start))
        return _ended(what, figures, episode, verdict, day)
    if verdict.why:
        return f"{what}: {verdict.why}, since {since}."
    way = "above" if episode.direction == "up" else "below"
    return (
        f"{what} is {far(verdict.depth, way, indicator.quantity)} what was expected since {since}: "
        f"{now}{_interval(value, indicator.unit)}, {room}, "
        f"{'of' if is_mixed(look) else 'n'} {look.bucket.n:,}."
    )


def far(depth: float, way: str, quantity: str) -> str:
    """How far something is off, to stand before what it is compared with.

    >>> far(0.31, "below", "count"), far(0.31, "below", "level"), far(1138.92, "above", "count")
    ('31% below', '31 points below', '1,140 times')
    """
    if quantity == "level":
        return f"{abs(depth) * 100:,.0f} points {way}"
    if way == "above" and depth > 1:
        return number(depth + 1, "times")
    return f"{abs(depth):.0%} {way}"


def at_worst(depth: float, quantity: str) -> str:
    """How far something was off, whichever way; only what rises can be off by more than all.

    >>> at_worst(0.4, "share"), at_worst(1.5, "count")
    ('At worst it was 40% off.', 'At worst it was 2.50 times what was expected.')
    """
    if quantity == "level" or depth <= 1:
        return f"At worst it was {far(depth, 'off', quantity)}."
    return f"At worst it was {far(depth, 'above', quantity)} what was expected."


def _interval(value: Value, unit: str) -> str:
    """The value's own 95 % interval, where it has one that is wider than itself."""
    if value.low is None or value.high is None or value.low == value.high:
        return ""
    return f" ({_span(value.low, value.high, unit)})"


def _span(low: float, high: float, unit: str) -> str:
    """From where to where; its unit stands beside it."""
    ends = [number(one, unit).removesuffix(f" {unit}") for one in (low, high)]
    return " to ".join(ends)


def _ended(
    what: str, figures: tuple[str, str, str], episode: Episode, verdict: Verdict, day: Day
) -> str:
    """How an alert ended; ``figures`` are the value, what was expected of it, and its first day."""
    (now, usual, from_then), since = figures, day(episode.since)
    match verdict.what:
        case "wave":
            again = day(episode.rise_since)
            return (
                f"{what} is off anew since {again}: {now}, {usual}. That is another event, with an "
                f"alert of its own; this one was off from {since}."
            )
        case "new level":
            before = f" ({usual} before)" if usual else ""
            return (
                f"{what} has stayed away from what was expected since {since}: "
                f"{now or 'what is now'} is taken as the new level{before}."
            )
        case "new definition":
            return f"{what} is counted in another way since {from_then}: learned anew."
        case "new baseline":
            return f"{what} is judged by a new baseline from {from_then} on: {now}."
        case _:
            back = day(episode.back_since)
            beside = f": {now}, {usual}" if usual else ""
            if verdict.depth >= BACK and usual:
                beside = f" within what is usual{beside}"
            return f"{what} is back{beside}. It was off from {since} to {back}."


def vanished(indicator: Indicator, value: Value, expected: Expectation, since: str) -> str:
    """That nothing comes where something must, since when, and what that may mean."""
    usual = number(expected.expected, indicator.unit)
    return (
        f"{indicator.title}{_where(value.cell)}: next to nothing since {since}, {usual} "
        f"expected in a {value.rhythm}. Its source speaks on: the service is closed, or its "
        "events are lost on the way."
    )


def here_again(indicator: Indicator, cell: Cell, since: str, until: str) -> str:
    """That events come again."""
    what = indicator.title + _where(cell)
    return f"{what} comes again since {until}; next to nothing came from {since} on."


def silence(source: Source, day: Day) -> str:
    """That a source is quiet, since when, and what it is allowed: true for as long as it lasts."""
    allowed = source.allowed / 86_400_000
    last = "none of its events could be used"
    if source.last_time > FAR_PAST:
        last = f"its last event happened on {day(source.last_time)}"
    since = "ever"
    if source.last_received > FAR_PAST:
        since = f"since {day(source.last_received)}"
    return (
        f"Nothing has come from {source.name} {since}, {allowed:.1f} days are allowed; {last}. "
        "What it feeds is shown as stale, not as zero."
    )


def type_gone(source: str, kind: str, noticed: Noticed) -> str:
    """That a source sends no more of a type, or next to none, and what that may mean."""
    name, since = short(kind), _date(noticed.since)
    if noticed.what == "back":
        return f"{name} comes again from {source}; it was missing since {since}."
    why = "Nothing of the kind happens any more, or its events are lost on the way."
    if noticed.what == "fading":
        usual = f"{noticed.usual:,.0f} in four weeks were usual"
        return (
            f"Next to no {name} from {source} since {since}, {usual}; its other events hold. {why}"
        )
    return (
        f"No {name} from {source} since {since}, on {noticed.pause} days on which it said other "
        f"things. {why}"
    )


def short(kind: str) -> str:
    """A type of event without family and version.

    >>> short("headwind.service.request.opened.v1"), short("dev.cdevents.change.merged.0.2.0")
    ('request.opened', 'change.merged')
    """
    words = kind.split(".")
    return ".".join(words[2:4])


def moved(indicator: Indicator, cell: Cell, one: Switched, day: Day) -> str:
    """That a series ended because its reports come in another rhythm."""
    now, before = RHYTHMS[one.switch.now], RHYTHMS[one.switch.before]
    return (
        f"{indicator.title}{_where(cell)} is told each {now} since {day(one.switch.start)}, and no "
        f"longer each {before}: learned anew."
    )


def back_again(source: Source, at: str) -> str:
    """That a source speaks again."""
    return f"{source.name} speaks again since {at}."


def number(value: float | None, unit: str) -> str:
    """A value in words fit for its unit."""
    if value is None:
        return "no value"
    if unit == "share":
        return f"{value:.1%}"
    size = abs(value)
    text = f"{value:,.0f}" if size >= 100 else f"{value:,.1f}" if size >= 10 else f"{value:,.2f}"
    return f"{text} {unit}"


def _date(number: int) -> str:
    """The date of a day, counted from 1970-01-01."""
    return datetime.fromtimestamp(number * 86_400, UTC).strftime("%Y-%m-%d")


def _where(cell: Cell) -> str:
    parts = [name for name in (cell.service, cell.unit, cell.stratum) if name]
    return f" ({', '.join(parts)})" if parts else ""

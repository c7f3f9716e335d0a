"""A case file in words: what it is called, how it stands, its times in days, its two sides."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from dashboards import words
from models.shock import OVER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dashboards.drawing import Context, Row

DAY_MS = 86_400_000


class Told(msgspec.Struct, frozen=True):
    """One case file, told."""

    name: str
    """Agency, part and indicator."""
    agency: str
    """What the agency is called."""
    part: str
    """The service, or else the unit; "" for the whole agency."""
    state: str
    over: bool
    absorb: float | None
    adapt: float | None
    recover: float | None
    lag: float | None
    """Days to the first crisis decision."""
    lasted: float
    """Days from the onset to the last bucket that was seen."""
    gain: tuple[float, float, float] | None
    """Mean gain in the 90 days after recovery, and its 95 % interval; shares. None of context."""
    context: bool
    """No way is better, and nothing is lost."""
    change: tuple[float, float, float] | None
    """Of context, how far it is above what it was once back, as the gain is told."""
    stays: bool
    """The new level stays."""


def told(row: Row, context: Context) -> Told:
    """What a row of the case files says."""
    evidence: dict[str, Any] = json.loads(row["evidence"])
    part = " \u00b7 ".join(row[at] for at in ("unit", "service", "stratum") if row[at])
    names = (context.agency(row["agency"]), part, context.indicator(row["indicator"]))
    return Told(
        name=", ".join(name for name in names if name),
        agency=names[0],
        part=part,
        state=row["state"],
        over=row["state"] in OVER,
        absorb=_since(row, row["absorbed"]),
        adapt=_since(row, row["adapted"]),
        recover=_since(row, row["recovered"]),
        lag=_since(row, evidence.get("answered")),
        lasted=(row["seen"] - row["onset"]) / DAY_MS,
        gain=_spread(evidence, "gain"),
        context=bool(evidence.get("context")),
        change=_spread(evidence, "change"),
        stays=bool(evidence.get("level_shift")),
    )


def _spread(evidence: Mapping[str, Any], name: str) -> tuple[float, float, float] | None:
    mean = evidence.get(name)
    return None if mean is None else (mean, evidence[f"{name}_low"], evidence[f"{name}_high"])


def _since(row: Row, at: int | None) -> float | None:
    return None if at is None else (at - row["onset"]) / DAY_MS


def days(many: float) -> str:
    """So many days in words ("12 days"); less than one in hours."""
    if 0 < many < 1:
        return _counted(round(many * 24), "hour")
    return _counted(round(many), "day")


def _counted(many: int, word: str) -> str:
    return f"{many:,}\u00a0{word}{'' if many == 1 else 's'}"


def signed(share: float) -> str:
    """A gain or loss in per cent with its sign."""
    text = words.number(share, "share")
    return f"+{text}" if share > 0 else text


def worst(row: Row) -> str:
    """How far it was off at worst, in words ("40 % below what was expected")."""
    depth, up = row["depth"], row["direction"] == "up"
    if json.loads(row["evidence"]).get("quantity") == "level":
        return f"{depth * 100:.0f}\u00a0points {'above' if up else 'below'} what was expected"
    if not up:
        return f"{per_cent(depth)} below what was expected"
    if depth >= 1:
        return "far above next to nothing that was expected"
    times = 1 / (1 - depth)
    if times < 2:
        return f"{per_cent(times - 1)} above what was expected"
    return f"{times:,.1f} times what was expected"


def farthest(row: Row) -> str:
    """What begins the sentence on context, of which no way is worse."""
    return "At its highest" if row["direction"] == "up" else "At its lowest"


def changed(evidence: Mapping[str, Any]) -> str:
    """Where context is once back ("in the 90 days after that 20 % below what it was").

    With the 95 % interval; "" while it is not known.
    """
    known = _spread(evidence, "change")
    if known is None:
        return ""
    mean, low, high = known
    unit = "\u00a0points" if evidence.get("quantity") == "level" else "\u00a0%"
    span = f"{signed(low)} to {signed(high)}{unit}"
    if low <= 0 <= high:
        return f"in the 90 days after that as it was ({span})"
    far = f"{abs(mean) * 100:.0f}{unit} {'above' if mean > 0 else 'below'}"
    return f"in the 90 days after that {far} what it was ({span})"


def places(members: list[dict[str, Any]]) -> str:
    """What an organisation's shock is made of, counted ("17 units")."""
    what = "services" if any(one["service"] for one in members) else "units"
    return f"{len(members)}\u00a0{what}"


def place(member: Mapping[str, Any]) -> str:
    """The name of one of its members."""
    return " \u00b7 ".join(member[at] for at in ("unit", "service") if member[at])


def slowest(members: list[dict[str, Any]], onset: int, lasted: float) -> list[str]:
    """The members of an organisation's shock, the slowest first, each with its days."""
    found = []
    for one in members:
        took = None if one["recovered"] is None else (one["recovered"] - onset) / DAY_MS
        never = "never back" if one["state"] in OVER else f"not back after {days(lasted)}"
        words_ = never if took is None else days(took)
        found.append((-(lasted + 1 if took is None else took), place(one), words_))
    return [f"{name} ({took})" for _, name, took in sorted(found)]


# --- the two sides of a service ---------------------------------------------------------------


def sides(row: Row, title: Callable[[str], str]) -> str:
    """Demand and service in one sentence ("Demand fell by 32 %, service held."); else "".

    ``title`` says what an indicator is called. By how much is the mean of the worst days, weeks
    or months in a row, as many as a recovery takes.
    """
    evidence: dict[str, Any] = json.loads(row["evidence"])
    told = [one for one in evidence.get("beside", []) if one["course"]]
    if row["kind"] == "demand":
        asked = f"demand {_moved(row['direction'] == 'up', evidence.get('worst_run'))}"
        served = _served(told, title)
    elif row["kind"] == "service":
        asked = f"demand {_course(told[0])}" if told else "how demand went is not known"
        level = 1 - (evidence.get("worst_run") or 0.0)
        served = f"service got worse by {per_cent(level)} ({_low(title(row['indicator']))})"
    else:
        return ""
    return words.sentence_of(f"{asked}, {served}{_verdict(row, told)}")


def _served(told: list[Mapping[str, Any]], title: Callable[[str], str]) -> str:
    if not told:
        return "how the service did is not known: too little was counted of it before"
    worse = [one for one in told if one["course"] == "fell"]
    if worse:
        named = [f"{_low(title(one['series']))} by {per_cent(1 - one['level'])}" for one in worse]
        return f"service got worse: {words.listed(named)}"
    named = [f"{_low(title(one['series']))} {_held(one)}" for one in told]
    return f"service held ({', '.join(named)})"


def _verdict(row: Row, told: list[Mapping[str, Any]]) -> str:
    held = bool(told) and all(one["course"] != "fell" for one in told)
    if row["kind"] == "demand" and held:
        return "; no failure of the service"
    return ""


def _held(one: Mapping[str, Any]) -> str:
    """How far a side that held was off at worst, or better."""
    off = one["level"] - 1
    if one["course"] == "rose":
        return f"{per_cent(off)} better"
    return f"at worst {per_cent(-off)} below, as it often is" if off <= -0.1 else "as expected"


def _course(one: Mapping[str, Any]) -> str:
    if one["course"] == "held":
        return "held"
    return _moved(one["course"] == "rose", one["level"], inverted=False)


def _moved(up: bool, level: float | None, *, inverted: bool = True) -> str:
    """By how much demand fell or rose; upwards Q of a case is expected / actual."""
    if level is None:
        return "rose" if up else "fell"
    if not up:
        return f"fell by {per_cent(1 - level)}"
    if level <= 0:
        return "rose from nothing"
    times = 1 / level if inverted else level
    return f"rose by {per_cent(times - 1)}" if times < 2 else f"rose to {times:,.1f} times"


def per_cent(share: float) -> str:
    """A share in whole per cent."""
    return f"{share * 100:.0f}\u00a0%"


def _low(name: str) -> str:
    return name[:1].lower() + name[1:]

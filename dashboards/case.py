"""A case file in words: what it is called, how it stands, and its times in days."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from dashboards import words
from models.shock import OVER

if TYPE_CHECKING:
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
    """Mean gain in the 90 days after recovery, and its 95 % interval; shares."""
    stays: bool
    """The new level stays."""


def told(row: Row, context: Context) -> Told:
    """What a row of the case files says."""
    evidence: dict[str, Any] = json.loads(row["evidence"])
    part = " \u00b7 ".join(row[at] for at in ("unit", "service", "stratum") if row[at])
    names = (context.agency(row["agency"]), part, context.indicator(row["indicator"]))
    gain = evidence.get("gain")
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
        lasted=(row["updated"] - row["onset"]) / DAY_MS,
        gain=None if gain is None else (gain, evidence["gain_low"], evidence["gain_high"]),
        stays=bool(evidence.get("level_shift")),
    )


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

"""What is known of the real records, as ``facts.toml`` has it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec

FILE = Path(__file__).with_name("facts.toml")

Range = tuple[str, str]
"""First and last day, both included."""


class Fact(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One line: what a right system says, or where it is silent. Names left out are any.

    - ``shock``, ``alert``, ``gap``, ``signal``, ``break``, ``rule``: one of them begins in
      ``onset``, or stands some time in ``during``, in at least ``at_least`` of ``of`` series;
      of rules the first that binds somebody, of each agency;
    - ``silent``: at most ``at_most`` alerts begin in ``onset``;
    - ``figure``: the indicator's ``value`` in the window that ends on ``at``, give or take
      ``within``;
    - ``none``: nothing in the product could say it; ``why`` tells.
    """

    says: str
    kind: Literal["shock", "alert", "gap", "signal", "break", "rule", "silent", "figure", "none"]
    said: str = ""
    """When it happened, as the records are described."""
    indicator: str = ""
    agency: str = ""
    service: str = ""
    unit: str = ""
    stratum: str = ""
    detector: str = ""
    direction: Literal["", "up", "down"] = ""
    onset: Range = ("0000", "9999")
    during: Range | None = None
    months: list[int] = []
    """Only onsets in these months; none: all."""
    days: list[str] = []
    """Only onsets on these days; none: all."""
    depth: tuple[float, float] | None = None
    recovered: Range | None = None
    """Only what was back in this time."""
    still_open: bool = False
    at_least: int = 1
    of: int = 1
    at_most: int = 0
    at: str = ""
    value: float = 0.0
    within: float = 0.0
    reached: bool = True
    """Whether it holds today; that it no longer does is a failure."""
    why: str = ""
    """Of what is not reached: why."""


class RealSet(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename={"facts": "fact"}):
    """One set of records: how it is loaded, and what is known of it."""

    name: str
    zone: str = "UTC"
    agency: str = ""
    map: str = ""
    """The map beside the tests; none named: that of the set's name."""
    absent: str = ""
    """Why it is not loaded."""
    false_alerts: float = 0.0
    """Alerts that no fact explains, per series and year: at most so many."""
    facts: list[Fact] = []


@cache
def sets() -> dict[str, RealSet]:
    """Every set by name, in the order of the file."""
    held: dict[str, Any] = msgspec.toml.decode(FILE.read_bytes())
    found = msgspec.convert(held["set"], list[RealSet])
    return {one.name: one for one in found}

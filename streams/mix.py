"""Mix: the channels of a service, each as its share of the whole.

Beside how much comes there is how it comes: a service whose total falls by a third while its
telephone doubles has moved. An indicator that is ``mixed`` has the strata of each service
watched too, as shares of what the service held in the same bucket. What the whole does by itself
(a season, a fall, a gap) moves no share, so nothing is told twice.

The season of a share and campaigns that were marked are known of as for a level: what came by
another channel last June may again, and a campaign is compared with earlier ones of its kind.

A share is judged where the whole holds at least :data:`FEWEST` cases. It goes either way, is mere
context, and opens no case file: people who come another way are no shock. What is shown of it
(evidence, interval, signal) is told in cases, the unit of the indicator itself.
"""

from __future__ import annotations

from collections.abc import Container
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from models.value import Cell, Value
from streams.expectation import Expectation
from streams.indicator import Indicator
from streams.look import Key, Look

if TYPE_CHECKING:
    from streams.folding import Closing

FEWEST: Final = 50
"""Cases of the whole below which a share says next to nothing."""


class Part(NamedTuple):
    """What is judged of a cell: as what, its value, and how many cases stand behind it."""

    indicator: Indicator
    value: float | None
    n: int


class Mixes:
    """The wholes of the buckets that closed last, for their parts, which come after them."""

    def __init__(self) -> None:
        self.wholes: dict[Key, tuple[int, float]] = {}

    def part(
        self, indicator: Indicator, step: Closing, value: Value, known: Container[Key]
    ) -> Part:
        """A cell as it is judged: a stratum of a mixed indicator as its share of the whole.

        ``known`` are the series that are watched already: the only channel of a service is none.
        """
        plain = Part(indicator, value.value, value.n or 0)
        if not indicator.mixed:
            return plain
        key = value.indicator, step.line, value.cell
        if not value.cell.stratum:
            self.wholes[key] = (step.number, value.value or 0.0)
            return plain
        number, all_of_it = self.wholes.get(whole(key), (step.number, 0.0))
        if number != step.number or value.value is None or all_of_it < FEWEST:
            return plain._replace(value=None)
        if value.value == all_of_it and key not in known:
            return plain._replace(value=None)
        return Part(judged(indicator, value.cell), value.value / all_of_it, round(all_of_it))


def whole(key: Key) -> Key:
    """The series that a stratum is a part of; of any other series itself."""
    return key[0], key[1], Cell(unit=key[2].unit, service=key[2].service)


def judged(indicator: Indicator, cell: Cell) -> Indicator:
    """An indicator as it is judged in a cell."""
    return _share_of(indicator) if indicator.mixed and cell.stratum else indicator


@cache
def _share_of(indicator: Indicator) -> Indicator:
    facts = {
        "__doc__": type(indicator).__doc__,
        "title": f"Share of {indicator.title.lower()}",
        "detect": "share",
        "direction": "context",
        "detectors": ("seasonal_z", "cusum", "shift"),
        "guards": (),
        "goalposts": None,
        "objective": None,
        "quantity": "mix",
        "is_part": lambda _, cell: bool(cell.service and cell.stratum),
    }
    kind = type(f"ShareOf{type(indicator).__name__}", (type(indicator),), facts)
    made: Indicator = kind()
    return made


def per_case(look: Look) -> int:
    """How many cases a unit of what is judged stands for: all of the whole where that is a share."""
    return look.bucket.n if is_mixed(look) else 1


def is_mixed(look: Look) -> bool:
    """Whether a bucket is judged as a share of another's."""
    return look.indicator.mixed and bool(look.value.cell.stratum)


def in_cases(look: Look, expected: Expectation) -> Expectation:
    """What was expected in the unit of the indicator: of a share, how many of all these."""
    of = per_case(look)
    if of == 1:
        return expected
    return expected._replace(
        expected=expected.expected * of,
        low=expected.low * of,
        high=expected.high * of,
        scale=expected.scale * of,
    )

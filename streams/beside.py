"""The other side of a service in a case: a shock can hit demand or supply.

Beside a case of demand run the curves of the service itself (done within the standard,
completion, waiting), beside a case of service that of demand. They need no alert: each is its
series against what was expected of it before the case began, from the bucket that holds the
onset on, for as long as the case is followed. Q of demand is actual / expected here, so that
more is above 1; Q of service below 1 is worse. A series that had no expectation by then has no
curve, and the case says nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from models.calendar import Calendar
from models.shock import ShockKind
from models.value import RHYTHMS
from streams.curve import Curve, behind, buckets, noise, standing
from streams.expectation import Past, Quantity, frozen
from streams.look import Key
from streams.series import Series

SERVICE: Final = ("within_standard", "completion", "waiting")
"""How well a service did, the most telling first."""

DEMAND: Final = ("demand",)


class Nature(NamedTuple):
    """What a case must know of an indicator."""

    course: str
    quantity: Quantity


class Beside(Curve, kw_only=True):
    """The curve of another series of the same service."""

    indicator: str
    line: int
    quantity: Quantity
    noise: float = 0.0
    """Standard deviation of a point, before the case."""

    def told(self, until: int | None) -> dict[str, Any]:
        """What stands in the case's evidence; ``until`` is its recovery, ms."""
        stand = standing(self.points, RHYTHMS[self.line], self.noise, until)
        return {
            "series": self.indicator,
            "rhythm": RHYTHMS[self.line],
            "course": stand.course,
            "level": None if stand.level is None else round(stand.level, 2),
        }


class Known(NamedTuple):
    """All series of an agency, and what is known of their indicators."""

    series: dict[Key, Series]
    natures: dict[str, Nature]
    calendar: Calendar


def beside(kind: ShockKind, key: Key, onset: int, known: Known) -> Iterator[Beside]:
    """The curves that begin beside a case, each at the case's own rhythm or else its finest."""
    for name in {"demand": SERVICE, "service": DEMAND}.get(kind, ()):
        for line in sorted(range(len(RHYTHMS)), key=lambda line: (line != key[1], line)):
            other = (name, line, key[2])
            if name in known.natures and other in known.series:
                one = _begin(other, onset, known)
                if one.frozen:
                    yield one
                    break


def _begin(key: Key, onset: int, known: Known) -> Beside:
    """Freeze what is expected, and take in what the history holds since the onset."""
    name, line, _ = key
    rhythm, series, nature = RHYTHMS[line], known.series[key], known.natures[name]
    before = behind(series, known.calendar, rhythm, onset).start
    past = Past.of(series, rhythm, before)
    one = Beside(
        direction="up" if nature.course == "down" else "down",
        frozen=frozen(past),
        weigh=past.weigh,
        indicator=name,
        line=line,
        quantity=nature.quantity,
    )
    one.noise = noise(series, one, rhythm, before)
    for bucket in buckets(series, known.calendar, rhythm, onset):
        one.see(bucket, rhythm, nature.quantity)
    return one

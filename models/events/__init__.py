"""What can be said in an event: one family a file, one Struct a type.

A type is a subclass of ``Data`` with a ``TYPE``; a new file or class here is found by being
here, nothing else lists it. JSON names are the field names, except that ``from``, ``to``
and ``class`` are ``start``, ``end`` and ``decision_class`` in Python.
"""

from __future__ import annotations

import operator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal

import msgspec
from msgspec import Meta

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "LARGEST",
    "ORDERED",
    "PERIOD",
    "Count",
    "Counted",
    "Currency",
    "Data",
    "Id",
    "Instant",
    "Meta",
    "Name",
    "Rule",
    "Service",
    "Share",
    "at_most",
]

LARGEST = 2**53
"""Largest whole number that every JSON reader keeps exact."""

Id = Annotated[str, Meta(min_length=1, max_length=128)]
Name = Annotated[str, Meta(max_length=128)]
Count = Annotated[int, Meta(ge=0, le=LARGEST)]
Share = Annotated[float, Meta(ge=0, le=1)]
Instant = Annotated[datetime, Meta(tz=True)]
Currency = Annotated[
    str, Meta(pattern="^[A-Z]{3}$", description="ISO 4217 code of the currency, as in EUR.")
]
Service = Annotated[
    Id, Meta(description="Service to citizens or firms, as the agency itself names it.")
]


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """Something that must hold between fields of the data, each of them right by itself.

    ``fields`` are Python names, passed to ``holds`` in this order. When it returns False,
    the problem ``code`` stands at ``pointer`` (below /data) with ``message``, a sentence that
    says what to send instead. A rule is skipped where one of its fields is absent.
    """

    fields: tuple[str, ...]
    holds: Callable[..., bool]
    code: Literal["end_before_start", "part_exceeds_whole", "out_of_range"]
    pointer: str
    message: str


class Data(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    kw_only=True,
    gc=False,
):
    """The data of an event; every type may say which unit of the agency it is about."""

    TYPE: ClassVar[str] = ""
    EXAMPLE: ClassVar[dict[str, Any]] = {}
    RULES: ClassVar[tuple[Rule, ...]] = ()
    VERSIONS: ClassVar[tuple[str, ...]] = ()
    """Where a standard puts versions into its types: TYPE.VERSION for each of these."""

    unit: Annotated[
        Name,
        Meta(description='Organisational unit inside the agency; "" is the agency as a whole.'),
    ] = ""


ORDERED = Rule(
    fields=("start", "end"),
    holds=operator.lt,
    code="end_before_start",
    pointer="/to",
    message='"to" must be later than "from"; send the period as from (included), to (excluded).',
)

LONGEST: Final = timedelta(days=93)
"""The longest period that a bucket can hold: a quarter."""


def _at_most_a_quarter(start: datetime, end: datetime) -> bool:
    return end - start <= LONGEST


SHORT = Rule(
    fields=("start", "end"),
    holds=_at_most_a_quarter,
    code="out_of_range",
    pointer="/to",
    message="A period may not be longer than a quarter; count by quarter, month, week, day or "
    "hour and send one count for each.",
)

PERIOD = (ORDERED, SHORT)
"""What holds for the period of every count."""


class Counted(Data, frozen=True, kw_only=True):
    """A count over a period: it is in force for ``from`` <= t < ``to``, and sent again to correct it.

    The envelope's ``time`` lies inside the period. Two events that agree in agency, source,
    type, period and every name but not in their numbers are a count and its correction.
    """

    RULES: ClassVar[tuple[Rule, ...]] = PERIOD

    start: Annotated[
        Instant, Meta(description="Start of the period, included; ISO 8601 with a time zone.")
    ] = msgspec.field(name="from")
    end: Annotated[
        Instant, Meta(description="End of the period, excluded; ISO 8601 with a time zone.")
    ] = msgspec.field(name="to")
    part: Annotated[
        Name,
        Meta(
            description=(
                "Which part of the whole this row counts, where one period is reported in "
                "several rows; rows with another part add up, a row with the same part corrects."
            )
        ),
    ] = ""


def _both_at_most(part: int | None, whole: int) -> bool:
    return part is None or part <= whole


def at_most(part: str, whole: str) -> Rule:
    """Say that the count ``part`` may not exceed the count ``whole`` (Python = JSON names)."""
    return Rule(
        fields=(part, whole),
        holds=_both_at_most,
        code="part_exceeds_whole",
        pointer=f"/{part}",
        message=f'"{part}" is a part of "{whole}" and may not be larger; send the same period '
        "and the same definition for both.",
    )

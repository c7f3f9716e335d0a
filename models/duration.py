"""Lengths of time as people write them: ISO 8601 durations that have one exact length."""

from __future__ import annotations

import re
from functools import cache
from typing import Annotated

from msgspec import Meta

DAY_MS = 86_400_000

_PATTERN = (
    r"^P(?=.)(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?=.)(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,8})M)?(?:(?P<seconds>\d{1,9})S)?)?$"
)
_UNIT_MS = {"weeks": 7 * DAY_MS, "days": DAY_MS, "hours": 3_600_000, "minutes": 60_000}
_UNIT_MS["seconds"] = 1_000

Duration = Annotated[
    str, Meta(pattern=_PATTERN, description='a duration such as "PT1H", "P3D" or "P2W"')
]
"""Text of whole weeks, days, hours, minutes and seconds. Months and years have no one length."""


@cache
def duration_ms(text: str) -> int:
    """Milliseconds of an ISO 8601 duration; ValueError for text that is none.

    >>> duration_ms("P1DT2H")
    93600000
    """
    match = re.fullmatch(_PATTERN, text)
    if match is None:
        message = f'"{text[:40]}" is no duration; write one such as "PT1H", "P3D" or "P2W"'
        raise ValueError(message)
    return sum(int(number) * _UNIT_MS[unit] for unit, number in match.groupdict("0").items())

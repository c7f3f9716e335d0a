"""What was expected of one bucket of a watched series, kept as it was judged."""

from __future__ import annotations

import msgspec

from models.value import Cell, Rhythm


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """Middle and usual interval; or the reason why nothing was expected.

    ``end`` is that of the bucket, ms. A ``high`` that is None where ``low`` is known means that
    nothing would have been too much. Never restated: it was decided when the bucket closed.
    """

    agency: str
    indicator: str
    cell: Cell
    rhythm: Rhythm
    end: int
    expected: float | None
    low: float | None
    high: float | None
    reason: str

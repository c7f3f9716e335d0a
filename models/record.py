"""A record of the log, and how much one may hold."""

from __future__ import annotations

import msgspec

MAX_EVENTS = 500
"""Most events one record may hold: what the engine folds between two looks at the clock."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Up to 500 events of one agency that arrived together, or one tick of the clock.

    ``position`` is 0 until the record is appended. ``received`` is milliseconds since the
    epoch, stamped by the door. ``kind`` is ``events``, ``tick`` or (stage 2) ``summary``.
    ``body`` is NDJSON, uncompressed, one event a line, each line ended by a newline.
    """

    agency: str
    received: int
    kind: str
    events: int
    body: bytes
    position: int = 0

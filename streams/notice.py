"""A notice: an alert's new state that somebody should be told of."""

from __future__ import annotations

import msgspec

from models.alert import Alert
from models.value import Value

RECENT_MS = 2 * 86_400_000
"""A bucket that closed longer ago than this and two of its lengths is history: nobody is told."""


class Notice(msgspec.Struct, frozen=True):
    """``recorded`` (ms) is the receipt of the record that brought it about."""

    alert: Alert
    recorded: int


def is_recent(value: Value) -> bool:
    """Whether somebody should still be told of a bucket that was closed by this receipt."""
    length = value.window_end - value.window_start
    return value.recorded - value.window_end <= RECENT_MS + 2 * length

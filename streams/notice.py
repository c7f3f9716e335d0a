"""A notice: an alert's new state that somebody should be told of."""

from __future__ import annotations

import msgspec

from models.alert import Alert


class Notice(msgspec.Struct, frozen=True):
    """``recorded`` (ms) is the receipt of the record that brought it about."""

    alert: Alert
    recorded: int

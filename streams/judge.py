"""From measured parts to a value that may be shown, or to the reason why not."""

from __future__ import annotations

from typing import Any

import msgspec

from models.value import RHYTHMS, Span, Status, Value
from streams.estimators.estimate import Estimate
from streams.gauge import Measured
from streams.indicator import Indicator, K

EMPTY = Estimate(value=None, n=0, low=None, high=None)


def values(
    indicator: Indicator, agency: str, line: int, measured: Measured, **facts: Any
) -> list[Value]:
    """The shown value of a window and, where it differs, that of its last bucket.

    ``facts``: bucket (start, end), window_start, live (share of feeding sources that are not
    silent), silent (names of the silent ones if the cell has no other), recorded.
    """
    spans: list[tuple[Span, Any, int]] = [("window", measured.window, measured.exposure[0])]
    if measured.exposure[0] != measured.exposure[1] and indicator.detect:
        spans.append(("bucket", measured.bucket, measured.exposure[1]))
    start, end = facts["bucket"]
    made = []
    for span, parts, exposure in spans:
        estimate = EMPTY if parts is None else indicator.read(parts, exposure)
        status, reason = _status(indicator, estimate, parts, facts["silent"])
        hidden = status in ("stale", "suppressed")
        if hidden:
            estimate = EMPTY
        made.append(
            Value(
                agency=agency,
                indicator=indicator.id,
                cell=measured.cell,
                rhythm=RHYTHMS[line],
                span=span,
                window_start=facts["window_start"] if span == "window" else start,
                window_end=end,
                value=estimate.value,
                n=None if hidden else estimate.n,
                low=estimate.low,
                high=estimate.high,
                coverage=round(facts["live"] * measured.lived, 4),
                status=status,
                reason=reason,
                catalogue_version=indicator.version,
                recorded=facts["recorded"],
                detail="{}" if hidden or span == "bucket" else _detail(indicator, measured),
            )
        )
    return made


def _detail(indicator: Indicator, measured: Measured) -> str:
    figures = {} if measured.window is None else indicator.detail(measured.window)
    return msgspec.json.encode({**measured.usage, **figures}).decode()


def _status(
    indicator: Indicator, estimate: Estimate, parts: Any, silent: str
) -> tuple[Status, str]:
    """The first of these that holds: silent, nothing counted, too few to show, too few to trust."""
    if silent:
        return "stale", f"no news from {silent}"
    if parts is None:
        return "undefined", "nothing was counted in this window"
    n = estimate.n or 0
    if 0 < n < K[indicator.privacy]:
        return "suppressed", f"fewer than {K[indicator.privacy]}"
    if estimate.value is None:
        return "undefined", "not reached" if n else "nothing was counted in this window"
    if n < indicator.min_n:
        return "low_n", f"n {n} below {indicator.min_n}"
    return "ok", ""

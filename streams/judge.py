"""From measured parts to a value that may be shown, or to the reason why not."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from models.value import Rhythm, Span, Status, Value
from streams.estimators.estimate import Estimate
from streams.gauge import Measured
from streams.indicator import Indicator, K

EMPTY = Estimate(value=None, n=0, low=None, high=None)


class Frame(NamedTuple):
    """What all cells of one closed bucket share; times in ms.

    ``live`` is the share of the feeding sources that are not silent.
    """

    agency: str
    rhythm: Rhythm
    window_start: int
    start: int
    end: int
    live: float
    recorded: int


def values(indicator: Indicator, frame: Frame, measured: Measured, silent: str) -> list[Value]:
    """The shown value of a window and, where it differs, that of its last bucket.

    ``silent`` names the silent sources of a cell that has no other.
    """
    made = [_value(indicator, frame, measured, "window", silent)]
    if measured.exposure[1] and indicator.by_bucket and frame.window_start != frame.start:
        made.append(_value(indicator, frame, measured, "bucket", silent))
    return made


def _value(
    indicator: Indicator, frame: Frame, measured: Measured, span: Span, silent: str
) -> Value:
    shown = span == "window"
    parts = measured.window if shown else measured.bucket
    exposure = measured.exposure[0 if shown else 1]
    estimate = EMPTY if parts is None else indicator.read(parts, exposure)
    status, reason = _status(indicator, estimate, parts, silent)
    hidden = status in ("stale", "suppressed")
    if hidden:
        estimate = EMPTY
    return Value(
        agency=frame.agency,
        indicator=indicator.id,
        cell=measured.cell,
        rhythm=frame.rhythm,
        span=span,
        window_start=frame.window_start if shown else frame.start,
        window_end=frame.end,
        value=estimate.value,
        n=None if hidden else estimate.n,
        low=estimate.low,
        high=estimate.high,
        coverage=round(frame.live * measured.lived, 4),
        status=status,
        reason=reason,
        catalogue_version=indicator.version,
        recorded=frame.recorded,
        detail=_detail(indicator, measured) if shown and not hidden else "{}",
    )


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
    if 0 < indicator.group_size(parts, n) < K[indicator.privacy]:
        return "suppressed", f"fewer than {K[indicator.privacy]}"
    if estimate.value is None:
        return "undefined", "not reached" if n else "nothing was counted in this window"
    if n < indicator.min_n:
        return "low_n", f"n {n} below {indicator.min_n}"
    return "ok", ""

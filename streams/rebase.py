"""A new baseline: a series goes on as if it had begun at the moment that a human named.

Of its history only what lies behind that moment stays, and all of that is usual now, whether or
not it was set aside before; what is expected is learned from it. Detectors begin there as well, by
what they remember: charts by their values, pace by the stretch that is off; all others anew. What
was decided in the meantime stays decided.
"""

from __future__ import annotations

import numpy as np

from models.calendar import Calendar
from models.value import Rhythm
from streams.detection import DETECTORS, ONLY_BY_HAND
from streams.detector import Keeping
from streams.expectation import learned
from streams.look import Look
from streams.planned import Plans
from streams.series import KEPT, Bucket


def rebase(look: Look, plans: Plans, at: int) -> None:
    """Begin the baseline of a series at the first bucket that begins at ``at`` (ms) or later."""
    series, rhythm = look.series, look.value.rhythm
    places = series.between(first(plans.calendar, rhythm, at), series.last)
    kept = [
        Bucket.of(plans.calendar, rhythm, number, series.value(place))
        for place, number in zip(places, series.numbers(places), strict=True)
    ]
    memory = {}
    for name, held in series.memory.items():
        detector = DETECTORS.get(name)
        if isinstance(detector, Keeping):
            memory[name] = detector.since(detector.memory({name: held}, rhythm), at)
    series.forget()
    series.memory.update({name: one for name, one in memory.items() if one is not None})
    for bucket in kept:
        _learn(look, plans, bucket)


def settle(look: Look, plans: Plans, since: int) -> None:
    """Take what has stayed since then (ms) as the new level; baselines kept by hand stay."""
    by_hand = {name: one for name, one in look.series.memory.items() if name in ONLY_BY_HAND}
    rebase(look, plans, since)
    look.series.memory.update(by_hand)


def _learn(look: Look, plans: Plans, plain: Bucket) -> None:
    """Take a bucket of the past as it was taken when it closed, but for what was set aside."""
    series, rhythm = look.series, look.value.rhythm
    quantity = look.indicator.quantity
    bucket = plans.fit(series, plain, look.value.cell, rhythm, quantity)
    if bucket.plan:
        series.set_aside(bucket, KEPT[rhythm])
    else:
        residual = None if bucket.slot < 0 else learned(series, bucket, rhythm)
        series.learn(bucket, residual, KEPT[rhythm])


def first(calendar: Calendar, rhythm: Rhythm, at: int) -> int:
    """The number of the first bucket that begins at this moment (ms) or later."""
    number = int(calendar.bucket(rhythm, np.array([at], np.int64))[0])
    return number + (calendar.start(rhythm, number) < at)

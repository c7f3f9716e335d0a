"""What an agency planned (``calendar.marked``), and which buckets that makes special.

A mark holds for the buckets that close after it was told; what was decided before stays. Its
scope is a service or unit; empty is all of the agency.

- **Holidays and closures.** An hour or a day that one touches is kept, but neither learned from
  nor judged, like a public holiday. Months and quarters lose the working days of which it takes
  half or more, and are compared by the rest. What cannot be compared so (a week; a month of a
  service that never closes) is kept only, if it lost more than a tenth of its working days: that
  alone might make it *off*.
- **Deadlines and campaigns** move how much comes: a day that one touches, and a longer bucket of
  whose working days it takes half, is compared with earlier ones of the same kind and scope (see
  :mod:`streams.lift`). Hours are kept only: what watches them has no expectation to switch.
  Shares stay as they are: that many come is no excuse for serving them badly.
- A **freeze of releases** moves nothing here; notifications keep still in it.
"""

from __future__ import annotations

import msgspec
import numpy as np

from models.calendar import Calendar
from models.events.context import CalendarMarked
from models.value import Cell, Rhythm
from streams.alert import OFF
from streams.expectation import FEWEST, Quantity
from streams.season import by_working_day
from streams.series import CLOSED, Bucket, Series

CLOSING = ("holiday", "closure")
MOVING = ("deadline", "campaign")

MOST = 1000
"""Spans kept of an agency; those that ended first go first."""


class Span(msgspec.Struct, frozen=True, order=True, array_like=True):
    """One marked span; ms."""

    start: int
    end: int
    kind: str
    scope: str

    def touches(self, bucket: Bucket, cell: Cell) -> bool:
        """Whether it lies on this bucket of this cell, at least in part."""
        here = self.scope in ("", cell.service, cell.unit)
        return here and self.start < bucket.end and bucket.start < self.end


class Plans:
    """The spans that one agency marked, as far as they were told."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self.spans: list[Span] = []

    def hear(self, said: CalendarMarked) -> None:
        """Take in a mark; one that was told already changes nothing."""
        start, end = (round(at.timestamp() * 1000) for at in (said.start, said.end))
        span = Span(start, end, said.kind, said.scope)
        if said.kind in (*CLOSING, *MOVING) and span not in self.spans:
            self.spans = sorted([*self.spans, span])
        if len(self.spans) > MOST:
            self.spans.remove(min(self.spans, key=lambda one: (one.end, one)))

    def fit(
        self, series: Series, bucket: Bucket, cell: Cell, rhythm: Rhythm, quantity: Quantity
    ) -> Bucket:
        """The bucket with what was planned for it: closed, shorter, or to be compared apart."""
        found = [span for span in self.spans if span.touches(bucket, cell)]
        if not found:
            return bucket
        closing = [span for span in found if span.kind in CLOSING]
        moving = [span for span in found if span.kind in MOVING and quantity != "share"]
        if rhythm == "hour" or (rhythm == "day" and closing):
            return _closed(bucket) if closing or moving else bucket
        if closing:
            bucket = self._shorter(series, bucket, closing, rhythm)
        if moving and (rhythm == "day" or 2 * self._taken(bucket, moving, rhythm) >= 1):
            # The narrower one says more; of equals the one that began first.
            one = min(moving, key=lambda span: (not span.scope, span))
            return msgspec.structs.replace(
                bucket, plan=f"{one.kind}\x1f{one.scope}", plan_since=one.start
            )
        return bucket

    def _shorter(
        self, series: Series, bucket: Bucket, closing: list[Span], rhythm: Rhythm
    ) -> Bucket:
        """A week or longer, less the working days of closures; closed where nothing tells more."""
        taken = self._taken(bucket, closing, rhythm)
        if not bucket.days:
            return _closed(bucket) if taken > OFF else bucket
        left = round(bucket.days * (1 - taken))
        known = len(series.recent(None, FEWEST[rhythm])) >= FEWEST[rhythm]
        if not left or (taken > OFF and known and not by_working_day(series)):
            return _closed(bucket)
        return msgspec.structs.replace(bucket, days=left)

    def _taken(self, bucket: Bucket, spans: list[Span], rhythm: Rhythm) -> float:
        """The share of the bucket's working days of which these spans take half or more."""
        calendar = self.calendar
        days: set[int] = set()
        for span in spans:
            low, high = max(span.start, bucket.start), min(span.end, bucket.end) - 1
            first, last = calendar.bucket("day", np.array([low, high], np.int64)).tolist()
            for day in range(first, last + 1):
                start, end = calendar.start("day", day), calendar.end("day", day)
                inside = min(end, span.end) - max(start, span.start)
                if 2 * inside >= end - start:
                    days.add(day)
        working = calendar.working_days(rhythm, bucket.number)
        return sum(map(calendar.working, days)) / working if working else 0.0


def _closed(bucket: Bucket) -> Bucket:
    return msgspec.structs.replace(bucket, slot=CLOSED)

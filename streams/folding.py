"""Folding: from admitted events to closed buckets, whatever way the log was cut.

What must come out is what would come out if events were taken one by one, each followed by
closing every bucket that the watermarks then allow. Doing that literally costs a hundred
times more, so events are taken in stretches, and a stretch ends early wherever taking it as
one would be seen in the result:

1. before a source's first event of a type (it begins to hold buckets back), before the first
   event of a silent source, before a new month (when old state is forgotten), around the
   first fact of a rhythm (it begins a line of buckets), and, while some source is silent,
   before the first fact from another source about a place;
2. after a heartbeat (late arrivals are published then), and before and after what watching
   must hear: crises, their end, crisis decisions, changed definitions, another rhythm, marks in the calendar;
3. after the first closing, if the stretch holds events for buckets that are closed already;
4. before an event for a bucket that an earlier event of the stretch closes;
5. before an event on an item that the stretch touched already, if either is about a bucket
   that is closed (each step between spoils what it touches);
6. before an event that reaches back: one that moves an item to another place or due date, or
   tells of a beginning once the end is known (module ``streams.reach``).

Everything else commutes, because an event never changes what lies before its own time.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.check import FUTURE_TOLERANCE_MS
from models.event import Event
from models.events.context import SourceHeartbeat
from models.value import RHYTHMS
from streams.agency import Agency
from streams.arrivals import DECIDED, HEARD, HEARTBEAT, TYPES, Arrivals
from streams.facts import Prepared, prepare
from streams.gauge import Gauge
from streams.reach import reaching_back
from streams.source import FAR_PAST, Source
from streams.spoken import Spoke, Switched, spoken, switches

I64 = NDArray[np.int64]


class Closing(NamedTuple):
    """A bucket to be given: closed now, or ``anew`` because late events touched it."""

    gauge: Gauge
    line: int
    number: int
    recorded: int
    position: int
    """Of the record that brought it about."""
    anew: bool


class Told(NamedTuple):
    """Something that watching must hear, before the buckets that it closes."""

    event: Event
    at: int
    """When it happened, ms."""
    received: int


class Awake(NamedTuple):
    """A silent source speaks again."""

    source: Source
    at: int
    position: int


Step = Closing | Awake | Told | Spoke | Switched


def fold(agency: Agency, arrivals: Arrivals) -> Iterator[Step]:
    """Fold admitted arrivals; yields what happens, in order, while the state stands there."""
    if not len(arrivals):
        return
    names = list(agency.sources)
    prepared = list(prepare(arrivals, set(agency.items), agency.place, agency.settings.standard_ms))
    back = reaching_back(agency.items, prepared)
    heard = _heard(arrivals)
    turns = switches(names, arrivals, prepared, agency.rhythms)
    alone = heard.copy()
    alone[list(turns)] = True
    start = 0
    while start < len(arrivals):
        yield from _enter(agency, names, arrivals, start)
        if heard[start]:
            event, at = arrivals.events[start], int(arrivals.times[start])
            yield Told(event, at, int(arrivals.received[start]))
        hard = _hard_stop(agency, names, arrivals, start)
        hard = min(hard, start + 1 if alone[start] else start + _first(alone[start:]))
        hard = min([hard, *back[np.searchsorted(back, start + 1) :][:1].tolist()])
        hard = _line_stop(agency, prepared, start, hard)
        hard = _again_stop(agency, prepared, start, hard)
        if any(source.stale for source in agency.sources.values()):
            hard = _link_stop(agency, names, arrivals, prepared, (start, hard))
        marks = _Watermarks(agency, names, arrivals, start, hard)
        stop = _soft_stop(agency, arrivals, marks, start, hard)
        for whole in prepared:
            part = whole.between(start, stop)
            if part is not None:
                _link(agency, names, arrivals, part)
                _apply(agency, part)
        marks.settle(stop)
        yield from _close(agency, arrivals, marks, start, stop)
        yield from turns.get(start, ())
        yield from spoken(names, arrivals, marks.of_source, slice(start, stop))
        start = stop


def _heard(arrivals: Arrivals) -> NDArray[np.bool_]:
    """Of each event: whether watching must hear of it."""
    heard = np.isin(arrivals.types, HEARD)
    for row in np.flatnonzero(arrivals.types == DECIDED).tolist():
        heard[row] = arrivals.events[row].data.decision_class == "crisis"  # type: ignore[attr-defined]
    return heard


def _first(flags: NDArray[np.bool_]) -> int:
    """The place of the first that is set; behind them all if none is."""
    return int(np.argmax(flags)) if flags.any() else len(flags)


def _link(agency: Agency, names: list[str], arrivals: Arrivals, one: Prepared) -> None:
    """Remember which sources feed which places."""
    both = one.facts.columns["place"] * len(names) + arrivals.sources[one.rows]
    for pair in np.unique(both).tolist():
        agency.fed.setdefault(pair // len(names), set()).add(names[pair % len(names)])


def _enter(agency: Agency, names: list[str], arrivals: Arrivals, row: int) -> Iterator[Step]:
    """What the first event of a stretch changes before it is folded."""
    source = agency.sources[names[int(arrivals.sources[row])]]
    if source.stale:
        source.stale = False
        yield Awake(source, int(arrivals.received[row]), int(arrivals.positions[row]))
    agency.hear(source, TYPES[int(arrivals.types[row])])
    moment = np.array([agency.front, arrivals.times[row]], np.int64)
    if agency.front > FAR_PAST:
        was, now = agency.calendar.bucket("month", moment).tolist()
        if now > was:
            agency.prune()


def _hard_stop(agency: Agency, names: list[str], arrivals: Arrivals, start: int) -> int:
    """Where the stretch must end, by rules 1 and 2."""
    stop = len(arrivals)
    beats = np.flatnonzero(arrivals.types[start:] == HEARTBEAT)
    if len(beats):
        stop = min(stop, start + int(beats[0]) + 1)
    pair = arrivals.sources[start:stop] * len(TYPES) + arrivals.types[start:stop]
    unique, first = np.unique(pair, return_index=True)
    for code, row in zip(unique.tolist(), first.tolist(), strict=True):
        source = agency.sources[names[code // len(TYPES)]]
        if row and (source.stale or TYPES[code % len(TYPES)] not in source.types):
            stop = min(stop, start + row)
    front = np.maximum.accumulate(arrivals.times[start:stop])
    ends = np.array([max(agency.front, int(front[0])), int(front[-1])], np.int64)
    was, now = agency.calendar.bucket("month", ends).tolist()
    if now > was:
        months = agency.calendar.bucket("month", np.maximum(front, ends[0]))
        stop = min(stop, start + int(np.argmax(months > was)))
    return max(stop, start + 1)


def _line_stop(agency: Agency, prepared: list[Prepared], start: int, stop: int) -> int:
    """Where the stretch must end, so that an event that begins a line of buckets is alone."""
    for whole in prepared:
        part = whole.between(start, stop)
        if part is None:
            continue
        rhythm = part.facts.columns.get("rhythm", np.full(len(part.rows), -1, np.int64))
        for code in np.unique(rhythm).tolist():
            lines = {(gauge, max(code, gauge.step)) for gauge in agency.readers[part.act.kind]}
            if any(line not in gauge.first for gauge, line in lines):
                row = int(part.rows[np.argmax(rhythm == code)])
                stop = min(stop, max(row, start + 1))
    return stop


def _again_stop(agency: Agency, prepared: list[Prepared], start: int, stop: int) -> int:
    """Where the stretch must end, so that late events on one item are taken one by one."""
    by_kind: dict[str, list[Prepared]] = {}
    for whole in prepared:
        part = whole.between(start, stop)
        if part is not None:
            by_kind.setdefault(part.act.kind, []).append(part)
    for kind, parts in by_kind.items():
        ends = [gauge.frontier() for gauge in agency.readers[kind]]
        if min(int(part.times.min()) for part in parts) >= max(ends):
            continue
        rows = np.concatenate([part.rows for part in parts])
        keys = np.concatenate([np.array(part.facts.keys, np.uint64) for part in parts])
        late = np.concatenate([part.times for part in parts]) < max(ends)
        order = np.lexsort((rows, keys))
        rows, keys, late = rows[order], keys[order], late[order]
        again = (keys[1:] == keys[:-1]) & (rows[1:] > rows[:-1]) & (late[1:] | late[:-1])
        if again.any():
            stop = min(stop, int(rows[1:][again].min()))
    return stop


def _link_stop(
    agency: Agency,
    names: list[str],
    arrivals: Arrivals,
    prepared: list[Prepared],
    stretch: tuple[int, int],
) -> int:
    """Where the stretch must end, so that no place is thought to have a source too early."""
    start, stop = stretch
    for whole in prepared:
        part = whole.between(start + 1, stop)
        if part is None:
            continue
        both = part.facts.columns["place"] * len(names) + arrivals.sources[part.rows]
        unique, first = np.unique(both, return_index=True)
        for pair, at in zip(unique.tolist(), first.tolist(), strict=True):
            if names[pair % len(names)] not in agency.fed.get(pair // len(names), ()):
                stop = min(stop, int(part.rows[at]))
    return stop


class _Watermarks:
    """Running watermarks over one stretch: of each source, and of each gauge."""

    def __init__(
        self, agency: Agency, names: list[str], arrivals: Arrivals, start: int, stop: int
    ) -> None:
        self.agency = agency
        self.start = start
        part = slice(start, stop)
        sources = arrivals.sources[part]
        lateness = np.array([agency.sources[name].lateness for name in names], np.int64)
        reach = arrivals.times[part] - lateness[sources]
        said = arrivals.events[stop - 1].data
        self.beat = said if isinstance(said, SourceHeartbeat) else None
        self.speaker = agency.sources[names[int(sources[-1])]]
        if self.beat is not None and self.beat.complete_to is not None:
            # Nobody can be complete to a moment that has not come yet.
            latest = int(arrivals.received[stop - 1]) + FUTURE_TOLERANCE_MS
            reach[-1] = min(round(self.beat.complete_to.timestamp() * 1000), latest)
        self.of_source: dict[str, I64] = {}
        for code in np.unique(sources).tolist():
            source = agency.sources[names[code]]
            mine = np.where(sources == code, reach, FAR_PAST)
            mine[0] = max(int(mine[0]), source.watermark)
            self.of_source[source.name] = np.maximum.accumulate(mine)
        self.front = np.maximum.accumulate(arrivals.times[part])
        self._of_gauge: dict[frozenset[str], I64 | None] = {}

    def gauge(self, gauge: Gauge) -> I64 | None:
        """The running watermark of a gauge; None while no source that feeds it is live."""
        live = [s for s in self.agency.feeding(gauge.indicator.id) if not s.stale]
        key = frozenset(source.name for source in live)
        if key not in self._of_gauge:
            self._of_gauge[key] = self._least(live)
        return self._of_gauge[key]

    def _least(self, live: list[Source]) -> I64 | None:
        if not live:
            return None
        size = len(self.front)
        least: I64 = np.minimum.reduce(
            [
                self.of_source[s.name] if s.name in self.of_source else np.full(size, s.watermark)
                for s in live
            ]
        )
        return least

    def settle(self, stop: int) -> None:
        """Make the state stand behind the event before ``stop``."""
        last = stop - self.start - 1
        for name, marks in self.of_source.items():
            source = self.agency.sources[name]
            source.watermark = int(marks[last])
        self.agency.front = max(self.agency.front, int(self.front[last]))
        if self.beat is not None and stop - self.start == len(self.front):
            if self.beat.lateness_s is not None:
                self.speaker.lateness = self.beat.lateness_s * 1000
            if self.beat.quiet_after_s is not None:
                self.speaker.quiet_after = self.beat.quiet_after_s * 1000


def _is_beat(arrivals: Arrivals, stop: int) -> bool:
    return bool(arrivals.types[stop - 1] == HEARTBEAT)


def _soft_stop(
    agency: Agency, arrivals: Arrivals, marks: _Watermarks, start: int, stop: int
) -> int:
    """Where the stretch must end, by rules 3 and 4."""
    types = arrivals.types[start:stop]
    times = arrivals.times[start:stop]
    for gauge in agency.gauges.values():
        running = marks.gauge(gauge)
        if running is None:
            continue
        reads = agency.reads(gauge.indicator.id)[types]
        if not reads.any():
            continue
        before = np.concatenate(([FAR_PAST], running[:-1]))
        behind = np.flatnonzero(reads & (times < before))
        # Where a line has not closed anything yet, an early event may still move its first end.
        ends = {line: gauge.next_end(line) for line in gauge.closed}
        frontiers = [agency.calendar.end(RHYTHMS[line], n) for line, n in gauge.closed.items()]
        if frontiers and (reads & (times < max(frontiers))).any():
            first = min(ends.values()) if len(ends) == len(gauge.first) else FAR_PAST
            stop = min(stop, start + int(np.searchsorted(running, first)) + 1)
        for line in gauge.first:
            rhythm, end = RHYTHMS[line], ends.get(line, FAR_PAST)
            late = behind[before[behind] >= end]
            if len(late):
                mine = agency.calendar.bucket(rhythm, times[late])
                passed = agency.calendar.bucket(rhythm, before[late])
                inside = late[mine < passed]
                if len(inside):
                    stop = min(stop, start + int(inside[0]))
    return max(stop, start + 1)


def _apply(agency: Agency, part: Prepared) -> None:
    """Change items by what some events say, and tell the gauges."""
    items = agency.items[part.act.kind]
    rows = items.rows(part.facts.keys)
    touched, first = np.unique(rows, return_index=True)
    before = items.view(touched)
    items.update(rows, part.facts)
    after = items.view(touched)
    for gauge in agency.readers[part.act.kind]:
        gauge.absorb(part.act.kind, before, after, part.times, first)


def _close(
    agency: Agency, arrivals: Arrivals, marks: _Watermarks, start: int, stop: int
) -> Iterator[Step]:
    """Hand out the buckets that ended, and first those that late events touched before.

    In the order of the events that close them: what one indicator's bucket makes of a case may
    depend on another's, and must not show where the log was cut.
    """
    beat = _is_beat(arrivals, stop)
    steps: list[tuple[int, Step]] = []
    for gauge in agency.gauges.values():
        running = marks.gauge(gauge)
        if running is None:
            continue
        running = running[: stop - start]
        due = list(_due(gauge, arrivals, running, start))
        if gauge.dirty and (beat or due):
            row = min((row for row, _ in due), default=stop - 1)
            recorded, position = int(arrivals.received[row]), int(arrivals.positions[row])
            fresh = [closing for _, closing in due]
            steps += [(row, one) for one in anew(gauge, recorded, position, before=fresh)]
        steps += due
    steps.sort(key=itemgetter(0))
    for _, step in steps:
        yield step


def _due(
    gauge: Gauge, arrivals: Arrivals, running: I64, start: int
) -> Iterator[tuple[int, Closing]]:
    """Buckets that ended, each with the event that closes it."""
    for line, number in gauge.due(int(running[-1])):
        closing = Closing(gauge, line, number, 0, 0, anew=False)
        row = start + _row(closing, running)
        recorded, position = int(arrivals.received[row]), int(arrivals.positions[row])
        yield row, closing._replace(recorded=recorded, position=position)


def _row(one: Closing, running: I64) -> int:
    """The event of a stretch that closes this bucket."""
    return int(np.searchsorted(running, one.gauge.calendar.end(RHYTHMS[one.line], one.number)))


def anew(gauge: Gauge, recorded: int, position: int, before: list[Closing]) -> Iterator[Closing]:
    """The spoiled buckets of a gauge, but for those that are closed just now."""
    fresh = {(one.line, one.number) for one in before}
    for line, number in gauge.spoiled():
        if (line, number) not in fresh:
            yield Closing(gauge, line, number, recorded, position, anew=True)

"""The engine: ``apply(records) -> changes``. No clock, no database, no network in here.

All that it knows is its state, all that changes its state is the log, and all that it does is
in what it returns. Agencies do not see each other in stage one; what they share is merged in
stage two, from the summaries of their closed buckets.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

import msgspec

from models.alert import Alert
from models.check import Refusal
from models.expected import Expected
from models.mark import Mark
from models.record import Record
from models.settings import Settings
from models.shock import Quality, Shock
from models.signal import Signal
from models.value import RHYTHMS, Cell, Value
from streams.agency import Agency
from streams.folding import Awake, Closing, Told, anew, fold
from streams.gauge import Gauge, Measured
from streams.indicator import Indicator, Lifetime, Scan
from streams.judge import Frame, values
from streams.marks import event_marks
from streams.notice import Notice
from streams.retire import switched
from streams.scale import ratings
from streams.source import Source
from streams.spoken import Spoke, Switched
from streams.summary import Hush, Summary, order
from streams.watch import Watch


class Changes(msgspec.Struct):
    """What some records change, besides the state itself."""

    values: list[Value] = []
    """First values of buckets that closed, in the order in which they closed."""
    restated: list[Value] = []
    """Values of closed buckets that late events may have changed."""
    expected: list[Expected] = []
    """What was expected of the buckets of watched series, in the order in which they closed."""
    signals: list[Signal] = []
    alerts: list[Alert] = []
    shocks: list[Shock] = []
    curve: list[Quality] = []
    """What the curves of case files have gained."""
    marks: list[Mark] = []
    notices: list[Notice] = []
    refused: list[tuple[str, int, Refusal]] = []
    news: list[Summary | Hush] = []
    """What stage two must hear."""
    agencies: set[str] = set()
    """Agencies whose state changed."""


class Engine:
    """Stage one. ``apply`` takes records in the order of the log, each exactly once."""

    def __init__(self, settings: Settings, catalogue: dict[str, Indicator]) -> None:
        self.settings = settings
        self.catalogue = catalogue
        self.agencies: dict[str, Agency] = {}
        self.watches: dict[str, Watch] = {}

    def agency(self, name: str) -> Agency:
        """The state of an agency, made where new."""
        if name not in self.agencies:
            self.agencies[name] = Agency(name, self.settings, self.catalogue)
            self.watches[name] = Watch(name, self.agencies[name].calendar, self.settings)
        return self.agencies[name]

    def apply(self, records: Sequence[Record]) -> Changes:
        """Fold records into the state and say what follows."""
        changes = Changes()
        for is_tick, run in groupby(records, key=lambda record: record.kind == "tick"):
            if is_tick:
                for record in run:
                    self._tick(record.received, record.position, changes)
                continue
            by_agency: dict[str, list[Record]] = {}
            for record in run:
                by_agency.setdefault(record.agency, []).append(record)
            for name, mine in by_agency.items():
                self._fold(self.agency(name), mine, changes)
        changes.news.sort(key=order)
        return changes

    def _fold(self, agency: Agency, records: Sequence[Record], changes: Changes) -> None:
        arrivals = agency.admit(records)
        changes.agencies.add(agency.name)
        changes.refused += [(agency.name, at, refusal) for at, refusal in arrivals.refused]
        changes.marks += event_marks(agency.name, arrivals)
        watch = self.watches[agency.name]
        for rated in ratings(arrivals):
            scales = watch.breaks.scales
            changes.marks += scales.passed(rated) if isinstance(rated, int) else scales.see(rated)
        for step in fold(agency, arrivals):
            if isinstance(step, Told):
                watch.told(step.event, step.at, changes)
            elif isinstance(step, Awake):
                watch.awake(step.source, step.at, changes)
                self._hush(agency, step.position, changes)
            elif isinstance(step, Spoke):
                watch.breaks.spoke(step, changes, gap=bool(watch.gaps.open))
            elif isinstance(step, Switched):
                switched(agency, watch, step, changes)
            else:
                self._close(agency, step, changes)

    def _tick(self, now: int, position: int, changes: Changes) -> None:
        """The clock, as logged: silence becomes visible, late arrivals are published."""
        for agency in self.agencies.values():
            watch = self.watches[agency.name]
            for source in agency.sources.values():
                quiet = now - source.last_received > source.allowed
                if quiet and not source.stale and not source.by_hand:
                    source.stale = True
                    watch.silent(source, now, changes)
                    self._hush(agency, position, changes)
                    changes.agencies.add(agency.name)
            for gauge in agency.gauges.values():
                for step in anew(gauge, now, position, before=[]):
                    changes.agencies.add(agency.name)
                    self._close(agency, step, changes)

    def _hush(self, agency: Agency, position: int, changes: Changes) -> None:
        """Tell stage two which indicators nobody feeds any more."""
        for name in agency.gauges:
            sources = agency.feeding(name)
            silent = bool(sources) and all(source.stale for source in sources)
            if silent != (name in agency.hushed):
                (agency.hushed.add if silent else agency.hushed.discard)(name)
                changes.news.append(Hush(agency.name, name, silent, position))

    def _close(self, agency: Agency, step: Closing, changes: Changes) -> None:
        gauge = step.gauge
        if not step.anew:
            self.watches[agency.name].closing(gauge, step, changes)
        cells = _measure(agency, gauge, step.line, step.number)
        sources = agency.feeding(gauge.indicator.id)
        frame = _frame(agency, step, sources)
        if not cells:
            # Stage two must hear that the bucket is over, or it would wait for ever.
            nothing = Measured(Cell(), None, None, (frame.end - frame.window_start, 0), {}, 0.0)
            (value,) = values(gauge.indicator, frame, nothing, "")[:1]
            changes.news.append(_summary(agency, step, nothing, value, last=True))
            return
        watch = self.watches[agency.name]
        into = changes.restated if step.anew else changes.values
        told = [measured for measured in cells if _is_shared(measured.cell)]
        judged = []
        for measured in cells:
            silent = agency.silent(measured.cell, sources, frame.end)
            made = values(gauge.indicator, frame, measured, silent)
            into.extend(made)
            if not step.anew:
                judged.append((measured.cell == Cell(), made, measured.bucket))
            if _is_shared(measured.cell):
                last = measured is told[-1]
                changes.news.append(_summary(agency, step, measured, made[0], last=last))
        # The total last: it is watched only where no part of it is.
        for _, made, lived in sorted(judged, key=itemgetter(0)):
            if not isinstance(gauge.indicator, Lifetime):
                watch.bucket(gauge, step, made, changes)
            elif lived is not None and frame.live >= 1:
                # While a source that feeds it is silent, nobody knows what has ended.
                watch.goes_on(gauge.indicator, step, made[0], lived, changes)
            changes.curve += watch.casebook.curve()


def _is_shared(cell: Cell) -> bool:
    """Groups are shown as a whole, by service, by unit or by stratum; not by two at once."""
    return bool(cell.unit) + bool(cell.service) + bool(cell.stratum) <= 1


def _summary(
    agency: Agency, step: Closing, measured: Measured, value: Value, *, last: bool
) -> Summary:
    indicator = step.gauge.indicator
    return Summary(
        agency=agency.name,
        indicator=indicator.id,
        line=step.line,
        number=step.number,
        cell=measured.cell,
        parts=None if measured.window is None else indicator.freeze(measured.window),
        exposure=measured.exposure[0],
        usage=measured.usage,
        coverage=value.coverage,
        recorded=step.recorded,
        position=step.position,
        last=last,
    )


def _measure(agency: Agency, gauge: Gauge, line: int, number: int) -> list[Measured]:
    views = {}
    if isinstance(gauge.indicator, Scan):
        views = {kind: agency.items[kind].all() for kind in gauge.indicator.reads}
    return gauge.measure(line, number, views)


def _frame(agency: Agency, step: Closing, sources: Sequence[Source]) -> Frame:
    calendar, rhythm = step.gauge.calendar, RHYTHMS[step.line]
    end = calendar.end(rhythm, step.number)
    first = step.number - step.gauge.window(step.line) + 1
    return Frame(
        agency=agency.name,
        rhythm=rhythm,
        window_start=calendar.start(rhythm, first),
        start=calendar.start(rhythm, step.number),
        end=end,
        live=sum(not source.lacks(end) for source in sources) / max(len(sources), 1),
        recorded=step.recorded,
    )

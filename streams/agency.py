"""Stage one: everything that is known of one agency, folded from its records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.calendar import Calendar
from models.check import FUTURE_TOLERANCE_MS, Problem, Refusal
from models.record import Record
from models.settings import Settings
from models.value import RHYTHMS, Cell
from streams.arrivals import REBASED, TYPES, Arrivals
from streams.gauge import Gauge
from streams.indicator import Indicator
from streams.items import Items
from streams.kinds import ACTS, KINDS
from streams.seen import NEW, REPEAT, REUSED, Seen
from streams.source import FAR_PAST, Source, Traffic
from streams.spoken import Rhythms

I64 = NDArray[np.int64]

DAY_MS = 86_400_000


class Agency:
    """The state of one agency. :meth:`fold` is the only thing that changes it."""

    def __init__(self, name: str, settings: Settings, catalogue: dict[str, Indicator]) -> None:
        self.name = name
        self.settings = settings
        facts = settings.agency(name)
        self.calendar = Calendar(facts.timezone, facts.holidays)
        self.places: list[Cell] = []
        self.codes: dict[tuple[str, str, str], int] = {}
        self.fed: dict[int, set[str]] = {}
        self.sources: dict[str, Source] = {}
        self.seen = Seen()
        self.rhythms: Rhythms = {}
        self.hushed: set[str] = set()
        self.latest = FAR_PAST
        self.front = FAR_PAST
        self.gauges = {one.id: Gauge(one, self.calendar, self.places) for one in catalogue.values()}
        self.readers: dict[str, list[Gauge]] = {}
        for gauge in self.gauges.values():
            for kind in gauge.indicator.reads:
                self.readers.setdefault(kind, []).append(gauge)
        self.items = {kind: Items(KINDS[kind], self.places) for kind in self.readers}
        self._feeding: dict[str, list[Source]] = {}
        self._reads: dict[str, NDArray[np.bool_]] = {}
        self.feeds = {
            name: {gauge.indicator.id for act in acts for gauge in self.readers.get(act.kind, ())}
            for name, acts in ACTS.items()
        }

    # --- reading records ------------------------------------------------------------------

    def admit(self, records: Sequence[Record]) -> Arrivals:
        """Read records; leave only events that are new, not of the future, not too old."""
        arrivals = Arrivals(self.name, records)
        self._admit(arrivals, arrivals.refused)
        return arrivals

    def _admit(self, arrivals: Arrivals, refused: list[tuple[int, Refusal]]) -> None:
        """Leave only events that are new and neither of the future nor older than retention.

        A baseline counts nothing: it may begin as far back as its series remembers.
        """
        if not len(arrivals):
            return
        horizon = self.settings.retention.days * DAY_MS
        future = arrivals.told > arrivals.received + FUTURE_TOLERANCE_MS
        said = np.where(future, FAR_PAST, arrivals.times)
        front = np.maximum.accumulate(np.concatenate(([self.latest], said)))
        counts = arrivals.types != REBASED
        late = ~future & counts & (arrivals.times < front[:-1] - horizon)
        fine = np.flatnonzero(~future & ~late)
        verdict = np.full(len(arrivals), REPEAT, np.int8)
        if len(fine):
            verdict[fine] = self._sift(arrivals, fine, front)
        self._account(arrivals, verdict, future, late)
        out = np.flatnonzero(future | late | (verdict == REUSED)).tolist()
        refused += [
            (int(arrivals.received[row]), _refusal(arrivals, row, _word(row, future, late)))
            for row in out
        ]
        self.latest = int(front[-1])
        arrivals.keep(np.flatnonzero((verdict == NEW) & ~future & ~late))

    def _sift(self, arrivals: Arrivals, rows: I64, front: I64) -> NDArray[np.int8]:
        """Tell new events from repeats; with every new month, ids beyond retention go first."""
        verdict = []
        known = front[rows]
        months = self.calendar.bucket("month", np.maximum(front, 0))
        news = np.flatnonzero(months[rows + 1] > months[rows])
        for nth, some in enumerate(np.split(np.arange(len(rows)), news)):
            if not len(some):
                continue
            # Only where a month begins: elsewhere it would show where the log was cut.
            if nth and known[some[0]] > FAR_PAST:
                horizon = int(known[some[0]]) - self.settings.retention.days * DAY_MS
                self.seen.forget(horizon // DAY_MS)
            mine = rows[some]
            # What is older than retention is remembered as long as what happens now.
            told = np.where(
                arrivals.types[mine] == REBASED,
                np.maximum(arrivals.times[mine], known[some]),
                arrivals.times[mine],
            )
            days = np.maximum(told // DAY_MS, 0)
            verdict.append(self.seen.sift(arrivals.ids[mine], arrivals.bodies[mine], days))
        return np.concatenate(verdict)

    def _account(
        self,
        arrivals: Arrivals,
        verdict: NDArray[np.int8],
        future: NDArray[np.bool_],
        late: NDArray[np.bool_],
    ) -> None:
        """Count what came, by source and type; make sources that were never heard before."""
        names = [event.source for event in arrivals.events]
        for name in dict.fromkeys(names):
            if name not in self.sources:
                facts = self.settings.source(name)
                self.sources[name] = Source(name, facts.lateness_ms, facts.quiet_after_ms)
        codes = {name: i for i, name in enumerate(self.sources)}
        arrivals.sources = np.array([codes[name] for name in names], np.int64)
        both = arrivals.sources * len(TYPES) + arrivals.types
        for pair in np.unique(both).tolist():
            rows = np.flatnonzero(both == pair)
            source = self.sources[names[int(rows[0])]]
            traffic = source.traffic.setdefault(TYPES[pair % len(TYPES)], Traffic())
            good = rows[(verdict[rows] == NEW) & ~future[rows] & ~late[rows]]
            traffic.accepted += len(good)
            repeats = (verdict[rows] == REPEAT) & ~future[rows] & ~late[rows]
            traffic.repeats += int(repeats.sum())
            traffic.late += int(late[rows].sum())
            traffic.last_received = max(traffic.last_received, int(arrivals.received[rows].max()))
            if len(good):
                told = arrivals.times[good]
                traffic.first_time = min(traffic.first_time, int(told.min()))
                traffic.last_time = max(traffic.last_time, int(told.max()))
                source.last_time = max(source.last_time, traffic.last_time)
        for name in set(names):
            source = self.sources[name]
            source.last_received = max(t.last_received for t in source.traffic.values())

    def reads(self, indicator: str) -> NDArray[np.bool_]:
        """Of each type code: whether the indicator reads it."""
        known = self._reads.get(indicator)
        if known is None:
            flags = [indicator in self.feeds.get(name, ()) for name in TYPES]
            known = self._reads[indicator] = np.array(flags)
        return known

    # --- small questions --------------------------------------------------------------------

    def place(self, unit: str, service: str, stratum: str) -> int:
        """The code of a place, made where new."""
        key = (unit, service, stratum)
        code = self.codes.get(key)
        if code is None:
            code = self.codes[key] = len(self.places)
            self.places.append(Cell(*key))
        return code

    def feeding(self, indicator: str) -> list[Source]:
        """The sources from which an indicator has read anything."""
        known = self._feeding.get(indicator)
        if known is None:
            known = self._feeding[indicator] = [
                source
                for source in self.sources.values()
                if any(indicator in self.feeds.get(name, ()) for name in source.types)
            ]
        return known

    def hear(self, source: Source, kind: str) -> None:
        """Note that a source sends a type of event; it holds buckets back from now on."""
        if kind not in source.types:
            source.types.add(kind)
            self._feeding.clear()

    def silent(self, cell: Cell, sources: Sequence[Source], end: int) -> str:
        """The sources of a cell if all fell silent before ``end`` (ms), as words; else empty."""
        if not any(source.lacks(end) for source in sources):
            return ""
        mine: set[str] = set()
        for code, place in enumerate(self.places):
            if all(
                not want or want == have for want, have in zip(_key(cell), _key(place), strict=True)
            ):
                mine |= self.fed.get(code, set())
        mine &= {source.name for source in sources}
        if mine and all(self.sources[name].lacks(end) for name in mine):
            return ", ".join(sorted(mine))
        return ""

    def prune(self) -> None:
        """Forget what is older than retention."""
        horizon = self.front - self.settings.retention.days * DAY_MS
        for items in self.items.values():
            items.prune(horizon)
        moment = np.array([horizon], np.int64)
        for gauge in self.gauges.values():
            for line, panes in gauge.panes.items():
                oldest = int(self.calendar.bucket(RHYTHMS[line], moment)[0])
                panes.prune(oldest - gauge.window(line) + 1)


def _word(
    row: int, future: NDArray[np.bool_], late: NDArray[np.bool_]
) -> Literal["future", "beyond_retention", "id_reused"]:
    if future[row]:
        return "future"
    return "beyond_retention" if late[row] else "id_reused"


def _key(cell: Cell) -> tuple[str, str, str]:
    return (cell.unit, cell.service, cell.stratum)


def _refusal(
    arrivals: Arrivals, row: int, code: Literal["future", "beyond_retention", "id_reused"]
) -> Refusal:
    """Why the engine leaves an event out, in words."""
    event = arrivals.events[row]
    words = {
        "future": "lies after its own receipt: send events once they have happened, and check "
        "the sender's clock",
        "beyond_retention": "is older than anything kept: it stays in the log and is never counted "
        "in this store; to count it, make retention longer and load all into a new one",
        "id_reused": "has the id of another event of this source: give each event an id of its "
        "own; a corrected count needs a new id and the same period",
    }
    pointer = "/id" if code == "id_reused" else "/time"
    problem = Problem(pointer=pointer, code=code, message=f"This event {words[code]}.")
    return Refusal(
        row=row,
        event_source=event.source,
        event_id=event.id,
        event_type=event.type,
        problems=[problem],
        payload=arrivals.lines[row],
    )

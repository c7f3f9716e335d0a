"""What an indicator is.

An indicator is one class in one file of ``streams/indicators/``. It states its facts and says
what an item adds to it; when that is asked, and how windows, roll-ups, late corrections and
restarts work, is not its business. Three shapes exist:

- :class:`Tally`: an item adds whole numbers to the bucket of one moment (shares, rates, levels);
- :class:`Lifetime`: how long things take, by period Kaplan–Meier over items;
- :class:`Scan`: anything else that is read from the items when a bucket closes.

Two rules keep every number independent of how the log is cut:

- **Causality**: an item's contribution changes only in buckets at or after the time of the
  event that changed the item.
- **Mergeability**: parts of two agencies, units or buckets add up; nothing is averaged.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.chart import Begin, Chart, Reading
from models.value import Cell, Rhythm
from streams.chart import chart
from streams.estimators.durations import Durations
from streams.estimators.estimate import Estimate
from streams.estimators.kaplan_meier import KaplanMeier
from streams.estimators.risk_table import RiskTable
from streams.items import NEVER, View
from streams.lived import Lived

I64 = NDArray[np.int64]

Pillar = Literal["Explore", "Exploit", "Scale", "Service", "Data & decisions", "Remote"]

PENDING = -1
"""An item that adds nothing yet."""
USED = 0
"""An item that counts; 1, 2 … are the indicator's reasons to leave one out."""

SINGLE = -1
"""``View.rhythm`` of an item that is no reported count."""

K = {"open": 0, "citizen": 5, "workforce": 10}
"""Smallest group that may be shown, by privacy class."""


class Cases(NamedTuple):
    """What some items add, one row an item.

    ``at`` is the moment (ms) whose bucket receives it, ``reason`` is :data:`USED`,
    :data:`PENDING` or 1 + the place in ``excluded``, ``parts`` the whole numbers.
    """

    at: I64
    reason: I64
    parts: tuple[I64, ...]


class Indicator(ABC):
    """The facts that every indicator states."""

    id: ClassVar[str] = ""
    title: ClassVar[str]
    pillar: ClassVar[Pillar]
    unit: ClassVar[str]
    direction: ClassVar[Literal["up", "down", "context"]]
    formula: ClassVar[str]
    source: ClassVar[str]
    pitfalls: ClassVar[str]
    step: ClassVar[Rhythm]
    """Length of a bucket: how often a value is given, and what detection looks at."""
    window: ClassVar[int]
    """How many buckets a shown value covers."""
    min_n: ClassVar[int]
    guards: ClassVar[tuple[str, ...]] = ()
    headline: ClassVar[bool] = False
    """Whether a tile shows it where only a few can be shown."""
    goalposts: ClassVar[tuple[float, float] | None] = None
    privacy: ClassVar[Literal["open", "citizen", "workforce"]] = "open"
    detect: ClassVar[Literal["", "count", "share", "level", "rare", "pace"]] = ""
    """What detection looks at. Of rare events no bucket is expected to hold anything, and the
    depth of one says nothing; of work that goes on (``pace``) a bucket has no value of its own,
    but time lived and endings. Only detectors that decide by themselves look at either."""
    detectors: ClassVar[tuple[str, ...]] = ("seasonal_z", "cusum", "shift", "novelty")
    """Who looks at it, each at the rhythms that it is meant for."""
    objective: ClassVar[float | None] = None
    """The share that it is to reach, where its error budget is watched."""
    strata: ClassVar[str] = ""
    """In words, what a stratum of this indicator is."""
    mixed: ClassVar[bool] = False
    """Whether the strata of a service are watched too, as shares of it (module ``streams.mix``)."""
    grains: ClassVar[tuple[tuple[str, ...], ...]] = ((), ("service",))
    unseen: ClassVar[tuple[tuple[str, ...], ...]] = ()
    """Parts of a shown cell of which it is only asked whether they report (composition)."""
    excluded: ClassVar[tuple[str, ...]] = ()
    version: ClassVar[int] = 1

    reads: ClassVar[tuple[str, ...]]
    """The kinds of item it reads."""

    @property
    def foreseen(self) -> bool:
        """Whether something is expected of each bucket of it."""
        return self.detect in ("count", "share", "level")

    @property
    def by_bucket(self) -> bool:
        """Whether detection looks at the value that each bucket has by itself."""
        return self.foreseen or self.detect == "rare"

    @property
    def quantity(self) -> Literal["count", "share", "level", "mix"]:
        """How its values are compared with each other; rare events are counts."""
        return self.detect if self.detect in ("share", "level") else "count"

    def is_part(self, cell: Cell) -> bool:
        """Whether a cell is a service or a unit, of which alerts speak rather than of the total."""
        if ("service",) in self.grains:
            return bool(cell.service) and not cell.stratum
        return ("unit",) in self.grains and bool(cell.unit)

    @property
    def summary(self) -> str:
        """What it says, in one sentence."""
        return (type(self).__doc__ or "").strip().split("\n", 1)[0]

    @property
    def charted(self) -> bool:
        """Whether a control chart suits its buckets."""
        return "xmr" in self.detectors

    def control(
        self, readings: Sequence[Reading], begins: Sequence[Begin], target: float | None
    ) -> Chart | None:
        """The control chart of its buckets; None where such a chart does not suit it."""
        if not self.charted:
            return None
        shares = self.quantity == "share"
        return chart(readings, self.direction, begins, target, shares=shares)

    @abstractmethod
    def read(self, parts: Any, exposure_ms: int) -> Estimate:
        """The estimate that merged parts over ``exposure_ms`` give."""

    @abstractmethod
    def merge(self, many: Sequence[Any]) -> Any:
        """Parts of several agencies as one."""

    def group_size(self, parts: Any, n: int) -> int:
        """How many people or cases stand behind a value, for the rule of smallest groups."""
        del parts
        return n

    def detail(self, parts: Any) -> dict[str, float | int | None]:
        """Further figures to keep beside the value."""
        del parts
        return {}

    def freeze(self, parts: Any) -> Any:
        """Parts as plain lists and numbers, to travel."""
        return parts

    def thaw(self, plain: Any) -> Any:
        """The parts of :meth:`freeze`."""
        return plain


class Tally(Indicator):
    """Whole numbers added to the bucket of one moment of an item."""

    width: ClassVar[int]
    zero: ClassVar[bool] = False
    """Whether a bucket without any single event is a true zero."""

    @abstractmethod
    def cases(self, kind: str, items: View) -> Cases:
        """What these items add."""

    def merge(self, many: Sequence[Any]) -> Any:
        """Sums."""
        return [sum(column) for column in zip(*many, strict=True)]


class Found(NamedTuple):
    """What a scan of the items found, one row an item that matters to the window.

    ``reason`` as in :class:`Cases`; ``gather`` turns row numbers of this table into parts.
    """

    place: I64
    reason: I64
    gather: Callable[[I64], Any]


class Scan(Indicator):
    """Read from the items themselves when a bucket closes."""

    @abstractmethod
    def scan(self, items: Mapping[str, View], start: int, stop: int, own: bool) -> Found:
        """What the window [start, stop) (ms) holds.

        ``own`` is true where the bucket is the indicator's own step; counts of a coarser
        period arrive with their rows already chosen and ``own`` false.
        """

    def merge(self, many: Sequence[Any]) -> Any:
        """Sums."""
        return [sum(column) for column in zip(*many, strict=True)]


class Lifetime(Scan):
    """Time from one step of an item to another, work in progress included.

    Items enter when they began or became known, whichever is later (delayed entry), and leave
    when they finish, are dropped, or the window ends (censored).
    """

    kind: ClassVar[str]
    start: ClassVar[str]
    finish: ClassVar[str]
    stops: ClassVar[tuple[str, ...]] = ()
    ms: ClassVar[int]
    """Milliseconds of one unit of the value."""
    detect = "pace"
    detectors = ("pace",)
    excluded = ("never_started", "ends_before_start")

    def scan(self, items: Mapping[str, View], start: int, stop: int, own: bool) -> Found:
        """Items at risk in the window, as risk tables; ages in ms."""
        del own
        found = self.lives(items, start, stop)
        return found._replace(gather=lambda rows: RiskTable.of(*found.gather(rows)))

    def lives(self, items: Mapping[str, View], start: int, stop: int) -> Found:
        """Items at risk in [start, stop) (ms), as a :class:`Lived` for the rows that are asked for."""
        view = items[self.kind]
        began, done = getattr(view, self.start), getattr(view, self.finish)
        over = np.minimum.reduce([done, *(getattr(view, step) for step in self.stops)])
        seen = np.maximum(began, view.known)
        reason = np.where((seen < stop) & (over >= start), USED, PENDING)
        reason[over < began] = PENDING
        inside = (done >= start) & (done < stop)
        reason[inside & (began == NEVER)] = 1
        reason[inside & (began < NEVER) & (done < began)] = 2

        def gather(rows: I64) -> Lived:
            since, end, first = began[rows], over[rows], seen[rows]
            leave = np.minimum(end, stop) - since
            entry = np.minimum(np.maximum(first, start) - since, leave)
            return Lived(entry, leave, (done[rows] == end) & (end < stop))

        return Found(view.place, reason, gather)

    def freeze(self, parts: Any) -> Any:
        """The table's pairs."""
        return parts.to_pairs()

    def thaw(self, plain: Any) -> Any:
        """The table of these pairs."""
        return RiskTable.from_pairs(*plain)

    def merge(self, many: Sequence[Any]) -> Any:
        """Risk tables add up exactly."""
        merged = RiskTable()
        for table in many:
            merged = merged.merge(table)
        return merged

    def read(self, parts: Any, exposure_ms: int) -> Estimate:
        """The median with its interval; n is the number of items at risk."""
        del exposure_ms
        found = self._durations(parts)
        times = (found.median, found.median_low, found.median_high)
        value, low, high = (None if x is None else x / self.ms for x in times)
        return Estimate(value=value, n=found.n_at_risk, low=low, high=high)

    def detail(self, parts: Any) -> dict[str, float | int | None]:
        """P85 and the number of endings behind the median."""
        found = self._durations(parts)
        p85 = None if found.p85 is None else found.p85 / self.ms
        return {"p85": p85, "finished": found.n_events}

    _last: tuple[RiskTable, Durations] | None = None

    def _durations(self, table: RiskTable) -> Durations:
        """The curve's figures; value and detail of one table are asked for one after the other."""
        if self._last is None or self._last[0] is not table:
            self._last = (table, KaplanMeier.read(table))
        return self._last[1]

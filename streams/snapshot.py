"""The engine's state as named parts of bytes, and back.

A snapshot only saves time: the state is a function of the log, and a start without one folds
the log from its first record to the same state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from models.value import Cell
from streams.agency import Agency
from streams.engine import Engine
from streams.gauge import Gauge
from streams.items import Items
from streams.kinds import KINDS
from streams.panes import Panes
from streams.rhythm import Periods
from streams.seen import Seen
from streams.source import Source

VERSION = 13
"""Grows whenever state of an older version can no longer be read; it is then folded anew."""

Pairs = list[tuple[int, int]]


class Head(msgspec.Struct):
    """All that is small."""

    latest: int
    front: int
    places: list[Cell]
    fed: list[tuple[int, list[str]]]
    rhythms: list[tuple[tuple[str, str], Periods]]
    hushed: list[str]
    sources: list[Source]
    gauges: dict[str, tuple[Pairs, Pairs, list[tuple[int, tuple[int, int]]]]]
    """Of each: first and closed bucket, and the range that late events touched, by line."""


def parts(engine: Engine, name: str) -> Iterator[tuple[str, bytes]]:
    """The state of one agency, part by part."""
    agency = engine.agencies[name]
    head = Head(
        agency.latest,
        agency.front,
        agency.places,
        [(place, sorted(names)) for place, names in sorted(agency.fed.items())],
        [(name, agency.rhythms[name]) for name in sorted(agency.rhythms)],
        sorted(agency.hushed),
        list(agency.sources.values()),
        {one: _stand(gauge) for one, gauge in agency.gauges.items()},
    )
    # Sets have no order of their own, and the same state must be the same bytes.
    yield "head", msgspec.msgpack.encode(head, order="deterministic")
    yield "seen", agency.seen.dump()
    yield "watch", engine.watches[name].dump()
    for kind, items in agency.items.items():
        yield f"items:{kind}", items.dump()
    for one, gauge in agency.gauges.items():
        for line, panes in gauge.panes.items():
            yield f"panes:{one}:{line}", panes.dump()


def restore(engine: Engine, name: str, stored: Mapping[str, bytes]) -> None:
    """Put an agency's stored parts in place.

    An indicator or kind that the parts do not know starts empty: it counts from now on, and
    from the beginning after a rebuild.
    """
    agency = engine.agency(name)
    head = msgspec.msgpack.decode(stored["head"], type=Head)
    agency.latest, agency.front = head.latest, head.front
    for place in head.places:
        agency.place(place.unit, place.service, place.stratum)
    agency.fed = {place: set(names) for place, names in head.fed}
    agency.rhythms = dict(head.rhythms)
    agency.hushed = set(head.hushed)
    agency.sources = {source.name: source for source in head.sources}
    agency.seen = Seen.load(stored["seen"])
    engine.watches[name].load(stored["watch"])
    for part, body in stored.items():
        what, _, rest = part.partition(":")
        if what == "items" and rest in agency.items:
            agency.items[rest] = Items.load(KINDS[rest], agency.places, body)
        elif what == "panes":
            _restore_panes(agency, rest, body)
    for one, told in head.gauges.items():
        if one in agency.gauges:
            gauge = agency.gauges[one]
            first, closed, dirty = told
            gauge.first, gauge.closed, gauge.dirty = dict(first), dict(closed), dict(dirty)


def _stand(gauge: Gauge) -> tuple[Pairs, Pairs, list[tuple[int, tuple[int, int]]]]:
    return sorted(gauge.first.items()), sorted(gauge.closed.items()), sorted(gauge.dirty.items())


def _restore_panes(agency: Agency, rest: str, body: bytes) -> None:
    name, _, line = rest.rpartition(":")
    if name in agency.gauges:
        gauge = agency.gauges[name]
        gauge.cells.of(agency.places)
        gauge.panes[int(line)] = Panes.load(body)

"""What the gauges of results would have shown over time, read from the store.

A value holds from the end of its window until the next one of its series. The last one holds
for two steps of its rhythm, as long as the next may take to come in, and then the series ends:
it is not drawn on through a silence. Where there is no value there is no series of it, only of
its status. Of an indicator with several rhythms it is that which reaches furthest.

States and alerts are told by the time of the events that opened and closed them, from the first
event of an agency to the end of the period.

Everything is as it stands restated now; a Prometheus that had been there would have kept what
was known then. The two differ where something was corrected, or came late.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, groupby, pairwise
from typing import Any, Final, NamedTuple

import sqlalchemy
from sqlalchemy import func, select

from dashboards.condition import stretches
from dashboards.series import one_rhythm
from dashboards.words import SEVERITIES
from deploy.gauges import number
from deploy.newest import FIGURES, SHOWN
from deploy.openmetrics import Family, Run, Series
from deploy.reading import narrowed
from models import tables
from models.metrics import METRICS, STATE_NUMBER, Gauge, groups_of
from models.value import LENGTH_MS

AT_ONCE: Final = 5_000
"""Rows that are fetched from the store at once."""

STEPS: Final = 2
"""So many steps the last value of a series holds."""

_METRICS = {metric.name: metric for metric in METRICS}

Row = Mapping[str, Any]


class Asked(NamedTuple):
    """The time from ``since`` up to, without, ``until`` (ms), of an agency or of all ("")."""

    since: int
    until: int
    agency: str = ""


def families(
    connection: sqlalchemy.Connection, asked: Asked, group: Callable[[str], str]
) -> Iterator[Family]:
    """The gauges that have a history, one after the other; rows are fetched as they are needed."""
    rhythms = _rhythms(connection, asked)
    for name in FIGURES:
        yield Family(_METRICS[name], _values(connection, asked, name, rhythms))
    yield Family(_METRICS["headwind_alert_state"], _alerts(connection, asked))
    yield Family(_METRICS["headwind_alerts_open"], _open(connection, asked))
    yield Family(_METRICS["headwind_agency_state"], _states(connection, asked))
    yield Family(_METRICS["headwind_agency_group"], _groups(connection, asked, group))


_V = tables.value.c
_KEY = (_V.indicator, _V.agency, _V.service)

Rhythms = dict[tuple[str, ...], str]
"""The rhythm that is shown of each indicator, agency and service."""


def _rhythms(connection: sqlalchemy.Connection, asked: Asked) -> Rhythms:
    last = func.max(_V.window_end).label("window_end")
    question = select(*_KEY, _V.rhythm, last).where(SHOWN).group_by(*_KEY, _V.rhythm)
    question = narrowed(question, tables.value, {"agency": asked.agency})
    found: dict[str, list[Any]] = {}
    for row in connection.execute(question).mappings():
        found.setdefault(row["service"], []).append(row)
    return {
        (indicator, agency, service): rows[0]["rhythm"]
        for service, several in found.items()
        for (agency, indicator), rows in one_rhythm(several).items()
    }


def _values(
    connection: sqlalchemy.Connection, asked: Asked, name: Gauge, rhythms: Rhythms
) -> Iterator[Series]:
    longest = STEPS * max(LENGTH_MS.values())
    order = (*_KEY, _V.rhythm, _V.window_end)
    question = (
        select(*order, _V[FIGURES[name]].label("figure"))
        .where(SHOWN, _V.window_end > asked.since - longest, _V.window_end < asked.until)
        .order_by(*order)
        .execution_options(yield_per=AT_ONCE)
    )
    question = narrowed(question, tables.value, {"agency": asked.agency})
    rows = connection.execute(question)
    for (indicator, agency, service, rhythm), some in groupby(rows, lambda row: row[:4]):
        if rhythms.get((indicator, agency, service)) == rhythm:
            runs = _held(some, STEPS * LENGTH_MS[rhythm], asked)
            yield Series((agency, indicator, service), runs)


def _held(rows: Iterable[Any], longest: int, asked: Asked) -> Iterator[Run]:
    """The runs of one series, whose rows are in order of time."""
    for row, following in pairwise(chain(rows, [None])):
        end = row.window_end + longest
        if following is not None:
            end = min(end, following.window_end)
        figure = row.figure
        if figure is not None:
            yield from _within(row.window_end, end, number(figure), asked)


def _within(start: int, end: int, value: float, asked: Asked) -> Iterator[Run]:
    """What of a run lies in the period, if anything does; ms become whole seconds."""
    first, last = -(-max(start, asked.since) // 1000), -(-min(end, asked.until) // 1000)
    if first < last:
        yield Run(first, last, value)


def _begun(connection: sqlalchemy.Connection, asked: Asked) -> dict[str, int]:
    """When the history of each agency begins: with its first event, or its first alert."""
    s, a = tables.source, tables.alert
    heard = select(s.c.agency, func.min(s.c.first_time)).where(s.c.accepted > 0)
    opened = select(a.c.agency, func.min(a.c.opened)).where(a.c.latest)
    found: dict[str, int] = {}
    for question, table in ((heard, s), (opened, a)):
        narrow = narrowed(question, table, {"agency": asked.agency}).group_by(table.c.agency)
        for agency, first in connection.execute(narrow):
            found[agency] = min(first, found.get(agency, first))
    return dict(sorted(found.items()))


def _told(connection: sqlalchemy.Connection, agency: str) -> list[Row]:
    """The alerts of an agency as they stand, those left out that were inhibited."""
    c = tables.alert.c
    columns = (c.agency, c.indicator, c.alertname, c.severity, c.state, c.reason)
    question = (
        select(*columns, c.opened, c.closed)
        .where(c.latest, c.agency == agency)
        .order_by(c.indicator, c.alertname, c.opened)
    )
    return [*connection.execute(question).mappings()]


def _alerts(connection: sqlalchemy.Connection, asked: Asked) -> Iterator[Series]:
    for agency in _begun(connection, asked):
        rows = _told(connection, agency)
        for (indicator, name), some in groupby(
            rows, lambda row: (row["indicator"], row["alertname"])
        ):
            alerts = list(some)
            counted = _counted(alerts, min(row["opened"] for row in alerts), asked)
            runs = (Run(run.start, run.end, min(run.value, 1)) for run in counted)
            yield Series((agency, indicator, name), runs)


def _open(connection: sqlalchemy.Connection, asked: Asked) -> Iterator[Series]:
    for agency, first in _begun(connection, asked).items():
        rows = _told(connection, agency)
        for severity in SEVERITIES:
            alerts = [row for row in rows if row["severity"] == severity]
            yield Series((agency, severity), _counted(alerts, first, asked))


def _counted(alerts: Iterable[Row], first: int, asked: Asked) -> Iterator[Run]:
    """How many of these alerts are open, from ``first`` (ms) on."""
    changes = Counter({first: 0})
    for row in alerts:
        if row["state"] != "inhibited":
            changes[row["opened"]] += 1
            if row["closed"] is not None:
                changes[row["closed"]] -= 1
    count = 0
    for start, end in pairwise([*sorted(changes), max(asked.until, *changes)]):
        count += changes[start]
        yield from _within(start, end, count, asked)


def _states(connection: sqlalchemy.Connection, asked: Asked) -> Iterator[Series]:
    for agency, first in _begun(connection, asked).items():
        found = stretches(_told(connection, agency), max(first, asked.since), asked.until)
        runs = (
            run
            for one in found
            for run in _within(one.start, one.end, STATE_NUMBER[one.state], asked)
        )
        yield Series((agency,), runs)


def _groups(
    connection: sqlalchemy.Connection, asked: Asked, group: Callable[[str], str]
) -> Iterator[Series]:
    """As the settings have them now: nothing says when an agency joined."""
    for agency, first in _begun(connection, asked).items():
        for labels in groups_of(agency, group(agency)):
            yield Series(labels, _within(first, asked.until, 1, asked))

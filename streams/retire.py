"""Series of a rhythm in which nobody reports any more: they end, and nothing is said to fall."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.alert import Alert
from models.value import RHYTHMS, Cell
from streams.breaks import RECENT_MS
from streams.gauge import Gauge
from streams.look import Key
from streams.marks import rhythm_mark
from streams.mix import judged
from streams.notice import Notice
from streams.rhythm import LENGTH_MS
from streams.spoken import Switched
from streams.wording import moved, short

if TYPE_CHECKING:
    from streams.agency import Agency
    from streams.engine import Changes
    from streams.watch import Watch

HEARTBEAT = "headwind.context.source.heartbeat.v1"

SILENT = 2
"""Periods of a new rhythm that a source which sends nothing else may be silent."""


def switched(agency: Agency, watch: Watch, one: Switched, changes: Changes) -> None:
    """Mark another rhythm on what it feeds, and end the series of the one before."""
    before, now, start, end = one.switch
    for name in sorted(agency.feeds.get(one.kind, ())):
        gauge = agency.gauges[name]
        old, new = max(before, gauge.step), max(now, gauge.step)
        if old == new:
            continue
        label = f"{short(one.kind)} from {one.source}: each {RHYTHMS[now]}, was {RHYTHMS[before]}"
        changes.marks.append(rhythm_mark(agency.name, name, label, start, end))
        for key in [key for key in watch.series if key[:2] == (name, old)]:
            if _feeds_all(agency, one.source, key[2]):
                _end(watch, gauge, key, one, changes)
    source = agency.sources[one.source]
    if not source.types - {one.kind, HEARTBEAT}:
        source.patience = SILENT * LENGTH_MS[now] if now > before else 0


def _feeds_all(agency: Agency, source: str, cell: Cell) -> bool:
    """Whether all that a cell holds comes from this source."""
    inside = [
        names
        for code, names in agency.fed.items()
        if all(
            getattr(cell, name) in ("", getattr(agency.places[code], name))
            for name in ("unit", "service", "stratum")
        )
    ]
    return all(names == {source} for names in inside)


def _end(watch: Watch, gauge: Gauge, key: Key, one: Switched, changes: Changes) -> None:
    """Close what stands, and forget the series and its cases."""
    episode = watch.series.pop(key).episode
    changes.shocks += watch.casebook.drop(key)
    at = one.switch.end
    gap = watch.gaps.open.pop(key, None)
    reason = moved(gauge.indicator, key[2], one, watch.calendar.local_date)
    if gap is not None:
        told = gap.state == "open" and one.received - at <= RECENT_MS
        _keep(gap.closing(at, reason), one.received, changes, told=told)
    if episode is None:
        return
    watch.inhibited.pop(episode.alert, None)
    closed = Alert(
        id=episode.alert,
        alertname=f"{judged(gauge.indicator, key[2]).title} off",
        agency=watch.agency,
        indicator=key[0],
        cell=key[2],
        severity=episode.severity,
        state="closed",
        old_state=episode.state,
        reason=reason,
        evidence={
            "since": episode.since,
            "worst_depth": episode.worst,
            "buckets": episode.buckets,
            "rhythm": RHYTHMS[key[1]],
        },
        opened=episode.opened,
        updated=at,
        closed=at,
        transition=episode.transition,
    )
    _keep(closed, one.received, changes, told=episode.told)


def _keep(alert: Alert, received: int, changes: Changes, *, told: bool) -> None:
    changes.alerts.append(alert)
    if told:
        changes.notices.append(Notice(alert, received))

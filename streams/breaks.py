"""Breaks of one agency: all that makes numbers before and after it hard to compare.

Found here are changed compositions (module ``streams.composition``) and scales of ratings
(``streams.scale``), other ways of sending, and types of event that vanish or fade
(``streams.pulse``), which is told as an alert. What an agency declares (``definition.changed``) it says itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid5

import msgspec

from models.alert import Alert
from models.mark import Mark
from streams.composition import Composition
from streams.gap import EVENTS_VANISHED, NAMESPACE
from streams.gauge import Gauge
from streams.look import Key
from streams.marks import rhythm_mark
from streams.mix import whole
from streams.notice import Notice
from streams.pause import ONE_IN
from streams.pulse import DAY_MS, Noticed, Pulse
from streams.rhythm import Arriving
from streams.roster import Plain
from streams.scale import Scales
from streams.series import Series
from streams.spoken import Spoke
from streams.wording import type_gone

if TYPE_CHECKING:
    from streams.engine import Changes

RECENT_MS = 4 * DAY_MS
"""A day that was over longer ago than this is history: nobody is told of what was missing."""


class Breaks:
    """What is remembered of who reports, and how."""

    def __init__(self, agency: str) -> None:
        self.agency = agency
        self.composition = Composition(agency)
        self.scales = Scales(agency)
        self.doubtful: set[Key] = set()
        """Series whose bucket that closes just now is not to be judged."""
        self.pulses: dict[str, Pulse] = {}
        self.arriving: dict[str, Arriving] = {}
        self.missing: dict[str, tuple[Alert, bool] | None] = {}
        """Open alerts of missing types by source and type, and whether somebody was told.

        None where a gap of a service stood by then, which says it already.
        """

    def closing(
        self, gauge: Gauge, line: int, number: int, series: dict[Key, Series]
    ) -> list[Mark]:
        """A bucket closes: see who reported, before its cells are looked at."""
        changed = self.composition.look(gauge, line, number)
        self.doubtful = changed.doubtful
        if changed.broken:
            for key, one in series.items():
                one.broken |= key in changed.broken or whole(key) in changed.broken
        return changed.marks

    def spoke(self, one: Spoke, changes: Changes, *, gap: bool) -> None:
        """A source said something: see what it does not say any more; ``gap``: one is told."""
        pulse = self.pulses.setdefault(one.source, Pulse())
        over = (pulse.day + 1) * DAY_MS
        for noticed in pulse.hear(one.day, one.said):
            if noticed.what != "back" and gap:
                self.missing[f"{one.source}\x1f{noticed.kind}"] = None
            else:
                self._notice(one, noticed, over, changes)
        arriving = self.arriving.setdefault(one.source, Arriving())
        since = arriving.see(one.day, sum(one.said.values()), one.hours)
        if since is not None:
            how = "once a day" if arriving.bulk else "over the day"
            label = f"{one.source} sends {how}"
            changes.marks.append(rhythm_mark(self.agency, "", label, since * DAY_MS, over))

    def _notice(self, one: Spoke, noticed: Noticed, over: int, changes: Changes) -> None:
        name = f"{one.source}\x1f{noticed.kind}"
        reason = type_gone(one.source, noticed.kind, noticed)
        recent = one.received - over <= RECENT_MS
        if noticed.what == "back":
            known = self.missing.pop(name)
            if known is None:
                return
            alert, told = known
            alert = alert.closing(over, reason)
        else:
            alert, told = _opened(self.agency, one.source, noticed, over, reason), recent
            self.missing[name] = alert, told
        changes.alerts.append(alert)
        if told:
            changes.notices.append(Notice(alert, one.received))

    def dump(self) -> bytes:
        """All of it, as bytes."""
        sent = (self.pulses, self.arriving, self.missing)
        held = (self.composition.dump(), self.scales, *sent)
        # Sets have no order of their own, and the same state must be the same bytes.
        return msgspec.msgpack.encode(held, order="deterministic")

    def load(self, body: bytes) -> None:
        """What :meth:`dump` gave."""
        shape = tuple[
            list[tuple[Key, Plain]],
            Scales,
            dict[str, Pulse],
            dict[str, Arriving],
            dict[str, tuple[Alert, bool] | None],
        ]
        held = msgspec.msgpack.decode(body, type=shape)
        parts, self.scales, self.pulses, self.arriving, self.missing = held
        self.composition.load(parts)


def _opened(agency: str, source: str, noticed: Noticed, over: int, reason: str) -> Alert:
    name = f"{noticed.what} {agency} {source} {noticed.kind} {noticed.since}"
    return Alert(
        id=str(uuid5(NAMESPACE, name)),
        alertname=EVENTS_VANISHED,
        agency=agency,
        reason=reason,
        # In the order in which :meth:`Breaks.dump` keeps it: the same text after a restart.
        evidence={
            "false_alarm_rate": 1 / ONE_IN,
            "since": noticed.since * DAY_MS,
            "source": source,
            "type": noticed.kind,
            "usual_in_four_weeks": noticed.usual,
        },
        opened=over,
        updated=over,
    )

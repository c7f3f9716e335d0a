"""Watching one agency: from closed buckets and silences to signals, alerts and notices."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid5

import msgspec

from models.alert import Alert, AlertState
from models.calendar import Calendar
from models.event import Event
from models.events.context import (
    BaselineRebased,
    CalendarMarked,
    DefinitionChanged,
    ShockClosed,
    ShockDeclared,
)
from models.settings import Settings
from models.value import RHYTHMS, Cell, Value
from streams.alert import Nature, Verdict, What, begin, decide, decider, follow
from streams.breaks import Breaks
from streams.casebook import Casebook
from streams.crisis import READINESS, Crisis
from streams.detection import NAMESPACE, Detection, Heard
from streams.evidence import as_it_is, evidence
from streams.expectation import Expectation
from streams.floor import foreseen
from streams.gap import Gaps, is_empty
from streams.indicator import Indicator, K, Lifetime
from streams.kept import kept
from streams.lift import learn
from streams.lived import Lived
from streams.look import Key, Look, spoken_of
from streams.marks import crisis_mark, definition_mark, rebase_mark
from streams.mix import Mixes, in_cases, is_mixed, whole
from streams.notice import Notice, is_recent
from streams.planned import Plans, Span
from streams.rebase import rebase, settle
from streams.series import KEPT, Bucket, Episode, Series
from streams.source import Source
from streams.stale import stale
from streams.wording import back_again, reason

if TYPE_CHECKING:
    from streams.engine import Changes
    from streams.folding import Closing
    from streams.gauge import Gauge


class Watch:
    """The series and open alerts of one agency."""

    def __init__(self, agency: str, calendar: Calendar, settings: Settings | None = None) -> None:
        self.agency = agency
        self.calendar = calendar
        self.detection = Detection(agency, settings or Settings())
        self.series: dict[Key, Series] = {}
        self.parted: set[tuple[str, int]] = set()
        """Indicators, by the code of a rhythm, of which a part is watched."""
        self.casebook = Casebook(agency, calendar, self.series)
        self.gaps = Gaps(agency, calendar)
        self.plans = Plans(calendar)
        self.breaks = Breaks(agency)
        self.mixes = Mixes()
        self.silences: dict[str, Alert] = {}
        self.inhibited: dict[str, Alert] = {}

    def closing(self, gauge: Gauge, step: Closing, changes: Changes) -> None:
        """A bucket closes: see who reported, before its cells are looked at."""
        changes.marks += self.breaks.closing(gauge, step.line, step.number, self.series)

    def bucket(self, gauge: Gauge, step: Closing, made: list[Value], changes: Changes) -> None:
        """Look at one cell of a bucket that closed just now."""
        value = made[-1]
        indicator, number, n = self.mixes.part(gauge.indicator, step, value, self.series)
        if value.indicator == READINESS:
            self.casebook.ready(value)
            changes.shocks += self.casebook.news()
        # Few of what is counted is no small sample, and an error budget adds buckets up itself:
        # they are judged where the window has enough.
        adds_up = indicator.detect == "count" or indicator.objective is not None
        few = adds_up and value.status == "low_n" and made[0].status == "ok"
        if not indicator.detect or number is None or not (few or value.status == "ok"):
            return
        key = (value.indicator, step.line, value.cell)
        if not self.breaks.doubtful.isdisjoint((key, whole(key))):
            return
        if not spoken_of(indicator, key, self.series, self.parted):
            return
        rhythm = RHYTHMS[step.line]
        bucket = Bucket.of(self.calendar, rhythm, step.number, number, n)
        look = self._look(indicator, key, bucket, value, changes)
        bucket = self.plans.fit(look.series, bucket, value.cell, rhythm, indicator.quantity)
        self._see(look._replace(bucket=bucket), changes)

    def _see(self, look: Look, changes: Changes) -> None:
        """From a bucket that is to be judged to all that follows from it."""
        indicator, _, bucket, value = look
        if not indicator.foreseen:
            # No bucket is expected to hold any: only who needs no expectation judges it.
            self._heard(look, None, None, changes)
            return
        usual, expected = foreseen(look, indicator.quantity)
        changes.expected.append(kept(self.agency, look, expected))
        if bucket.slot < 0:
            # Closed or nearly so, and no two holidays are alike: only these judge it, too.
            self._heard(look, None, None, changes)
            return
        if expected is not None and is_empty(look, expected, gap=self.gaps.holds(look)):
            alert = self.gaps.lengthen(look, expected, silent=bool(self.silences))
            self._tell(alert, value, changes)
            return
        what = self._heard(look, expected, usual, changes)
        self._tell(self.gaps.end(look), value, changes)
        if not is_mixed(look):
            guarded = self._guarded(indicator, RHYTHMS.index(value.rhythm), value.cell)
            levels = what == "new level"
            changes.shocks += self.casebook.look(look, levels=levels, guarded=guarded)

    def goes_on(
        self, indicator: Lifetime, step: Closing, value: Value, lived: Lived, changes: Changes
    ) -> None:
        """Look at the work that a cell had at risk in a bucket that closed just now.

        ``value`` is that of its window, which may not be known yet.
        """
        key = (value.indicator, step.line, value.cell)
        if not spoken_of(indicator, key, self.series, self.parted):
            return
        # Where events are lost on the way nothing ends, and that is told already.
        lost = any(gap[2] == value.cell for gap in self.gaps.open)
        if lost or len(lived.entry) < K[indicator.privacy]:
            return
        plain = Bucket.of(self.calendar, RHYTHMS[step.line], step.number, value.value or 0.0)
        bucket = msgspec.structs.replace(
            plain, n=len(lived.entry), lived=lived, unit_ms=indicator.ms
        )
        look = self._look(indicator, key, bucket, value, changes)
        self._heard(look, None, None, changes)

    def _look(
        self, indicator: Indicator, key: Key, bucket: Bucket, value: Value, changes: Changes
    ) -> Look:
        """A bucket and its series, which is watched from now on and begins anew where it must."""
        if key[2] != Cell():
            self.parted.add(key[:2])
        look = Look(indicator, self.series.setdefault(key, Series()), bucket, value)
        if look.series.broken or look.series.rebased is not None:
            self._begin_anew(look, changes)
        return look

    def told(self, event: Event, at: int, changes: Changes) -> None:
        """Hear of a crisis, its end, a crisis decision, another definition or baseline, a plan."""
        book, said = self.casebook, event.data
        match said:
            case ShockDeclared():
                crisis = Crisis(said.shock, said.kind, said.scope, at, None, said.required_level)
                if book.declare(crisis):
                    changes.marks.append(crisis_mark(self.agency, crisis))
            case ShockClosed():
                closed = book.close(said.shock, at)
                if closed is not None:
                    changes.marks.append(crisis_mark(self.agency, closed))
            case CalendarMarked():
                self.plans.hear(said)
            case DefinitionChanged():
                changes.marks.append(definition_mark(self.agency, said, at))
                for (indicator, _, cell), series in self.series.items():
                    here = said.indicator in ("", indicator) and said.service in ("", cell.service)
                    series.broken |= here
            case BaselineRebased():
                changes.marks.append(rebase_mark(self.agency, said, at))
                self._rebased(said, at)
            case _:
                book.decided(at)
        changes.shocks += book.news()

    def _rebased(self, said: BaselineRebased, at: int) -> None:
        """Note where the baseline of some series begins; it is done with their next bucket."""
        for (indicator, _, cell), series in self.series.items():
            here = said.unit in ("", cell.unit) and said.service in ("", cell.service)
            if here and said.indicator == indicator:
                series.rebased = at

    def _begin_anew(self, look: Look, changes: Changes) -> None:
        """Another definition or baseline holds: close what stands, and learn from its start."""
        series, value = look.series, look.value
        if series.episode is not None:
            what: What = "new definition" if series.broken else "new baseline"
            verdict = Verdict(what, 0.0, series.episode.severity)
            self._act(look, as_it_is(look), verdict, changes)
        self._tell(self.gaps.end(look), value, changes)
        changes.shocks += self.casebook.drop(look.key)
        if series.broken or series.rebased is None:
            series.forget()
            series.lifts.clear()
        else:
            rebase(look, self.plans, series.rebased)
        series.broken, series.rebased = False, None

    def _tell(self, alert: Alert | None, value: Value, changes: Changes) -> None:
        """Keep a state of an alert that is no episode, and tell it if it is news."""
        if alert is None:
            return
        changes.alerts.append(alert)
        if "inhibited" not in (alert.state, alert.old_state) and is_recent(value):
            changes.notices.append(Notice(alert, value.recorded))

    def _heard(
        self, look: Look, expected: Expectation | None, usual: Expectation | None, changes: Changes
    ) -> str:
        """From what detectors say of a bucket to alerts, and to what is learned of it."""
        indicator, series, bucket, value = look
        heard = self.detection.look(look, expected, changes.signals)
        name = decider(series, heard.judged, indicator.direction)
        what, learns = "", True
        if name:
            what = self._follow(look, name, heard, changes)
            learns = series.episode is None
        elif expected is not None:
            what, learns = self._judge(look, expected, heard, changes)
        if not indicator.foreseen:
            return what
        if bucket.slot < 0:
            series.learn(bucket, None, KEPT[value.rhythm])
        elif learns:
            learn(look, None if what == "new level" else usual)
        elif name and value.rhythm != "hour":
            series.set_aside(bucket, KEPT[value.rhythm])
        return what

    def _follow(self, look: Look, name: str, heard: Heard, changes: Changes) -> str:
        """From the word of a detector that decides by itself to alerts; what becomes of them."""
        by, judged = self.detection.deciding(name), heard.judged.get(name)
        verdict = follow(look.series, look.bucket, judged, _nature(look), by)
        usual = as_it_is(look) if judged is None else judged.usual
        self._act(look, usual, verdict, changes)
        return verdict.what

    def _judge(
        self, look: Look, expected: Expectation, heard: Heard, changes: Changes
    ) -> tuple[str, bool]:
        """What becomes of a bucket's alert, and whether it is learned: what is off is not."""
        series = look.series
        verdict = decide(series, look.bucket, expected, _nature(look), news=heard.news)
        self._act(look, expected, verdict, changes)
        return verdict.what, series.episode is None and not verdict.aside

    def _guarded(self, indicator: Indicator, line: int, cell: Cell) -> bool:
        """Whether no guard of an indicator is worse in this cell; mere context never is."""
        series = (self.series.get((guard, line, cell)) for guard in indicator.guards)
        episodes = [one.episode for one in series if one is not None]
        return all(one is None or one.severity == "info" for one in episodes)

    def _act(self, look: Look, expected: Expectation, verdict: Verdict, changes: Changes) -> None:
        """Move the alert of a series on, and keep its new state."""
        series, bucket, value = look.series, look.bucket, look.value
        episode = series.episode
        opens = verdict.what == "open"
        if opens:
            episode = series.episode = self._open(look, verdict)
            episode.peak = abs(bucket.value - expected.expected)
        elif not verdict.what or episode is None:
            return
        old = "" if opens else episode.state
        if verdict.what in ("close", "wave", "new level", "new definition", "new baseline"):
            episode.state = "closed"
            series.episode = None
            if verdict.what == "new level":
                settle(look, self.plans, episode.since)
        elif verdict.what == "worse":
            episode.severity = verdict.severity
        detector, shown = self.detection.by(look, episode.by), in_cases(look, expected)
        alert = Alert(
            id=episode.alert,
            alertname=f"{look.indicator.title} off",
            agency=self.agency,
            indicator=value.indicator,
            cell=value.cell,
            severity=episode.severity,
            state=episode.state,
            old_state=old,
            reason=reason(look, shown, episode, verdict, self.calendar.local_date),
            evidence=evidence(look, shown, verdict, episode, detector),
            opened=episode.opened,
            updated=bucket.end,
            closed=bucket.end if episode.state == "closed" else None,
            transition=episode.transition,
        )
        episode.transition += 1
        self._record(alert, episode, changes, value)
        if verdict.what == "wave":
            self._act(look, expected, verdict._replace(what="open"), changes)

    def _open(self, look: Look, verdict: Verdict) -> Episode:
        series = look.series
        name = f"alert {self.agency} {look.name} {series.run_since}"
        if verdict.by:
            name = f"{name} {verdict.by} {series.run_direction}"
        state: AlertState = "inhibited" if self.silences else "open"
        return begin(series, str(uuid5(NAMESPACE, name)), look.bucket.end, verdict, state)

    def _record(self, alert: Alert, episode: Episode, changes: Changes, value: Value) -> None:
        changes.alerts.append(alert)
        recent = is_recent(value)
        if alert.state == "inhibited":
            self.inhibited[alert.id] = alert
            episode.due = episode.due or recent
            return
        self.inhibited.pop(alert.id, None)
        if alert.state == "closed" and not episode.told:
            return
        if episode.told or recent:
            episode.told = True
            changes.notices.append(Notice(alert, value.recorded))

    # --- silence --------------------------------------------------------------------------

    def silent(self, source: Source, now: int, changes: Changes) -> None:
        """A source has been quiet beyond its allowance."""
        alert = stale(self.agency, source, now, self.calendar.local_date)
        self.silences[source.name] = alert
        changes.alerts.append(alert)
        changes.notices.append(Notice(alert, now))

    def awake(self, source: Source, at: int, changes: Changes) -> None:
        """A silent source speaks again; what its silence held back and still holds is told."""
        alert = self.silences.pop(source.name, None)
        if alert is None:
            return
        closed = alert.closing(at, back_again(source, self.calendar.local_date(at)))
        changes.alerts.append(closed)
        changes.notices.append(Notice(closed, at))
        if not self.silences:
            self._release(at, changes)

    def _release(self, at: int, changes: Changes) -> None:
        for series in self.series.values():
            episode = series.episode
            if episode is None or episode.state != "inhibited":
                continue
            held = self.inhibited.pop(episode.alert)
            episode.state = "open"
            alert = msgspec.structs.replace(
                held,
                state="open",
                old_state="inhibited",
                updated=max(held.updated, at),
                transition=episode.transition,
            )
            episode.transition += 1
            changes.alerts.append(alert)
            if episode.due:
                episode.told = True
                changes.notices.append(Notice(alert, at))

    # --- keeping --------------------------------------------------------------------------

    def dump(self) -> bytes:
        """All of it, as bytes."""
        cases = self.casebook.dump()
        gaps = list(self.gaps.open.items())
        series, spans = list(self.series.items()), self.plans.spans
        breaks = self.breaks.dump()
        held = (series, self.silences, self.inhibited, gaps, cases, spans, breaks)
        return msgspec.msgpack.encode(held)

    def load(self, body: bytes) -> None:
        """What :meth:`dump` gave."""
        shape = tuple[
            list[tuple[Key, Series]],
            dict[str, Alert],
            dict[str, Alert],
            list[tuple[Key, Alert]],
            bytes,
            list[Span],
            bytes,
        ]
        held = msgspec.msgpack.decode(body, type=shape)
        series, self.silences, self.inhibited, gaps, cases, self.plans.spans, breaks = held
        self.breaks.load(breaks)
        self.gaps.open = dict(gaps)
        self.casebook.load(cases)
        self.series.clear()
        self.series.update(series)
        self.parted = {key[:2] for key in self.series if key[2] != Cell()}


def _nature(look: Look) -> Nature:
    indicator = look.indicator
    return Nature(indicator.direction, indicator.quantity, look.value.rhythm)

"""The demo's events: the same for a seed, right at the door, and telling the story they should."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from deploy.demo.days import Days
from deploy.demo.region import AGENCIES, NOTHING_REAL, sources
from deploy.demo.sending import Sent, events
from deploy.demo.settings import headwind_toml
from deploy.demo.story import FAILURE_DAYS, FLOOD_DAYS, Story
from models.check import check
from models.event import Event
from models.events import Counted
from models.events.context import ShockClosed, ShockDeclared, SourceHeartbeat
from models.events.project import DecisionMade, DecisionRequested
from models.events.remote import PresenceCounted
from models.events.service import RequestClosed, RequestOpened, TransactionsCounted
from models.settings import Settings

UNTIL = datetime(2026, 3, 10, tzinfo=ZoneInfo("Europe/Brussels"))
SEED = 7
FAR = 1 << 62


class Demo:
    """Everything of one run: sendings, checked events and the days they fall in."""

    def __init__(self) -> None:
        self.sent = list(events(SEED, UNTIL))
        self.refused: list[Any] = []
        self.events: list[tuple[Sent, Event]] = []
        for sending in self.sent:
            checked = check(
                sending.lines, agency=sending.agency, families=None, received=sending.sent_ms
            )
            self.refused += checked.refused
            self.events += [(sending, event) for event in checked.events]
        self.days = Days(UNTIL)
        self.story = Story(self.days)
        self._of: dict[tuple[str, type], list[Event]] = defaultdict(list)
        known = set()
        for sending, event in self.events:
            if (event.source, event.id) not in known:
                known.add((event.source, event.id))
                self._of[sending.agency, type(event.data)].append(event)

    def of(self, agency: str, kind: type) -> list[Any]:
        """Events of an agency and kind, repeats left out."""
        return self._of[agency, kind]

    def day(self, found: list[Any]) -> NDArray[np.int64]:
        """Number of the day of each event."""
        return self.days.find(np.array([ms(event.time) for event in found], np.int64))

    def within(self, agency: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """In time and judged cases a day: done in time, or due and not done."""
        closed = {e.data.request: ms(e.time) for e in self.of(agency, RequestClosed)}
        opened = self.of(agency, RequestOpened)
        due = np.array([ms(e.data.due) for e in opened], np.int64)
        done = np.array([closed.get(e.data.request, FAR) for e in opened], np.int64)
        at = np.minimum(due, done)
        judged = at < self.days.end
        day = self.days.find(at[judged])
        good = (done <= due)[judged].astype(float)
        size = self.days.count
        judgements = np.bincount(day, minlength=size).astype(np.float64)
        return np.bincount(day, good, size).astype(np.float64), judgements


def ms(moment: datetime) -> int:
    """Milliseconds since the epoch."""
    return int(moment.timestamp() * 1000)


@pytest.fixture(scope="module")
def demo() -> Demo:
    """One run for all tests: two seconds."""
    return Demo()


def test_same_seed_same_bytes(demo: Demo) -> None:
    """The same seed gives the same sendings, another seed others."""
    assert list(events(SEED, UNTIL)) == demo.sent
    other = next(iter(events(SEED + 1, UNTIL)))
    assert other != demo.sent[0]


def test_every_event_is_right(demo: Demo) -> None:
    """The door's own check refuses nothing: no shape, no future, no person-like value."""
    assert demo.refused == []


def test_size(demo: Demo) -> None:
    """150 to 250 thousand events in sendings of at most 500, in order of sending."""
    assert 150_000 <= len(demo.events) <= 250_000
    assert all(0 < len(sending.lines) <= 500 for sending in demo.sent)
    times = [sending.sent_ms for sending in demo.sent]
    assert times == sorted(times)
    assert times[-1] <= ms(UNTIL)
    assert {sending.agency for sending in demo.sent} == {agency.id for agency in AGENCIES}
    assert len({(sending.agency, sending.sent_ms) for sending in demo.sent}) == len(demo.sent)


def test_order_within_lateness(demo: Demo) -> None:
    """No event comes later behind the front of its source than the source declares."""
    declared = {name: one for agency in AGENCIES for name, one in sources(agency).items()}
    front: dict[str, int] = {}
    behind = 0
    for _, event in demo.events:
        if isinstance(event.data, SourceHeartbeat):
            continue
        at = ms(event.data.start) if isinstance(event.data, Counted) else ms(event.time)
        newest = front.get(event.source, at)
        behind += at < newest
        assert newest - at <= declared[event.source].lateness_s * 1000
        front[event.source] = max(newest, at)
    assert behind > 1000


def test_heartbeats_are_true(demo: Demo) -> None:
    """After a heartbeat nothing comes from before the instant that it says is complete."""
    complete: dict[str, int] = {}
    for _, event in demo.events:
        if isinstance(event.data, SourceHeartbeat):
            assert event.data.complete_to is not None
            complete[event.source] = ms(event.data.complete_to)
            continue
        at = ms(event.data.start) if isinstance(event.data, Counted) else ms(event.time)
        assert at >= complete.get(event.source, 0)


def test_sent_within_a_day(demo: Demo) -> None:
    """Single events are sent minutes to a day and a morning after they happened, never before."""
    waits = [
        sending.sent_ms - ms(event.time)
        for sending, event in demo.events
        if isinstance(event.data, RequestOpened | RequestClosed)
    ]
    assert min(waits) > 0
    assert np.quantile(waits, 0.99) < 25 * 3_600_000
    assert max(waits) <= 30 * 3_600_000


def test_repeats_are_the_same_event(demo: Demo) -> None:
    """Some events are sent twice, and then their lines are equal to the last byte."""
    lines: dict[tuple[str, str], set[bytes]] = defaultdict(set)
    total = 0
    for line in itertools.chain.from_iterable(sending.lines for sending in demo.sent):
        head = msgspec.json.decode(line, type=dict[str, Any])
        lines[head["source"], head["id"]].add(line)
        total += 1
    assert all(len(same) == 1 for same in lines.values())
    assert 50 < total - len(lines) < 2000


def test_no_peaks_on_holidays(demo: Demo) -> None:
    """Holidays see less than half the requests of other working weekdays."""
    day = demo.day(demo.of("quernmouth", RequestOpened))
    daily = np.bincount(day, minlength=demo.days.count)
    weekday = demo.days.weekday < 5
    assert demo.days.holiday[weekday].sum() > 15
    feast = daily[weekday & demo.days.holiday].mean()
    assert feast < 0.5 * daily[weekday & ~demo.days.holiday].mean()


def test_digital_take_up_grows(demo: Demo) -> None:
    """The share of digital channels is far higher in the last year than in the first."""
    for agency in ("quernmouth", "sea-defence", "land-permits"):
        opened = demo.of(agency, RequestOpened)
        digital = np.array([e.data.channel in {"web", "app", "assisted"} for e in opened])
        day = demo.day(opened)
        assert digital[day > 731].mean() > digital[day < 365].mean() + 0.1


def test_flood(demo: Demo) -> None:
    """The declared flood raises demand and worsens service and presence, and is over later."""
    first, stop = demo.story.flood
    assert stop - first == FLOOD_DAYS
    assert 365 < first < 731
    usual, flood, after = slice(first - 91, first), slice(first, stop), slice(stop + 35, stop + 91)
    daily = np.bincount(demo.day(demo.of("sea-defence", RequestOpened)), minlength=demo.days.count)
    assert daily[flood].mean() > 1.4 * daily[usual].mean()
    good, judged = demo.within("sea-defence")
    share = [good[part].sum() / judged[part].sum() for part in (usual, flood, after)]
    assert share[1] < 0.75 * share[0]
    assert abs(share[2] - share[0]) < 0.05
    found = demo.of("sea-defence", PresenceCounted)
    day, change = demo.day(found), np.array([e.data.change_from_baseline for e in found])
    work = demo.days.work[day]
    level = [change[work & (day >= p.start) & (day < p.stop)].mean() for p in (usual, flood)]
    assert level[1] < level[0] - 25
    assert [len(demo.of("sea-defence", kind)) for kind in (ShockDeclared, ShockClosed)] == [1, 1]
    crisis = [e for e in demo.of("sea-defence", DecisionMade) if e.data.decision_class == "crisis"]
    assert len(crisis) >= 10
    assert min(demo.day(crisis)) == first


def test_failure_that_nobody_declares(demo: Demo) -> None:
    """Service within the standard falls by more than 30 % for three weeks, and no shock is told."""
    first, stop = demo.story.failure
    assert stop - first == FAILURE_DAYS
    good, judged = demo.within("quernmouth")
    for counted in demo.of("quernmouth", TransactionsCounted):
        if counted.data.within_standard is not None:
            day = int(demo.day([counted])[0])
            good[day] += counted.data.within_standard
            judged[day] += counted.data.completed
    usual = good[first - 91 : first].sum() / judged[first - 91 : first].sum()
    for week in range(3):
        part = slice(first + 7 * week, first + 7 * week + 7)
        assert good[part].sum() / judged[part].sum() < 0.7 * usual
    later = slice(stop + 14, stop + 42)
    assert good[later].sum() / judged[later].sum() > 0.93 * usual
    declaring = {agency.id for agency in AGENCIES if demo.of(agency.id, ShockDeclared)}
    assert declaring == {"sea-defence"}


def test_silent_source(demo: Demo) -> None:
    """One feed ends three weeks before the end; every other one that is not monthly goes on."""
    last: dict[str, int] = {}
    for sending, event in demo.events:
        last[event.source] = sending.sent_ms
    silence = int(demo.days.starts[demo.story.silence])
    assert last.pop("land-permits/cases") < silence + 24 * 3_600_000
    assert silence == int(demo.days.starts[-22])
    for name, at in last.items():
        assert demo.days.end - at < (35 if name.endswith("monthly") else 9) * 86_400_000, name


def test_one_agency_decides_faster(demo: Demo) -> None:
    """The clinics decide in two thirds of the time of any other agency, in every class."""
    for kind in ("operational", "tactical"):
        medians = {}
        for agency in AGENCIES:
            made = {e.data.decision: ms(e.time) for e in demo.of(agency.id, DecisionMade)}
            taken = [
                made[e.data.decision] - ms(e.time)
                for e in demo.of(agency.id, DecisionRequested)
                if e.data.decision_class == kind and e.data.decision in made
            ]
            medians[agency.id] = float(np.median(taken))
        fastest = medians.pop("clinics")
        assert fastest < 0.75 * min(medians.values())


def test_settings_are_right_and_say_invented() -> None:
    """The demo's settings load, name every source, and are labelled as invented."""
    import tomllib

    text = headwind_toml(port=8123)
    settings = Settings.of(tomllib.loads(text))
    assert settings.organisation.invented == NOTHING_REAL
    assert settings.door.port == 8123
    assert all("(invented)" in one.title for one in settings.agencies.values())
    assert set(settings.sources) == {name for agency in AGENCIES for name in sources(agency)}
    for agency in AGENCIES:
        for name, source in sources(agency).items():
            assert settings.source(name).lateness_ms == source.lateness_s * 1000


@pytest.mark.parametrize("until", ["2024-03-31T02:30:00+02:00", "2025-01-01T00:00:00Z"])
def test_any_end(until: str) -> None:
    """Other ends give a whole demo too: at a change of the clock, at the turn of a year."""
    end = datetime.fromisoformat(until)
    sent = list(events(3, end))
    assert sum(len(sending.lines) for sending in sent) > 150_000
    assert sent[-1].sent_ms <= ms(end)
    json.loads(sent[-1].lines[-1])

"""Random but valid events over every family that an indicator reads, as they would arrive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from random import Random
from typing import Any

import msgspec

from models.record import Record
from models.settings import Settings

HOUR, DAY = 3_600_000, 86_400_000
BEGIN = 1_583_020_800_000
"""2020-03-01T00:00Z: a change of the clock and three changes of month are near."""

AGENCIES = ("parks", "roads", "water")
LATENESS = {"crm": 0, "bus": 2 * DAY, "sheet": 7 * DAY}
"""Sources, and how late each declares that its events may come, ms."""

SETTINGS = Settings.of(
    {
        "organisation": {"timezone": "Europe/Brussels", "holidays": "BE"},
        "agencies": {"roads": {"timezone": "America/New_York"}, "water": {"timezone": "UTC"}},
        "sources": {
            "crm": {"lateness": "PT0S", "quiet_after": "P4D"},
            "bus": {"lateness": "P2D", "quiet_after": "P6D"},
            "sheet": {"lateness": "P7D", "quiet_after": "P12D"},
        },
        "standards": {"parking": "P3D"},
        "retention": {"days": 60},
    }
)


@dataclass(frozen=True, slots=True)
class Made:
    """One event as it arrives, or (``line`` empty) one tick of the clock; times in ms."""

    arrival: int
    agency: str = ""
    source: str = ""
    time: int = 0
    """The engine's time: for a count, the start of its period."""
    line: bytes = b""


@dataclass(frozen=True, slots=True)
class Plan:
    """What kind of history to make; shares run from 0 to 1."""

    seed: int
    size: int = 60
    """Things that happen in an agency: each gives one to three events."""
    days: int = 75
    agencies: tuple[str, ...] = ("parks",)
    late: float = 0.0
    """Share that comes long after the allowance of its source."""
    again: float = 0.0
    """Share that is sent twice; half as many ids are used for something else."""
    odd: float = 0.0
    """Share told in an unusual order or told anew: ends first, other channels, old due dates."""
    bad: float = 0.0
    """Share from the future, or from long before retention."""
    tick: int = 0
    """Days between two ticks; 0 for none."""
    quiet: bool = False
    """Whether one source falls silent half way."""
    sources: tuple[str, ...] = tuple(LATENESS)
    hour: int = HOUR
    """Receipts are stamped in steps of this many ms, so that several events share one."""


def iso(ms: int) -> str:
    """ISO 8601 in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat().replace("+00:00", "Z")


def line(kind: str, name: str, source: str, time: int, /, **data: Any) -> bytes:
    """One event as a line; ``recorded`` is taken out of the data."""
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": name,
        "source": source,
        "type": kind,
        "time": iso(time),
    }
    recorded = data.pop("recorded", None)
    if recorded is not None:
        event["recordedtime"] = iso(recorded)
    return msgspec.json.encode(event | {"data": data})


def day_count(start: int, number: int) -> dict[str, Any]:
    """The data of a count of one day: twice as many transactions begun as completed."""
    told = {"from": iso(start), "to": iso(start + DAY), "service": "permits", "channel": "web"}
    return told | {"started": 2 * number, "completed": number}


@dataclass
class _Maker:
    plan: Plan
    agency: str
    random: Random
    numbers: Iterator[int] = field(default_factory=count)
    made: list[Made] = field(default_factory=list)

    def tell(self, kind: str, time: int, /, *, after: int = 0, **data: Any) -> None:
        """One event of a source picked by its kind; ``after`` says when it can be known, ms."""
        plan, random = self.plan, self.random
        source = plan.sources[sum(map(ord, kind)) % len(plan.sources)]
        if random.random() < 0.1:
            source = random.choice(plan.sources)
        half = BEGIN + plan.days * DAY // 2
        if plan.quiet and source == plan.sources[-1] and time > half:
            return
        allowed = min(LATENESS[source], 3 * DAY)
        known = max(time, after)
        arrival = known + (random.randrange(allowed) if allowed else 0)
        if random.random() < plan.late:
            arrival = known + random.randrange(25 * DAY)
        told = time
        if random.random() < plan.bad and not after:
            told = time = random.choice((arrival + 2 * DAY, BEGIN - 400 * DAY))
        name = f"{self.agency}-{next(self.numbers)}"
        body = line(kind, name, source, told, **data)
        self.made.append(Made(arrival, self.agency, source, time, body))
        if random.random() < plan.again:
            again = arrival + random.randrange(20 * DAY)
            self.made.append(Made(again, self.agency, source, time, body))
        if random.random() < plan.again / 2:
            other = line(kind, name, source, told, **(data | {"unit": "elsewhere"}))
            self.made.append(
                Made(arrival + random.randrange(DAY), self.agency, source, time, other)
            )

    def moment(self) -> int:
        """Some minute of the history."""
        return BEGIN + self.random.randrange(self.plan.days * 24 * 60) * 60_000

    def odd(self) -> bool:
        return self.random.random() < self.plan.odd

    # --- single events ----------------------------------------------------------------------

    def request(self) -> None:
        """Opened and mostly closed; with a due date, with the standard's, or without."""
        random, at = self.random, self.moment()
        name = f"r{next(self.numbers)}"
        kind = "headwind.service.request"
        facts: dict[str, Any] = {"request": name, "service": random.choice(("permits", "parking"))}
        facts["channel"] = random.choice(("web", "phone", ""))
        due: dict[str, Any] = {}
        if random.random() < 0.5:
            due = {"due": iso(at + random.choice((DAY, 6 * DAY)))}
        if self.odd():
            due = {"due": iso(at - 3 * DAY)}
        self.tell(f"{kind}.opened.v1", at, **facts, **due)
        done = at + random.randrange(20 * DAY) - (4 * DAY if self.odd() else 0)
        if random.random() < 0.8:
            self.tell(f"{kind}.closed.v1", done, **facts)
        if self.odd():
            self.tell(f"{kind}.opened.v1", at + 9 * DAY, **(facts | {"channel": "app"}))

    def opportunity(self) -> None:
        """Identified, then launched, dropped or still open."""
        random, at = self.random, self.moment()
        name = f"o{next(self.numbers)}"
        if not self.odd():
            kind = "headwind.project.opportunity.identified.v1"
            self.tell(kind, at, opportunity=name, size_class=random.choice(("S", "L")))
        later = at + random.randrange(30 * DAY) - (9 * DAY if self.odd() else 0)
        if random.random() < 0.6:
            facts: dict[str, Any] = {"service": "permits", "reach": "full"}
            self.tell("headwind.project.service.launched.v1", later, **facts, opportunity=name)
        elif random.random() < 0.5:
            self.tell("headwind.project.opportunity.dropped.v1", later, opportunity=name)

    def project(self) -> None:
        """Started, then finished, cancelled or, seldom, open: most ages have an end to compare."""
        random, at = self.random, self.moment()
        name = f"p{next(self.numbers)}"
        size = random.choice(("S", "L"))
        self.tell("headwind.project.project.started.v1", at, project=name, size_class=size)
        if random.random() < 0.95:
            end = random.choice(("finished", "finished", "finished", "cancelled"))
            later = at + random.randrange(30 * DAY) - (5 * DAY if self.odd() else 0)
            kind = f"headwind.project.project.{end}.v1"
            self.tell(kind, later, project=name, size_class=random.choice((size, "")))

    def planned(self) -> None:
        """A project that starts with a plan, which is set anew once or twice, and finishes."""
        random, at = self.random, self.moment()
        end = at + 200 * DAY
        facts: dict[str, Any] = {"project": f"q{next(self.numbers)}"}
        self.tell("headwind.project.project.started.v1", at, **facts, planned_end=iso(end))
        for number in range(1, random.choice((2, 3))):
            at, end = at + random.randrange(25 * DAY), end + random.choice((-9, 9, 50)) * DAY
            kind = "headwind.project.project.rebaselined.v1"
            self.tell(kind, at, **facts, baseline_no=number, planned_end=iso(end))
        self.tell("headwind.project.project.finished.v1", at + random.randrange(9 * DAY), **facts)

    def decision(self) -> None:
        """Requested, then made or withdrawn."""
        random, at = self.random, self.moment()
        facts: dict[str, Any] = {"decision": f"d{next(self.numbers)}"}
        facts["class"] = random.choice(("operational", "crisis"))
        if not self.odd():
            self.tell("headwind.project.decision.requested.v1", at, **facts)
        if random.random() < 0.8:
            end = random.choice(("made", "made", "withdrawn"))
            later = at + random.randrange(1, 15 * DAY)
            self.tell(f"headwind.project.decision.{end}.v1", later, **facts)

    def change(self) -> None:
        """A change merged, and the deployment that carries it (and perhaps one rolled back)."""
        random, at = self.random, self.moment()
        name, deployment = f"c{next(self.numbers)}", f"v{next(self.numbers)}"
        more: dict[str, Any] = {"service": random.choice(("permits", "parking"))}
        if self.odd():
            kind = "dev.cdevents.change.created.0.2.0"
            self.tell(kind, at - 2 * DAY, subject=_subject(name, "change"), customData=more)
        first = {"created_at": iso(at - random.randrange(5 * DAY))} if random.random() < 0.7 else {}
        kind = "dev.cdevents.change.merged.0.2.0"
        self.tell(kind, at, subject=_subject(name, "change"), customData=more | first)
        later = at + random.randrange(8 * DAY) - (6 * DAY if self.odd() else 0)
        if random.random() < 0.8:
            kind = "dev.cdevents.service.deployed.0.2.0"
            facts = more | {"change_ids": [name]}
            subject = _subject(deployment, "service")
            subject["content"]["artifactId"] = "pkg:generic/site@1"
            self.tell(kind, later, subject=subject, customData=facts)

    def incident(self) -> None:
        """Found or reported, of a service or of none that is known, and mostly resolved."""
        random, at = self.random, self.moment()
        subject = _subject(f"i{next(self.numbers)}", "incident")
        facts: dict[str, Any] = {"service": random.choice(("permits", "parking", ""))}
        kind = f"dev.cdevents.incident.{random.choice(('detected', 'reported'))}.0.2.0"
        self.tell(kind, at, subject=subject, customData=facts)
        if random.random() < 0.7:
            done = at + random.randrange(1, 3 * DAY)
            kind = "dev.cdevents.incident.resolved.0.2.0"
            self.tell(kind, done, subject=subject, customData=facts)

    # --- counts -----------------------------------------------------------------------------

    def counted(self) -> None:
        """A count of some rhythm, and perhaps its correction, recorded later."""
        random = self.random
        what = random.choice(("transactions", "waiting", "readiness", "presence"))
        length = random.choice((1, 24, 24, 24 * 7, 24 * 30)) * HOUR
        steps = max(self.plan.days * DAY // length, 1)
        start = BEGIN + random.randrange(steps) * length
        facts: dict[str, Any] = {"from": iso(start), "to": iso(start + length)}
        facts["part"] = random.choice(("", "a"))
        if what in ("transactions", "waiting"):
            facts |= {"service": random.choice(("permits", "parking"))}
            facts |= {"channel": random.choice(("web", "post"))}
        else:
            facts |= {"unit": random.choice(("north", "south"))}
        family = "service" if what in ("transactions", "waiting") else "remote"
        kind = f"headwind.{family}.{what}.counted.v1"
        for nth in range(2 if random.random() < 0.4 else 1):
            recorded = start + length + nth * DAY + next(self.numbers)
            told = facts | self._numbers(what)
            self.tell(kind, start, after=start + length + nth * DAY, recorded=recorded, **told)

    def _numbers(self, what: str) -> dict[str, Any]:
        random = self.random
        if what == "transactions":
            started = random.randrange(400)
            done = random.randrange(started + 1)
            told = {"started": started, "completed": done}
            return told | ({"within_standard": random.randrange(done + 1)} if done % 2 else {})
        if what == "waiting":
            edges = ((0, 3600), (3600, 86_400), (86_400, None))
            bands = [(low, high, random.randrange(40)) for low, high in edges]
            return {"bands": [{"at_least_s": a, "below_s": b, "count": n} for a, b, n in bands]}
        if what == "readiness":
            posts = random.randrange(80)
            return {"posts_teleworkable": posts, "ready": random.randrange(posts + 1)}
        return {"change_from_baseline": random.randrange(-90_000, 20_000) / 1000}

    def sessions(self) -> None:
        """Remote sessions of an hour or a day, most of which came about."""
        random = self.random
        length = random.choice((1, 1, 24)) * HOUR
        start = BEGIN + random.randrange(self.plan.days * DAY // length) * length
        facts: dict[str, Any] = {"from": iso(start), "to": iso(start + length)}
        facts["unit"] = random.choice(("north", "south", ""))
        tried = random.randrange(300)
        told = {"attempted": tried, "succeeded": tried - random.randrange(tried // 20 + 1)}
        end = start + length
        kind = "headwind.remote.sessions.counted.v1"
        self.tell(kind, start, after=end, recorded=end + next(self.numbers), **facts, **told)

    # --- context ----------------------------------------------------------------------------

    def beat(self) -> None:
        """A heartbeat: alive, complete to some moment, or with another allowance."""
        random, at = self.random, self.moment()
        facts: dict[str, Any] = {}
        if random.random() < 0.5:
            facts["complete_to"] = iso(at - random.randrange(4 * DAY))
        if random.random() < 0.2:
            facts["lateness_s"] = random.randrange(5) * 86_400
        if random.random() < 0.2:
            facts["quiet_after_s"] = random.randrange(3, 9) * 86_400
        self.tell("headwind.context.source.heartbeat.v1", at, **facts)

    def mark(self) -> None:
        """A day of the calendar, or some, announced when they begin or before."""
        random, at = self.random, self.moment()
        kind = random.choice(("holiday", "closure", "deadline", "campaign", "release_freeze"))
        start = at + random.choice((0, 0, 3, 10)) * DAY
        span: dict[str, Any] = {"from": iso(start), "to": iso(start + random.randrange(1, 9) * DAY)}
        span["scope"] = random.choice(("", "", "permits", "south"))
        self.tell("headwind.context.calendar.marked.v1", at, kind=kind, **span)

    def rebased(self) -> None:
        """Somebody begins a new baseline, of what was some weeks before or of now."""
        random, at = self.random, self.moment()
        known = at + random.choice((0, 3, 12)) * DAY
        said = {"indicator": random.choice(("demand", "completion", "within_standard"))}
        said["service"] = random.choice(("", "permits"))
        self.tell("headwind.context.baseline.rebased.v1", at, after=known, why="forms", **said)


def _subject(name: str, kind: str) -> dict[str, Any]:
    return {"id": name, "type": kind, "content": {}}


WEIGHTS = {
    "request": 10,
    "counted": 8,
    "change": 4,
    "opportunity": 3,
    "project": 3,
    "planned": 2,
    "decision": 3,
    "incident": 2,
    "sessions": 2,
    "beat": 2,
    "mark": 1,
    "rebased": 1,
}


def history(plan: Plan, *, only: tuple[str, ...] = tuple(WEIGHTS)) -> list[Made]:
    """Events in order of arrival; receipts are stamped upwards in steps of ``plan.hour``."""
    made: list[Made] = []
    for agency in plan.agencies:
        maker = _Maker(plan, agency, Random(f"{plan.seed} {agency}"))
        weights = [WEIGHTS[name] for name in only]
        for name in maker.random.choices(only, weights, k=plan.size):
            getattr(maker, name)()
        made += maker.made
    if plan.tick:
        last = max((one.arrival for one in made), default=BEGIN) + 20 * DAY
        made += [Made(at) for at in range(BEGIN, last, plan.tick * DAY)]
    made.sort(key=lambda one: one.arrival)
    return [replace(one, arrival=-(-one.arrival // plan.hour) * plan.hour) for one in made]


def record(some: list[Made], position: int = 0) -> Record:
    """One record of events that share agency and receipt, or one tick."""
    first = some[0]
    if not first.line:
        empty = Record(agency="", received=first.arrival, kind="tick", events=0, body=b"")
        return msgspec.structs.replace(empty, position=position)
    body = b"".join(one.line + b"\n" for one in some)
    return Record(
        agency=first.agency,
        received=first.arrival,
        kind="events",
        events=len(some),
        body=body,
        position=position,
    )


def records(made: list[Made], random: Random | None = None, most: int = 500) -> list[Record]:
    """Records in order of arrival, cut where agency or receipt changes, and at random."""
    runs: list[list[Made]] = []
    for one in made:
        last = runs[-1][-1] if runs else None
        same = last is not None and (last.agency, last.arrival) == (one.agency, one.arrival)
        cut = random is not None and random.random() < 0.4
        if same and one.line and not cut and len(runs[-1]) < most:
            runs[-1].append(one)
        else:
            runs.append([one])
    return [record(run, number) for number, run in enumerate(runs, 1)]

"""One alert from its first event to its closing, over real parts and two restarts.

An office counts its permits day by day. After twelve usual weeks half of them are late for
three weeks, then all is as before. A webhook listens all the time; the monitor is stopped once
and killed once while the alert stands open.
"""

from __future__ import annotations

import json
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, NamedTuple

import httpx
import pytest

from tests.e2e.serving import Serving, TurnedClock, until
from tests.integration.listening import listening
from tests.integration.records import headwind
from tests.integration.test_notify import Listener
from tests.unit.events_made import DAY, day_count, iso, line

pytestmark = pytest.mark.slow

WARM, FALL = 12, 3
"""Usual weeks, then bad ones."""
OPENS, CLOSES = 7 * (WARM + 2), 7 * (WARM + FALL + 2)
"""Days whose counts close the second bad week, and the second good one after the fall."""

AGENCY, SERVICE, INDICATOR = "office", "permits", "within_standard"
SETTINGS = """
[organisation]
name = "Invented city"
invented = "Invented data"
[agencies.office]
title = "Office of permits (invented)"
[door]
port = 0
[notify.ops]
url = "{url}"
"""


class Days:
    """Whole days in UTC from a Monday until yesterday, just enough for the story."""

    def __init__(self) -> None:
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        enough = CLOSES + 1
        self.count = enough + (today.weekday() - enough) % 7
        self.first = int(today.timestamp() * 1000) - self.count * DAY

    def start(self, day: int) -> int:
        """When a day begins, ms."""
        return self.first + day * DAY

    def event(self, day: int) -> bytes:
        """The count of one day; no chance in it, so that nothing else can raise an alert."""
        number = (120 if day % 7 < 5 else 45) + day * 37 % 11 - 5
        share = 0.45 if WARM <= day // 7 < WARM + FALL else 0.9
        data = day_count(self.start(day), number) | {"within_standard": round(share * number)}
        kind = "headwind.service.transactions.counted.v1"
        return line(kind, f"day-{day}", "counts", self.start(day + 1), **data)


class Stop(NamedTuple):
    """How things stood when a monitor had ended."""

    code: int
    behind: int
    """Records that are applied and not in the snapshot: a start folds them anew."""
    heard: int
    open: tuple[str, ...]


class Story:
    """The parts, and what was seen while the story went on."""

    def __init__(self, folder: Path, listener: Listener) -> None:
        self.folder = folder
        self.listener = listener
        self.store, self.config = folder / "headwind.db", folder / "headwind.toml"
        self.config.write_text(SETTINGS.format(url=listener.url), encoding="utf-8")
        self.days = Days()
        self.clock = TurnedClock(folder / "clock")
        self.key = self.run("keys", "issue", "--agency", AGENCY).stdout.strip()
        self.ends: list[Stop] = []
        self.page_while_open = ""
        self.state_while_open: list[float] = []

    def run(self, *arguments: str) -> CompletedProcess[str]:
        """A command over this store, where its files are looked for by default."""
        done = headwind(*arguments, cwd=self.folder)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def json(self, *arguments: str) -> Any:
        """What a command says as JSON."""
        return json.loads(self.run(*arguments, "--format", "json").stdout)

    def send(self, monitor: Serving, days: range) -> None:
        """Send the count of each day when it is over."""
        headers = {
            "Authorization": f"Bearer {self.key}",
            "Content-Type": "application/cloudevents+json",
        }
        with httpx.Client(base_url=monitor.url, headers=headers, timeout=20) as client:
            for day in days:
                self.clock.set(self.days.start(day + 1))
                answer = client.post("/events", content=self.days.event(day))
                assert answer.status_code == 202, answer.text

    def stop(self, monitor: Serving, how: signal.Signals) -> None:
        """End the monitor, and note how things stand."""
        code = monitor.stop(how)
        with closing(sqlite3.connect(self.store)) as connection:
            applied, snapshot = connection.execute(
                "SELECT applied, snapshot FROM position WHERE stage = 1"
            ).fetchone()
        open_now = [alert["id"] for alert in self.json("alerts", "--active")]
        self.ends.append(
            Stop(code, applied - snapshot, len(self.listener.accepted), tuple(open_now))
        )

    def heard(self, many: int) -> bool:
        """Whether so many notifications came; a minute passes at each look, as it would.

        The relay looks through older news once a minute, and the clock is turned by hand.
        """
        self.clock.set(int(self.clock.file.read_text()) + 60_000)
        return len(self.listener.accepted) >= many

    def live(self) -> None:
        """All of it, up to the closing."""
        self.clock.set(self.days.start(0))
        monitor = Serving(self.store, self.config, self.clock)
        try:
            self.send(monitor, range(OPENS + 1))
            until(lambda: self.heard(1))
            until(monitor.settled)
            self.page_while_open = monitor.page(f"/agency/{AGENCY}")
            self.state_while_open = [*monitor.metrics()["headwind_alert_state"].values()]
            self.stop(monitor, signal.SIGTERM)
            monitor = Serving(self.store, self.config, self.clock)
            self.send(monitor, range(OPENS + 1, OPENS + 3))
            until(monitor.settled)
            # One more, confirmed and perhaps not evaluated when the kill comes.
            self.send(monitor, range(OPENS + 3, OPENS + 4))
            self.stop(monitor, signal.SIGKILL)
            monitor = Serving(self.store, self.config, self.clock)
            self.send(monitor, range(OPENS + 4, self.days.count))
            until(lambda: self.heard(2))
            until(monitor.settled)
            self.stop(monitor, signal.SIGTERM)
        except AssertionError as error:
            raise AssertionError(monitor.said) from error
        finally:
            monitor.stop(signal.SIGKILL)


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    """The webhook, on loopback."""
    with listening(Listener()) as server:
        yield server


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, listener: Listener) -> Story:
    """The story, told once."""
    told = Story(tmp_path_factory.mktemp("story"), listener)
    told.live()
    return told


@pytest.fixture(scope="module")
def monitor(story: Story) -> Iterator[Serving]:
    """The same store, served once more by the command as it is, with the real clock."""
    serving = Serving(story.store, story.config)
    yield serving
    serving.stop()


@pytest.fixture(scope="module")
def alert(story: Story) -> dict[str, Any]:
    """The one alert, as the command line tells it."""
    (only,) = story.json("alerts")
    return dict(only)


def test_the_restarts_are_real(story: Story, alert: dict[str, Any]) -> None:
    """One stop leaves a snapshot, one kill leaves work behind; the alert is open at both."""
    stopped, killed, last = story.ends
    assert stopped.code in (0, -signal.SIGTERM)
    assert killed.code == -signal.SIGKILL
    assert stopped.behind == 0
    assert killed.behind >= 2
    assert stopped.open == killed.open == (alert["id"],)
    assert (stopped.heard, killed.heard) == (1, 1)
    assert (last.open, last.heard) == ((), 2)


def test_the_listener_hears_one_firing_and_one_resolved(
    story: Story, alert: dict[str, Any], monitor: Serving
) -> None:
    """Over all restarts and one more each state arrives once, and both are of the same alert."""
    until(monitor.settled)
    told = [body["alerts"] for body in story.listener.accepted]
    assert [len(some) for some in told] == [1, 1]
    firing, resolved = (some[0] for some in told)
    assert [firing["status"], resolved["status"]] == ["firing", "resolved"]
    assert firing["labels"] == resolved["labels"]
    assert firing["labels"]["alertname"] == "IndicatorOff"
    assert firing["labels"]["severity"] == "critical"
    assert (firing["labels"]["agency"], firing["labels"]["service"]) == (AGENCY, SERVICE)
    assert firing["fingerprint"] == resolved["fingerprint"]
    assert firing["startsAt"] == resolved["startsAt"] == _exact(story.days.start(OPENS))
    assert resolved["endsAt"] == _exact(story.days.start(CLOSES))
    assert {one["annotations"]["alert_id"] for one in (firing, resolved)} == {alert["id"]}
    with closing(sqlite3.connect(story.store)) as connection:
        sent = connection.execute("SELECT state, attempts FROM delivery").fetchall()
        decided = connection.execute("SELECT COUNT(*) FROM outbox").fetchone()
    assert sent == [("delivered", 1)] * 2
    assert decided == (2,)


def test_the_commands_tell_the_same(story: Story, alert: dict[str, Any]) -> None:
    """Alert, its history, the signals of the bad weeks and the values agree."""
    week = [iso(story.days.start(7 * number)) for number in range(WARM + FALL + 3)]
    about = (alert["agency"], alert["indicator"], alert["service"], alert["state"])
    assert about == (AGENCY, INDICATOR, SERVICE, "closed")
    assert (alert["opened"], alert["closed"]) == (week[WARM + 2], week[-1])
    assert alert["evidence"]["since"] == week[WARM]
    history = story.json("alerts", "--history")
    assert [(one["id"], one["state"]) for one in history] == [
        (alert["id"], "open"),
        (alert["id"], "closed"),
    ]
    signals = story.json("signals")
    about_it = {(one["indicator"], one["service"], one["direction"]) for one in signals}
    assert about_it == {(INDICATOR, SERVICE, "down")}
    # Until the alert stands; then its weeks are no news of their own. Control charts draw on.
    opening = [one for one in signals if one["detector"] in ("seasonal_z", "cusum")]
    assert sorted({one["bucket_start"] for one in opening}) == week[WARM : WARM + 2]
    assert {one["detector"] for one in signals} <= {"seasonal_z", "cusum", "xmr", "p_prime"}
    assert {one["detector"] for one in opening} == {"seasonal_z", "cusum"}
    cell = ("--agency", AGENCY, "--indicator", INDICATOR, "--service", SERVICE)
    buckets = story.json("values", *cell, "--span", "bucket")
    assert [one["window_end"] for one in buckets] == week[1:]
    bad = {one["window_start"]: one["value"] for one in buckets if one["value"] < 0.6}
    assert len(bad) == FALL
    assert {one["bucket_start"]: one["value"] for one in signals}.items() <= bad.items()


def test_the_page_shows_value_and_alert(
    story: Story, alert: dict[str, Any], monitor: Serving
) -> None:
    """While open the reason stands on the agency's page; later the value, and that it is over."""
    opened = story.json("alerts", "--history")[0]
    assert opened["reason"] in story.page_while_open
    assert "strained" in story.page_while_open
    value = f"{_latest(story)['value']:.1%}".removesuffix("%")
    page = monitor.page(f"/agency/{AGENCY}")
    for text in (value, "No alert is open.", "Done within the standard", "Invented data"):
        assert text in page
    assert opened["reason"] not in page
    assert alert["reason"] in monitor.page("/")
    assert value in monitor.page(f"/indicator/{INDICATOR}?service={SERVICE}")


def test_metrics_show_value_and_alert(story: Story, monitor: Serving) -> None:
    """The gauge is the value that the command tells; the alert was 1 and is 0."""
    until(monitor.settled)
    now = monitor.metrics()
    labels = frozenset({"agency": AGENCY, "indicator": INDICATOR, "service": SERVICE}.items())
    value = _latest(story)
    assert now["headwind_indicator"][labels] == value["value"]
    assert now["headwind_indicator_low"][labels] == value["low"]
    assert now["headwind_indicator_high"][labels] == value["high"]
    assert now["headwind_indicator_status"][labels] == 0
    assert story.state_while_open == [1]
    assert [*now["headwind_alert_state"].values()] == [0]
    assert [*now["headwind_source_stale"].values()] == [0]


def test_explain_names_counts(story: Story) -> None:
    """Of a window of four weeks 28 counts came and were used, of all days that were sent."""
    day = iso(story.days.start(CLOSES - 3))
    asked = ("explain", INDICATOR, "--agency", AGENCY, "--service", SERVICE, "--at", day)
    told = json.loads(story.run(*asked, "--format", "json").stdout)
    assert (told["received"], told["used"], told["excluded"]) == (28, 28, {})
    assert [one["accepted"] for one in told["sources"]] == [story.days.count]
    assert told["value"]["value"] == _latest(story)["value"]
    words = story.run(*asked).stdout
    assert "28 in this window" in words
    assert "done by the due date" in words


def test_replay_is_equal(story: Story, monitor: Serving) -> None:
    """The log, written by four processes, gives anew what stands."""
    until(monitor.settled)
    said = story.run("replay", "--check").stdout
    assert "Equal" in said
    assert "differs" not in said


def _latest(story: Story) -> dict[str, Any]:
    cell = ("--agency", AGENCY, "--indicator", INDICATOR, "--service", SERVICE)
    return dict(story.json("values", *cell)[-1])


def _exact(ms: int) -> str:
    return iso(ms).replace("Z", ".000Z")

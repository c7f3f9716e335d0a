"""The demo as a user starts it: three invented years lived once, and its story seen in the results."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, NamedTuple

import httpx
import pytest

from deploy.demo.days import Days
from deploy.demo.region import AGENCIES, LAND_PERMITS, QUERNMOUTH, SEA_DEFENCE, SIMULATED, Agency
from deploy.demo.story import Span, Story
from streams.catalogue import catalogue
from tests.e2e.serving import Serving, until
from tests.integration.records import HEADWIND, headwind

pytestmark = pytest.mark.slow

UNTIL = "2026-03-10"
"""A fixed end, so that the same story is told on every day."""

MOST_FALSE = 5
"""Alerts that the story does not explain, in three years of four agencies: of their services, the
channels and the speeds of these, more than a hundred series."""

AFTERMATH = 28
"""Days after a turn of the story in which an alert may still be of it: cases come in late."""

WEEK = 7


class Demo(NamedTuple):
    """What one run left."""

    store: Path
    done: CompletedProcess[str]
    story: Story
    alerts: list[dict[str, Any]]

    @property
    def config(self) -> Path:
        """The settings that it wrote beside its store."""
        return self.store.with_suffix(".toml")

    def day(self, moment: str) -> float:
        """Which day of the demo a moment lies in, by number and share of 24 hours."""
        ms = datetime.fromisoformat(moment).timestamp() * 1000
        return float((ms - self.story.days.starts[0]) / 86_400_000)

    def of(self, agency: Agency, span: Span) -> list[dict[str, Any]]:
        """Alerts on indicators of an agency that a turn of the story explains."""
        return [
            one
            for one in self.alerts
            if one["agency"] == agency.id
            and one["alertname"] != "SourceStale"
            and span.first <= self.day(one["opened"]) <= span.stop + AFTERMATH
        ]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The only run: about a minute."""
    store = tmp_path_factory.mktemp("demo") / "demo.db"
    command = ("demo", "--once", "--port", "0", "--until", UNTIL, "--store", str(store))
    done = headwind(*command)
    config = store.with_suffix(".toml")
    told = headwind("alerts", "--store", store, "--config", config, "--format", "json").stdout
    story = Story(Days(datetime.fromisoformat(UNTIL).replace(tzinfo=UTC)))
    return Demo(store, done, story, json.loads(told))


@pytest.fixture(scope="module")
def address(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A copy of the store, served: the clock goes on there, and all feeds fall silent."""
    copy = tmp_path_factory.mktemp("served") / "demo.db"
    with closing(sqlite3.connect(demo.store)) as old, closing(sqlite3.connect(copy)) as new:
        old.backup(new)
    serving = Serving(copy, demo.config)
    yield serving.url
    serving.stop()


def test_it_ends_well(demo: Demo) -> None:
    """It ends by itself with 0, says what it sent, that nothing was refused, and that it is invented."""
    assert demo.done.returncode == 0, demo.done.stderr
    sent = re.search(r"([\d,]+) events sent in [\d,]+ batches, 0 refused", demo.done.stderr)
    assert sent, demo.done.stderr
    assert int(sent[1].replace(",", "")) > 150_000
    assert SIMULATED in demo.done.stderr
    assert re.search(r"http://127\.0\.0\.1:[1-9]\d*/", demo.done.stderr)


def test_every_page_says_that_it_is_invented(address: str) -> None:
    """Whatever can be reached by links from the first page, and a page that is not found."""
    waiting, seen = ["/"], set[str]()
    with httpx.Client(base_url=address, timeout=60) as client:
        while waiting:
            path = waiting.pop()
            seen.add(path)
            answer = client.get(path)
            assert answer.status_code == 200, path
            assert SIMULATED in answer.text, path
            linked = re.findall(r'href="(/(?!static/)[^"?#]*)', answer.text)
            waiting += [one for one in dict.fromkeys(linked) if one not in {*seen, *waiting}]
        assert SIMULATED in client.get("/agency/nobody").text
    shown = {f"/agency/{one.id}" for one in AGENCIES} | {f"/indicator/{one}" for one in catalogue()}
    assert shown <= seen


def test_one_that_ended_long_ago_goes_on_from_there(demo: Demo, tmp_path: Path) -> None:
    """No feed falls silent over months that nobody lived; keys are as old as they are."""
    store = tmp_path / "demo.db"
    with closing(sqlite3.connect(demo.store)) as old, closing(sqlite3.connect(store)) as new:
        old.backup(new)
        (before,) = new.execute("SELECT max(position) FROM log WHERE stage = 1").fetchone()
        (created,) = new.execute("SELECT min(created) FROM api_key").fetchone()
        assert 0 < time.time() * 1000 - created < 3_600_000
    arguments = ("--port", "0", "--until", UNTIL, "--store", store)
    with (tmp_path / "said").open("w") as said:
        process = subprocess.Popen([HEADWIND, "demo", *arguments], stdout=said, stderr=said)
    try:
        until(lambda: "Ctrl-C ends it." in (tmp_path / "said").read_text())
        assert "Its clock goes on from 2026-03-" in (tmp_path / "said").read_text()
        with closing(sqlite3.connect(store)) as reader:
            applied = "SELECT applied FROM position WHERE stage = 1"
            until(lambda: reader.execute(applied).fetchone()[0] > before)
            silent = "SELECT DISTINCT agency FROM source WHERE stale AND accepted"
            assert reader.execute(silent).fetchall() == [(LAND_PERMITS.id,)]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


def test_replay_is_equal(demo: Demo) -> None:
    """Three years folded anew give what living them gave."""
    done = headwind("replay", "--check", "--store", demo.store, "--config", demo.config)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Equal" in done.stdout


def test_the_declared_flood_is_seen(demo: Demo) -> None:
    """At the sea defence demand and service leave the expected within the flood, and come back."""
    flood = demo.story.flood
    found = demo.of(SEA_DEFENCE, flood)
    assert {"demand", "within_standard"} <= {one["indicator"] for one in found}
    for one in found:
        assert one["state"] == "closed", one["reason"]
        since = one["evidence"]["since"]
        assert flood.first - WEEK <= demo.day(since) < flood.stop, one["reason"]


def test_the_failure_that_nobody_declared_is_seen(demo: Demo) -> None:
    """In the city several services fall far below their standard in these weeks, and come back."""
    failure = demo.story.failure
    found = [one for one in demo.of(QUERNMOUTH, failure) if one["indicator"] == "within_standard"]
    assert {"Contact centre", "Street repair"} <= {one["service"] for one in found}
    for one in found:
        assert (one["severity"], one["state"]) == ("critical", "closed"), one["reason"]
        assert demo.day(one["opened"]) < failure.stop + WEEK, one["reason"]


def test_the_silent_source_is_seen(demo: Demo) -> None:
    """One feed, the one that falls silent, is told as silent once its allowance is over."""
    (only,) = [one for one in demo.alerts if one["alertname"] == "SourceStale"]
    assert only["evidence"]["source"] == demo.story.silent_source
    assert only["agency"] == LAND_PERMITS.id
    assert only["state"] == "open"
    allowed = only["evidence"]["quiet_after_ms"] / 86_400_000
    late = demo.day(only["opened"]) - demo.story.silence - allowed
    assert 0 <= late <= 2


def test_few_alerts_beside_the_story(demo: Demo) -> None:
    """What the story does not explain is rare, and counted."""
    explained = [
        *demo.of(SEA_DEFENCE, demo.story.flood),
        *demo.of(QUERNMOUTH, demo.story.failure),
    ]
    others = [
        one for one in demo.alerts if one not in explained and one["alertname"] != "SourceStale"
    ]
    counted = Counter(f"{one['agency']} {one['indicator']}" for one in others)
    print(f"{len(explained)} alerts of the story, {len(others)} beside it: {dict(counted)}")
    assert explained
    assert len(others) <= MOST_FALSE, [one["reason"] for one in others]

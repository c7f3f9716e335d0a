"""``headwind notify``, ``silence`` and ``ack`` as a person types them."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy
from sqlalchemy import insert, select

from models import tables
from models.settings import NotifySettings
from models.value import Cell
from tests.integration.records import headwind
from tests.integration.test_notify import (
    Clock,
    Listener,
    alert,
    listener,
    put,
    relay,
    states,
    store,
)
from tests.integration.test_notify_holding import keep, planned, told

__all__ = ["listener", "store"]

DAY = 86_400_000


@pytest.fixture
def clock(store: sqlalchemy.Engine, tmp_path: Path) -> Clock:
    """A clock that goes with the real one, and settings that know an agency."""
    (tmp_path / "headwind.toml").write_text("[agencies.permits]\n", encoding="utf-8")
    made = Clock()
    made.now = time.time_ns() // 1_000_000
    return made


def typed(folder: Path, *words: str) -> CompletedProcess[str]:
    """A command over the store and settings of a folder."""
    return headwind(*words, cwd=folder)


def listed(folder: Path, *words: str) -> list[dict[str, Any]]:
    """What a command says as JSON."""
    done = typed(folder, *words, "--format", "json")
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


# --- silence --------------------------------------------------------------------------------------


def test_a_silence_from_its_beginning_to_its_end(
    store: sqlalchemy.Engine, listener: Listener, clock: Clock, tmp_path: Path
) -> None:
    """It is listed, holds what it names, and what still stands is told when it is ended."""
    why = ("--why", "moving house")
    done = typed(tmp_path, "silence", "--agency", "permits", "--for", "3d", *why)
    assert done.returncode == 0, done.stderr
    (row,) = listed(tmp_path, "silence", "list")
    assert (row["agency"], row["kind"], row["why"]) == ("permits", "by hand", "moving house")
    assert f"Silence {row['id']} lasts until {row['end']}." in done.stderr
    clock.now = time.time_ns() // 1_000_000
    put(store, alert(), created=clock.now)
    with relay(store, clock, ops=NotifySettings(url=listener.url)) as one:
        assert one.step() == 0
        assert states(store)[0][1] == "silenced"
        assert "silenced" in typed(tmp_path, "notify", "log").stdout
        assert typed(tmp_path, "silence", "end", row["id"]).returncode == 0
        assert listed(tmp_path, "silence", "list") == []
        clock.now = time.time_ns() // 1_000_000
        assert one.step() == 1
    assert told(listener) == [[("permits", "firing")]]


def test_a_planned_silence_is_listed_and_can_be_ended(
    store: sqlalchemy.Engine, listener: Listener, clock: Clock, tmp_path: Path
) -> None:
    """What an agency's calendar silences stands in the list, and is ended in the same way."""
    planned(store, "closure", start=clock.now - DAY, end=clock.now + DAY, service="building")
    (row,) = listed(tmp_path, "silence", "list")
    assert (row["kind"], row["scope"]) == ("closure", "building")
    put(store, alert(), created=clock.now)
    with relay(store, clock, ops=NotifySettings(url=listener.url)) as one:
        assert one.step() == 0
        assert typed(tmp_path, "silence", "end", row["id"]).returncode == 0
        assert listed(tmp_path, "silence", "list") == []
        clock.now = time.time_ns() // 1_000_000
        assert one.step() == 1


def test_a_silence_until_a_day_ends_with_the_local_night(
    store: sqlalchemy.Engine, tmp_path: Path
) -> None:
    """A day that is typed is one of the organisation's zone; and what is named is kept."""
    settings = '[organisation]\ntimezone = "Europe/Brussels"\n[agencies.permits]\n'
    settings += '[standards]\nbuilding = "P30D"\n'
    (tmp_path / "headwind.toml").write_text(settings, encoding="utf-8")
    day = (datetime.now(UTC) + timedelta(days=40)).date()
    part = ("--indicator", "demand", "--service", "building", "--until", str(day))
    done = typed(tmp_path, "silence", "--agency", "permits", *part, "--why", "works")
    assert done.returncode == 0, done.stderr
    (row,) = listed(tmp_path, "silence", "list")
    assert (row["indicator"], row["scope"]) == ("demand", "building")
    ends = datetime.combine(day, datetime.min.time(), ZoneInfo("Europe/Brussels"))
    assert datetime.fromisoformat(row["end"]) == ends


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "a silence needs --agency"),
        (["--agency", "permits", "--for", "3d"], "--why"),
        (["--agency", "permits", "--for", "3d", "--until", "2099-01-01", "--why", "x"], "one of"),
        (["--agency", "permit", "--for", "3d", "--why", "x"], "did you mean permits?"),
        (["--agency", "permits", "--indicator", "demnd", "--for", "3d", "--why", "x"], "demand?"),
        (["--agency", "permits", "--service", "x", "--for", "3d", "--why", "x"], "none is known"),
        (["--agency", "permits", "--for", "three days", "--why", "x"], "12h, 3d, 2w"),
        (["--agency", "permits", "--for", "0d", "--why", "x"], "later than now"),
        (["--agency", "permits", "--until", "2020-01-01", "--why", "x"], "later than now"),
        (["--agency", "permits", "--for", "60w", "--why", "x"], "within a year"),
        (["end", "nothing"], "is no silence that holds"),
    ],
)
@pytest.mark.usefixtures("clock")
def test_a_silence_that_cannot_be_is_told(
    store: sqlalchemy.Engine, tmp_path: Path, words: list[str], says: str
) -> None:
    """Exit code 2, and what to write instead; nothing is stored."""
    done = typed(tmp_path, "silence", *words)
    assert done.returncode == 2
    assert says in " ".join(done.stderr.replace("│", " ").split())
    with store.connect() as connection:
        assert connection.execute(select(tables.silence)).all() == []


def test_a_silence_of_a_part_that_nobody_knows_is_told(
    store: sqlalchemy.Engine, clock: Clock, tmp_path: Path
) -> None:
    """A service or unit is one of the agency's; the nearest that it has is named."""
    keep(store, alert(name="a", cell=Cell(service="water permits")))
    keep(store, alert(name="b", cell=Cell(service="roads"), agency="works"))
    words = ("--agency", "permits", "--for", "3d", "--why", "x")
    for name in ("water permit", "roads"):
        done = typed(tmp_path, "silence", *words, "--service", name)
        assert done.returncode == 2
        assert f"{name!r} is not known here" in done.stderr
        assert "water permits" in done.stderr
    assert listed(tmp_path, "silence", "list") == []
    assert typed(tmp_path, "silence", *words, "--service", "water permits").returncode == 0
    keep(store, alert(name="c", cell=Cell(unit="north")))
    assert typed(tmp_path, "silence", *words, "--service", "north").returncode == 0


# --- acknowledgement ------------------------------------------------------------------------------


def test_an_alert_is_acknowledged_by_the_beginning_of_its_id(
    store: sqlalchemy.Engine, clock: Clock, tmp_path: Path
) -> None:
    """It says which alert that is; undone, the alert counts as nobody's again."""
    keep(store, alert(name="a"), alert(name="b"), alert(1, "closed", name="b"))
    done = typed(tmp_path, "ack", alert().id)
    assert done.returncode == 0, done.stderr
    assert "31% below" in done.stderr
    known = select(tables.acknowledged.c.alert)
    with store.connect() as connection:
        assert list(connection.execute(known).scalars()) == [alert().id]
    (row,) = listed(tmp_path, "alerts", "--active")
    assert row["acknowledged"] == f"{datetime.now(UTC):%Y-%m-%dT}{row['acknowledged'][11:]}"
    shown = typed(tmp_path, "alerts", "--active").stdout.split()
    assert alert().id.startswith(shown[0])
    assert " ".join(shown[3:6]) == "info open, acknowledged"
    assert typed(tmp_path, "ack", shown[0], "--undo").returncode == 0
    with store.connect() as connection:
        assert list(connection.execute(known).scalars()) == []
    short = alert().id[:5]
    for name, says in [
        (short, f"{short!r} is too short; write at least 6 characters"),
        ("fffff", "there is no alert 'fffff'"),
        ("00000000", "more than one"),
        ("ffffffff", "there is no alert"),
        (alert(name="b").id, "is over"),
    ]:
        wrong = typed(tmp_path, "ack", name)
        assert wrong.returncode == 2
        assert says in wrong.stderr


# --- notify ---------------------------------------------------------------------------------------


def test_a_drill_is_sent_to_every_receiver(listener: Listener, tmp_path: Path) -> None:
    """Opening and closing, labelled as a drill; how each receiver answered is printed."""
    (tmp_path / "headwind.toml").write_text(
        f'[notify.ops]\nurl = "{listener.url}"\n[notify.far]\nurl = "http://127.0.0.1:9/x"\n'
    )
    done = typed(tmp_path, "notify", "test")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "ops  opening  taken",
        "far  opening  not taken (ConnectError); a notification would be tried again",
        "ops  closing  taken",
    ]
    alerts = [body["alerts"][0] for body in listener.accepted]
    assert [one["status"] for one in alerts] == ["firing", "resolved"]
    assert {one["labels"]["alertname"] for one in alerts} == {"Drill"}
    assert len({one["fingerprint"] for one in alerts}) == 1
    assert "drill" in alerts[0]["annotations"]["summary"]
    assert alerts[0]["startsAt"] == alerts[1]["startsAt"] < alerts[1]["endsAt"]
    listener.answers = [(200, {}), (503, {})]
    assert typed(tmp_path, "notify", "test", "ops").returncode == 1
    assert typed(tmp_path, "notify", "test", "ops").returncode == 0
    wrong = typed(tmp_path, "notify", "test", "opps")
    assert wrong.returncode == 2
    assert "did you mean ops?" in wrong.stderr


def test_a_drill_without_receivers_says_so(tmp_path: Path) -> None:
    """Nobody is told of alerts: that is worth knowing."""
    done = typed(tmp_path, "notify", "test")
    assert done.returncode == 1
    assert "[notify.NAME]" in done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["log", "opps"], "there is no receiver 'opps'; did you mean ops?"),
        (["log", "formr"], "did you mean former?"),
        (["log", "--agency", "permit"], "'permit' is not known here; did you mean permits?"),
        (["log", "--state", "foo"], "'foo' is not one of 'pending', 'held', 'silenced'"),
        (["retry", "opps"], "did you mean ops?"),
        (["retry", "opps", "--config", "none.toml"], "'opps'; none is known here yet."),
    ],
)
def test_a_receiver_agency_or_state_that_is_none_is_told(
    store: sqlalchemy.Engine, tmp_path: Path, words: list[str], says: str
) -> None:
    """Exit code 2 and the nearest name; what is known and was not told is no mistake."""
    receiver = '[notify.ops]\nurl = "http://127.0.0.1:9/hook"\n[agencies.permits]\n'
    (tmp_path / "headwind.toml").write_text(receiver, encoding="utf-8")
    (tmp_path / "none.toml").touch()
    put(store, alert(), created=1)
    (told,) = _ids(store)
    row = {"outbox": told, "channel": "former", "state": "delivered", "attempts": 1}
    rest = {"next_attempt": 0, "delivered": 1, "last_error": ""}
    with store.begin() as connection:
        connection.execute(insert(tables.delivery), row | rest)
    done = typed(tmp_path, "notify", *words)
    assert done.returncode == 2
    assert says in " ".join(done.stderr.replace("│", " ").split())
    assert len(listed(tmp_path, "notify", "log", "former", "--state", "delivered")) == 1
    for known in (["ops"], ["former", "--state", "dead"], ["ops", "--agency", "permits"]):
        none = typed(tmp_path, "notify", "log", *known)
        assert (none.returncode, none.stderr) == (0, "No notification.\n")


def _ids(store: sqlalchemy.Engine) -> list[str]:
    with store.connect() as connection:
        return list(connection.execute(select(tables.outbox.c.id)).scalars())


def test_dead_letters_are_shown_and_revived(
    store: sqlalchemy.Engine, listener: Listener, clock: Clock, tmp_path: Path
) -> None:
    """The log says what was given up and why; another try delivers it, but for what is outdated."""
    (tmp_path / "headwind.toml").write_text(f'[notify.ops]\nurl = "{listener.url}"\n')
    listener.answers = [(400, {})] * 3
    put(store, alert(name="a"), alert(name="b"), created=clock.now)
    clock.now += 1000
    with relay(store, clock, ops=NotifySettings(url=listener.url)) as one:
        one.step()
        put(store, alert(1, "closed", name="b"), created=clock.now)
        one.step()
        rows = listed(tmp_path, "notify", "log", "--state", "dead")
        assert [(row["alert_status"], row["said"]) for row in rows] == [("firing", "HTTP 400")] * 2
        assert "2 of them given up" in typed(tmp_path, "notify", "log").stderr
        done = typed(tmp_path, "notify", "retry")
        assert "1 dead letters are tried again" in done.stderr
        assert "1 are left" in done.stderr
        assert one.step() == 1
    rows = listed(tmp_path, "notify", "log")
    assert [row["delivery"] for row in rows] == ["delivered", "dead", "delivered"]


def test_the_log_has_no_secret_and_no_note(
    store: sqlalchemy.Engine, listener: Listener, clock: Clock, tmp_path: Path
) -> None:
    """A silence's reason is for whoever reads the list of silences, and for nobody else."""
    row = {"id": "s", "agency": "roads", "indicator": "", "service": "", "why": "planted note"}
    times = {"start": clock.now, "end": clock.now + DAY, "made": clock.now}
    with store.begin() as connection:
        connection.execute(insert(tables.silence), row | times)
    put(store, alert(), created=clock.now)
    clock.now += 1000
    with relay(store, clock, ops=NotifySettings(url=listener.url)) as one:
        one.step()
    assert "planted note" not in json.dumps(listener.accepted)
    assert "planted note" not in typed(tmp_path, "notify", "log", "--format", "csv").stdout

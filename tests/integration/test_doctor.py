"""What is found wanting, each with its fix, and what ``headwind doctor`` ends with."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, insert, update

from deploy.commands.doctor import COLOURS, findings
from deploy.finding import Finding
from models.log import append
from models.migrate import HEAD
from models.record import Record
from models.store import open_store
from models.tables import delivery, outbox, source
from streams.notify.relay import TELLING_MS
from tests.integration.made_store import PRESENT, Made, counts, request
from tests.unit.events_made import BEGIN, DAY, iso, line

NOW = BEGIN + 30 * DAY
MINUTE = 60_000
WELL = """
[privacy]
dpia_ref = "invented"
social_dialogue_ref = "invented"

[door]
public_url = "https://headwind.example.org"

[notify.desk]
url = "http://127.0.0.1:9/hook"
"""


@pytest.fixture
def well(tmp_path: Path) -> Made:
    """A monitor with nothing wrong: settings, a key, a source that spoke, a receiver."""
    made = Made(tmp_path, WELL)
    made.told("keys", "issue", "--agency", "parks")
    made.receive("parks", request("r", 1, 5))
    return made


def look(made: Made, now: int = NOW) -> dict[str, Finding]:
    """What there is to look at, by subject; each of it with its fix."""
    return {one.about: one for one in _all(made, now) if one.state != "ok"}


def _all(made: Made, now: int = NOW) -> list[Finding]:
    found = list(findings(str(made.store), made.folder / "headwind.toml", now))
    for one in found:
        assert one.state in COLOURS
        assert bool(one.fix) == (one.state != "ok"), one
    return found


def put(made: Made, table: Table, **row: Any) -> None:
    """Write a row."""
    database = open_store(str(made.store))
    with database.begin() as connection:
        connection.execute(insert(table), row)
    database.dispose()


def test_all_is_well(well: Made) -> None:
    """Exit code 0, a line for each thing that was looked at, and nothing to do."""
    lines = well.told("doctor").splitlines()
    assert [line[:6].strip() for line in lines] == ["ok"] * 8
    about = [line[6:].split(":")[0] for line in lines]
    assert about == [
        "settings",
        "store",
        "keys",
        "sources of parks",
        "quarantine",
        "engine",
        "workforce",
        "notifications",
    ]
    assert [row["state"] for row in well.json("doctor")] == ["ok"] * 8


def test_no_settings_and_no_store(tmp_path: Path) -> None:
    """Two things to do, exit code 1, and nothing is made by looking."""
    made = Made(tmp_path)
    (tmp_path / "headwind.toml").unlink()
    told = made.json("doctor", code=1)
    assert [(row["about"], row["state"]) for row in told] == [
        ("settings", "look"),
        ("store", "wrong"),
    ]
    assert (
        told[0]["fix"] == "write headwind.toml, with [organisation] timezone and [notify.NAME] url"
    )
    assert told[1]["says"] == "there is no store at headwind.db"
    assert "headwind load" in told[1]["fix"]
    assert list(tmp_path.iterdir()) == []


def test_no_settings_where_some_were_named(well: Made) -> None:
    """A name that was mistyped is wrong, not a monitor without settings."""
    told = well.json("doctor", "--config", "typo.toml", code=1)
    assert (told[0]["about"], told[0]["state"]) == ("settings", "wrong")
    assert told[0]["says"].startswith("there is no typo.toml")


def test_bad_settings(well: Made) -> None:
    """Every fault with its place and hint; the store is looked at all the same."""
    bad = "[organisation]\ntimezon = 'UTC'\n[door]\nport = 'eighty'\n"
    (well.folder / "headwind.toml").write_text(bad, encoding="utf-8")
    told = well.json("doctor", code=1)
    wrong = [(row["says"], row["fix"]) for row in told if row["state"] == "wrong"]
    assert wrong == [
        ("headwind.toml, [organisation] timezon: is not known", "did you mean timezone?"),
        (
            "headwind.toml, [door] port: must be a whole number without quotes, not text in quotes",
            "write a port, 0 (any free one) to 65535",
        ),
    ]
    assert [row["about"] for row in told if row["state"] == "ok"] == [
        "store",
        "keys",
        "sources of parks",
        "quarantine",
        "engine",
    ]


def test_nobody_who_could_open_an_alert(well: Made) -> None:
    """A list that is only charts is told with what to add; an empty one is what somebody wished."""
    more = '[detectors]\ncompletion = ["xmr", "p_prime", "shift"]\ndemand = []\n'
    (well.folder / "headwind.toml").write_text(WELL + more, encoding="utf-8")
    (found,) = look(well).values()
    assert found.says == (
        "xmr, p_prime, shift open no alert by themselves: none can open for any week, month, "
        "quarter of completion"
    )
    assert found.fix.startswith('add some of "seasonal_z", "cusum", ')
    told = [one for one in _all(well) if one.about == "detectors"]
    assert [one.state for one in told] == ["look", "ok"]
    assert told[1].says == "nobody looks at demand, as the settings wish"


def test_a_newer_store(well: Made) -> None:
    """What wrote it, what this program knows, and what to do."""
    with closing(sqlite3.connect(well.store)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    (found,) = look(well).values()
    assert found.state == "wrong"
    assert f"a newer Headwind (tables of version 9999, this one knows {HEAD})" in found.says
    assert found.fix == "install that version or name another store."
    assert well.run("doctor").returncode == 1


def _foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: path.write_bytes(b"soup and bread" * 99), "is not a database"),
        (_foreign, "is a database of another program"),
        (lambda path: path.mkdir(), "is a directory"),
    ],
)
def test_what_is_no_store(tmp_path: Path, make: Callable[[Path], object], says: str) -> None:
    """A file of something else is told apart, and stays as it is."""
    made = Made(tmp_path, WELL)
    make(made.store)
    (found,) = look(made).values()
    assert (found.about, found.state) == ("store", "wrong")
    assert says in found.says
    assert "name" in found.fix


def test_no_keys(well: Made) -> None:
    """Nobody can send over HTTP; a revoked key is none."""
    (key,) = well.json("keys", "list")
    well.told("keys", "revoke", key["id"])
    found = look(well)["keys"]
    assert found.says == "no usable key: nobody can send over HTTP"
    assert found.fix == "headwind keys issue --agency NAME"


def test_a_key_without_events(well: Made) -> None:
    """An agency that may send and was never heard."""
    well.told("keys", "issue", "--agency", "roads")
    found = look(well)["keys"]
    assert found.says == "roads has a key, but nothing of it was accepted"
    assert found.fix == "see what the door told it: headwind refused --agency roads"


def test_nothing_was_ever_accepted(tmp_path: Path) -> None:
    """A new store waits for its first event."""
    made = Made(tmp_path, WELL)
    made.told("keys", "issue", "--agency", "parks")
    found = look(made)
    assert set(found) == {"keys", "sources"}
    assert found["sources"].says == "nothing was ever accepted"


def test_a_silent_source(well: Made) -> None:
    """Which source, of whom, and when its last event happened; others speak on."""
    well.receive("parks", [line("headwind.context.source.heartbeat.v1", "h", "bus", BEGIN)])
    database = open_store(str(well.store))
    with database.begin() as connection:
        connection.execute(update(source).where(source.c.source == "crm").values(stale=True))
    database.dispose()
    found = look(well)["sources of parks"]
    last = iso(BEGIN + 5 * DAY // 24)
    assert found.says == f"crm is silent; its last event happened at {last}"
    assert found.fix == "ask parks; what it feeds shows as stale until it speaks"
    assert f"speaking: 1; the last event happened at {iso(BEGIN)}" in [
        one.says for one in _all(well) if one.state == "ok"
    ]


def test_lag(well: Made) -> None:
    """Records that wait longer than a minute wait for somebody; others are on their way."""
    database = open_store(str(well.store))
    with database.begin() as connection:
        body = b"\n".join(request("q", 9))
        record = Record(agency="parks", received=NOW, kind="events", events=1, body=body)
        append(connection, 1, [record, record])
    database.dispose()
    assert look(well, NOW + MINUTE) == {}
    found = look(well, NOW + MINUTE + 1)["engine"]
    assert found.says == f"2 records of the log wait, the oldest since {iso(NOW)}"
    assert found.fix == "run headwind serve, or load again"


def test_refused_lately(well: Made) -> None:
    """A week after the last refusal the quarantine is no news any more."""
    well.load("parks", [line("headwind.unknown.v1", "u", "crm", BEGIN)], NOW, code=1)
    assert look(well, NOW + 6 * DAY)["quarantine"].says == "1 events were refused in seven days"
    assert look(well, NOW + 8 * DAY) == {}


def test_events_for_indicators_that_rest(tmp_path: Path) -> None:
    """Without papers and without events for them nothing is amiss; with events it is."""
    made = Made(tmp_path, WELL.replace("invented", ""))
    made.told("keys", "issue", "--agency", "parks")
    made.receive("parks", request("r", 1))
    assert look(made) == {}
    told = {"from": iso(BEGIN), "to": iso(BEGIN + DAY), "unit": "north"}
    made.receive("parks", [line(PRESENT, "p", "bus", BEGIN, **told, change_from_baseline=1.0)])
    found = look(made)["workforce"]
    assert found.says.startswith(
        "1 events came for presence, remote_availability, remote_readiness, which rest"
    )
    assert found.fix == "name both under [privacy] in headwind.toml"


def test_nobody_is_told(well: Made) -> None:
    """Without a receiver alerts stay on the page."""
    (well.folder / "headwind.toml").write_text(WELL.partition("[notify")[0], encoding="utf-8")
    found = look(well)["notifications"]
    assert found.says == "nobody is told of alerts"
    assert found.fix == "add [notify.NAME] with a url to headwind.toml"


def told_of(made: Made, more: str, about: str = "notifications") -> list[tuple[str, str, str]]:
    """What is found with these settings too: how it is, what it says and what to do."""
    (made.folder / "headwind.toml").write_text(WELL + more, encoding="utf-8")
    return [(one.state, one.says, one.fix) for one in _all(made) if one.about == about]


def test_receivers_that_cannot_be_told(well: Made) -> None:
    """Which file or variable of which receiver is missing; one that can be read is fine."""
    (well.folder / "empty").touch()
    (well.folder / "held").write_text("json://127.0.0.1:9\n", encoding="utf-8")
    hook = "url = 'http://127.0.0.1:9/hook'\ntoken_file"
    more = (
        "[notify.far]\nurl_file = 'gone'\n"
        f"[notify.near]\n{hook} = 'empty'\n"
        "[notify.people]\nkind = 'apprise'\n"
        f"[notify.fine]\n{hook} = 'held'\n"
        "[notify.chat]\nkind = 'apprise'\nurl_file = 'held'\n"
    )
    gone, empty = (well.folder / name for name in ("gone", "empty"))
    assert told_of(well, more) == [
        (
            "wrong",
            f"[notify.far] url_file: {gone} cannot be read (No such file or directory)",
            "put the secret there",
        ),
        (
            "wrong",
            f"[notify.near] token_file: {empty} is empty",
            "put the secret there, on one line",
        ),
        (
            "wrong",
            "[notify.people] there is no url_file, and HEADWIND_NOTIFY_PEOPLE_URL is not set",
            "name one",
        ),
    ]
    assert well.run("doctor").returncode == 1


def test_notifications_without_a_link(well: Made) -> None:
    """Where nobody says at which address people reach the page, none can be opened."""
    settings = WELL.replace("public_url", "# ")
    (well.folder / "headwind.toml").write_text(settings, encoding="utf-8")
    found = look(well)["notifications"]
    assert found.says == "no notification has a link to the page: [door] public_url is not set"
    assert found.fix == "write the address at which people reach the page there"


def test_names_that_nobody_knows(well: Made) -> None:
    """Agencies and services of receivers and of maintenance, each with the nearest name."""
    more = (
        "[notify.some]\nurl = 'http://127.0.0.1:9/hook'\nagencies = ['parks', 'park']\n"
        "[maintenance.desk]\nevery = 'sun 02:00-04:00'\nagencies = ['prks']\n"
        "[maintenance.fines]\nevery = 'sun 02:00-04:00'\nservices = ['parkin', 'waste', 'parking']\n"
        "[standards]\nwaste = 'P3D'\n"
    )
    well.load("parks", [counts(9, day, service="parking") for day in range(3)])
    heard, mend = "which nothing was heard of", "mend it or take it out; did you mean"
    assert told_of(well, more) == [
        ("look", f"[notify.some] agencies names 'park', {heard}", f"{mend} parks?"),
    ]
    assert told_of(well, more, "maintenance") == [
        ("look", f"[maintenance.desk] agencies names 'prks', {heard}", f"{mend} parks?"),
        ("look", f"[maintenance.fines] services names 'parkin', {heard}", f"{mend} parking?"),
    ]
    alone = "[maintenance.fines]\nevery = 'sun 02:00-04:00'\nagencies = ['roads']\n"
    alone += "services = ['parking']\n[agencies.roads]\n"
    (found,) = told_of(well, alone, "maintenance")
    assert found[2].endswith("none is known here yet.")


@pytest.mark.parametrize(
    ("state", "words"), [("pending", "could not be delivered yet"), ("dead", "were given up")]
)
def test_undelivered(well: Made, state: str, words: str) -> None:
    """To whom, what the receiver answered last, and for a week only."""
    row = {"outbox": "1", "channel": "desk", "attempts": 3, "last_error": "503 from [desk]"}
    put(well, delivery, **row, state=state, next_attempt=NOW, delivered=None)
    found = look(well)["notifications"]
    assert found.says == f"1 to desk {words}: 503 from [desk]"
    retry = "; then headwind notify retry desk" if state == "dead" else ""
    mend = "mend the receiver of [notify.desk]; what holds: headwind alerts --active"
    assert found.fix == mend + retry
    assert look(well, NOW + 8 * DAY) == {}


def test_undelivered_stands_on_the_screen(well: Made) -> None:
    """What looks like markup in an answer or a fix is shown as it is."""
    row = {"outbox": "1", "channel": "desk", "attempts": 3, "last_error": "503 from [desk]"}
    put(well, delivery, **row, state="dead", next_attempt=1 << 50, delivered=None)
    lines = well.seen(100, "doctor")
    assert lines[-3] == "look  notifications: 1 to desk were given up: 503 from [desk]"
    assert lines[-2].startswith("      do: mend the receiver of [notify.desk]; what holds: ")
    assert lines[-1].endswith(" notify retry desk")


def test_delivered_is_no_finding(well: Made) -> None:
    """What arrived, or has not been tried yet, is fine."""
    for number, (state, attempts) in enumerate([("delivered", 1), ("pending", 0)]):
        row = {"outbox": str(number), "channel": "desk", "last_error": ""}
        put(well, delivery, **row, state=state, attempts=attempts, next_attempt=NOW, delivered=None)
    assert look(well) == {}


def test_nobody_sends(well: Made) -> None:
    """A notification that nobody has taken up for a minute waits for ``headwind serve``."""
    row = {"id": "1", "alert": "1", "transition": 0, "agency": "parks", "payload": "{}"}
    put(well, outbox, **row, created=NOW)
    assert look(well, NOW + MINUTE - 1) == {}
    found = look(well, NOW + MINUTE)["notifications"]
    assert (found.says, found.fix) == ("1 wait, and nobody sends them", "run headwind serve")
    assert look(well, NOW + TELLING_MS + 1) == {}

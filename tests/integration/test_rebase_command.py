"""``headwind rebase``: a human begins a new baseline, sees it before, and can replay it."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from deploy.lock import engine_lock
from models.store import open_store
from models.tables import log, mark, source
from tests.integration.made_store import COUNTED, SETTINGS, Made
from tests.unit.events_made import BEGIN, DAY, iso, line

WEEK = 7 * DAY
MONDAY = BEGIN + DAY
WEEKS, STEP = 60, 40
SINCE = iso(MONDAY + STEP * WEEK)[:10]
SERIES = ("completion", "--agency", "parks", "--service", "permits")
REBASE = ("rebase", *SERIES, "--from", SINCE, "--why", "paper forms end")
EXPLAIN = ("explain", *SERIES, "--at", iso(MONDAY + (WEEKS - 1) * WEEK)[:10])


def weeks() -> Iterator[bytes]:
    """Nine in ten are completed, after forty weeks seven in ten."""
    noise = random.Random(1)
    for week in range(WEEKS):
        at = MONDAY + week * WEEK
        share = (0.9 if week < STEP else 0.7) + noise.gauss(0, 0.005)
        data = {"from": iso(at), "to": iso(at + WEEK), "service": "permits", "channel": "web"}
        counts = {"started": 2000, "completed": round(2000 * share)}
        yield line(COUNTED, f"w{week}", "crm", at, **data, **counts)


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A store of these weeks, with a target; only to be read."""
    settings = SETTINGS + "\n[targets]\ncompletion = 0.8\n"
    store = Made(tmp_path_factory.mktemp("rebase"), settings)
    store.load("parks", list(weeks()), MONDAY + 61 * WEEK)
    return store


@pytest.fixture
def made(read: Made, tmp_path: Path) -> Made:
    """A copy of it."""
    store = Made(tmp_path, (read.folder / "headwind.toml").read_text())
    shutil.copy(read.store, store.store)
    return store


def week(number: int) -> bytes:
    """One more of them, at the new level."""
    at = MONDAY + number * WEEK
    data = {"from": iso(at), "to": iso(at + WEEK), "service": "permits", "channel": "web"}
    return line(COUNTED, f"w{number}", "crm", at, **data, started=2000, completed=1400)


def marks(made: Made) -> list[tuple[str, str, str, int]]:
    """Every mark of the store."""
    database = open_store(str(made.store))
    question = select(mark.c.kind, mark.c.service, mark.c.label, mark.c.start)
    with database.connect() as connection:
        found = [tuple(row) for row in connection.execute(question)]
    database.dispose()
    return found


def records(made: Made) -> int:
    """How many records the log has."""
    database = open_store(str(made.store))
    with database.connect() as connection:
        found = connection.execute(select(func.count()).where(log.c.stage == 1)).scalar_one()
    database.dispose()
    return found


def test_a_dry_run_shows_limits_before_and_after(read: Made) -> None:
    """And writes nothing."""
    before = records(read)
    done = read.run(*REBASE, "--dry-run")
    assert done.returncode == 0, done.stderr
    (head, row) = done.stdout.strip().splitlines()
    assert "limits before" in head
    assert "permits" in row
    assert SINCE in row
    assert "beyond the lower limit" in row
    assert "common cause" in row
    assert "Nothing was written" in done.stderr
    assert records(read) == before
    assert not marks(read)


def test_the_chart_and_the_alert_follow_and_a_replay_gives_the_same(made: Made) -> None:
    """Icons, mark, expectation, and the alert that stood."""
    told = made.json(*EXPLAIN)["control"]
    assert (told["variation"], told["rule"], told["assurance"]) == ("concern", "outside", "pass")
    done = made.run(*REBASE)
    assert done.returncode == 0, done.stderr
    assert "begins at 2020-12-07T00:00:00Z" in done.stderr
    assert marks(made) == [("rebase", "permits", "paper forms end", MONDAY + STEP * WEEK)]
    told = made.json(*EXPLAIN)["control"]
    assert (told["variation"], told["rule"], told["assurance"]) == ("common", "", "fail")
    assert (told["baseline_start"], told["baseline_buckets"]) == ("2020-12-07T00:00:00Z", 12)
    assert told["mean"] == pytest.approx(0.7, abs=0.01)
    assert "F: the target is missed consistently" in made.told(*EXPLAIN)
    alerts = made.json("alerts", "--agency", "parks", "--indicator", "completion")
    assert any(one["state"] == "open" for one in alerts)
    made.load("parks", [week(WEEKS)], MONDAY + 62 * WEEK)
    alerts = made.json("alerts", "--agency", "parks", "--indicator", "completion")
    assert [one["state"] for one in alerts] == ["closed"]
    assert "new baseline" in alerts[0]["reason"]
    made.told("replay", "--check")


def test_who_rebases_stands_among_no_sources(made: Made) -> None:
    """No board and no doctor waits for the next word of a human."""
    made.told(*REBASE)
    database = open_store(str(made.store))
    with database.connect() as connection:
        assert set(connection.execute(select(source.c.source)).scalars()) == {"crm"}
    database.dispose()


def test_where_a_monitor_runs_it_takes_it_from_the_log(made: Made) -> None:
    """The command does not wait; what evaluates the store next hears it."""
    database = open_store(str(made.store))
    before = records(made)
    with engine_lock(database) as mine:
        assert mine
        done = made.run(*REBASE)
        assert done.returncode == 0, done.stderr
        assert "takes it from the log" in done.stderr
        assert records(made) == before + 1
        assert not marks(made)
    database.dispose()
    made.load("parks", [week(WEEKS)], MONDAY + 62 * WEEK)
    assert len(marks(made)) == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({0: "complete"}, "did you mean completion?"),
        ({0: "waiting"}, "no baseline; these have: "),
        ({0: "demand", 4: "permit"}, "did you mean permits?"),
        ({0: "remote_readiness"}, "has no value of remote_readiness yet"),
        ({2: "park"}, "did you mean parks?"),
        ({4: "permit"}, "did you mean permits?"),
        ({6: "2999-01-01"}, "lies in the future"),
        ({6: "1999-01-01"}, "older than [retention] days keeps"),
        ({6: "yesterday"}, "Write 2018-06-30"),
        ({6: "2021-03-01"}, "only 8 buckets with enough cases have come since 2021-03-01"),
        ({8: "ask ann@example.org"}, "--why"),
        ({8: " "}, "--why"),
        ({8: "x" * 200}, "at most 128 characters"),
    ],
)
def test_a_mistake_is_told_and_nothing_is_written(
    read: Made, changed: dict[int, str], said: str
) -> None:
    """What, where, and what to write instead."""
    words = list(REBASE[1:])
    for place, word in changed.items():
        words[place] = word
    before = records(read)
    told = read.said("rebase", *words, code=2)
    assert said in told, told
    assert "ann@" not in told
    assert records(read) == before


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        ("complet = 0.9", "did you mean completion?"),
        ("completion = 90", "[targets] completion: is no share; write 0.9 for 90 %"),
        ("demand = 90", "has no control chart"),
        ('completion = "high"', "a number such as 0.9"),
    ],
)
def test_a_target_that_cannot_be_is_told(tmp_path: Path, targets: str, said: str) -> None:
    """Before anything is read or written."""
    made = Made(tmp_path, f"[targets]\n{targets}\n")
    assert said in made.said("values", code=2)

"""``headwind rebase``: a human begins a new baseline, sees it before, and can replay it."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from deploy.commands.doctor import findings
from deploy.lock import engine_lock
from models.settings import Settings
from models.store import open_store
from models.tables import log, mark, source
from streams.catalogue import allowed
from streams.runner import Runner
from streams.series import KEPT
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
        ({6: "1999-01-01"}, "nothing was measured before 2020-03-02"),
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


def quarter(number: int) -> bytes:
    """One of many quarters, on the level of the first eight or the one after."""
    at, end = (_quarter(number + more) for more in (0, 1))
    completed = 1800 + 5 * (number % 3) - 400 * (number >= QUARTERS - SINCE_QUARTERS)
    data = {"from": iso(at), "to": iso(end), "service": "permits", "channel": "web"}
    return line(COUNTED, f"q{number}", "crm", at, **data, started=2000, completed=completed)


QUARTERS, SINCE_QUARTERS = 24, 16


def _quarter(number: int) -> int:
    """When it begins, ms; the first is that of April 2014."""
    year, nth = divmod(number + 1, 4)
    return int(datetime(2014 + year, 1 + 3 * nth, 1, tzinfo=UTC).timestamp() * 1000)


def test_a_baseline_of_quarters_begins_long_before_retention(tmp_path: Path) -> None:
    """Twelve quarters are three years: a series remembers them, whatever [retention] says."""
    made = Made(tmp_path)
    made.load("parks", [quarter(one) for one in range(QUARTERS)], _quarter(QUARTERS + 1))
    since = iso(_quarter(QUARTERS - SINCE_QUARTERS))[:10]
    done = made.run(*REBASE[:-3], since, *REBASE[-2:])
    assert done.returncode == 0, done.stderr
    at = iso(_quarter(QUARTERS - 1))[:10]
    told = made.json(*EXPLAIN[:-1], at)["control"]
    assert (told["baseline_start"][:10], told["rule"]) == (since, "")
    made.load("parks", [quarter(QUARTERS)], _quarter(QUARTERS + 2))
    assert [kind for kind, *_ in marks(made)] == ["rebase"]
    settings = Settings.load(made.folder / "headwind.toml")
    database = open_store(str(made.store))
    runner = Runner(database, settings, allowed(settings.privacy))
    runner.start()
    (series,) = (
        one
        for (name, _, cell), one in runner.lane.engine.watches["parks"].series.items()
        if (name, cell.service) == ("completion", "permits")
    )
    database.dispose()
    assert len(series) == SINCE_QUARTERS + 1
    made.told("replay", "--check")


def test_what_a_series_no_longer_remembers_cannot_be_its_baseline(tmp_path: Path) -> None:
    """How much it remembers is said, in its own rhythm."""
    made = Made(tmp_path)
    lines = [week(one) for one in range(KEPT["week"] + 1)]
    made.load("parks", lines, MONDAY + (KEPT["week"] + 2) * WEEK)
    words = [*REBASE[:-3], iso(MONDAY)[:10], *REBASE[-2:], "--dry-run"]
    said = made.said(*words, code=2)
    assert "113 weeks have come since 2020-03-02T00:00:00Z, and a series remembers 112" in said
    words[words.index("--from") + 1] = iso(MONDAY + WEEK)[:10]
    made.told(*words)


def test_what_has_no_control_chart_says_so(read: Made) -> None:
    """No empty limits, but from when on something is expected."""
    done = read.run("rebase", "demand", *REBASE[2:], "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "limits" not in done.stdout
    assert (
        "Demand has no control chart: what is expected is learned from that day on." in done.stderr
    )


def test_limits_left_behind_long_ago_are_told_with_what_to_type(tmp_path: Path) -> None:
    """By doctor and explain, until somebody typed it."""
    made = Made(tmp_path)
    told, early = list(weeks()), STEP + 10
    made.load("parks", told[:early], MONDAY + (early + 1) * WEEK)
    at = iso(MONDAY + (early - 1) * WEEK)[:10]
    assert made.json(*EXPLAIN[:-1], at)["control"]["rebase"] is None
    assert _limits(made) == []
    made.load("parks", told[early:], MONDAY + (WEEKS + 1) * WEEK)
    typed = (
        "headwind rebase completion --agency parks --service permits "
        f"--from {iso(MONDAY + STEP * WEEK)} --why TEXT"
    )
    assert made.json(*EXPLAIN)["control"]["rebase"] == typed
    assert f"limits    long left behind; if that is known and will last: {typed}" in made.told(
        *EXPLAIN
    )
    assert _limits(made) == [f"if that is known and will last: {typed}"]
    made.told(*typed.split()[1:])
    assert _limits(made) == []


def _limits(made: Made) -> list[str]:
    """What doctor would have done about limits."""
    found = findings(str(made.store), made.folder / "headwind.toml", MONDAY + 70 * WEEK)
    return [one.fix for one in found if one.about.startswith("limits")]


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

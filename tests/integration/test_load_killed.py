"""Loads that are killed, run out of disk or meet each other: nothing is lost, nothing is double."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from tests.integration.records import headwind
from tests.integration.rough_load import PLANTED, Load, differences, ended, holds, make, rows, said

KILLS = 20
A_ROUND = 4
"""So many kills on one store at most: many rounds see more of the beginning and of the end."""

PLAIN = 30_000
POLL_S = 0.0005


class Whole(NamedTuple):
    """The load, what it leaves if nobody disturbs it, and how long that takes."""

    load: Load
    store: Path
    first: Path
    """A store into which the first of the two files was loaded."""
    duration: float


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """The undisturbed load."""
    folder = tmp_path_factory.mktemp("whole")
    load = make(folder, plain=PLAIN)
    store, first = folder / "whole.db", folder / "first.db"
    load.run(first, files=1)
    return Whole(load, store, first, load.run(store))


class Moment(NamedTuple):
    """When to kill: after a share of the whole duration, or behind so many writes of the store."""

    share: float
    writes: int
    pause: float

    def wait(self, process: subprocess.Popen[bytes], store: Path, duration: float) -> bool:
        """Wait for it; false if the process ended before."""
        if not self.writes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(self.share * duration)
            return process.poll() is None
        for _ in range(self.writes):
            was = _written(store)
            while was == _written(store):
                if process.poll() is not None:
                    return False
                time.sleep(POLL_S)
        time.sleep(self.pause)
        return process.poll() is None


def _moments(random: Random) -> list[Moment]:
    """Half of them spread over the whole duration, half in the midst of commits or just behind."""
    half = KILLS // 2
    spread = [Moment((i + random.random()) / half, 0, 0) for i in range(half)]
    pauses = (0.0, 0.0, 0.001, 0.005, 0.02)
    commits = [Moment(0, random.randint(1, 8), random.choice(pauses)) for _ in range(half)]
    return random.sample(spread + commits, KILLS)


def _written(store: Path) -> tuple[int, int]:
    """Changes with every write to the store, which all go to its write-ahead log first."""
    try:
        stat = store.with_name(f"{store.name}-wal").stat()
    except FileNotFoundError:
        return 0, 0
    return stat.st_size, stat.st_mtime_ns


def _equal(load: Load, store: Path) -> None:
    done = headwind("replay", "--check", "--store", store, "--config", load.settings)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Equal" in done.stdout


def test_the_load_has_something_of_everything(whole: Whole) -> None:
    """Late, repeated, reused, refused and restated: what is compared below is worth comparing."""
    store = whole.store
    ((accepted, repeats, late),) = rows(
        store, "SELECT SUM(accepted), SUM(repeats), SUM(late) FROM source"
    )
    assert accepted > PLAIN
    assert min(repeats, late) > 0
    assert rows(store, "SELECT COUNT(*) FROM value WHERE revision > 0") > [(100,)]
    assert rows(store, "SELECT COUNT(*) FROM value WHERE agency LIKE 'group:%'") > [(100,)]
    assert rows(store, "SELECT COUNT(*) FROM signal") > [(0,)]
    assert rows(store, "SELECT COUNT(*) FROM alert") > [(0,)]
    origins = {origin for (origin,) in rows(store, "SELECT DISTINCT origin FROM refused")}
    files = {origin.split(" row ")[0] for origin in origins}
    assert files == {"engine", *(file.name for file in whole.load.files)}
    codes = {code for (code,) in rows(store, "SELECT problems ->> '$[0].code' FROM refused")}
    assert codes >= {"person_like", "unknown_type", "id_reused", "beyond_retention", "missing"}


@pytest.mark.slow
def test_a_load_killed_twenty_times(whole: Whole, tmp_path: Path) -> None:
    """SIGKILL at any moment, and the same command again: in the end every row of every table."""
    random = Random(20)
    moments = _moments(random)
    hits = rounds = 0
    while moments:
        # Every other round goes on from a store that holds a snapshot of the first file.
        store = tmp_path / f"killed-{rounds}.db"
        if rounds % 2:
            shutil.copy(whole.first, store)
        rounds += 1
        some, moments = moments[:A_ROUND], moments[A_ROUND:]
        process = whole.load.start(store)
        while some and some.pop().wait(process, store, whole.duration):
            process.kill()
            if process.wait(30) != -signal.SIGKILL:
                break  # It came to its own end in that very moment.
            hits += 1
            process = whole.load.start(store)
        ended(process, store)
        moments += some
        assert differences(store, whole.store) == []
        assert holds(store, PLANTED) == []
    assert hits >= KILLS * 3 // 4, f"{hits} kills hit a load that was running"
    _equal(whole.load, store)


def test_a_full_disk(whole: Whole, tmp_path: Path) -> None:
    """It ends in a sentence; with more room, the same command goes on until all is there."""
    store = tmp_path / "full.db"
    for share in (0.1, 0.4):
        process = whole.load.start(store)
        size = int(whole.store.stat().st_size * share)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, size))
        assert process.wait(120) == 1
        words = said(store).read_text()
        assert "is the disk full" in words
        assert "the same command goes on from there" in words
        assert "Traceback" not in words
        assert differences(store, whole.store) != []
    whole.load.run(store)
    assert differences(store, whole.store) == []
    _equal(whole.load, store)


def test_two_loads_at_once(whole: Whole, tmp_path: Path) -> None:
    """The second is refused and says what to do; the first takes no harm."""
    store = tmp_path / "shared.db"
    first = whole.load.start(store)
    try:
        while not _begun(store):
            assert first.poll() is None
            time.sleep(0.01)
        _stop_between_writes(first, store)
        options: list[str | Path] = ["--store", store, "--config", whole.load.settings]
        second = headwind("load", *whole.load.files, *options)
        first.send_signal(signal.SIGCONT)
        ended(first, store)
    finally:
        first.kill()
    assert second.returncode == 1
    assert "another headwind load is writing to this store" in second.stderr
    assert "when that one has ended" in second.stderr
    assert differences(store, whole.store) == []


def _begun(store: Path) -> bool:
    """Whether a load has come to its first checkpoint."""
    try:
        return bool(rows(store, "SELECT 1 FROM load"))
    except sqlite3.OperationalError:
        return False


def _stop_between_writes(process: subprocess.Popen[bytes], store: Path) -> None:
    """Stop the process while it holds no lock of the database, as for most of its time."""
    while True:
        os.kill(process.pid, signal.SIGSTOP)
        try:
            with closing(sqlite3.connect(store, timeout=0, isolation_level=None)) as connection:
                connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            os.kill(process.pid, signal.SIGCONT)
            time.sleep(0.01)
        else:
            return

"""A load of events as rough as they come: as a process to be killed, and what it leaves."""

from __future__ import annotations

import sqlite3
import subprocess
import time
from contextlib import closing
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import zstandard

from tests.bench import generate
from tests.integration.records import HEADWIND, RECEIVED, environment
from tests.unit.events_made import (
    AGENCIES,
    BEGIN,
    DAY,
    WEIGHTS,
    Plan,
    day_count,
    history,
    line,
)

PLANTED = "jane.planted@example.org"
"""A person's address, which may be found nowhere."""

SETTINGS = """
[organisation]
timezone = "Europe/Brussels"
holidays = "BE"
[agencies]
parks = { group = "green" }
roads = { group = "green", timezone = "America/New_York" }
water = { group = "green", timezone = "UTC" }
[sources]
crm = { lateness = "PT0S", quiet_after = "P4D" }
bus = { lateness = "P2D", quiet_after = "P6D" }
sheet = { lateness = "P7D", quiet_after = "P12D" }
[standards]
parking = "P3D"
[retention]
days = 60
"""

ROUGH = Plan(seed=11, size=250, agencies=AGENCIES, late=0.02, again=0.06, odd=0.05, bad=0.02)
"""Late, sent twice, ids used again, told in an odd order, long past retention."""


OFTEN = tuple(name for name in WEIGHTS if name != "planned")
"""Plans are left out: with them an agency is first heard of behind retention in some group."""


class Load(NamedTuple):
    """The command: two files, so that one is finished while the other is being loaded."""

    files: tuple[Path, Path]
    settings: Path

    def start(self, store: Path, *, files: int = 2) -> subprocess.Popen[bytes]:
        """Start it on a store; what it says goes to a file beside the store."""
        options: list[str | Path] = ["--store", store, "--config", self.settings]
        options += ["--received", RECEIVED]
        with said(store).open("wb") as out:
            return subprocess.Popen(
                [HEADWIND, "load", *self.files[:files], *options],
                env=environment(),
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def run(self, store: Path, *, files: int = 2) -> float:
        """Run it to its end; how long that took, s."""
        began = time.monotonic()
        ended(self.start(store, files=files), store)
        return time.monotonic() - began


def ended(process: subprocess.Popen[bytes], store: Path) -> None:
    """Wait for a load that comes to its end, with or without something to look at."""
    assert process.wait(120) in (0, 1), said(store).read_text()
    assert "Traceback" not in said(store).read_text()


def said(store: Path) -> Path:
    """Where the load of a store writes what it says."""
    return store.with_suffix(".said")


def make(folder: Path, *, plain: int) -> Load:
    """Write the files: so many plain events, rough ones strewn evenly among them."""
    settings = folder / "rough.toml"
    settings.write_text(SETTINGS)
    smooth = folder / "smooth.ndjson"
    generate.write(plain, smooth, per_day=plain // 50)
    events = smooth.read_bytes().splitlines()
    rough = [_owned(one.line, one.agency) for one in history(ROUGH, only=OFTEN)]
    steady = [_owned(one, "mills") for one in _fall()]
    for some in (rough, steady, _refused()):
        _strew(some, events)
    files = (folder / "first.ndjson", folder / "second.ndjson")
    cut = len(events) // 4
    for file, lines in zip(files, (events[:cut], events[cut:]), strict=True):
        file.write_bytes(b"\n".join(lines) + b"\n")
    return Load(files, settings)


def _strew(some: list[bytes], among: list[bytes]) -> None:
    """Put lines evenly between others."""
    step = len(among) / len(some)
    for number, one in reversed(list(enumerate(some))):
        among.insert(int(number * step), one)


def _fall() -> list[bytes]:
    """Steady counts of every day that fall to a third for three weeks: an alert, a shock."""
    kind = "headwind.service.transactions.counted.v1"
    counts = [(100 + day % 5) // (3 if 84 <= day < 105 else 1) for day in range(140)]
    return [
        line(kind, f"day-{day}", "crm", BEGIN + day * DAY, **day_count(BEGIN + day * DAY, number))
        for day, number in enumerate(counts)
    ]


def _refused() -> list[bytes]:
    """Of no known type, half a line, without a time zone, with a person in it, of no agency."""
    kind = "headwind.service.request.opened.v1"
    odd = line(kind.replace("ened", "end"), "x-1", "desk", BEGIN, request="x", service="y")
    good = line(kind, "x-2", "desk", BEGIN, request="x", service="y")
    person = line(kind, "x-3", "desk", BEGIN, request="x", service="y", email=PLANTED)
    zoneless = good.replace(b"00Z", b"00")
    return [*(_owned(one, "parks") for one in (odd, zoneless, person)), good[:60], good]


def _owned(body: bytes, agency: str) -> bytes:
    return body[:-1] + b',"agency":"' + agency.encode() + b'"}'


def rows(store: Path, question: str) -> list[tuple[Any, ...]]:
    """Ask a store."""
    with closing(sqlite3.connect(store)) as connection:
        return connection.execute(question).fetchall()


def table_names(store: Path) -> list[str]:
    """Every table of a store."""
    question = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
    return [name for (name,) in rows(store, question)]


def differences(store: Path, other: Path) -> list[str]:
    """Where two stores differ in any row of any table, in words; all columns count.

    None is left out: the only wall clock in a store is the time of receipt, and that is fixed.
    """
    names = table_names(store)
    found = [] if names == table_names(other) else ["tables"]
    for name in names:
        mine, theirs = (_sorted(one, name) for one in (store, other))
        if mine != theirs:
            odd = next(a or b for a, b in zip_longest(mine, theirs) if a != b)
            found.append(f"{name}: {len(mine)} rows against {len(theirs)}, first {odd[:4]}")
    return found


def _sorted(store: Path, table: str) -> list[tuple[Any, ...]]:
    keys = [row for row in rows(store, f"PRAGMA table_info({table})") if row[5]]
    order = ", ".join(row[1] for row in sorted(keys, key=lambda row: row[5]))
    return rows(store, f"SELECT * FROM {table} ORDER BY {order}")


def holds(store: Path, text: str) -> list[str]:
    """In what of a store and of what its load said a text stands, packed or not."""
    wanted = text.encode()
    files = [path for path in store.parent.glob(f"{store.stem}.*") if path.is_file()]
    found = [path.name for path in files if wanted in path.read_bytes()]
    unpack = zstandard.ZstdDecompressor().decompress
    for table in ("log", "snapshot"):
        bodies = rows(store, f"SELECT body FROM {table}")
        found += [table for (body,) in bodies if wanted in unpack(body)]
    return found

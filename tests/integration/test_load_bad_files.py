"""Bad files through the real command: a sentence that says where and what, and the rest is kept.

Which rows are bad and why is tested beside the reading of files; here stands what a person sees,
what the quarantine holds afterwards, and that nothing of a person is in any of it.
"""

from __future__ import annotations

import gzip
import json
import re
import sqlite3
import subprocess
import threading
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.integration.records import RECEIVED, headwind
from tests.integration.rough_load import PLANTED, holds, rows
from tests.unit.events_made import BEGIN, day_count, line
from tests.unit.shelf import CASES, COUNTS, HEADER

OPENED = "headwind.service.request.opened.v1"
COUNTED = "headwind.service.transactions.counted.v1"
HUGE = 50_000_000


def _load(
    folder: Path, *files: Path, mapping: str = ""
) -> tuple[subprocess.CompletedProcess[str], Path]:
    """Load files for the agency "town": what came of it, and the store."""
    options: list[str | Path] = ["--agency", "town", "--received", RECEIVED]
    if mapping:
        (folder / "map.toml").write_text(mapping)
        options += ["--map", folder / "map.toml"]
    store = folder / "bad.db"
    done = headwind("load", *files, "--store", store, *options, cwd=folder)
    assert "Traceback" not in done.stderr
    return done, store


def _told(done: subprocess.CompletedProcess[str], file: str) -> dict[int, set[str]]:
    """The codes by row of the sentences printed about a file; each says what to do."""
    told: dict[int, set[str]] = {}
    for sentence in done.stderr.splitlines():
        found = re.fullmatch(rf"{re.escape(file)} row (\d+).*?: .*[;:,.] .* \((\w+)\)", sentence)
        if found:
            told.setdefault(int(found[1]), set()).add(found[2])
    return told


def _quarantine(store: Path) -> list[dict[str, Any]]:
    done = headwind("refused", "--store", store, "--format", "json", cwd=store.parent)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def _accepted(store: Path) -> int:
    question = "SELECT SUM(accepted) FROM source WHERE type NOT LIKE '%heartbeat%'"
    ((accepted,),) = rows(store, question)
    return int(accepted)


def _request(name: str, kind: str = OPENED, **data: str) -> bytes:
    return line(kind, name, "desk", BEGIN, **{"request": name, "service": "Permits"} | data)


def _count(name: str, **data: Any) -> bytes:
    return line(COUNTED, name, "desk", BEGIN, **day_count(BEGIN, 10) | data)


EVENTS: list[tuple[bytes, str]] = [
    (_request("r-1"), ""),
    (_request("r-2", "headwind.service.request.opend.v1", note=PLANTED), "unknown_type"),
    (b'{"id":"' + PLANTED.encode() + b'","specversion"', "not_json"),
    (_request("r-3").replace(b"00Z", b"00"), "no_time_zone"),
    (_request("r-4").replace(b"2020-03-01", b"01/03/2020"), "bad_time"),
    (_count("c-1"), ""),
    (_count("c-2", started=-3), "out_of_range"),
    (_count("c-3", completed=21), "part_exceeds_whole"),
    (_count("c-4").replace(b'"started":20', b'"started":NaN'), "not_a_number"),
    (_count("c-5", to="2020-02-29T00:00:00Z"), "end_before_start"),
    (_request("r-1", service="Passports"), "id_reused"),
    (_request("r-5", email=PLANTED), "person_like"),
    (_request("r-6", service=PLANTED), "person_like"),
    (_request(PLANTED), "person_like"),
    (PLANTED.encode() + b"y" * HUGE, "too_large"),
    (b"\xff" + _request("r-7"), "not_utf8"),
    (_request("r-8").replace(b"2020-03-01", b"2015-03-01"), "beyond_retention"),
    (_request("r-9"), ""),
]
"""Lines of a file, each with the code of what is wrong with it."""


def test_events_with_everything_that_can_be_wrong(tmp_path: Path) -> None:
    """Each bad line has its sentence and its place in quarantine; a person is found nowhere."""
    file = tmp_path / "events.ndjson"
    file.write_bytes(b"\n".join(body for body, _ in EVENTS) + b"\n")
    store = tmp_path / "bad.db"
    _load(tmp_path, _good(tmp_path))
    # Whoever reads keeps the write-ahead log from being folded into the store at the end.
    with closing(sqlite3.connect(store)) as reader:
        reader.execute("SELECT * FROM load").fetchall()
        done, _ = _load(tmp_path, file)
        assert store.with_name("bad.db-wal").stat().st_size
        assert holds(store, PLANTED) == []
    expected = {row: code for row, (_, code) in enumerate(EVENTS, 1) if code}
    told = _told(done, file.name)
    assert done.returncode == 1
    assert set(told) == set(expected)
    assert all(code in told[row] for row, code in expected.items())
    assert _accepted(store) == 1 + len(EVENTS) - len(expected)
    kept = _quarantine(store)
    engine = {"id_reused", "beyond_retention"}
    places = {(one["origin"], one["code"]) for one in kept}
    for row, code in expected.items():
        assert ("engine" if code in engine else f"{file.name} row {row}", code) in places
    assert PLANTED not in done.stdout + done.stderr + json.dumps(kept)
    assert holds(store, PLANTED) == []


def test_a_load_said_again_ends_as_it_did(tmp_path: Path) -> None:
    """What was refused the first time is no less refused when the file is found loaded."""
    (tmp_path / "used.ndjson").write_bytes(_request("r-0", service="Passports") + b"\n")
    (tmp_path / "bad.ndjson").write_bytes(_request("r-5", email=PLANTED) + b"\n")
    codes: dict[str, list[int]] = {}
    for name in ("good", "used", "bad", "used", "bad", "good"):
        path = _good(tmp_path) if name == "good" else tmp_path / f"{name}.ndjson"
        done, _ = _load(tmp_path, path)
        codes.setdefault(name, []).append(done.returncode)
        assert ("headwind refused shows what was not" in done.stderr) == (codes[name] == [1, 1])
    assert codes == {"good": [0, 0], "used": [1, 1], "bad": [1, 1]}


@pytest.mark.parametrize(
    ("mapping", "words", "code", "says"),
    [
        ('source = "desk"\n', ("--agency", "town"), 2, "has no [[event]]"),
        (CASES, (), 2, "Whose events are these?"),
        (CASES, ("--agency", "town", "--received", "noon"), 2, "is no date or moment"),
        ("", ("--agency", "town"), 2, "needs a mapping"),
        (CASES, ("--agency", "town"), 1, "is empty; export it again"),
    ],
)
def test_a_load_that_cannot_be_makes_no_store(
    tmp_path: Path, mapping: str, words: tuple[str, ...], code: int, says: str
) -> None:
    """Whoever reads afterwards is told that there is no store, not that there are no alerts."""
    file = tmp_path / "cases.csv"
    file.write_text("" if code == 1 else HEADER + "a-1,Permits,2020-03-02T10:00:00Z,\n")
    options: list[str | Path] = []
    if mapping:
        (tmp_path / "map.toml").write_text(mapping)
        options = ["--map", tmp_path / "map.toml"]
    done = headwind("load", file, *options, *words, cwd=tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert says in done.stderr
    assert "evaluates" not in done.stderr
    assert {one.name for one in tmp_path.iterdir()} <= {"cases.csv", "map.toml"}
    read = headwind("alerts", cwd=tmp_path)
    assert (read.returncode, "there is no store at" in read.stderr) == (2, True)


def test_a_dry_run_leaves_nothing_behind(tmp_path: Path) -> None:
    """Neither a store nor a lock; with a store, it changes nothing in it."""
    good = _good(tmp_path)
    options = ("--agency", "town", "--store", tmp_path / "bad.db", "--dry-run")
    dry = headwind("load", good, *options, cwd=tmp_path)
    assert (dry.returncode, [one.name for one in tmp_path.iterdir()]) == (0, [good.name]), dry
    assert "1 events would be sent" in dry.stderr
    _load(tmp_path, good)
    again = headwind("load", good, *options, cwd=tmp_path)
    assert again.stderr == dry.stderr


def test_what_is_too_old_is_counted_where_more_is_kept(tmp_path: Path) -> None:
    """The sentence of a refusal says what helps: longer retention, and all loaded anew."""
    old = _request("r-8").replace(b"2020-03-01", b"2015-03-01")
    file = tmp_path / "old.ndjson"
    file.write_bytes(_request("r-7") + b"\n" + old + b"\n")
    done, _ = _load(tmp_path, file)
    assert "make retention longer and load all into a new one. (beyond_retention)" in done.stderr
    (tmp_path / "headwind.toml").write_text("[retention]\ndays = 3650\n")
    (tmp_path / "bad.db").unlink()
    done, store = _load(tmp_path, file)
    assert (done.returncode, _accepted(store)) == (0, 2), done.stderr


def _good(folder: Path) -> Path:
    path = folder / "good.ndjson"
    path.write_bytes(_request("r-0") + b"\n")
    return path


ZONELESS = CASES.replace('timezone = "Europe/Brussels"\n', "")
PERIODS = COUNTS.replace('{ column = "day", plus = "P1D" }', '"until"')

TABLES = {
    "cases.csv": (
        ZONELESS,
        [
            ("a-1,Permits,2020-03-02T10:00:00Z,2020-03-05T12:00:00Z", ""),
            ("a-2,Permits,02/03/2020,", "bad_time"),
            ("a-3,Permits,March 2 2020,", "bad_time"),
            ("a-4,Permits,2020-03-02 10:00,", "no_time_zone"),
            ("a-1,Passports,2020-03-02T10:00:00Z,", "id_reused"),
            (f"a-5,{PLANTED},2020-03-02T10:00:00Z,", "person_like"),
            (f"a-6,Permits,{PLANTED},", "bad_time"),
            ("a-7,Réforme,2020-03-02T10:00:00Z,", "not_utf8"),
            (f'a-8,"{PLANTED}{"y" * HUGE}",2020-03-02T10:00:00Z,', "too_large"),
            ("a-9,Permits,2020-03-02T10:00:00Z", "wrong_type"),
            ('a-10,"Permits",2020-03-02T10:00:00Z,', ""),
        ],
    ),
    "counts.csv": (
        PERIODS,
        [
            ("2020-03-01,2020-03-02,10,9", ""),
            ("2020-03-03,2020-03-02,10,9", "end_before_start"),
            ("2020-03-03,2020-03-04,-3,0", "out_of_range"),
            ("2020-03-04,2020-03-05,10,11", "part_exceeds_whole"),
            ("2020-03-05,2020-03-06,NaN,0", "not_a_number"),
            ("2020-03-06,2020-03-07,ten,0", "wrong_type"),
            ("2020-03-07,2020-03-08,10,9", ""),
        ],
    ),
}
"""By file: the map, and rows below the header, each with the code of what is wrong with it."""


@pytest.mark.parametrize("name", list(TABLES))
def test_a_table_with_everything_that_can_be_wrong(tmp_path: Path, name: str) -> None:
    """Each bad row has its sentence and its place in quarantine, the good rows are kept."""
    mapping, lines = TABLES[name]
    header = HEADER if name == "cases.csv" else "day,until,offered,handled\n"
    file = tmp_path / name
    file.write_bytes((header + "".join(f"{row}\n" for row, _ in lines)).encode("latin-1"))
    done, store = _load(tmp_path, file, mapping=mapping)
    expected = {row: code for row, (_, code) in enumerate(lines, 2) if code}
    told = _told(done, name)
    assert done.returncode == 1
    assert set(told) == set(expected)
    assert all(code in told[row] for row, code in expected.items())
    events = 2 + (name == "cases.csv")
    assert _accepted(store) == events
    kept = _quarantine(store)
    assert {one["origin"] for one in kept} == {f"{name} row {row}" for row in expected}
    assert PLANTED not in done.stdout + done.stderr + json.dumps(kept)
    assert holds(store, PLANTED) == []


def test_files_that_are_not_what_they_should_be(tmp_path: Path) -> None:
    """One load of seven files: each bad one has its sentence, and the good ones are taken."""
    body = HEADER + "".join(f"b-{i},Permits,2020-03-02T10:{i % 60:02}:00Z,\n" for i in range(5000))
    packed = gzip.compress(body.encode())
    contents = {
        "good.csv": (HEADER + "a-1,Permits,2020-03-02T10:00:00Z,\n").encode(),
        "broken.csv.gz": packed[: len(packed) // 2],
        "column.csv": body.replace("opened", "opend", 1).encode(),
        "empty.csv": b"",
        "header.csv": HEADER.encode(),
        "sheet.xlsx": body.encode(),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    names = [*contents, "absent.csv"]
    done, store = _load(tmp_path, *(tmp_path / name for name in names), mapping=CASES)
    assert done.returncode == 1
    said = {name: [s for s in done.stderr.splitlines() if s.startswith(name)] for name in names}
    for name, words in {
        "good.csv": "1 rows, 1 events sent",
        "broken.csv.gz": "is damaged or breaks off",
        "column.csv": 'The column "opened" is missing',
        "empty.csv": "is empty; export it again",
        "header.csv": "no rows; export it again",
        "sheet.xlsx": "is no xlsx file",
        "absent.csv": "cannot be read (No such file or directory); check the name",
    }.items():
        assert words in said[name][0], said[name]
    (taken,) = re.findall(r"(\d+) rows could be read and were taken", said["broken.csv.gz"][0])
    assert 100 < int(taken) < 5000
    assert _accepted(store) == 1 + int(taken)
    assert _quarantine(store) == []


def test_a_file_that_grows_while_it_is_read(tmp_path: Path) -> None:
    """What stood there is taken whole, never half a line; loaded again, the rest comes once."""
    file = tmp_path / "growing.ndjson"
    lines = [_request(f"g-{number}") for number in range(20_000)]
    file.write_bytes(b"\n".join(lines))
    over = threading.Event()
    written = threading.Thread(target=_grow, args=(file, over))
    written.start()
    try:
        done, store = _load(tmp_path, file)
    finally:
        over.set()
        written.join()
    assert done.returncode == 1
    assert "grew while it was read" in done.stderr
    assert "Load it again when nothing writes to it any more" in done.stderr
    assert len(lines) - 1 <= _accepted(store) < len(file.read_bytes().splitlines())
    again, _ = _load(tmp_path, file)
    assert again.returncode == 0, again.stderr
    assert _accepted(store) == len(file.read_bytes().splitlines())
    assert _quarantine(store) == []


def _grow(file: Path, over: threading.Event) -> None:
    """Write on until told to stop; up to then the file ends in the middle of a line."""
    with file.open("ab", buffering=0) as out:
        rest = b""
        for number in count():
            body = b"\n" + _request(f"h-{number}")
            out.write(rest + body[:50])
            rest = body[50:]
            if over.wait(0.001):
                break
        out.write(rest + b"\n")

"""Loading files: good rows are sent, bad ones told with file, row, column and what to do."""

from __future__ import annotations

import gzip
import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

import connectors._file_bytes
from connectors._mapping import Mapping, parse_mapping
from connectors._report import LoadError, LoadReport, Progress
from connectors.file import load

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from connectors._publish import Batch

NOW = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp() * 1000)

CASES = """
source = "desk"
timezone = "Europe/Brussels"
key = ["case"]

[[event]]
type = "headwind.service.request.opened.v1"
time = "opened"
data.request = "case"
data.service = "service"

[[event]]
type = "headwind.service.request.closed.v1"
when = "closed IS NOT NULL"
time = "closed"
data.request = "case"
data.service = "service"
"""

COUNTS = """
source = "calls"
timezone = "Europe/Brussels"
key = ["day"]

[[event]]
type = "headwind.service.transactions.counted.v1"
data.service = { const = "Calls" }
data.from = "day"
data.to = { column = "day", plus = "P1D" }
data.started = "offered"
data.completed = "handled"
"""

HEADER = "case,service,opened,closed\n"
GOOD = HEADER + (
    "a-1,Permits,2020-03-02T10:00:00Z,2020-03-05T12:00:00Z\n"
    "a-2,Permits,2020-03-01T08:30:00Z,\n"
    "a-3,Passports,2020-03-03T09:00:00+01:00,2020-03-03T11:00:00+01:00\n"
)


class Shelf:
    """A publisher that keeps what it is given, and can break after some calls."""

    def __init__(self, breaks_after: int = 1 << 30) -> None:
        """``breaks_after`` calls it raises."""
        self.batches: list[Batch] = []
        self.calls = 0
        self.breaks_after = breaks_after
        self.loads: dict[str, tuple[int, bool]] = {}

    def publish(self, batches: Sequence[Batch]) -> None:
        """Keep the batches."""
        if self.calls >= self.breaks_after:
            raise KeyboardInterrupt
        self.calls += 1
        self.batches += batches
        for batch in batches:
            assert len(batch.lines) <= 500
            if batch.load is not None:
                self.loads[batch.load[0]] = batch.load[2:]

    @property
    def events(self) -> list[dict[str, Any]]:
        """All events sent, heartbeats left out."""
        events = [json.loads(line) for batch in self.batches for line in batch.lines]
        return [event for event in events if "heartbeat" not in event["type"]]

    @property
    def beats(self) -> list[dict[str, Any]]:
        """All heartbeats sent."""
        events = [json.loads(line) for batch in self.batches for line in batch.lines]
        return [event for event in events if "heartbeat" in event["type"]]


def send(
    path: Path,
    text: str | None = CASES,
    shelf: Shelf | None = None,
    *,
    agency: str | None = "town",
    dry_run: bool = False,
    restart: bool = False,
    seen: list[Progress] | None = None,
) -> tuple[LoadReport, Shelf]:
    """Load one file."""
    shelf = shelf or Shelf()
    mapping: Mapping | None = parse_mapping(text) if text else None
    report = load(
        [path],
        mapping=mapping,
        agency=agency,
        publisher=shelf,
        clock=lambda: NOW,
        dry_run=dry_run,
        progress=(seen if seen is not None else []).append,
        checkpoint=shelf.loads.get,
        restart=restart,
    )
    return report, shelf


def write(folder: Path, body: str | bytes, name: str = "cases.csv") -> Path:
    """Write a file."""
    path = folder / name
    path.write_bytes(body.encode() if isinstance(body, str) else body)
    return path


def reasons(report: LoadReport) -> list[tuple[int, str, str]]:
    """Row, column and code of everything refused."""
    return [(one.row, one.column, one.code) for one in report.refused]


def test_good_rows_are_sent_in_the_order_of_time(tmp_path: Path) -> None:
    """Five events, by their time, and a heartbeat up to the last of them."""
    seen: list[Progress] = []
    report, shelf = send(write(tmp_path, GOOD), seen=seen)
    assert (report.rows, report.events, report.exit_code, report.notes) == (3, 5, 0, [])
    assert [event["id"] for event in shelf.events] == [
        "a-2|opened",
        "a-1|opened",
        "a-3|opened",
        "a-3|closed",
        "a-1|closed",
    ]
    assert shelf.events[2]["time"] == "2020-03-03T08:00:00Z"
    assert shelf.events[0]["agency"] == "town"
    assert [beat["data"]["complete_to"] for beat in shelf.beats] == ["2020-03-05T12:00:00Z"]
    assert [one.stage for one in seen] == ["reading", "sending"]
    assert (seen[-1].done, seen[-1].total) == (5, 5)


@pytest.mark.parametrize("kind", ["csv.gz", "xlsx", "jsonl", "jsonl.gz", "parquet"])
def test_every_kind_of_file_gives_the_same_events(tmp_path: Path, kind: str) -> None:
    """A table gives the same lines, whatever kind of file holds it."""
    _, plain = send(write(tmp_path, GOOD))
    frame = pl.read_csv(GOOD.encode(), infer_schema=False)
    path = tmp_path / f"cases.{kind}"
    if kind == "xlsx":
        frame.write_excel(path)
    elif kind == "parquet":
        frame.write_parquet(path)
    elif kind == "csv.gz":
        path.write_bytes(gzip.compress(GOOD.encode()))
    else:
        body = frame.write_ndjson().encode()
        path.write_bytes(gzip.compress(body) if kind.endswith("gz") else body)
    report, shelf = send(path)
    assert report.exit_code == 0
    assert shelf.events == plain.events


def test_typed_columns_of_parquet(tmp_path: Path) -> None:
    """Numbers, days and local times of a parquet file are taken as what they are."""
    path = tmp_path / "calls.parquet"
    day = datetime(2020, 3, 29)  # noqa: DTZ001 (a file's local day)
    pl.DataFrame({"day": [day], "offered": [10.0], "handled": [9]}).with_columns(
        pl.col("day").cast(pl.Date)
    ).write_parquet(path)
    _, shelf = send(path, COUNTS)
    data = shelf.events[0]["data"]
    assert (data["from"], data["to"]) == ("2020-03-28T23:00:00Z", "2020-03-29T22:00:00Z")
    assert (data["started"], data["completed"]) == (10, 9)


def test_a_truncated_gzip_keeps_what_could_be_read(tmp_path: Path) -> None:
    """Whole lines before the break are sent, half a line is not, and the report says so."""
    rows = "".join(f"b-{i},Permits,2020-03-02T10:00:{i % 60:02}Z,\n" for i in range(20_000))
    body = gzip.compress((HEADER + rows).encode())
    report, shelf = send(write(tmp_path, body[: len(body) // 2], "cases.csv.gz"))
    assert 1000 < report.events < 20_000
    assert report.events == len(shelf.events)
    assert not report.refused
    assert "breaks off" in report.notes[0]
    assert report.exit_code == 1


def test_a_wrong_encoding(tmp_path: Path) -> None:
    """Rows with foreign bytes are refused with their row and column, the others sent."""
    body = (GOOD + "a-4,Réforme,2020-03-04T00:00:00Z,\n").encode("latin-1")
    report, shelf = send(write(tmp_path, body))
    assert reasons(report) == [(5, "service", "not_utf8")]
    assert "encoding =" in report.refused[0].message
    assert len(shelf.events) == 5
    told = 'encoding = "latin-1"\n' + CASES
    report, shelf = send(write(tmp_path, body), told)
    assert (report.exit_code, len(shelf.events)) == (0, 6)
    assert shelf.events[-2]["data"]["service"] == "Réforme"


def test_a_missing_column_refuses_the_file(tmp_path: Path) -> None:
    """Nothing is sent; the sentence names the column, where it is read, and one near to it."""
    report, shelf = send(write(tmp_path, GOOD.replace("opened", "opend", 1)))
    assert not shelf.batches
    assert report.files[0].state == "refused"
    assert 'column "opened" is missing' in report.notes[0]
    assert '"opend"' in report.notes[0]
    assert report.exit_code == 1


def test_dates_in_three_formats(tmp_path: Path) -> None:
    """Only ISO 8601 is taken unasked; the other forms are refused row by row."""
    body = (
        "day,offered,handled\n2020-03-04,10,9\n05/03/2020,10,9\nMarch 6 2020,10,9\n13/03/2020,9,9\n"
    )
    report, shelf = send(write(tmp_path, body), COUNTS)
    assert {(row, code) for row, _, code in reasons(report)} == {
        (3, "bad_time"),
        (4, "bad_time"),
        (5, "bad_time"),
    }
    assert len(shelf.events) == 1
    both = COUNTS.replace(
        'data.from = "day"\ndata.to = { column = "day"', 'data.from = DAY\ndata.to = { column = "day", FORM'
    )
    both = both.replace("DAY", '{ column = "day", FORM }')
    both = both.replace("FORM", 'format = ["iso", "%d/%m/%Y", "%m/%d/%Y", "%B %d %Y"]')
    report, shelf = send(write(tmp_path, body), both)
    assert {row for row, _, _ in reasons(report)} == {3}
    assert "two different days" in report.refused[0].message
    assert len(shelf.events) == 3


def test_a_time_without_zone(tmp_path: Path) -> None:
    """Without a zone in cell or map a row is refused; with one it is taken."""
    body = GOOD + "a-4,Permits,2020-07-01 10:00,\n"
    bare = CASES.replace('timezone = "Europe/Brussels"\n', "")
    report, shelf = send(write(tmp_path, body), bare)
    assert reasons(report) == [(5, "opened", "no_time_zone")]
    assert len(shelf.events) == 5
    report, shelf = send(write(tmp_path, body))
    assert shelf.events[-1]["time"] == "2020-07-01T08:00:00Z"


def test_an_hour_that_the_clocks_skip(tmp_path: Path) -> None:
    """02:30 on the night the clocks go forward does not exist."""
    report, _ = send(write(tmp_path, HEADER + "a-1,Permits,2020-03-29 02:30,\n"))
    assert reasons(report) == [(2, "opened", "bad_time")]


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        ("2020-03-05,-3,0", "offered", "out_of_range"),
        ("2020-03-05,10,11", "handled", "part_exceeds_whole"),
        ("2020-03-05,NaN,0", "offered", "not_a_number"),
        ("2020-03-05,ten,0", "offered", "wrong_type"),
        ("2020-03-05,10.5,0", "offered", "wrong_type"),
        ("2020-03-05,,0", "offered", "missing"),
        (",10,9", "day", "missing"),
        ("2020-02-30,10,9", "day", "bad_time"),
        ("2020-03-05,10", "", "wrong_type"),
        ("2020-03-05,10,9,8", "", "wrong_type"),
        ("2099-03-05,10,9", "day", "future"),
    ],
)
def test_a_bad_count_is_refused_with_its_place(
    tmp_path: Path, row: str, column: str, code: str
) -> None:
    """The bad row is in quarantine with row and column; the rows around it are sent."""
    body = f"day,offered,handled\n2020-03-04,10,9\n{row}\n2020-03-06,10,9\n"
    report, shelf = send(write(tmp_path, body, "calls.csv"), COUNTS)
    assert (3, code) in {(row, code) for row, _, code in reasons(report)}
    if code != "future":
        assert any(column in one.column for one in report.refused)
    assert len(shelf.events) == 2
    assert report.exit_code == 1
    kept = [(batch.origin, one.row) for batch in shelf.batches for one in batch.refused]
    assert kept == [("calls.csv", 3)]
    assert "calls.csv row 3" in report.refused[0].where


def test_an_end_before_its_start(tmp_path: Path) -> None:
    """A period that ends before it starts is refused, unless the map says how to clean it."""
    body = "day,until,offered,handled\n2020-03-04,2020-03-01,10,9\n2020-03-05,2020-03-06,10,9\n"
    bad = COUNTS.replace('{ column = "day", plus = "P1D" }', '"until"')
    report, shelf = send(write(tmp_path, body), bad)
    assert "end_before_start" in {code for _, _, code in reasons(report)}
    assert len(shelf.events) == 1
    late = GOOD + "a-4,Permits,2020-03-04T10:00:00Z,2020-03-04T09:59:00Z\n"
    columns = '[columns]\nopened = "time"\n[[event]]'
    clean = CASES.replace("[[event]]", columns, 1).replace(
        'time = "closed"', 'time = { column = "closed", not_before = "opened" }'
    )
    report, shelf = send(write(tmp_path, late), clean)
    assert report.cleaned == {"closed: time earlier than opened, taken as opened": 1}
    assert report.exit_code == 0
    assert shelf.events[-2]["time"] == "2020-03-04T10:00:00Z"


def test_a_key_used_twice(tmp_path: Path) -> None:
    """The same again is left out, something else under the same key is refused."""
    body = GOOD + "a-2,Permits,2020-03-01T08:30:00Z,\na-2,Passports,2020-03-01T08:30:00Z,\n"
    report, shelf = send(write(tmp_path, body))
    assert report.repeats == 1
    assert reasons(report) == [(6, "case", "id_reused")]
    assert len(shelf.events) == 5


def test_a_count_sent_with_other_numbers_is_a_correction(tmp_path: Path) -> None:
    """Its id differs, it goes after the first, and a note asks whether `part` is missing."""
    body = "day,offered,handled\n2020-03-04,10,9\n2020-03-04,12,9\n"
    report, shelf = send(write(tmp_path, body), COUNTS)
    assert [event["data"]["started"] for event in shelf.events] == [10, 12]
    assert len({event["id"] for event in shelf.events}) == 2
    assert "`part`" in report.notes[0]


@pytest.mark.parametrize("body", ["", " \n\n", "case,service,opened,closed\n"])
def test_an_empty_file(tmp_path: Path, body: str) -> None:
    """An empty file is a sentence and exit code 1."""
    report, shelf = send(write(tmp_path, body))
    assert report.exit_code == 1
    assert "export it again" in report.notes[0]
    assert not shelf.batches


def test_a_file_that_grows_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stood there at the start is taken, without half a line, and the report says so."""
    path = write(tmp_path, GOOD + "a-4,Perm")
    upto = connectors._file_bytes._upto

    def growing(file: Any, size: int) -> Any:
        with path.open("ab") as writer:
            writer.write(b"its,2020-03-04T10:00:00Z,\n")
        return upto(file, size)

    monkeypatch.setattr("connectors._file_bytes._upto", growing)
    report, shelf = send(path)
    assert len(shelf.events) == 5
    assert not report.refused
    assert "grew" in report.notes[0]
    assert report.exit_code == 1


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", "utf-16"])
def test_a_byte_order_mark(tmp_path: Path, mark: bytes | str) -> None:
    """A byte order mark says the encoding and is no part of the first column's name."""
    body = GOOD.encode(mark) if isinstance(mark, str) else mark + GOOD.encode()
    report, shelf = send(write(tmp_path, body))
    assert (report.exit_code, len(shelf.events)) == (0, 5)


def test_a_semicolon(tmp_path: Path) -> None:
    """Another delimiter is named in the map; where it is not, the sentence says it."""
    path = write(tmp_path, GOOD.replace(",", ";"))
    report, _ = send(path)
    assert "delimiter = ';'" in report.notes[0]
    report, shelf = send(path, 'delimiter = ";"\n' + CASES)
    assert (report.exit_code, len(shelf.events)) == (0, 5)


def test_quoted_cells(tmp_path: Path) -> None:
    """Delimiters, doubled marks and line breaks inside quotation marks; rows are counted right."""
    body = HEADER + (
        '"a-1","Permits, ""small""",2020-03-02T10:00:00Z,\n'
        '"a-2",Permits,not a day,\n"a-3",Permits,2020-03-03T10:00:00Z,,\n'
        'a-4,"Permits",2020-03-04T10:00:00Z,"\n'
    )
    report, shelf = send(write(tmp_path, body))
    assert [event["data"]["service"] for event in shelf.events] == ['Permits, "small"']
    assert {(row, code) for row, _, code in reasons(report)} == {
        (3, "bad_time"),
        (4, "wrong_type"),
        (5, "wrong_type"),
    }


def test_values_of_persons_are_written_nowhere(tmp_path: Path) -> None:
    """A planted address is in no event, refusal or sentence, whatever else is wrong."""
    planted = "jane.doe@example.org"
    body = GOOD + (
        f"a-4,{planted},2020-03-04T10:00:00Z,\n{planted},Permits,2020-03-04T10:00:00Z,\n"
        f"a-6,Permits,{planted},\n"
    )
    report, shelf = send(write(tmp_path, body))
    assert len(shelf.events) == 5
    assert {row for row, _, _ in reasons(report)} == {5, 6, 7}
    assert {"person_like", "bad_time"} <= {code for _, _, code in reasons(report)}
    for one in (*shelf.batches, report, *report.refused):
        assert "jane" not in repr(one)


def test_a_dry_run_sends_nothing(tmp_path: Path) -> None:
    """It shows the first events and every refusal, and publishes nothing."""
    path = write(tmp_path, GOOD + "a-4,Permits,soon,\n")
    report, shelf = send(path, dry_run=True)
    assert shelf.calls == 0
    assert report.dry_run
    assert len(report.files[0].first) == 5
    assert reasons(report) == [(5, "opened", "bad_time")]


def test_a_load_that_broke_off_goes_on(tmp_path: Path) -> None:
    """After any number of commits a second run sends the rest; in all, what one run sends."""
    rows = "".join(f"c-{i},Permits,2020-03-02T10:{i % 60:02}:00Z,\n" for i in range(35_000))
    path = write(tmp_path, HEADER + rows)
    _, whole = send(path)
    for breaks_after in range(4):
        shelf = Shelf(breaks_after)
        with pytest.raises(KeyboardInterrupt):
            send(path, shelf=shelf)
        shelf.breaks_after = 1 << 30
        report, _ = send(path, shelf=shelf)
        assert [b.lines for b in shelf.batches] == [b.lines for b in whole.batches]
        assert report.files[0].resumed_at + report.events == 35_000
        calls = shelf.calls
        report, _ = send(path, shelf=shelf)
        assert (shelf.calls, report.files[0].state) == (calls, "already sent")
        assert "nothing was sent" in report.notes[0]
        report, _ = send(path, shelf=shelf, restart=True)
        assert report.events == 35_000


def test_another_map_or_agency_is_another_load(tmp_path: Path) -> None:
    """The same file under another map or agency is sent."""
    path, shelf = write(tmp_path, GOOD), Shelf()
    send(path, shelf=shelf)
    report, _ = send(path, shelf=shelf, agency="village")
    assert report.events == 5
    report, _ = send(path, CASES.replace("desk", "counter"), shelf)
    assert report.events == 5


def test_the_agency_of_a_column(tmp_path: Path) -> None:
    """Each row goes to its own agency, in batches of one agency; a row without is refused."""
    body = "agency_code,day,offered,handled\nx,2020-03-04,1,1\ny,2020-03-04,2,2\nx,2020-03-05,3,3\n"
    text = 'agency = "agency_code"\n' + COUNTS
    report, shelf = send(write(tmp_path, body + ",2020-03-05,3,3\n"), text, agency=None)
    sent = {b.agency: len(b.lines) for b in shelf.batches if b.lines and b"heartbeat" not in b.lines[0]}
    assert sent == {"x": 2, "y": 1}
    assert {beat["agency"]: beat["time"] for beat in shelf.beats} == {
        "x": "2020-03-05T23:00:00Z",
        "y": "2020-03-04T23:00:00Z",
    }
    assert reasons(report) == [(5, "agency", "missing")]


def test_wrong_requests(tmp_path: Path) -> None:
    """A csv file without a map, and a load without an agency, are wrong use."""
    path = write(tmp_path, GOOD)
    with pytest.raises(LoadError, match="needs a mapping"):
        send(path, None)
    with pytest.raises(LoadError, match="Whose events"):
        send(path, agency=None)
    with pytest.raises(LoadError, match="leave out"):
        send(path, 'agency = "service"\n' + CASES)
    report, _ = send(tmp_path / "absent.csv")
    assert "cannot be read" in report.notes[0]


def event(number: int, **other: Any) -> str:
    """One event as a line."""
    return json.dumps(
        {
            "specversion": "1.0",
            "type": "headwind.service.request.opened.v1",
            "source": "desk",
            "id": f"e-{number}",
            "time": "2020-03-02T10:00:00Z",
            "data": {"request": f"r-{number}", "service": "Permits"},
            **other,
        }
    )


def test_events_need_no_map(tmp_path: Path) -> None:
    """Lines that are events go as they are; an unknown type and broken JSON are refused."""
    lines = [event(1), event(2, type="headwind.service.request.opend.v1"), "{", "", event(3)]
    report, shelf = send(write(tmp_path, "\n".join(lines), "events.jsonl"), None)
    assert [one["id"] for one in shelf.events] == ["e-1", "e-3"]
    assert {(row, code) for row, _, code in reasons(report)} == {(2, "unknown_type"), (3, "not_json")}
    assert (report.rows, report.exit_code) == (4, 1)


def test_events_that_name_their_agency(tmp_path: Path) -> None:
    """Without --agency each line goes to the agency it names; one that names none is refused."""
    lines = [event(1, agency="x"), event(2, agency="y"), event(3)]
    report, shelf = send(write(tmp_path, "\n".join(lines), "events.jsonl"), None, agency=None)
    assert [one["agency"] for one in shelf.events] == ["x", "y"]
    assert reasons(report) == [(3, "agency", "missing")]


@pytest.mark.parametrize("text", [None, CASES])
def test_a_line_of_50_mb(tmp_path: Path, text: str | None) -> None:
    """It is refused by its row; the lines around it are sent."""
    if text is None:
        good = [event(1), event(2)]
    else:
        row = {"case": "a-1", "service": "Permits", "opened": "2020-03-02T10:00:00Z", "closed": None}
        good = [json.dumps(row), json.dumps({**row, "case": "a-2"})]
    path = tmp_path / "events.jsonl"
    with path.open("w") as file:
        file.write(good[0] + "\n" + '{"x": "' + "y" * 50_000_000 + '"}\n' + good[1])
    report, shelf = send(path, text)
    assert reasons(report) == [(2, "", "too_large")]
    assert len(shelf.events) == 2
    os.unlink(path)  # noqa: PTH108

"""Loading files: what is sent, in which order, and what is said of a file that is not whole."""

from __future__ import annotations

import gzip
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

import connectors._file_bytes
from connectors._report import LoadError, Progress
from tests.unit.shelf import CASES, COUNTS, GOOD, HEADER, Shelf, reasons, send, write

if TYPE_CHECKING:
    from pathlib import Path


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
    sent = {
        b.agency: len(b.lines) for b in shelf.batches if b.lines and b"heartbeat" not in b.lines[0]
    }
    assert sent == {"x": 2, "y": 1}
    assert {beat["agency"]: beat["time"] for beat in shelf.beats} == {
        "x": "2020-03-05T23:00:00Z",
        "y": "2020-03-04T23:00:00Z",
    }
    assert reasons(report) == [(5, "agency", "missing")]


def test_no_agency_of_a_file_runs_far_ahead(tmp_path: Path) -> None:
    """Over a year, batches of two agencies alternate by quarter, whatever a batch may hold."""
    days = [f"2020-{month:02}-15" for month in range(1, 13)]
    rows = [f"{agency},{day},1,1" for agency in "xy" for day in days]
    text = 'agency = "agency_code"\n' + COUNTS
    body = "\n".join(["agency_code,day,offered,handled", *rows])
    _, shelf = send(write(tmp_path, body + "\n"), text, agency=None)
    sent = [
        (batch.agency, len(batch.lines))
        for batch in shelf.batches
        if batch.lines and b"heartbeat" not in batch.lines[0]
    ]
    assert sent == [("x", 3), ("y", 3)] * 4


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


def test_days_of_a_spreadsheet_are_the_same_keys(tmp_path: Path) -> None:
    """A day kept as day and time in xlsx gives the id that its csv export gives."""
    path = tmp_path / "calls.xlsx"
    day = datetime(2020, 3, 4)  # noqa: DTZ001 (a file's local day)
    pl.DataFrame({"day": [day], "offered": [10.0], "handled": [9]}).write_excel(path)
    _, sheet = send(path, COUNTS)
    _, plain = send(write(tmp_path, "day,offered,handled\n2020-03-04,10,9\n"), COUNTS)
    assert sheet.events == plain.events

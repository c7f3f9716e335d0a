"""Bad rows of a file: refused with row, column and code, the rows around them sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.shelf import CASES, COUNTS, GOOD, HEADER, reasons, send, write

if TYPE_CHECKING:
    from pathlib import Path


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
        'data.from = "day"\ndata.to = { column = "day"',
        'data.from = DAY\ndata.to = { column = "day", FORM',
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


def test_a_person_is_no_agency(tmp_path: Path) -> None:
    """An agency that looks like a person's data is refused and stands nowhere."""
    planted = "jane.doe@example.org"
    body = f"office,day,offered,handled\nx,2020-03-04,1,1\n{planted},2020-03-04,2,2\n"
    text = 'agency = "office"\n' + COUNTS
    report, shelf = send(write(tmp_path, body), text, agency=None)
    assert reasons(report) == [(3, "agency", "missing")]
    assert "jane" not in repr((report, shelf.batches))

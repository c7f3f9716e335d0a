"""Files whose lines are events already: no mapping, any length, bounded memory."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.shelf import CASES, reasons, send, write

if TYPE_CHECKING:
    from pathlib import Path


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
    assert {(row, code) for row, _, code in reasons(report)} == {
        (2, "unknown_type"),
        (3, "not_json"),
    }
    assert (report.rows, report.exit_code) == (4, 1)


def test_events_that_name_their_agency(tmp_path: Path) -> None:
    """Without --agency each line goes to the agency it names; one that names none is refused."""
    planted = "jane.doe@example.org"
    lines = [event(1, agency="x"), event(2, agency="y"), event(3), event(4, agency=planted)]
    report, shelf = send(write(tmp_path, "\n".join(lines), "events.jsonl"), None, agency=None)
    assert [one["agency"] for one in shelf.events] == ["x", "y"]
    assert reasons(report) == [(3, "agency", "missing"), (4, "agency", "missing")]
    assert "jane" not in repr((report, shelf.batches))


@pytest.mark.parametrize("text", [None, CASES])
def test_a_line_of_50_mb(tmp_path: Path, text: str | None) -> None:
    """It is refused by its row; the lines around it are sent."""
    if text is None:
        good = [event(1), event(2)]
    else:
        row = {
            "case": "a-1",
            "service": "Permits",
            "opened": "2020-03-02T10:00:00Z",
            "closed": None,
        }
        good = [json.dumps(row), json.dumps({**row, "case": "a-2"})]
    path = tmp_path / "events.jsonl"
    with path.open("w") as file:
        file.write(good[0] + "\n" + '{"x": "' + "y" * 50_000_000 + '"}\n' + good[1])
    report, shelf = send(path, text)
    assert reasons(report) == [(2, "", "too_large")]
    assert len(shelf.events) == 2
    os.unlink(path)  # noqa: PTH108


def test_a_file_of_no_events(tmp_path: Path) -> None:
    """Empty lines alone are a sentence and exit code 1."""
    report, shelf = send(write(tmp_path, "\n\n", "events.jsonl"), None)
    assert report.notes == ["events.jsonl holds no events; export it again and load it then."]
    assert (report.exit_code, shelf.calls) == (1, 0)


def test_no_line_is_an_object(tmp_path: Path) -> None:
    """Under a map, lines that are no objects are refused one by one."""
    report, _ = send(write(tmp_path, "[1]\nnonsense\n", "cases.jsonl"))
    assert reasons(report) == [(1, "", "not_json"), (2, "", "not_json")]

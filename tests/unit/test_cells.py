"""Cells of tables: bars whose parts can be seen, what was left out, what is said once."""

from __future__ import annotations

from typing import Any

import pytest

from dashboards.arrival_cells import left_out, parts_of
from dashboards.cells import Cell, told_once


def _sent(**counts: Any) -> dict[str, Any]:
    return {"accepted": 0, "repeats": 0, "late": 0, "refused": 0, **counts}


@pytest.mark.parametrize(
    "row",
    [
        _sent(accepted=48_213, repeats=4, refused=1),
        _sent(accepted=1, repeats=1, late=1, refused=1),
        _sent(refused=6),
        _sent(accepted=10**12, late=1),
    ],
)
def test_a_bar_is_whole_and_each_part_is_seen(row: dict[str, Any]) -> None:
    """Parts follow one another from 0 to 100, none thinner than can be seen, none for nothing."""
    parts = parts_of(row)
    assert {part.name for part in parts} == {name for name, many in row.items() if many}
    at = 0.0
    for part in parts:
        assert part.at == pytest.approx(at, abs=0.02)
        assert part.wide >= 1.5
        at += part.wide
    assert at == pytest.approx(100, abs=0.05)


def test_what_came_to_nothing_has_no_bar() -> None:
    """No event, no part."""
    assert parts_of(_sent()) == ()


def test_what_was_left_out_is_said_in_words() -> None:
    """Only what the indicator names as a reason, in its order; further figures are no reason."""
    detail = '{"used":640,"p85":12.5,"ends_before_start":2,"no_due_date":1031}'
    reasons = ("no_due_date", "ends_before_start", "not_counted_by_sender")
    assert left_out(detail, reasons) == (640, "1,031 no due date, 2 ends before start")
    assert left_out("{}", reasons) == (None, "")
    assert left_out("", reasons) == (None, "")


def test_the_same_words_are_said_once() -> None:
    """A run of equal heads is one cell for all of its rows; the same head later is another."""
    names = ["a", "a", "a", "b", "a"]
    table = told_once([[Cell(name), Cell(str(at))] for at, name in enumerate(names)])
    assert [row[0].rows for row in table] == [3, 0, 0, 1, 1]
    assert [row[1].text for row in table] == list("01234")

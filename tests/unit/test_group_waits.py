"""A group waits for its agencies, and not for ever."""

from __future__ import annotations

import pytest

from models.settings import Settings
from streams.group import PATIENCE_DAYS
from tests.unit.engine_run import Run
from tests.unit.events_made import BEGIN, DAY, Made, day_count, line, records

COUNTED = "headwind.service.transactions.counted.v1"


def counts(agency: str, days: range, number: int, after: int = 0) -> list[Made]:
    """A count a day, told when the day is over and ``after`` days."""
    return [
        Made(
            BEGIN + (day + 1 + after) * DAY,
            agency,
            "desk",
            BEGIN + day * DAY,
            line(
                COUNTED,
                f"{agency} {day}",
                "desk",
                BEGIN + day * DAY,
                **day_count(BEGIN + day * DAY, number),
            ),
        )
        for day in days
    ]


def days_of(run: Run) -> list[tuple[int, float | None]]:
    """Of the group's demand: days since the beginning, and what stands."""
    return sorted(
        ((rows[-1].window_end - BEGIN) // DAY, rows[-1].value)
        for name, rows in run.table(groups=True).items()
        if name[0] == "demand" and name[2:5] == ("", "", "")
    )


@pytest.mark.parametrize("more", [-10, 30])
def test_an_agency_that_stopped_is_not_waited_for(more: int) -> None:
    """Its absence holds the group back for so many days and no longer."""
    last = 20 + PATIENCE_DAYS + more
    told = counts("a", range(last), 10) + counts("b", range(20), 5)
    run = Run(Settings())
    run.apply(records(sorted(told, key=lambda one: one.arrival)))
    shown = days_of(run)
    reached = max(day for day, _ in shown)
    assert 19 <= reached <= 20 if more < 0 else reached > 20 + more - 5
    values = dict(shown)
    assert values[10] == 30
    if more > 0:
        assert values[25] == 20


def test_what_comes_after_all_restates() -> None:
    """An agency that was only late is counted in full in the end."""
    early = counts("a", range(160), 10) + counts("b", range(20), 5)
    late = counts("b", range(20, 160), 5, after=200)
    run = Run(Settings())
    run.apply(records(sorted(early + late, key=lambda one: one.arrival)))
    values = dict(days_of(run))
    assert {values[day] for day in range(5, 150)} == {30}

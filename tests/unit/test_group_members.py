"""Members of a group that stop or begin to report are marked on the group's values."""

from __future__ import annotations

import pytest

from models.mark import Mark
from models.value import RHYTHMS, Cell
from streams.catalogue import catalogue
from streams.group import Groups
from streams.summary import Hush, Summary
from tests.unit.events_made import SETTINGS

DAY = RHYTHMS.index("day")
FIRST = 18_000


def told(agency: str, number: int, many: int = 100) -> Summary:
    """The demand of an agency on one day."""
    return Summary(
        agency=agency,
        indicator="demand",
        line=DAY,
        number=number,
        cell=Cell(),
        parts=[many],
        exposure=86_400_000,
        usage={"used": many},
        coverage=1.0,
        recorded=number * 86_400_000,
        position=number,
        last=True,
    )


def lived(spans: dict[str, tuple[int, int]], days: int, *, restart: bool) -> list[Mark]:
    """The marks of agencies that report from the one day to the other."""
    groups, found = Groups(SETTINGS, catalogue()), list[Mark]()
    for day in range(days):
        for agency, (first, last) in spans.items():
            if first <= day < last:
                groups.apply([told(agency, FIRST + day)])
            elif day >= last:
                # It closes buckets in which nothing was counted.
                groups.apply([_nothing(agency, FIRST + day)])
        found += groups.marks()
        if restart:
            again = Groups(SETTINGS, catalogue())
            again.load(groups.dump())
            groups = again
    return found


def _nothing(agency: str, number: int) -> Summary:
    one = told(agency, number)
    fields = {name: getattr(one, name) for name in one.__struct_fields__}
    return Summary(**(fields | {"parts": None, "usage": {}}))


@pytest.mark.parametrize("restart", [False, True])
def test_a_member_that_stops_and_one_that_begins_are_marked(restart: bool) -> None:
    """Each from its own day, on the group's total; those that stay are not."""
    spans = {"parks": (0, 90), "roads": (0, 60), "water": (50, 90)}
    marks = lived(spans, 90, restart=restart)
    said = [(one.agency, one.label, round(one.start / 86_400_000)) for one in marks]
    assert said == [
        ("group:all", "joined: water", FIRST + 50),
        ("group:all", "left: roads", FIRST + 60),
    ]
    assert {(one.kind, one.indicator, one.cell) for one in marks} == {
        ("composition", "demand", Cell())
    }


def test_a_history_that_is_loaded_later_is_no_newcomer() -> None:
    """The group's past was closed without it; it had begun with the others all the same."""
    groups = Groups(SETTINGS, catalogue())
    for day in range(60):
        groups.apply([told("parks", FIRST + day)])
    for day in range(60):
        groups.apply([told("roads", FIRST + day)])
    for day in range(60, 90):
        groups.apply([told("parks", FIRST + day), told("roads", FIRST + day)])
    assert not groups.marks()


@pytest.mark.parametrize("first", ["parks", "roads", "both"])
def test_whoever_is_heard_first_the_same_are_missed(first: str) -> None:
    """An agency that stopped is missed in what closed before it was first heard, too.

    And what waited for it alone closes when it falls silent, not when another speaks again.
    """
    groups, shown = Groups(SETTINGS, catalogue()), dict[int, float]()
    news: dict[str, list[Summary | Hush]] = {
        "parks": [told("parks", FIRST + day) for day in range(60)],
        "roads": [told("roads", FIRST + day) for day in range(30)],
    }
    news["roads"].append(Hush("roads", "demand", silent=True, position=0))
    start = 10 * (first == "both")
    order = [*news["roads"][:start], *news["parks"][:start]]
    for agency in sorted(news, key=lambda name: name != first):
        order += news[agency][start:]
    for one in order:
        for some in groups.apply([one]):
            # Of several values of one day the last one stands.
            shown |= {value.window_end: value.coverage for value in some}
    assert [shown[end] for end in sorted(shown)] == [1.0] * 30 + [0.5] * 30

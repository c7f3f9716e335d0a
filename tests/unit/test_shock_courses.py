"""Courses of shocks through the whole engine: relapse, overlap, no end, a level that stays."""

from __future__ import annotations

from random import Random

import pytest

from models.shock import Shock
from streams.resilience import IN_A_ROW
from tests.unit.engine_run import assert_same, cut, singly, whole
from tests.unit.events_made import BEGIN, DAY, Made, day_count, line, records

_COUNTED = "headwind.service.transactions.counted.v1"
QUIET = 60
FELL = QUIET
"""The first day that is off."""

Off = tuple[int, int]
"""From this day on, before that one, demand is at 40 %."""


def told(*off: Off, days: int) -> list[Made]:
    """A count a day of one service."""
    random, made = Random(3), []
    for day in range(days):
        level = 80 if any(first <= day < stop for first, stop in off) else 200
        start = BEGIN + day * DAY
        data = day_count(start, level + random.randrange(-6, 7))
        body = line(_COUNTED, f"d{day}", "crm", start, **data)
        made.append(Made(start + DAY, "parks", "crm", start, body))
    return made


def cases(*off: Off, days: int) -> list[Shock]:
    """How each case of demand stands in the end, in order of onset."""
    run = whole(records(told(*off, days=days)))
    last = {one.id: one for one in run.shocks if one.indicator == "demand"}
    return sorted(last.values(), key=lambda one: one.onset)


def day_of(ms: int | None) -> int | None:
    """The day on which something is, by number; local days begin earlier than those of UTC."""
    return None if ms is None else round((ms - BEGIN) / DAY)


MANY = IN_A_ROW["day"]


@pytest.mark.parametrize("later", [MANY, 2 * MANY - 1])
def test_a_relapse_reopens_the_same_shock(later: int) -> None:
    """Down again within so many days after it was back: one case, recovered behind the relapse."""
    back = FELL + 14
    again = back + later
    (shock,) = cases((FELL, back), (again, again + 10), days=again + 40)
    assert day_of(shock.recovered) == again + 10


def test_later_it_is_another_shock() -> None:
    """A fall a month after the recovery has its own case; each names the other."""
    back, again = FELL + 14, FELL + 44
    one, other = cases((FELL, back), (again, again + 14), days=again + 50)
    assert (day_of(one.recovered), day_of(other.onset)) == (back, again)
    assert day_of(other.recovered) == again + 14
    assert one.evidence["overlaps"] == [other.id]
    assert other.evidence["overlaps"] == [one.id]


def test_what_the_records_do_not_hold_is_no_number() -> None:
    """Open when the records end: no recovery, no adaptation, no outcome."""
    (shock,) = cases((FELL, FELL + 30), days=FELL + 30)
    assert (shock.recovered, shock.adapted) == (None, None)
    assert shock.state == "recovering"
    assert shock.evidence["gain"] is None


@pytest.mark.parametrize("days", [2, MANY])
def test_too_few_days_back_are_no_recovery(days: int) -> None:
    """The records end before enough days in a row are back: the last one is not over yet."""
    (shock,) = cases((FELL, FELL + 20), days=FELL + 20 + days)
    assert shock.recovered is None
    assert day_of(shock.adapted) == FELL + 20


def test_a_level_that_stays_is_never_a_recovery() -> None:
    """After 120 days the new level holds: over, told as a level, no days to recover."""
    (shock,) = cases((FELL, 999), days=FELL + 140)
    assert (shock.state, shock.recovered, shock.adapted) == ("over", None, None)
    assert shock.evidence["level_shift"]


def test_however_the_log_is_cut_a_relapse_is_one() -> None:
    """Whole, event by event, with restarts in the middle of it."""
    made = records(
        told((FELL, FELL + 14), (FELL + 20, FELL + 30), (FELL + 70, FELL + 85), days=170)
    )
    one = whole(made)
    assert len({shock.id for shock in one.shocks}) == 2
    assert_same(one, singly(made))
    assert_same(one, cut(made, Random(9), restart=1.0))

"""Plans that slip: the newest plan of a project beside the one that held a year before."""

from __future__ import annotations

from random import Random

import pytest

from models.value import Value
from streams.estimators.share import Share
from tests.unit.engine_run import Run, assert_same, cut, singly, whole
from tests.unit.events_made import BEGIN, DAY, Made, iso, line, records

WEEK, YEAR, MONTH = 7 * DAY, 364 * DAY, 30 * DAY
STARTED, RENEWED = (f"headwind.project.project.{what}.v1" for what in ("started", "rebaselined"))

Plans = list[tuple[int, str, int]]
"""When each was told, of which project, and the end that it planned."""


def told(plans: Plans) -> list[Made]:
    """The events of these plans: the first of a project is that which it starts with."""
    seen: dict[str, int] = {}
    made = []
    for at, project, end in sorted(plans):
        number = seen[project] = seen.get(project, -1) + 1
        said: dict[str, object] = {"project": project, "planned_end": iso(end)}
        kind = STARTED if number == 0 else RENEWED
        if number:
            said["baseline_no"] = number
        made.append(Made(at, "parks", "crm", at, line(kind, f"{project} {at}", "crm", at, **said)))
    return made


def beats(weeks: int) -> list[Made]:
    """Something that lets time go on, of projects without a plan."""
    return [
        Made(at, "parks", "crm", at, line(STARTED, f"beat {at}", "crm", at, project=f"beat {at}"))
        for at in range(BEGIN + 1, BEGIN + weeks * WEEK, WEEK // 2)
    ]


def run_of(plans: Plans, weeks: int) -> Run:
    """The engine after all of it."""
    return whole(records(sorted([*told(plans), *beats(weeks)], key=lambda one: one.arrival)))


def slips(run: Run) -> dict[int, Value]:
    """The latest values of the indicator, by the end of their window."""
    rows = (rows[-1] for name, rows in run.table().items() if name[0] == "plan_slips")
    return {one.window_end: one for one in rows}


def expected(plans: Plans, end: int, start: int) -> tuple[int, int]:
    """Slipped and renewed, counted one project after the other."""
    slipped = renewed = 0
    for project in {project for _, project, _ in plans}:
        mine = sorted((at, planned) for at, name, planned in plans if name == project)
        before = [planned for at, planned in mine if at < start]
        inside = [planned for at, planned in mine if start <= at < end]
        held = before[-1:] or inside[:1]
        if (before and inside) or len(inside) > 1:
            renewed += 1
            slipped += inside[-1] - held[0] > MONTH
    return slipped, renewed


@pytest.mark.parametrize("seed", range(4))
def test_it_is_what_counting_by_hand_gives(seed: int) -> None:
    """Of plans set at random over three years, in every week."""
    random = Random(seed)
    plans = [
        (BEGIN + random.randrange(150 * WEEK), f"p{random.randrange(30)}", BEGIN + end)
        for end in (random.randrange(400, 1200) * DAY for _ in range(120))
    ]
    found = slips(run_of(plans, 152))
    assert len(found) > 100
    for end, value in found.items():
        slipped, renewed = expected(plans, end, value.window_start)
        assert value.n == renewed
        if renewed:
            assert value.value == Share().read([slipped, renewed]).value
            assert (value.status == "ok") is (renewed >= 10)


def test_later_by_over_a_month_is_a_slip_and_sooner_is_none() -> None:
    """Beside the plan of a year ago, however many came between; the first plan alone is nothing."""
    ends = {"late": 31, "month": 30, "sooner": -90}
    plans = [(BEGIN + DAY, name, BEGIN + 900 * DAY) for name in (*ends, "once")]
    for name, days in ends.items():
        plans += [
            (BEGIN + 60 * WEEK, name, BEGIN + 2000 * DAY),
            (BEGIN + 70 * WEEK, name, BEGIN + (900 + days) * DAY),
        ]
    found = slips(run_of(plans, 75))
    last = found[max(found)]
    assert last.value == pytest.approx(1 / 3)
    assert last.n == 3


def test_a_young_project_is_measured_by_its_first_plan() -> None:
    """However small the steps are in which it slips."""
    ends = {"creeps": 20, "holds": 2}
    plans = [
        (BEGIN + (60 + 2 * step) * WEEK, name, BEGIN + (900 + days * step) * DAY)
        for name, days in ends.items()
        for step in range(4)
    ]
    found = slips(run_of(plans, 75))
    last = found[max(found)]
    assert (last.value, last.n) == (0.5, 2)


def test_however_the_log_is_cut() -> None:
    """Plans told late, or corrected, in any batches and over restarts."""
    random = Random(9)
    plans = [
        (BEGIN + random.randrange(100 * WEEK), f"p{random.randrange(15)}", BEGIN + end * DAY)
        for end in (random.randrange(400, 900) for _ in range(60))
    ]
    log = records(sorted([*told(plans), *beats(102)], key=lambda one: one.arrival))
    one = whole(log)
    assert slips(one)
    assert_same(one, cut(log, Random(2), restart=0.5))
    assert_same(one, singly(log))

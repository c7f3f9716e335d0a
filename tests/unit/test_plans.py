"""Plans of an agency: heard in the order of the log, kept over a restart, forgotten in the end."""

from __future__ import annotations

from typing import Any

import pytest

from models.calendar import Calendar
from models.value import Cell, Rhythm
from streams.engine import Changes
from streams.planned import MOST, Plans
from streams.series import Bucket, Series
from streams.watch import Watch
from tests.unit.events_made import Made, iso, line
from tests.unit.test_expectation_input import Counts
from tests.unit.test_marks import MARKED
from tests.unit.test_planned import hear, marked, taught, week
from tests.unit.watched import DAY_MS, FIRST_DAY

# --- through the engine -------------------------------------------------------------------


@pytest.mark.parametrize(("before", "alerts"), [(DAY_MS, 0), (-6 * DAY_MS, 1)])
def test_the_engine_hears_a_mark_in_the_order_of_the_log(before: int, alerts: int) -> None:
    """Told before its days close, a closure keeps them still; told after, it changes nothing."""
    counts = Counts()
    first = 98 + FIRST_DAY
    for day in range(FIRST_DAY, first + 10):
        counts.tell(day, 400 if first <= day < first + 3 else 1000)
    at = first * DAY_MS - before
    span = {"from": iso(first * DAY_MS), "to": iso((first + 3) * DAY_MS)}
    body = line(MARKED, "mark", "calendar", at, kind="closure", scope="permits", **span)
    counts.made.append(Made(at, "parks", "calendar", at, body))
    run = counts.run()
    assert len([one for one in run.alerts if one.state == "open"]) == alerts
    closed = [one.end for one in run.expected if one.reason == "marked in the calendar"]
    days = [] if alerts else [(first + day) * DAY_MS for day in (1, 2, 3)]
    assert closed == days


# --- keeping ------------------------------------------------------------------------------


def test_plans_and_lifts_survive_a_snapshot() -> None:
    """Stored and restored at any point, the same comes out, to the last bit."""
    for stop in (3, 10, 50, 80):
        whole, cut = taught(), taught()
        for watched in (whole, cut):
            marked(watched, "campaign", watched.next, 7)
            marked(watched, "closure", watched.next + 20, 2)
            marked(watched, "campaign", watched.next + 77, 7)
        values = [*week(2500.0), *week() * 10, *week(4000.0)]
        whole.feed_all(values)
        cut.feed_all(values[:stop])
        body = cut.watch.dump()
        cut.watch = Watch(cut.watch.agency, cut.calendar)
        cut.watch.load(body)
        assert cut.watch.dump() == body
        cut.feed_all(values[stop:])
        assert _made(cut.made) == _made(whole.made)
        assert cut.watch.dump() == whole.watch.dump()


def _made(changes: Changes) -> Any:
    return changes.signals, changes.alerts, changes.shocks, changes.notices


def test_the_same_mark_twice_is_one_and_old_ones_are_forgotten() -> None:
    """Memory does not grow with what was told."""
    plans = Plans(Calendar("UTC", ""))
    for day in range(MOST + 50):
        for _ in range(2):
            hear(plans, "holiday", day * DAY_MS, (day + 1) * DAY_MS)
    assert len(plans.spans) == MOST
    assert plans.spans[0].start == 50 * DAY_MS


@pytest.mark.parametrize("rhythm", ["day", "week", "month"])
def test_what_nothing_was_planned_for_is_left_alone(rhythm: Rhythm) -> None:
    """A span that ends where a bucket starts does not touch it."""
    calendar = Calendar("Europe/Brussels", "BE")
    plans = Plans(calendar)
    bucket = Bucket.of(calendar, rhythm, 400, 1.0)
    for kind in ("closure", "campaign"):
        hear(plans, kind, bucket.start - DAY_MS, bucket.start)
        hear(plans, kind, bucket.end, bucket.end + DAY_MS)
    assert plans.fit(Series(), bucket, Cell(), rhythm, "count") == bucket

"""The curve of a case file is kept as it grows: whole, once, and the same however it came."""

from __future__ import annotations

from random import Random

from models.shock import Quality
from tests.unit.engine_run import assert_same, cut, singly, whole
from tests.unit.events_made import BEGIN, DAY, Made, day_count, line, records
from tests.unit.test_shocks import lived

_COUNTED = "headwind.service.transactions.counted.v1"
_QUIET, _OFF, _AFTER = 60, 12, 40


def fallen() -> list[Made]:
    """A count a day: two quiet months, twelve days at a third, and back."""
    random = Random(3)
    made = []
    for day in range(_QUIET + _OFF + _AFTER):
        level = 60 if _QUIET <= day < _QUIET + _OFF else 200
        start = BEGIN + day * DAY
        data = day_count(start, level + random.randrange(-8, 9))
        told = line(_COUNTED, f"d{day}", "sheet", start, **data)
        made.append(Made(start + 2 * DAY, "parks", "sheet", start, told))
    return made


def curves(points: list[Quality]) -> dict[str, list[Quality]]:
    """The points of each case, as they were told."""
    found: dict[str, list[Quality]] = {}
    for one in points:
        found.setdefault(one.shock, []).append(one)
    return found


def test_a_curve_begins_at_the_onset_and_has_each_bucket_once() -> None:
    """The first points come with the case, later ones as buckets close; none comes twice."""
    made = lived(0.6).made
    (points,) = curves(made.curve).values()
    last = made.shocks[-1]
    starts = [one.start for one in points]
    assert starts[0] == last.onset
    assert starts == sorted(set(starts))
    assert all(one.end - one.start == DAY for one in points)
    assert points[-1].end == last.updated
    assert len(points) == last.evidence["buckets"]


def test_the_depth_of_a_case_is_that_of_its_curve() -> None:
    """1 - min Q up to the recovery, and the trough is where it is."""
    made = lived(0.6).made
    last = made.shocks[-1]
    assert last.recovered is not None
    worst = min((one for one in made.curve if one.start <= last.recovered), key=lambda one: one.q)
    assert 1 - worst.q == last.depth
    assert worst.start == last.trough


def test_a_fall_that_is_no_shock_has_no_curve() -> None:
    """What has no case file leaves no point behind."""
    assert lived(0.82).made.curve == []


def test_however_the_log_is_cut_the_curve_is_the_same() -> None:
    """Whole, event by event, and with restarts at every transaction: the same points, each once."""
    told = records(fallen())
    one = whole(told)
    assert one.shocks
    assert len(one.curve) > _OFF
    keys = [(point.shock, point.series, point.start) for point in one.curve]
    assert len(keys) == len(set(keys))
    assert_same(one, singly(told))
    assert_same(one, cut(told, Random(1), restart=1.0))

"""The pace of work: its arithmetic against other libraries, how often it is wrong, how soon right.

News per 1,000 quiet weeks behind the warm-up, 60 series of 260 weeks each (declared, as a bound:
1 a side), and weeks until what is left takes twice as long, or half, is seen (median):

=======================  =======  =======  =======  =============  ============
time to end              a week   slower   faster   twice as long  half as long
=======================  =======  =======  =======  =============  ============
exponential, 2 days      5        0.28     0.14     8              8
exponential, 2 days      30       0.14     0        2              2
log-normal, 10 days      5        0        0.21     7              8
log-normal, 10 days      30       0.21     0        2              2
log-normal, half a year  5        0.42     0.21     8              4
log-normal, half a year  30       0.07     0        2              2
an hour or a month       5        0.28     0.28     24             35
an hour or a month       30       0        0        8              6
=======================  =======  =======  =======  =============  ============

Where everything ends on every other Friday it was never wrong. What takes an hour or a month, one as
often as the other, has most of its endings within the hour that no shift reaches.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from lifelines import KaplanMeierFitter
from numpy.typing import NDArray

from streams.detectors._finding import Judgement
from streams.detectors.pace import ENOUGH, RIPE, STAYS, WARM, Pace, Usual, _age, _learn, _seen
from streams.lived import EDGES, GROUPS, Lived
from streams.series import Bucket

HOUR = 3_600_000
WEEK = 168 * HOUR
I64 = NDArray[np.int64]
F64 = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], F64]

NOISES: dict[str, Draw] = {
    "exponential, 2 days": lambda random, n: random.exponential(48 * HOUR, n),
    "log-normal, 10 days": lambda random, n: random.lognormal(np.log(240 * HOUR), 1.0, n),
    "log-normal, half a year": lambda random, n: random.lognormal(np.log(4320 * HOUR), 0.8, n),
    "an hour or a month": lambda random, n: random.exponential(
        np.where(random.random(n) < 0.5, HOUR, 720 * HOUR)
    ),
}


def lived(began: F64, ended: F64, week: int) -> Lived:
    """Who was at risk in a week."""
    low, high = week * WEEK, (week + 1) * WEEK
    inside = (began < high) & (ended >= low)
    start, end = began[inside], ended[inside]
    leave = np.minimum(end, high) - start
    entry = np.minimum(np.maximum(start, low) - start, leave)
    return Lived(entry.astype(np.int64), leave.astype(np.int64), end < high)


def bucket(week: int, work: Lived) -> Bucket:
    """A week with this work in it."""
    start, end, n = week * WEEK, (week + 1) * WEEK, len(work.entry)
    return Bucket(week, start, end, 0.0, n, 1, lived=work, unit_ms=HOUR)


def work(
    random: np.random.Generator,
    weeks: int,
    draw: Draw,
    a_week: float = 20.0,
    slower: tuple[float, int] = (1.0, 0),
) -> tuple[F64, F64]:
    """When items began and ended (ms); from a week on what is left of each takes so much longer."""
    many = random.poisson(a_week * (weeks + 30))
    began = np.sort(random.uniform(-30 * WEEK, weeks * WEEK, many))
    ended = began + draw(random, many)
    times, turn = slower[0], slower[1] * WEEK
    seen = np.maximum(began, turn)
    return began, np.where(ended > turn, seen + (ended - seen) * times, ended)


def judged(began: F64, ended: F64, weeks: int, held: Usual | None = None) -> list[Judgement | None]:
    """What it says after each week."""
    pace, mine = Pace(), held or Pace().start("week")
    return [
        pace.judge(bucket(week, lived(began, ended, week)), mine, None) for week in range(weeks)
    ]


def fresh(said: list[Judgement | None], direction: str) -> list[int]:
    """Weeks that were news of this direction."""
    return [
        week
        for week, one in enumerate(said)
        if one is not None and one.fresh and one.direction == direction
    ]


# --- its arithmetic -------------------------------------------------------------------------------


def usual_of(began: F64, ended: F64, first: int, stop: int) -> Usual:
    """What was learned of these weeks, each counting alike."""
    held = Pace().start("week")
    for week in range(first, stop):
        exposure, endings = lived(began, ended, week).by_age()
        held.exposure = [a + b for a, b in zip(held.exposure, exposure, strict=True)]
        held.endings = [a + b for a, b in zip(held.endings, endings, strict=True)]
    return held


@pytest.mark.parametrize("name", list(NOISES))
def test_expected_endings_are_those_of_a_poisson_model(name: str) -> None:
    """Indirect standardisation is the fitted Poisson regression on age groups, with offset."""
    random = np.random.default_rng(1)
    began, ended = work(random, 60, NOISES[name])
    held = usual_of(began, ended, 0, 50)
    rows = np.flatnonzero(np.array(held.exposure) > 0)
    halves = [usual_of(began, ended, *weeks) for weeks in ((0, 25), (25, 50))]
    groups = pd.get_dummies(pd.Series(rows)).astype(float).to_numpy()
    spent = np.array([half.exposure for half in halves])[:, rows].ravel() / HOUR
    fitted = sm.GLM(
        np.array([half.endings for half in halves])[:, rows].ravel()[spent > 0],
        np.vstack((groups, groups))[spent > 0],
        family=sm.families.Poisson(),
        exposure=spent[spent > 0],
    ).fit(tol=1e-12, maxiter=300)
    now = lived(began, ended, 55)
    exposure = np.array(now.by_age(_age(held, RIPE))[0])[rows] / HOUR
    expected = fitted.predict(groups, exposure=np.maximum(exposure, 1e-12))
    assert _seen(held, 0, now).expected == pytest.approx(float(expected.sum()), rel=1e-4)


@pytest.mark.parametrize("name", list(NOISES))
def test_usual_quantiles_are_those_of_kaplan_and_meier(name: str) -> None:
    """As lifelines finds them in the very items, but for a constant hazard within an age group."""
    durations = NOISES[name](np.random.default_rng(2), 2000)
    held = usual_of(np.zeros(2000), durations, 0, round(durations.max() / WEEK) + 1)
    fitted = KaplanMeierFitter().fit(durations)
    for left in (0.75, 0.5, 0.1):
        age = _age(held, -np.log(left))
        assert float(fitted.predict(age)) == pytest.approx(left, abs=0.04)


def test_time_lived_is_split_by_age() -> None:
    """All of it, each millisecond once; nothing beyond the age that is asked for."""
    random = np.random.default_rng(3)
    began, ended = work(random, 20, NOISES["log-normal, 10 days"])
    now = lived(began, ended, 10)
    exposure, endings = now.by_age()
    low, high = 10 * WEEK, 11 * WEEK
    exact = np.maximum(np.minimum(ended, high) - np.maximum(began, low), 0).sum()
    assert sum(exposure) == pytest.approx(exact, rel=1e-6)
    assert sum(endings) == now.ended.sum() == ((ended >= low) & (ended < high)).sum()
    assert len(exposure) == len(endings) == GROUPS
    young, ends = now.by_age(float(EDGES[8]))
    assert young[:8] == exposure[:8]
    assert not any(young[8:])
    assert ends[:8] == endings[:8]
    assert sum(ends[9:]) == 0


# --- right and wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(NOISES))
def test_it_is_hardly_ever_wrong(name: str) -> None:
    """Quiet weeks are news less often than declared, where each ends by itself and in bunches."""
    false = weeks = 0
    for number in range(12):
        random = np.random.default_rng(number)
        began, ended = work(random, 200, NOISES[name])
        bunched = np.ceil(ended / (2 * WEEK)) * 2 * WEEK
        for end in (ended, bunched):
            said = judged(began, end, 200)
            false += len(fresh(said, "up")) + len(fresh(said, "down"))
            weeks += 200 - 2 * WARM
    assert false <= 2 * Pace.false_alarm_rate * weeks


@pytest.mark.parametrize("name", ["exponential, 2 days", "log-normal, 10 days"])
@pytest.mark.parametrize(("times", "way"), [(2.0, "up"), (0.5, "down")])
def test_half_and_twice_the_pace_are_seen_within_weeks(name: str, times: float, way: str) -> None:
    """Before what began slowly is at last done; dated near the week of the change."""
    delays, onsets = [], []
    for number in range(10):
        random = np.random.default_rng(number)
        said = judged(*work(random, 130, NOISES[name], slower=(times, 100)), 130)
        when = [week for week in fresh(said, way) if week >= 100]
        delays.append(when[0] - 99 if when else 99)
        found = said[when[0]] if when else None
        onsets.append(found.since / WEEK - 100 if found is not None else 99.0)
    assert np.median(delays) <= 8
    assert max(delays) <= 25
    assert abs(np.median(onsets)) <= 2


def test_what_slows_down_and_recovers_is_over() -> None:
    """One piece of news; worse by degrees; over within weeks of the usual pace, and learned not."""
    random = np.random.default_rng(8)
    began, ended = work(random, 160, NOISES["exponential, 2 days"], 30)
    turn, back = 100 * WEEK, 112 * WEEK
    held_up = (ended > turn) & (began < back)
    slow = np.where(held_up, np.maximum(began, turn) + (ended - np.maximum(began, turn)) * 5, ended)
    said = judged(began, slow, 160)
    (first, *more) = fresh(said, "up")
    assert 100 <= first <= 103
    assert len(more) <= 1
    found = said[first]
    assert found is not None
    assert found.severity == "critical"
    assert "times as slowly as usual for its age" in found.why
    assert found.usual.low < found.usual.expected < found.usual.high
    assert found.usual.expected == pytest.approx(48 * np.log(2), rel=0.2)
    standing = [week for week, one in enumerate(said) if one is not None and one.severity]
    assert 112 <= max(standing) <= 118
    last = said[max(standing) + 1]
    assert last is not None
    assert last.usual.expected == pytest.approx(found.usual.expected, rel=0.05)


def test_what_is_faster_for_good_becomes_usual() -> None:
    """Nobody closes an alert of what got better: after half a year it is the usual pace."""
    random = np.random.default_rng(9)
    noise = NOISES["log-normal, 10 days"]
    said = judged(*work(random, 200, noise, slower=(0.3, 100)), 200)
    first, *more = fresh(said, "down")
    assert not more
    last = max(week for week, one in enumerate(said) if one is not None and one.severity)
    assert last - first <= STAYS
    assert said[-1] is None


def test_forgotten_items_do_not_count_for_ever() -> None:
    """A dozen that never end say so while they are of an age, and then no more."""
    random = np.random.default_rng(10)
    began, ended = work(random, 160, NOISES["exponential, 2 days"])
    lost = np.flatnonzero((began > 90 * WEEK) & (began < 91 * WEEK))[:4]
    ended[lost] = 1e15
    assert not fresh(judged(began, ended, 160), "up")


def test_nothing_is_said_of_too_little() -> None:
    """Below half a year, or fifty endings, whatever happens."""
    random = np.random.default_rng(11)
    noise = NOISES["exponential, 2 days"]
    said = judged(*work(random, 2 * WARM, noise, slower=(50.0, WARM)), 2 * WARM)
    assert said == [None] * (2 * WARM)
    few = judged(*work(random, 60, noise, ENOUGH / 130), 60)
    assert few == [None] * 60


def test_equal_durations_are_no_trouble() -> None:
    """Everything takes exactly two days, then exactly four."""
    began = np.arange(0, 140 * WEEK, 12 * HOUR, dtype=np.float64)
    took = np.where(began < 100 * WEEK, 48 * HOUR, 96 * HOUR)
    said = judged(began, began + took, 140)
    assert [week for week in fresh(said, "up") if week < 100] == []
    assert 100 <= fresh(said, "up")[0] <= 106


def test_its_memory_survives_a_snapshot_at_any_week() -> None:
    """Stored and restored it says the same, to the last bit."""
    random = np.random.default_rng(12)
    began, ended = work(random, 120, NOISES["log-normal, 10 days"], slower=(3.0, 90))
    plain, pace = judged(began, ended, 120), Pace()
    kept: dict[str, object] = {}
    again = []
    for week in range(120):
        kept = msgspec.msgpack.decode(msgspec.msgpack.encode(kept))
        memory = pace.memory(kept, "week")
        again.append(pace.judge(bucket(week, lived(began, ended, week)), memory, None))
    assert again == plain
    assert fresh(plain, "up")


def test_where_fewer_than_half_end_no_median_is_told() -> None:
    """It is never reached; that what does end takes longer is told all the same."""
    random = np.random.default_rng(13)
    began, ended = work(random, 130, NOISES["exponential, 2 days"], 90, slower=(30.0, 110))
    ended[random.random(len(ended)) < 0.7] = 1e15
    said = judged(began, ended, 130)
    found = said[fresh(said, "up")[0]]
    assert found is not None
    assert found.usual.expected == found.usual.high == np.inf


def test_a_stop_is_told_as_that() -> None:
    """However many should have ended: of one service among others nobody else would tell it."""
    began, ended = work(np.random.default_rng(14), 140, NOISES["exponential, 2 days"], 60)
    ended[ended > 100 * WEEK] = 1e15
    said = judged(began, ended, 140)
    first, *_ = fresh(said, "up")
    assert first <= 102
    found = said[first]
    assert found is not None
    assert found.why == "over 2 weeks nothing has ended of what should have at its age"
    assert all(one is not None and one.severity for one in said[first:])


def test_after_a_faster_pace_it_sees_as_well_as_before() -> None:
    """The way there was no noise."""
    random = np.random.default_rng(15)
    began, ended = work(random, 200, NOISES["exponential, 2 days"], 30, slower=(0.4, 60))
    late = np.maximum(began, 150 * WEEK)
    slow = np.where(ended > 150 * WEEK, late + (ended - late) * 2.5, ended)
    said = judged(began, slow, 200)
    assert 150 <= fresh(said, "up")[0] <= 154


def test_what_stays_slow_is_usual_from_its_beginning() -> None:
    """When its alert becomes the new level nothing is silent for another half year."""
    random, pace = np.random.default_rng(16), Pace()
    began, ended = work(random, 170, NOISES["exponential, 2 days"], 30, slower=(3.0, 100))
    held = pace.start("week")
    said = judged(began, ended, 126, held)
    first = fresh(said, "up")[0]
    turn = said[first]
    assert turn is not None
    again = pace.since(held, turn.since)
    assert again is not None
    assert again.buckets >= WARM
    assert not again.side
    assert [
        pace.judge(bucket(w, lived(began, ended, w)), again, None) for w in range(126, 150)
    ] == ([None] * 24)
    late = np.maximum(began, 150 * WEEK)
    slower = np.where(ended > 150 * WEEK, late + (ended - late) * 4, ended)
    last = [pace.judge(bucket(w, lived(began, slower, w)), again, None) for w in range(150, 156)]
    assert any(one is not None and one.fresh for one in last)
    assert pace.since(pace.start("week"), 0) is None


def test_what_is_off_stays_off_however_little_is_known_by_then() -> None:
    """Learning the weeks before may take the known endings below fifty: that is no recovery."""
    held = Pace().start("week")
    usual = Lived(np.zeros(4, np.int64), np.full(4, 20 * HOUR), np.array([True] * 4))
    held.exposure, held.endings = usual.by_age()[0], [float(one) for one in usual.by_age()[1]]
    factor = (ENOUGH + 0.5) / sum(held.endings)
    held.exposure = [factor * one for one in held.exposure]
    held.endings = [factor * one for one in held.endings]
    held.buckets = held.tried = 60
    held.noise = held.judged = 50.0
    open_ = Lived(np.zeros(40, np.int64), np.full(40, 30 * HOUR), np.array([False] * 40))
    said = [Pace().judge(bucket(week, open_), held, None) for week in range(12)]
    first = next(week for week, one in enumerate(said) if one is not None)
    assert all(one is not None and one.severity for one in said[first:])


def test_learning_forgets_slowly() -> None:
    """After a year of weeks what was learned counts for a third."""
    held = Usual("week")
    full, none = (Lived(np.array([0]), np.array([HOUR]), np.array([end])) for end in (True, False))
    _learn(held, [_seen(held, 0, full)])
    before = sum(held.endings)
    _learn(held, [_seen(held, 0, none)] * 52)
    assert sum(held.endings) / before == pytest.approx(1 / np.e, rel=0.02)

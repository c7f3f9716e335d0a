"""The chart of rare events: how often it is wrong, and how soon it sees what has changed.

News per quiet bucket behind the warm-up, 30 series of 8,000 days each (declared: 2.5e-4):

=====================================  ===========  ================
noise                                  too close    too far apart
=====================================  ===========  ================
exponential gaps, one in 100 days      0.7e-4       1.2e-4
one in 20 days                         0.8e-4       0.9e-4
one in 3 days                          0.7e-4       1.1e-4
one a day                              0.3e-4       1.1e-4
three a day                            0.1e-4       0.3e-4
geometric gaps, one in 20 days         0.2e-4       0.9e-4
geometric gaps, one in 3 days          0            0.2e-4
=====================================  ===========  ================

Days until a change of the usual rate of one in 20 days is seen, median of 100 series: eight
times as many 15, four times 52, twice as many 228; none any more 113.
"""

from __future__ import annotations

from statistics import median

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import beta, chi2, expon, gamma, geom

from streams.detectors._finding import Judgement
from streams.detectors.g_chart import BASE, ORDERS, SIDE, TOGETHER, WARM, GChart, Past, tail
from streams.series import Bucket

DAY_MS = 86_400_000
I64 = NDArray[np.int64]


def day(number: int, count: int) -> Bucket:
    """A day with so many events."""
    return Bucket(number, number * DAY_MS, (number + 1) * DAY_MS, 7.0 * count, count, 0)


def judged(counts: list[int], past: Past | None = None) -> list[Judgement | None]:
    """What it says after each day."""
    chart, held = GChart(), past or GChart().start("day")
    return [chart.judge(day(at, count), held, None) for at, count in enumerate(counts)]


def news(counts: I64) -> tuple[int, int, int]:
    """How often events were too close, how often too far apart, and days behind the warm-up."""
    chart, held = GChart(), GChart().start("day")
    close = far = days = 0
    for at, count in enumerate(counts.tolist()):
        found = chart.judge(day(at, count), held, None)
        days += len(held.gaps) >= WARM
        if found is not None and found.fresh:
            close += found.direction == "up"
            far += found.direction == "down"
    return close, far, days


# --- its arithmetic -------------------------------------------------------------------------------


@pytest.mark.parametrize("many", [1, 2, 8, 32])
@pytest.mark.parametrize("base", [12, 60])
@pytest.mark.parametrize("took", [1, 7, 90, 2000])
def test_its_chance_is_that_of_a_beta(many: int, base: int, took: int) -> None:
    """The newest gaps' part of all the time, whatever the rate, against scipy."""
    assert tail(many, base, took, 600) == pytest.approx(
        beta.cdf(took / (took + 600), many, base), rel=1e-9, abs=1e-12
    )


def test_behind_many_gaps_it_is_the_tail_of_exponential_gaps() -> None:
    """Where the rate is as good as known: one gap is exponential, several are Erlang."""
    for took in (1, 5, 60):
        one = tail(1, 5000, took, 5000 * 20)
        assert one == pytest.approx(expon.cdf(took, scale=20), rel=0.01)
        four = tail(4, 5000, took, 5000 * 20)
        assert four == pytest.approx(gamma.cdf(took, 4, scale=20), rel=0.01)


def test_too_far_is_when_hardly_any_geometric_gap_is_longer() -> None:
    """Behind sixty gaps of 20 days: the first day told is the limit's, by scipy's geometric."""
    counts = ([1] + [0] * 19) * (BASE + 1) + [0] * 300
    found = judged(counts)
    (told,) = [at for at, one in enumerate(found) if one is not None and one.fresh]
    quiet = told - max(at for at, count in enumerate(counts) if count)
    limit = SIDE * 21
    assert beta.sf(quiet / (quiet + BASE * 20), 1, BASE) < limit
    assert beta.sf((quiet - 1) / (quiet - 1 + BASE * 20), 1, BASE) >= limit
    assert geom.sf(quiet, 1 / 20) < limit


def test_too_close_is_when_hardly_any_gaps_are_shorter() -> None:
    """Behind sixty gaps of 20 days: five in a week are news, in three weeks they are not."""
    usual = ([1] + [0] * 19) * (BASE + 1)
    for apart, expected in ((1, True), (5, False)):
        found = judged(usual + ([1] + [0] * (apart - 1)) * 5)
        assert any(one is not None and one.fresh for one in found) == expected
        chance = gamma.cdf(4 * apart + 1, 4, scale=20)
        assert (chance < SIDE * 21 / TOGETHER) == expected


# --- how often it is wrong ------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.3, 1.0])
@pytest.mark.parametrize("kind", ["poisson", "geometric"])
def test_quiet_series_keep_the_declared_rate(rate: float, kind: str) -> None:
    """News is not significantly more frequent than declared (p 0.001)."""
    if kind == "geometric" and rate == 1.0:
        return
    random = np.random.default_rng(31)
    total = days = 0
    for _ in range(8):
        if kind == "poisson":
            counts = random.poisson(rate, 8000)
        else:
            counts = (random.random(8000) < rate).astype(int)
        close, far, behind = news(counts)
        total, days = total + close + far, days + behind
    low = float(chi2.ppf(0.001, 2 * total)) / 2 / days if total else 0.0
    assert low <= GChart.false_alarm_rate, f"{total / days:.1e}"


@pytest.mark.parametrize(("factor", "most"), [(8.0, 25), (4.0, 60), (0.0, 160)])
def test_it_sees_a_change_of_the_rate(factor: float, most: int) -> None:
    """The median delay in days after one in 20 days has changed."""
    random = np.random.default_rng(32)
    delays = []
    for _ in range(40):
        chart, held = GChart(), GChart().start("day")
        before = random.poisson(0.05, 1400).tolist()
        for at, count in enumerate(before):
            chart.judge(day(at, count), held, None)
        after = random.poisson(0.05 * factor, 500).tolist()
        way = "up" if factor > 1 else "down"
        delay = 500
        for at, count in enumerate(after):
            found = chart.judge(day(1400 + at, count), held, None)
            if found is not None and found.severity and found.direction == way:
                delay = at
                break
        delays.append(delay)
    assert median(delays) <= most


# --- how it behaves -------------------------------------------------------------------------------


def test_it_is_silent_while_it_warms_up() -> None:
    """Twelve gaps are needed behind what is looked at, however dense the newest are."""
    calm = ([1] + [0] * 29) * (WARM - 1)
    assert not any(judged([*calm, 1, 1, 1, 0]))
    assert any(judged([*calm, 1, *[0] * 29, 1, 2, 3]))


def test_a_cluster_stands_and_is_over_after_a_usual_gap() -> None:
    """One in 20 days, then six in three days: news, worse, over when 20 days passed without any."""
    usual = ([1] + [0] * 19) * (BASE + 1)
    found = judged([*usual, 2, 2, 2, *[0] * 30])
    stands = [at for at, one in enumerate(found) if one is not None and one.severity]
    fresh = [at for at in stands if (one := found[at]) is not None and one.fresh]
    begun = len(usual)
    assert fresh == [begun + 1, begun + 2]
    assert stands == list(range(fresh[0], begun + 2 + 21))
    over = found[stands[-1] + 1]
    assert over is not None
    assert over.severity == ""
    first = found[fresh[0]]
    assert first is not None
    assert first.why.endswith("one in 20 days is usual")


def test_a_cluster_is_not_learned() -> None:
    """The usual rate behind a cluster is that of before."""
    usual = ([1] + [0] * 19) * (BASE + 1)
    held = GChart().start("day")
    judged([*usual, 3, 3, *[0] * 30], held)
    assert set(held.gaps) == {20}


def test_many_at_once_are_critical() -> None:
    """Ten on one day, where one in 20 days is usual."""
    found = judged([*([1] + [0] * 19) * (BASE + 1), 10])[-1]
    assert found is not None
    assert (found.severity, found.direction) == ("critical", "up")


def test_everything_on_the_same_day_is_no_fault() -> None:
    """A past without any time in it, and thousands of events in a bucket."""
    held = GChart().start("day")
    judged([5000, 0, 7000, 1] * 50, held)
    assert len(held.gaps) <= BASE + ORDERS[-1]
    assert len(held.starts) <= ORDERS[-1] + 1


COUNTS = st.lists(st.sampled_from([0, 0, 0, 0, 0, 1, 1, 2, 9]), min_size=40, max_size=300)


@settings(max_examples=60, deadline=None)
@given(COUNTS, COUNTS, COUNTS)
def test_what_comes_after_changes_nothing(
    before: list[int], one: list[int], other: list[int]
) -> None:
    """What was said of a bucket depends on it and on what came before alone."""
    many = len(before)
    assert judged(before + one)[:many] == judged(before + other)[:many] == judged(before)


@settings(max_examples=30, deadline=None)
@given(COUNTS, st.integers(1, 7))
def test_a_restart_changes_nothing(counts: list[int], every: int) -> None:
    """With its memory written and read between buckets it says the same."""
    chart, kept = GChart(), {"g_chart": GChart().start("day")}
    found = []
    for at, count in enumerate(counts):
        if at % every == 0:
            kept = msgspec.msgpack.decode(msgspec.msgpack.encode(kept))
        found.append(chart.judge(day(at, count), chart.memory(kept, "day"), None))
    assert found == judged(counts)


@settings(max_examples=40, deadline=None)
@given(COUNTS)
def test_no_two_clusters_share_their_beginning(counts: list[int]) -> None:
    """What is told is told of a cluster once: ids of alerts are made of its beginning."""
    begun: list[tuple[str, int]] = []
    standing = ""
    for one in judged(counts * 3):
        now = "" if one is None or not one.severity else one.direction
        if one is not None and now and now != standing:
            begun.append((now, one.since))
        standing = now
    assert len(set(begun)) == len(begun)

"""Laney's chart of shares: how often it is wrong where a plain p chart is wrong all the time.

News a bucket over two years of weeks behind the baseline of 12, 400 series of shares near 0.8
whose number of cases varies by 30 %; the true share itself varies from week to week (beta
binomial) so much as its precision says. Declared: 2e-2, for every kind.

=========================  ========  ============  ==============
true share                 cases     p′            plain p chart
=========================  ========  ============  ==============
the same every week        200       1.8e-2        4.2e-3
the same every week        10,000    1.8e-2        4.0e-3
precision 2,000            200       1.8e-2        6.1e-3
precision 2,000            10,000    2.1e-2        2.0e-1
precision 200              200       1.7e-2        4.0e-2
precision 200              10,000    1.9e-2        4.3e-1
=========================  ========  ============  ==============

Of series in control, 15 % have news within the first 12 buckets.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec
import numpy as np
import pytest

from streams.detectors._finding import Finding
from streams.detectors._p_prime import PPrime, spread
from tests.unit.watched import Watched, stub

Shares = Sequence[tuple[float, int]]


def made(random: np.random.Generator, cases: int, precision: float, many: int = 116) -> Shares:
    """Weeks of a share near 0.8; precision 0 for a true share that stays."""
    n = random.integers(int(cases * 0.7), int(cases * 1.3), many)
    true = random.beta(0.8 * precision, 0.2 * precision, many) if precision else np.full(many, 0.8)
    part = random.binomial(n, true)
    return [(int(a) / int(b), int(b)) for a, b in zip(part, n, strict=True)]


def look(shares: Shares, chart: PPrime | None = None) -> dict[int, Finding]:
    """The findings of a series, by the bucket that they came at."""
    chart = chart or PPrime()
    found = {at: chart.look(at, share, n) for at, (share, n) in enumerate(shares)}
    return {at: one for at, one in found.items() if one is not None}


def plain(shares: Shares) -> int:
    """News of a p chart that takes cases as independent, of the same baseline."""
    parts = sum(share * n for share, n in shares[:12])
    centre = parts / sum(n for _, n in shares[:12])
    z = [(p - centre) / np.sqrt(centre * (1 - centre) / n) for p, n in shares[12:]]
    sides = [0.0, *(np.sign(one) * (abs(one) > 3) for one in z)]
    return sum(bool(after) and after != before for before, after in pairwise(sides))


@pytest.mark.parametrize("precision", [0.0, 2000.0, 200.0])
@pytest.mark.parametrize("cases", [200, 10_000])
def test_quiet_series_keep_the_declared_rate(cases: int, precision: float) -> None:
    """However much the true share itself varies."""
    random = np.random.default_rng(31)
    found = sum(len(look(made(random, cases, precision))) for _ in range(200))
    assert found / (200 * 104) <= 1.25 * PPrime.false_alarm_rate


def test_a_plain_chart_cries_wolf_on_the_same_data() -> None:
    """Ten thousand cases a week: hundreds of times the rate of its own three sigma."""
    random = np.random.default_rng(32)
    found = sum(plain(made(random, 10_000, 200.0)) for _ in range(50))
    assert found / (50 * 104) > 0.3


def test_limits_are_laneys() -> None:
    """Against the formula written with numpy, on over-dispersed shares."""
    shares = made(np.random.default_rng(33), 5000, 400.0, 12)
    p, n = np.array([one for one, _ in shares]), np.array([many for _, many in shares])
    centre = np.average(p, weights=n)
    z = (p - centre) / np.sqrt(centre * (1 - centre) / n)
    sigma = np.abs(np.diff(z)).mean() / 1.128
    within = spread(list(shares))
    assert within is not None
    assert within == pytest.approx((centre, sigma))
    assert sigma > 2
    (news,) = look([*shares, (centre - 0.2, 4000)]).values()
    half = 3 * np.sqrt(centre * (1 - centre) / 4000) * sigma
    assert news.bounds == pytest.approx((centre, centre - half, centre + half))
    assert news.direction == "down"
    assert news.score == pytest.approx(0.2 / half)


def test_limits_are_wider_where_there_are_fewer_cases() -> None:
    """A share that is news of many cases is none of few."""
    shares = [(0.80, 2000), (0.82, 2000)] * 6
    assert look([*shares, (0.87, 2000)])
    assert not look([*shares, (0.87, 200)])


def test_what_stays_beyond_is_told_once() -> None:
    """It is told again where it comes back and goes beyond once more, or to the other side."""
    shares = [(0.80, 2000), (0.82, 2000)] * 6
    found = look([*shares, *[(0.9, 2000)] * 5, (0.81, 2000), (0.9, 2000), (0.7, 2000)])
    assert [(at, one.direction) for at, one in found.items()] == [
        (12, "up"),
        (18, "up"),
        (19, "down"),
    ]


def test_shares_that_are_all_whole_give_no_limits() -> None:
    """Nor do shares that never varied."""
    assert not look([(1.0, 500)] * 12 + [(0.9, 500)] * 5)
    assert not look([(0.5, 500)] * 12 + [(0.4, 500)] * 5)
    assert not look([(0.0, 0)] * 40)


def test_stored_and_restored_it_goes_on_as_if_nothing_was() -> None:
    """Packing the memory anywhere changes nothing."""
    shares = made(np.random.default_rng(35), 3000, 50.0, 300)
    expected, chart, found = look(shares), PPrime(), {}
    for at, (share, n) in enumerate(shares):
        found[at] = chart.look(at, share, n)
        chart = msgspec.msgpack.decode(msgspec.msgpack.encode(chart), type=PPrime)
    assert {at: one for at, one in found.items() if one is not None} == expected
    assert expected
    assert len(msgspec.msgpack.encode(chart)) < 3200


def test_a_new_baseline_is_as_if_the_chart_had_begun_there() -> None:
    """With the number of cases of each bucket that it remembers."""
    shares = made(np.random.default_rng(36), 3000, 500.0, 60)
    old, fresh = PPrime(), PPrime()
    look(shares, old)
    for at in range(25, 60):
        fresh.look(at, *shares[at])
    assert old.since(25) == fresh
    assert fresh.baseline == list(shares[25:37])


def test_it_opens_no_alert_by_itself() -> None:
    """In the chain it is an annotation with limits of its own."""
    watched = Watched(stub("up", "share", detectors=("seasonal_z", "p_prime")), "week")
    for share in [0.80, 0.805] * 10 + [0.78] * 6:
        watched.feed(share, n=50_000)
    assert not watched.alerts
    (signal,) = [one for one in watched.signals if one.detector == "p_prime"]
    assert signal.direction == "down"
    assert signal.high - signal.expected == pytest.approx(signal.expected - signal.low)

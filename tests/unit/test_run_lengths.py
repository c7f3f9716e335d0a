"""The figures of the simulation are those of textbooks, and a small simulation runs."""

from __future__ import annotations

from argparse import Namespace
from math import inf
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from tests.bench.signals import __main__ as bench
from tests.bench.signals import run_lengths
from tests.bench.signals.life import ALERT, PLANS, SHIFTS, Life, live, watchers
from tests.bench.signals.run_lengths import summary
from tests.bench.signals.shown_lengths import as_json, markdown, table
from tests.bench.signals.simulate import simulate
from tests.unit import noises

HORIZON = 50


def test_the_median_is_that_of_kaplan_and_meier() -> None:
    """Runs censored at the horizon, against scipy's product-limit estimate."""
    random = np.random.default_rng(1)
    for _ in range(20):
        runs = np.ceil(random.exponential(40, 31))
        firsts = [float(run) if run <= HORIZON else inf for run in runs]
        given = stats.CensoredData.right_censored(np.minimum(runs, HORIZON), runs > HORIZON)
        curve = stats.ecdf(given).sf
        below = curve.quantiles[curve.probabilities <= 0.5]
        expected = float(below[0]) if len(below) and below[0] < HORIZON else inf
        found = run_lengths.middle(firsts)
        if expected < HORIZON:
            assert found.value == expected
        assert found.low <= found.value <= found.high


def test_the_interval_of_the_median_covers_it() -> None:
    """In at least 93 of a hundred samples the true median lies inside."""
    random = np.random.default_rng(2)
    samples = random.exponential(1, (400, 40))
    inside = 0
    for sample in samples:
        found = run_lengths.middle(sample.tolist())
        inside += found.low <= np.log(2) <= found.high
    assert inside >= 0.93 * len(samples)


def test_mean_rate_and_share_are_exact() -> None:
    """Against the closed forms and scipy."""
    mean = run_lengths.mean_run([10.0, 20.0, inf, inf], HORIZON)
    assert mean.value == (10 + 20 + 2 * HORIZON) / 2
    assert run_lengths.mean_run([inf, inf], HORIZON).value == inf
    assert run_lengths.mean_run([inf, inf], HORIZON).low == pytest.approx(100 / 3.689, rel=1e-3)
    none = run_lengths.rate([0, 0], HORIZON)
    assert (none.value, none.low) == (0.0, 0.0)
    assert none.high == pytest.approx(3.689 / 100, rel=1e-3)
    known = stats.binomtest(7, 20).proportion_ci(method="exact")
    assert run_lengths.share(7, 20)[1:] == pytest.approx((known.low, known.high))
    assert run_lengths.share(0, 5).low == 0.0
    assert run_lengths.share(5, 5).high == 1.0


def test_alarms_in_clusters_widen_the_interval() -> None:
    """Twenty alarms in one of twenty series say less than one in each."""
    even, clustered = run_lengths.rate([1] * 20, 100), run_lengths.rate([20, *[0] * 19], 100)
    assert even.value == clustered.value
    assert clustered.high > 1.5 * even.high


def test_censored_lives_are_not_taken_for_alarms() -> None:
    """A median behind the horizon is infinite, and a shift that came into an alert is left out."""
    lives = [Life([], [None, 5, 1]), Life([3, 4], None), Life([], [None, 7, 2])]
    found = summary(lives, HORIZON)
    assert (found.median.value, found.alarms, found.buckets) == (inf, 2, 150)
    assert [one.median.value for one in found.delays] == [inf, 5, 1]
    assert [one.found.value for one in found.delays] == [0.0, 1.0, 1.0]


def test_shifted_and_unshifted_series_have_one_past() -> None:
    """Of every noise, whatever it draws: the buckets before the shift are the same."""
    for rhythm, plan in PLANS.items():
        for kind in plan.kinds:
            shifts = np.concatenate((np.zeros(40), np.full(10, 2.0)))
            plain = kind.make(np.random.default_rng(3), 70, np.zeros(70))
            shifted = kind.make(np.random.default_rng(3), 50, shifts)
            assert np.array_equal(plain[:40], shifted[:40]), (rhythm, kind.says)
            assert not np.array_equal(plain[40:50], shifted[40:]), (rhythm, kind.says)


@pytest.mark.parametrize(
    ("kind", "deviation"),
    [(noises.NORMAL, 10.0), (noises.COUNTS, np.sqrt(500)), (noises.SHARES, 0.0391)],
    ids=lambda given: given.says if isinstance(given, noises.Kind) else "",
)
def test_a_shift_of_one_sigma_is_one(kind: noises.Kind, deviation: float) -> None:
    """The noise has the deviation that shifts are measured in, and they move its mean by it."""
    random = np.random.default_rng(4)
    plain = kind.make(random, 20_000)
    moved = kind.make(random, 20_000, 1.0)
    assert np.std(plain) == pytest.approx(deviation, rel=0.03)
    assert np.mean(moved) - np.mean(plain) == pytest.approx(deviation, rel=0.05)


def test_a_great_shift_is_seen_and_quiet_is_quiet() -> None:
    """Two sigma for thirty days: the sum sees it in most series, few alarm without."""
    plan = PLANS["day"]._replace(warm=120, horizon=60, series=10)
    found = summary([live("day", noises.NORMAL, "cusum", plan, one) for one in range(10)], 60)
    assert found.delays[-1].found.value >= 0.7
    assert found.delays[-1].median.value <= 15
    assert found.chance.value <= 0.2


def test_every_detector_of_a_rhythm_is_simulated_and_shown() -> None:
    """Rows come in the order asked for, in each format, the same with one worker as with two."""
    plan = PLANS["month"]._replace(kinds=(noises.NORMAL,), warm=40, horizon=20, series=3)
    rows = list(simulate({"month": plan}, workers=2))
    assert [row.who for row in rows] == watchers("month")
    assert rows[-1].who == ALERT
    assert rows == list(simulate({"month": plan}, workers=1))
    for shown, around in ((list(table(rows)), 2), (list(markdown(rows)), 4)):
        assert len(shown) == len(rows) + around
        assert all(any(who in line for line in shown) for who in watchers("month"))
    assert as_json(rows).count('"sigma"') == len(SHIFTS) * len(rows)


def test_a_table_goes_between_its_marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stood there goes, what stands around stays, and a file without marks is refused."""
    readme = tmp_path / "README.md"
    readme.write_text("a\n<!-- simulate: begin -->\nold\n<!-- simulate: end -->\nb\n")
    monkeypatch.setattr(bench, "README", readme)
    asked = Namespace(readme=True)
    bench._give("simulate", ["| x |", "| y |"], asked)
    wanted = "a\n<!-- simulate: begin -->\n| x |\n| y |\n<!-- simulate: end -->\nb\n"
    assert readme.read_text() == wanted
    with pytest.raises(SystemExit, match="findings: begin"):
        bench._give("findings", [], asked)
    assert readme.read_text() == wanted

"""The NHS's chart of single values: the same marks as the R code, and how often it is wrong.

In control, standard normal buckets, 2,000 series, baseline of 12; a run length is the number of
buckets behind the baseline up to the first news. Beside it, what was measured for four rules and
the same baseline when the product was designed.

==============================  ==========  ==========
run length                      measured    designed
==============================  ==========  ==========
median                          29          29
mean                            53          54
at least one among 12 buckets   30 %        27 %
==============================  ==========  ==========

News a bucket over two years of weeks behind the baseline, 1,500 series; declared: 4e-2. Most of it
comes from few series, whose baseline happened to be off.

==================  ==========
noise               measured
==================  ==========
independent normal  4.0e-2
Poisson, mean 100   3.6e-2
AR(1) 0.3           8.2e-2
AR(1) 0.6           1.5e-1
==================  ==========
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean, median

import msgspec
import numpy as np
import pandas as pd
import pytest

from models.chart import BASELINE
from streams.chart import marks
from streams.detectors._control import RULES, Limits, limits
from streams.detectors._finding import Finding
from streams.detectors._xmr import Xmr
from tests.unit import noises
from tests.unit.watched import Watched, stub


def look(values: Sequence[float], chart: Xmr | None = None) -> dict[int, Finding]:
    """The findings of a series, by the bucket that they came at."""
    chart = chart or Xmr()
    found = {at: chart.look(at, value) for at, value in enumerate(values)}
    return {at: one for at, one in found.items() if one is not None}


# --- the reference: R/ptd_spc_standard.R and R/ptd_calculate_point_type.R, column by column -------


def reference(values: Sequence[float], fixed: int) -> tuple[Limits, list[str]]:
    """Limits of the first ``fixed`` values, and the first rule that marks each value."""
    frame = pd.DataFrame({"y": np.asarray(values, float)})
    base = frame["y"].where(frame.index < fixed)
    moves = base.diff().abs()
    amr = moves.where(moves < 3.267 * moves.mean()).mean()
    amr = amr if amr > 0 else float("nan")  # Ours: of no common variation nothing is known.
    centre = base.mean()
    frame["side"] = np.sign(frame["y"] - centre)
    off = (frame["y"] - centre).abs()
    frame["outside"] = off > 2.66 * amr
    frame["close"] = (off > 2.66 * amr * 2 / 3) & ~frame["outside"]
    rising = np.sign(frame["y"].diff())
    shift_ends = frame["side"].rolling(7).sum().abs() == 7
    trend_ends = rising.rolling(6).sum().abs() == 6
    three = (frame["close"].rolling(3).sum() >= 2) & (frame["side"].rolling(3).sum().abs() == 3)

    def reach(ends: pd.Series, span: int) -> pd.Series:
        """Each value of which it, or one of the next, ends such a span."""
        return ends[::-1].rolling(span, min_periods=1).max()[::-1].astype(bool)

    by_rule = {
        "outside": frame["outside"],
        "trend": reach(trend_ends, 7),
        "two of three": reach(three, 3) & frame["close"],
        "shift": reach(shift_ends, 7),
    }
    first = [next((rule for rule in RULES if by_rule[rule][at]), "") for at in frame.index]
    return Limits(centre, 2.66 * amr if amr > 0 else 0.0), first


def _series(kind: str, random: np.random.Generator) -> list[float]:
    many = int(random.integers(12, 60))
    noise = random.standard_normal(many)
    if kind != "ties":
        return [float(one) for one in (0.8 + 0.02 * noise if kind == "noise" else noise.cumsum())]
    # Whole numbers about a whole mean: ties, and values on the mean itself.
    half = random.integers(0, 3, 6)
    return [*half.tolist(), *(4 - half).tolist(), *random.integers(0, 5, many).tolist()]


@pytest.mark.parametrize("kind", ["noise", "walk", "ties"])
def test_marks_are_those_of_the_reference(kind: str) -> None:
    """On random series: limits, and every marked value with its first rule."""
    random = np.random.default_rng(41)
    seen: set[str] = set()
    for _ in range(150):
        values = [float(one) for one in _series(kind, random)]
        within = limits(values[:BASELINE])
        expected, first = reference(values, BASELINE)
        assert within == pytest.approx(expected, rel=1e-9)
        assert within is not None
        marked = marks(values, within)
        found = [marked[at].rule if at in marked else "" for at in range(len(values))]
        assert found == first, values
        seen |= set(found)
    assert seen >= {"", *RULES} - ({"trend"} if kind != "walk" else set())


def test_a_small_chart_by_hand() -> None:
    """Moving ranges 2, 1, 1, 14, 13, 1, 1, 2: mean 35/8; 14 and 13 stay; then one that goes."""
    baseline = [10.0, 12.0, 11.0, 12.0, 26.0, 13.0, 12.0, 13.0, 11.0]
    assert limits(baseline) == pytest.approx((120 / 9, 2.66 * 35 / 8))
    screened = [10.0, 11.0, 10.0, 11.0, 10.0, 30.0, 29.0, 30.0, 29.0]
    assert limits(screened) == pytest.approx((170 / 9, 2.66))


@pytest.mark.parametrize(
    ("behind", "news"),
    [
        ([6.0], (12, "up", 12)),
        ([-6.0], (12, "down", 12)),
        ([0.1] * 7, (18, "up", 12)),
        ([0.1] * 3 + [0.0] + [0.1] * 6, None),
        ([-1.0, -0.8, -0.6, -0.4, -0.2, 0.2, 0.4], (18, "up", 12)),
        ([-1.0, -0.8, -0.6, -0.4, 0.2, 0.2, 0.4, 0.6], None),
        ([4.0, 0.5, 4.0], (14, "up", 12)),
        ([4.0, -0.5, 4.0], None),
        ([4.0, -4.0, 4.0], None),
        ([0.5, 4.0, 4.0, 0.5], (14, "up", 13)),
    ],
)
def test_each_rule_begins_at_its_last_and_is_dated_at_its_first(
    behind: list[float], news: tuple[int, str, int] | None
) -> None:
    """Mean 0, limits 5.32: close is beyond 3.55. A value on the mean, or a tie, breaks a run."""
    found = look([1.0, -1.0] * 6 + behind)
    told = [(at, one.direction, one.onset) for at, one in found.items()]
    assert told == ([] if news is None else [news])
    for one in found.values():
        assert one.bounds == pytest.approx((0.0, -5.32, 5.32))


def test_a_level_that_stays_changed_is_told_once_by_each_rule() -> None:
    """Beyond the limit at once, a shift at the seventh, and never again: limits do not follow."""
    found = look([1.0, -1.0] * 6 + [9.0] * 60)
    assert [(at, one.onset) for at, one in found.items()] == [(12, 12), (18, 12)]
    assert found[12].score == pytest.approx(9 / 5.32)


def test_nothing_is_said_before_the_baseline_is_whole() -> None:
    """Twelve wild buckets are silent, and so is a run that was there when limits were set."""
    assert not look([0.0] * 11 + [100.0])
    assert not look([0.0, 5.0, 0.0, 5.0, 0.0, 6.0, 7.0, 6.0, 7.0, 6.0, 7.0, 6.0, 7.0])


def test_a_constant_baseline_has_no_limits() -> None:
    """Of no variation nothing is known: one other value is silent, seven are a shift."""
    assert not look([0.1] * 12 + [0.7])
    assert list(look([0.1] * 12 + [0.7] * 7)) == [18]


def test_the_run_length_is_the_designed_one() -> None:
    """Median and mean in control; the table above is from more series."""
    random = np.random.default_rng(7)
    runs = []
    for _ in range(500):
        chart, at = Xmr(), 0
        while chart.look(at, float(random.standard_normal())) is None and at < 1500:
            at += 1
        runs.append(at + 1 - BASELINE)
    assert 23 <= median(runs) <= 35
    assert 43 <= mean(runs) <= 66
    assert 0.22 <= mean(run <= 12 for run in runs) <= 0.36


@pytest.mark.parametrize(
    ("noise", "most"), [(noises.normal, 1.3), (noises.poisson, 1.3), (noises.ar_03, 2.5)]
)
def test_quiet_series_keep_the_declared_rate(noise: noises.Noise, most: float) -> None:
    """News a bucket behind the baseline; autocorrelated series are above, and it is said."""
    random = np.random.default_rng(9)
    found = sum(len(look(noise(random, 116).tolist())) for _ in range(150))
    assert 0.4 * Xmr.false_alarm_rate < found / (150 * 104) <= most * Xmr.false_alarm_rate


def test_a_shift_of_one_sigma_is_seen() -> None:
    """Median delay within the seven of the run, and two more."""
    random = np.random.default_rng(10)
    delays = []
    for _ in range(200):
        values = random.standard_normal(120)
        values[40:] += 1.5
        delays.append(min((at - 39 for at in look(values.tolist()) if at >= 40), default=80))
    assert median(delays) <= 9


def test_stored_and_restored_it_goes_on_as_if_nothing_was() -> None:
    """Packing the memory anywhere changes no finding, nor what a new baseline gives."""
    values = np.random.default_rng(12).standard_normal(150).cumsum().tolist()
    plain, chart, found = Xmr(), Xmr(), {}
    expected = look(values, plain)
    for at, value in enumerate(values):
        found[at] = chart.look(at, value)
        chart = msgspec.msgpack.decode(msgspec.msgpack.encode(chart), type=Xmr)
    assert {at: one for at, one in found.items() if one is not None} == expected
    assert expected
    assert chart.since(80) == plain.since(80)
    assert len(msgspec.msgpack.encode(chart)) < 3200


def test_a_new_baseline_is_as_if_the_chart_had_begun_there() -> None:
    """The same memory, but for what it forgot, and the same findings from then on."""
    values = (10 + np.random.default_rng(13).standard_normal(100)).tolist()
    old, fresh = Xmr(), Xmr()
    look(values[:70], old)
    for at in range(40, 70):
        fresh.look(at, values[at])
    moved = old.since(40)
    assert moved == fresh
    assert moved.baseline == values[40:52]


def test_a_new_level_does_not_move_its_limits() -> None:
    """When an alert becomes the new level, the others learn anew, and the chart does not."""
    watched = Watched(stub("up", "share", detectors=("seasonal_z", "cusum", "xmr")), "week")
    random = np.random.default_rng(14)
    watched.feed_all((0.8 + 0.01 * random.standard_normal(40)).tolist())
    watched.feed_all((0.5 + 0.01 * random.standard_normal(30)).tolist())
    assert "new level" in watched.alerts[-1].reason
    (series,) = watched.watch.series.values()
    assert series.memory["xmr"].seen == 70
    assert "cusum" not in series.memory or series.memory["cusum"] != []
    assert mean(series.memory["xmr"].baseline) == pytest.approx(0.8, abs=0.01)


def test_it_opens_no_alert_by_itself() -> None:
    """A small step that only the chart sees is a signal, with the chart's own limits."""
    watched = Watched(stub("up", "share", detectors=("seasonal_z", "xmr")), "week")
    watched.feed_all([0.80, 0.81] * 10)
    watched.feed_all([0.79] * 12)
    assert not watched.alerts
    signals = [one for one in watched.signals if one.detector == "xmr"]
    assert signals
    assert signals[0].direction == "down"
    assert signals[0].expected == pytest.approx(0.805)
    assert signals[0].low == pytest.approx(0.805 - 0.0266)
    assert signals[0].false_alarm_rate == Xmr.false_alarm_rate

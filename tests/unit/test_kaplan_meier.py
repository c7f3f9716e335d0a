"""Period Kaplan-Meier against lifelines, against a plain loop, and on simulated portfolios."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter

from streams.estimators.histogram import Histogram
from streams.estimators.kaplan_meier import KaplanMeier
from streams.estimators.risk_table import RiskTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

DAY = 86_400_000
Row = tuple[int, int, bool]
# Few distinct ages, so that ties of every kind are common; 0 and neighbours in one bin among them.
AGES = st.sampled_from([0, 1, 2, 3, 1000, 1001, 1010, 2000, 5 * DAY, 5 * DAY + 1, 9 * DAY])
ROWS = st.lists(st.tuples(AGES, AGES, st.booleans()), max_size=40)


def of(rows: list[Row]) -> RiskTable:
    """Make the table of some rows."""
    entry, leave, done = zip(*rows, strict=True) if rows else ((), (), ())
    return RiskTable.of(entry, leave, done)


def portfolio(seed: int, n: int = 400) -> tuple[Ints, Ints, Flags]:
    """Draw ages in ms at entry and exit, and endings: late entry, censoring, ties by the day."""
    draw = np.random.default_rng(seed)
    late = draw.random(n) < 0.5
    entry = np.where(late, draw.lognormal(4, 1, n) * DAY, 0)
    lives = draw.lognormal(5, 0.8, n) * DAY
    # Left truncation: who was over before the window began is not seen.
    seen = lives > entry
    entry, lives = entry[seen], lives[seen]
    limit = entry + draw.uniform(1, 365, len(entry)) * DAY
    leave, done = np.minimum(lives, limit), lives <= limit
    ties = draw.random(len(entry)) < 0.2
    leave = np.where(ties, np.ceil(leave / DAY) * DAY, leave)
    return entry.astype(np.int64), leave.astype(np.int64), done


def binned(entry: Ints, leave: Ints, done: Flags) -> tuple[Ints, Ints, Flags]:
    """Give the same rows as bins, without those in which entry and exit share one."""
    start = np.where(entry > 0, Histogram.keys(entry), RiskTable.BORN)
    stop = Histogram.keys(leave)
    return start[start < stop], stop[start < stop], done[start < stop]


def reference(start: Ints, stop: Ints, done: Flags) -> KaplanMeierFitter:
    """Fit lifelines on bins: the curve depends on their order alone."""
    return KaplanMeierFitter(alpha=0.05).fit(stop.astype(float), done, entry=start.astype(float))


def first(index: Ints, reached: Flags) -> float | None:
    """Give the middle of the first bin in which something is reached."""
    return Histogram.mid(int(index[np.argmax(reached)])) if np.any(reached) else None


@pytest.mark.parametrize("seed", range(30))
def test_curve_and_quantiles_are_those_of_lifelines(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the floor away S(t) agrees to 1e-12, quantiles and interval exactly."""
    monkeypatch.setattr(KaplanMeier, "FLOOR", 1)
    rows = portfolio(seed)
    table = RiskTable.of(*rows)
    curve, found = KaplanMeier.curve(table), KaplanMeier.read(table)
    fitted = reference(*binned(*rows))
    wanted = fitted.survival_function_at_times(curve.keys).to_numpy()
    assert np.abs(curve.survival - wanted).max() <= 1e-12
    index = fitted.survival_function_.index.to_numpy()
    share = fitted.survival_function_["KM_estimate"].to_numpy()
    bounds = fitted.confidence_interval_
    lower = bounds["KM_estimate_lower_0.95"].to_numpy()
    assert found.median == first(index, share <= 0.5 + 1e-9)
    assert found.median == Histogram.mid(int(fitted.median_survival_time_))
    assert found.p85 == first(index, share <= 0.15 + 1e-9)
    # Lifelines calls the upper bound of S = 0 known to be 0; it is not known.
    upper = np.where(share > 0, bounds["KM_estimate_upper_0.95"], 1.0)
    for low, high, left in (
        (found.median_low, found.median_high, 0.5),
        (found.p85_low, found.p85_high, 0.15),
    ):
        assert low == first(index, lower <= left)
        assert high == first(index, upper <= left)


@pytest.mark.parametrize("seed", range(10))
def test_the_floor_changes_nothing_where_enough_are_at_risk(seed: int) -> None:
    """Up to the first bin with fewer than three at risk S(t) is lifelines' as it stands."""
    rows = portfolio(seed, 3000)
    curve = KaplanMeier.curve(RiskTable.of(*rows))
    start, stop, done = binned(*rows)
    bins = np.unique(stop[done])
    at_risk = ((start[:, None] < bins) & (stop[:, None] >= bins)).sum(axis=0)
    assert (at_risk[: len(bins) // 2] >= 3).all()
    bites = int(np.argmax(at_risk < 3)) if (at_risk < 3).any() else len(bins)
    wanted = reference(start, stop, done).survival_function_at_times(bins[:bites]).to_numpy()
    assert np.abs(curve.survival[:bites] - wanted).max() <= 1e-12


@pytest.mark.parametrize("seed", range(10))
def test_medians_are_those_of_the_raw_ages(seed: int) -> None:
    """Against ages to the millisecond the median is within 0.4 %, the P85 within one bin more."""
    entry, leave, done = portfolio(seed, 20_000)
    kept = leave > entry
    fitted = KaplanMeierFitter().fit(
        leave[kept] / DAY, done[kept], entry=np.where(entry[kept] > 0, entry[kept], -1) / DAY
    )
    found = KaplanMeier.read(RiskTable.of(entry, leave, done))
    assert found.median == pytest.approx(fitted.median_survival_time_ * DAY, rel=0.004)
    share = fitted.survival_function_["KM_estimate"]
    assert found.p85 == pytest.approx(share.index[np.argmax(share <= 0.15)] * DAY, rel=0.012)


@given(ROWS)
def test_curve_is_the_plain_loop(rows: list[Row]) -> None:
    """Ties, late entry and the floor, spelt out item by item, give the same curve."""
    curve = KaplanMeier.curve(of(rows))
    share, steps = 1.0, []
    bins = [
        (int(Histogram.keys(a)) if a else -1, int(Histogram.keys(b)), done)
        for a, b, done in rows
        if b >= a
    ]
    bins = [row for row in bins if row[0] < row[1]]
    for key in sorted({stop for _, stop, done in bins if done}):
        at_risk = sum(start < key <= stop for start, stop, _ in bins)
        events = sum(stop == key and done for _, stop, done in bins)
        if at_risk >= 3:
            share *= 1 - events / at_risk
            steps.append((key, events, at_risk, share))
    assert curve.keys.tolist() == [step[0] for step in steps]
    assert curve.events.tolist() == [step[1] for step in steps]
    assert curve.at_risk.tolist() == [step[2] for step in steps]
    assert curve.survival.tolist() == pytest.approx([step[3] for step in steps], abs=1e-12)


@given(ROWS, ROWS, ROWS)
def test_merging_tables_is_exact_and_free_of_order(
    a: list[Row], b: list[Row], c: list[Row]
) -> None:
    """Tables of agencies merged in any order are the table of all items."""
    whole = of(a + b + c)
    assert of(a).merge(of(b)).merge(of(c)) == whole
    assert of(c).merge(of(a).merge(of(b))) == whole
    assert RiskTable.from_pairs(*whole.to_pairs()) == whole
    assert whole.merge(RiskTable()) == whole


@given(ROWS)
def test_every_row_in_the_window_is_counted_once(rows: list[Row]) -> None:
    """At risk, unresolved, or not in the window (out before it is in): nothing else."""
    table = of(rows)
    assert table.n + table.unresolved == sum(leave >= entry for entry, leave, _ in rows)
    assert table.entered.total == table.n
    found = KaplanMeier.read(table)
    assert (found.n_at_risk, found.n_events) == (table.n, table.n_events)
    drawn = int(KaplanMeier.curve(table).events.sum())
    assert found.n_below_floor == table.n_events - drawn


def test_work_done_at_once_counts() -> None:
    """Items that finish at age 0, seen from their start, are events at 0."""
    found = KaplanMeier.read(of([(0, 0, True)] * 6 + [(0, DAY, True)] * 4))
    assert found.median == 0.0


def test_one_early_event_does_not_make_the_curve_zero() -> None:
    """One of one at risk at a young age draws nothing; unfloored it would be the median."""
    early = [(1 * DAY, 2 * DAY, True)]
    old = [(50 * DAY, (100 + 10 * i) * DAY, True) for i in range(20)]
    found = KaplanMeier.read(of(early + old))
    assert found.median == pytest.approx(190 * DAY, rel=0.004)
    assert found.n_below_floor == 3  # the early one, and the last two of the tail


def test_an_exact_half_is_reached() -> None:
    """Five of ten done is the median, whatever the last bit of the product is."""
    for n in range(4, 60, 2):
        found = KaplanMeier.read(of([(0, (10 + i) * DAY, True) for i in range(n)]))
        assert found.median == pytest.approx((10 + n / 2 - 1) * DAY, rel=0.004)


def test_what_is_not_reached_is_none() -> None:
    """Open work alone gives no median; neither does an empty table."""
    still = KaplanMeier.read(of([(0, 300 * DAY, False)] * 30 + [(0, 10 * DAY, True)] * 5))
    assert (still.median, still.median_high, still.p85, still.n_events) == (None, None, None, 5)
    empty = KaplanMeier.read(RiskTable())
    assert (empty.median, empty.median_low, empty.n_at_risk) == (None, None, 0)


def test_late_entry_corrects_what_was_not_seen() -> None:
    """Without entry ages, work that began before the window makes the median too long."""
    draw = np.random.default_rng(3)
    began = draw.uniform(-3000, 90, 4000)
    lives = np.exp(log(180) + 0.8 * draw.standard_normal(4000))
    seen = began + lives >= 0
    began, lives = began[seen] * DAY, lives[seen] * DAY
    entry = np.maximum(0, -began).astype(np.int64)
    leave = np.minimum(lives, 90 * DAY - began).astype(np.int64)
    done = began + lives < 90 * DAY
    right = KaplanMeier.read(RiskTable.of(entry, leave, done)).median
    wrong = KaplanMeier.read(RiskTable.of(np.zeros_like(entry), leave, done)).median
    assert right == pytest.approx(180 * DAY, rel=0.15)
    assert wrong is not None
    assert wrong > 300 * DAY


@pytest.mark.parametrize(("history", "completed"), [(180, 79), (365, 114), (730, 144)])
def test_a_new_installation_does_not_look_fast(history: int, completed: float) -> None:
    """Sixty projects a year, true median 180 d: completed-only reads low, this reads 180.

    After 180 d most portfolios have no median yet; the estimator says so.
    """
    draw = np.random.default_rng(history)
    naive, period, unknown = [], [], 0
    for _ in range(200):
        n = draw.poisson(60 * history / 365)
        began = draw.uniform(0, history, n)
        lives = np.exp(log(180) + 0.8 * draw.standard_normal(n))
        done = began + lives < history
        if done.any():
            naive.append(np.median(lives[done]))
        leave = (np.minimum(lives, history - began) * DAY).astype(np.int64)
        found = KaplanMeier.read(RiskTable.of(np.zeros(n), leave, done))
        unknown += found.median is None
        if found.median is not None:
            period.append(found.median / DAY)
    assert np.median(naive) == pytest.approx(completed, abs=5)
    if history == 180:
        assert unknown > 100
    else:
        assert unknown <= 5
        assert np.median(period) == pytest.approx(180, rel=0.04)


def test_the_interval_covers_the_true_median() -> None:
    """Of 400 running portfolios seen through 180 d, 92 to 98 % have 180 d in their interval."""
    draw = np.random.default_rng(11)
    inside = 0
    for _ in range(400):
        n = draw.poisson(150 * 5)
        began = draw.uniform(-1645, 180, n)
        lives = np.exp(log(180) + 0.8 * draw.standard_normal(n))
        seen = began + lives >= 0
        began, lives = began[seen] * DAY, lives[seen] * DAY
        entry, leave = np.maximum(0, -began), np.minimum(lives, 180 * DAY - began)
        found = KaplanMeier.read(RiskTable.of(entry, leave, began + lives < 180 * DAY))
        low, high = found.median_low or 0.0, found.median_high or np.inf
        inside += low <= 180 * DAY <= high
    assert 0.92 <= inside / 400 <= 0.98


def test_a_negative_age_at_entry_is_refused() -> None:
    """An item seen from its start enters at 0."""
    with pytest.raises(ValueError, match="enters at 0"):
        RiskTable.of([-1], [5], [True])

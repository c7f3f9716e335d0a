"""Reading a curve of Q: depth, times, loss, relapse, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.value import Rhythm
from streams.resilience import DAY_MS, Point, Resilience, Terms, read


def curve(qs: Sequence[float]) -> list[Point]:
    """A day each, from the first day of the epoch on."""
    return [Point(day * DAY_MS, (day + 1) * DAY_MS, q) for day, q in enumerate(qs)]


def told(
    qs: Sequence[float],
    *,
    backlog: bool = False,
    guarded: bool = True,
    rhythm: Rhythm = "day",
    **more: Any,
) -> Resilience:
    """What a daily curve says."""
    return read(curve(qs), Terms(rhythm, backlog, guarded, seed="one", **more))


FALL = [0.8, 0.6, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
"""Trough on day 2."""


def test_a_fall_and_its_return_are_measured() -> None:
    """Depth 0.6, trough on day 2, back and recovered on day 8, 2.7 service-days lost."""
    found = told([*FALL, *[1.0] * 30])
    assert found.state == "recovered"
    assert found.depth == pytest.approx(0.6)
    assert (found.trough, found.absorbed) == (2 * DAY_MS, 3 * DAY_MS)
    assert (found.adapted, found.recovered) == (8 * DAY_MS, 8 * DAY_MS)
    assert found.loss_days == pytest.approx(sum(1 - q for q in FALL))


@pytest.mark.parametrize(
    ("days", "state"), [(1, "disrupted"), (3, "absorbing"), (5, "absorbing"), (6, "recovering")]
)
def test_the_course_before_recovery(days: int, state: str) -> None:
    """Absorbing until the minimum has stood for three buckets; no time is told before it came."""
    found = told(FALL[:days])
    assert found.state == state
    assert found.recovered is None
    assert (found.absorbed is None) == (state != "recovering")


def test_a_new_minimum_goes_back_to_absorbing() -> None:
    """A second trough that lies deeper is the trough."""
    found = told([*FALL[:7], 0.3])
    assert (found.state, found.trough, found.absorbed) == ("absorbing", 7 * DAY_MS, None)


def test_one_good_day_is_adapted_but_not_recovered() -> None:
    """Adapted at the first return, recovered at the first of five that are back together."""
    found = told([*FALL, 1.0, 0.6, *[1.0] * 5])
    assert (found.adapted, found.recovered) == (8 * DAY_MS, 10 * DAY_MS)


def test_a_relapse_is_the_same_shock() -> None:
    """Two days below 0.90 soon after five good ones: not recovered before the next five."""
    found = told([*FALL, *[1.0] * 6, 0.7, 0.3, *[1.0] * 9])
    assert found.recovered == 16 * DAY_MS
    assert found.depth == pytest.approx(0.7)


def test_a_later_fall_is_not_a_relapse() -> None:
    """A fall three weeks after recovery leaves the first shock as it was."""
    found = told([*FALL, *[1.0] * 21, 0.3, 0.3, *[1.0] * 9])
    assert found.recovered == 8 * DAY_MS
    assert found.depth == pytest.approx(0.6)


@pytest.mark.parametrize(("first", "lost"), [(15, 0.75), (80, 0.3)])
def test_a_stretch_of_bad_days_is_a_relapse_while_it_is_followed(first: int, lost: float) -> None:
    """Five days below 0.9, weeks after it was back; of the first 90 days they are lost, too."""
    found = told([*FALL, *[1.0] * first, *[0.85] * 5, *[1.0] * 30], noise=0.03)
    assert found.recovered == (8 + first + 5) * DAY_MS
    assert found.loss_days == pytest.approx(sum(1 - q for q in FALL) + lost)


@pytest.mark.parametrize(
    ("bad", "more"),
    [
        ([0.85] * 4, {"noise": 0.03}),
        ([0.85] * 5, {"noise": 0.12}),
        ([0.93] * 30, {"noise": 0.03}),
        ([0.5, 0.5, 1.0, 0.5, 0.5], {"noise": 0.03}),
        ([0.85] * 5, {}),
        ([0.85] * 5, {"noise": 0.03, "context": "down"}),
        ([0.85] * 5, {"noise": 0.03, "another": 29 * DAY_MS}),
    ],
)
def test_what_is_no_relapse(bad: list[float], more: dict[str, Any]) -> None:
    """Too few, by chance, a twentieth off, with good days between, context, another's case."""
    found = told([*FALL, *[1.0] * 21, *bad, *[1.0] * 30], **more)
    assert (found.state, found.recovered) == ("recovered", 8 * DAY_MS)


def test_a_stretch_that_ends_after_ninety_days_is_no_relapse() -> None:
    """By then it is decided what became of the shock."""
    found = told([*FALL, *[1.0] * 86, *[0.85] * 10], noise=0.03)
    assert (found.state, found.recovered) == ("restored", 8 * DAY_MS)


SURGE = [0.5, 0.4, 0.6]
"""Demand at twice what was expected and more: Q is expected / actual."""


@pytest.mark.parametrize(
    ("context", "q", "change"), [("up", 0.8, 0.25), ("up", 1.25, -0.2), ("down", 0.8, -0.2)]
)
def test_context_ends_over_with_where_it_is(context: str, q: float, change: float) -> None:
    """No verdict and no loss, also where Q looks better; above or below in its own direction."""
    wave = [q + 0.01 * np.sin(day) for day in range(90)]
    found = told([*SURGE, *[1.0] * 5, *wave], context=context, backlog=True)
    assert (found.state, found.loss_days) == ("over", 0.0)
    assert found.gain is not None
    # Five of the ninety days were as expected.
    assert found.gain.mean == pytest.approx(change * 85 / 90, abs=0.003)
    assert found.gain.low <= found.gain.mean <= found.gain.high


def test_levels_of_context_are_in_points() -> None:
    """Ten points above what was expected are a tenth, and not a ninth."""
    found = told([*SURGE, *[1.0] * 5, *[0.9] * 85], context="up", level=True)
    assert found.gain is not None
    assert found.gain.mean == pytest.approx(0.1 * 85 / 90)


@pytest.mark.parametrize(("alert", "back"), [((0, 4), 3), ((0, 12), 11), ((9, 12), 11)])
def test_context_relapses_only_where_an_alert_stands(alert: tuple[int, int], back: int) -> None:
    """The season may have lifted it: what was expected is frozen."""
    spans = [(alert[0] * DAY_MS, alert[1] * DAY_MS)]
    qs = [*SURGE, *[1.0] * 6, 0.85, 0.85, *[1.0] * 9]
    assert told(qs, context="up", alerts=spans).recovered == back * DAY_MS


def test_what_another_case_holds_is_not_read() -> None:
    """Neither its trough nor where context is by then; time passes all the same."""
    qs = [*SURGE, *[1.0] * 20, *[0.1] * 90]
    found = told(qs, context="up", another=23 * DAY_MS)
    assert (found.state, found.trough, found.recovered) == ("over", DAY_MS, 3 * DAY_MS)
    assert found.gain is not None
    assert found.gain.mean == pytest.approx(0)


@pytest.mark.parametrize(
    ("after", "state"), [(1.08, "thriving"), (1.0, "restored"), (0.97, "degraded")]
)
def test_the_outcome_after_ninety_days(after: float, state: str) -> None:
    """Exactly one of three, and none a day earlier."""
    wave = [after + 0.01 * np.sin(day) for day in range(90)]
    assert told([*FALL, *wave]).state == state
    assert told([*FALL, *wave[:89]]).state == "recovered"


def test_nobody_thrives_while_a_guard_is_worse() -> None:
    """Better at another's cost is only restored."""
    assert told([*FALL, *[1.1] * 90], guarded=False).state == "restored"


def test_catching_up_is_not_thriving() -> None:
    """Gains first pay back what was lost, where what was lost waits."""
    owed = sum(1 - q for q in FALL)
    qs = [*FALL, *[1.0 + owed / 90] * 90]
    assert told(qs).state == "thriving"
    late = told(qs, backlog=True)
    assert late.state == "restored"
    assert late.gain is not None
    assert late.gain.mean == pytest.approx(0, abs=1e-9)


def test_loss_is_summed_over_ninety_days() -> None:
    """So that shocks of any length can be compared."""
    assert told([0.5] * 200).loss_days == pytest.approx(45)


def test_too_few_buckets_claim_nothing() -> None:
    """Two quarters after recovery are restored, without a gain."""
    quarter = 91 * DAY_MS
    qs = [0.6, 0.7, 1.2, 1.2, 1.2]
    points = [Point(i * quarter, (i + 1) * quarter, q) for i, q in enumerate(qs)]
    found = read(points, Terms("quarter"))
    assert (found.state, found.gain) == ("restored", None)


@pytest.mark.parametrize("seed", range(5))
def test_the_interval_is_that_of_a_mean(seed: int) -> None:
    """On independent noise the block bootstrap is as wide as theory has it: 1.96 s / √n."""
    noise = np.random.default_rng(seed).normal(1.0, 0.02, 90).clip(0.951)
    gain = told([*FALL, *noise.tolist()]).gain
    assert gain is not None
    theory = 1.96 * noise.std(ddof=1) / np.sqrt(90)
    assert (gain.high - gain.low) / 2 == pytest.approx(theory, rel=0.5)
    assert gain.low <= gain.mean <= gain.high


def test_the_interval_covers_the_truth() -> None:
    """Over 200 autocorrelated courses (0.6) the interval holds the true mean in 85 to 99 %."""
    random = np.random.default_rng(3)
    hits = 0
    for _ in range(200):
        noise = np.zeros(90)
        for day in range(1, 90):
            noise[day] = 0.6 * noise[day - 1] + random.normal(0, 0.008)
        gain = told([*FALL, *(1.02 + noise).tolist()]).gain
        assert gain is not None
        hits += gain.low <= 0.02 <= gain.high
    assert 170 <= hits <= 198


@given(st.lists(st.floats(0, 3), min_size=1, max_size=150))
def test_figures_are_consistent(qs: list[float]) -> None:
    """Whatever the curve: depth and loss are not negative, times come in their order."""
    found = told(qs)
    assert found.depth >= 0
    assert found.loss_days >= 0
    assert 0 <= found.trough < len(qs) * DAY_MS
    if found.recovered is not None:
        assert found.absorbed is not None
        assert found.adapted is not None
        assert found.trough <= found.adapted <= found.recovered
    assert (found.recovered is None) == (found.state in ("disrupted", "absorbing", "recovering"))


@given(st.lists(st.floats(0, 3), min_size=1, max_size=120), st.integers(1, 120))
def test_what_was_lost_stays_lost(qs: list[float], known: int) -> None:
    """Until recovery, depth and loss only grow with what comes."""
    before = told(qs[:known] or qs[:1])
    after = told(qs)
    if before.recovered is None and after.recovered is None:
        assert after.depth >= before.depth
        assert after.loss_days >= before.loss_days - 1e-9

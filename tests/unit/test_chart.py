"""The chart as people read it: stretches, marked points, and the two icons."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest

from models.chart import (
    ASSURANCES,
    Assurance,
    Begin,
    Chart,
    Reading,
    Variation,
    outgrown,
    variation_words,
)
from streams.chart import Direction, chart
from tests.unit.watched import Watched, stub

QUIET = [1.0, -1.0] * 6
"""Mean 0, limits 5.32 away."""


def readings(values: Sequence[float]) -> list[Reading]:
    """Buckets of ten."""
    return [Reading(10 * at, 10 * at + 10, value) for at, value in enumerate(values)]


def drawn(values: Sequence[float], direction: Direction = "up", *begins: Begin) -> Chart:
    """The chart of these values."""
    made = chart(readings(values), direction, begins)
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("tail", "rule", "way"),
    [
        ([0.5], "", ""),
        ([9.0], "outside", "up"),
        ([-9.0], "outside", "down"),
        ([0.1] * 7, "shift", "up"),
        ([4.0, 0.2, 4.0], "two of three", "up"),
        ([4.0, 4.0, 0.2], "", ""),
        ([3.0, 2.0, 1.0, 0.5, 0.3, 0.2, 0.1], "trend", "down"),
    ],
)
def test_the_icon_is_the_class_of_the_last_point(tail: list[float], rule: str, way: str) -> None:
    """For each direction; a trend counts by where it goes, whichever side it is on."""
    names: dict[Direction, dict[str, Variation]] = {
        "up": {"up": "improvement", "down": "concern", "": "common"},
        "down": {"up": "concern", "down": "improvement", "": "common"},
        "context": {"up": "neutral", "down": "neutral", "": "common"},
    }
    for direction, expected in names.items():
        last = drawn(QUIET + tail, direction).dots[-1]
        assert (last.rule, last.way, last.variation) == (rule, way, expected[way])
        assert ("special cause" in variation_words(last)) == bool(rule)


def test_all_points_of_a_run_are_marked_behind_time() -> None:
    """Of a shift all seven, of two close ones those two and not the third."""
    dots = drawn([*QUIET, *[0.1] * 7]).dots
    assert [dot.rule for dot in dots] == [""] * 12 + ["shift"] * 7
    dots = drawn([*QUIET, 4.0, 0.2, 4.0, -0.1]).dots
    assert [dot.rule for dot in dots[12:]] == ["two of three", "", "two of three", ""]


def test_limits_are_on_trial_until_there_are_twelve() -> None:
    """They follow every point until then, and no point afterwards."""
    values = np.random.default_rng(3).standard_normal(30).tolist()
    for many in range(2, 30):
        stretch = drawn(values[:many]).now
        assert stretch is not None
        assert (stretch.points, stretch.trial) == (min(many, 12), many < 12)
        assert stretch.mean == pytest.approx(np.mean(values[: min(many, 12)]))
    assert chart([], "up") is None
    assert chart(readings([1.0]), "up") is None


def test_a_new_baseline_begins_its_own_stretch() -> None:
    """Limits step there, runs do not reach over it, and what was outside is usual now."""
    values = [*QUIET, *[one + 20 for one in QUIET]]
    before, after = drawn(values), drawn(values, "up", Begin(120))
    assert [dot.rule for dot in before.dots[12:]] == ["outside"] * 12
    assert [dot.rule for dot in after.dots] == [""] * 24
    assert [(one.start, one.end, one.mean) for one in after.stretches] == [
        (0, 120, 0.0),
        (120, 240, 20.0),
    ]
    assert after.now == after.stretches[-1]


@pytest.mark.parametrize(
    ("begin", "first"), [(Begin(115), 12), (Begin(111), 12), (Begin(111, whole=False), 11)]
)
def test_a_baseline_begins_with_a_whole_bucket_a_definition_does_not(
    begin: Begin, first: int
) -> None:
    """A bucket in the middle of which somebody begins belongs to what was before."""
    assert drawn([*QUIET, *QUIET], "up", begin).stretches[1].start == 10 * first


def test_begins_behind_or_before_everything_cut_nothing() -> None:
    """And several before the same bucket cut once."""
    values = [*QUIET, *QUIET]
    assert drawn(values, "up", Begin(-5), Begin(10_000)).stretches == drawn(values).stretches
    assert len(drawn(values, "up", Begin(115), Begin(118), Begin(120)).stretches) == 2
    alone = drawn(values, "up", Begin(230))
    assert alone.now is None
    assert alone.assurance == ""


@pytest.mark.parametrize(("target", "direction"), product((-9.0, 0.0, 9.0), ("up", "down")))
def test_assurance_is_the_target_against_the_limits(target: float, direction: Direction) -> None:
    """As R/ptd_calculate_assurance_type.R has it."""
    expected: Assurance = "hit or miss"
    if abs(target) > 5.32:
        met = target < 0 if direction == "up" else target > 0
        expected = "pass" if met else "fail"
    made = chart(readings(QUIET), direction, (), target)
    assert made is not None
    assert (made.assurance, made.target) == (expected, target)
    assert ASSURANCES[expected].startswith({"pass": "P", "fail": "F", "hit or miss": "?"}[expected])


def test_without_target_direction_or_limits_nothing_is_assured() -> None:
    """An indicator that is context has no good side."""
    for values, direction, target in (
        (QUIET, "up", None),
        (QUIET, "context", 9.0),
        ([1.0] * 12, "up", 9.0),
    ):
        made = chart(readings(values), direction, (), target)  # type: ignore[arg-type]
        assert made is not None
        assert made.assurance == ""


def test_limits_are_outgrown_after_twenty_of_the_last_twenty_four() -> None:
    """On one side, behind the whole baseline that holds; where the first of them began."""
    assert outgrown(drawn(QUIET + [9.0] * 19)) is None
    assert outgrown(drawn(QUIET + [9.0] * 20)) == 120
    assert outgrown(drawn(QUIET + [-9.0] * 40)) == 10 * (52 - 24)
    assert outgrown(drawn([*QUIET, *([9.0] * 6 + [-0.1] * 2) * 3])) is None
    assert outgrown(drawn(QUIET + [0.1] * 3 + [9.0] * 20)) == 150
    assert outgrown(drawn(QUIET + [0.1] * 30)) == 180
    assert outgrown(drawn(QUIET + [9.0] * 12 + [-9.0] * 12)) is None
    assert outgrown(drawn(QUIET + [9.0] * 20, "up", Begin(130))) is None


def test_limits_of_shares_are_shares() -> None:
    """What would lie beyond 0 or 1 ends there; points, marks and the other limit stay."""
    low, high = ([one + 0.04 * at for at in QUIET] for one in (0.05, 0.97))
    for values, ends in ((low, (0.0, 0.2628)), (high, (0.7572, 1.0))):
        plain, made = (chart(readings(values), "up", (), 0.9, shares=one) for one in (False, True))
        assert plain is not None
        assert made is not None
        assert plain.now is not None
        assert made.now is not None
        assert (made.now.low, made.now.high) == pytest.approx(ends)
        assert plain.now.low < 0 or plain.now.high > 1
        assert made.now.mean == plain.now.mean
        assert (made.dots, made.assurance) == (plain.dots, plain.assurance)


@pytest.mark.parametrize("name", ["xmr", "p_prime"])
def test_a_signal_of_shares_has_limits_that_are_shares(name: str) -> None:
    """Limits of few cases would lie below 0."""
    watched = Watched(stub("up", "share", detectors=("seasonal_z", name)), "week")
    for value in [0.02, 0.06] * 8 + [0.6]:
        watched.feed(value, n=100)
    (signal,) = (one for one in watched.signals if one.detector == name)
    assert signal.low == 0.0
    assert signal.expected == pytest.approx(0.04)
    assert signal.high > 0.08

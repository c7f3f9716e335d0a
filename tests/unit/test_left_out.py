"""Leaving one series out: its threshold is the one that is best for the others."""

from __future__ import annotations

from tests.bench.signals.left_out import left_out


def test_a_series_does_not_choose_its_own_threshold() -> None:
    """The one series that alone likes a threshold is scored with that of the others."""
    scores = {1.0: [5.0, 0.0, 0.0], 2.0: [0.0, 2.0, 2.0]}
    assert left_out(scores) == [0.0, 0.0, 0.0]
    assert left_out({1.0: [1.0, 0.0, 0.0], 2.0: [0.0, 2.0, 2.0]}) == [0.0, 2.0, 2.0]


def test_of_equal_thresholds_the_middle_one_is_taken() -> None:
    """A plateau is answered by its middle, not by its edge."""
    same = [1.0, 1.0]
    assert left_out({1.0: [9.0, 1.0], 2.0: [8.0, 1.0], 3.0: [7.0, 1.0], 4.0: [0.0, 0.0]})[0] == 8.0
    assert left_out({1.0: same, 2.0: same}) == same

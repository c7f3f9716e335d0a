"""How much of a score is the choice of the threshold: leave one series out, and the range."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Scores = Mapping[float, Sequence[float]]
"""By threshold: what each series scored with it."""


def left_out(scores: Scores) -> list[float]:
    """What each series scores with the threshold that is best for all the others together."""
    many = len(next(iter(scores.values())))
    return [scores[_best_without(scores, place)][place] for place in range(many)]


def _best_without(scores: Scores, place: int) -> float:
    """The threshold worth most to all series but one; of equals, the middle one."""
    worth = {at: sum(each) - each[place] for at, each in scores.items()}
    equals = [at for at in sorted(worth) if worth[at] >= max(worth.values()) - 1e-9]
    return equals[len(equals) // 2]

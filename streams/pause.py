"""How long something that comes again and again may stay away before that is news.

What comes at random at a steady rate has exponential pauses. The next of them is longer than
``k`` times the longest of ``n`` with a chance of 1 / C(n + k, k), whatever the rate:

    E[exp(-k max)] = n B(n, k + 1) = n! k! / (n + k)!

So ``k`` follows from how many pauses are known, and no threshold from any one series. What
comes more regularly than at random (every working day, every month) is rarer still to be late;
what comes in seasons learns its longest pause from the first one.
"""

from __future__ import annotations

from functools import cache
from math import comb
from typing import Final

ONE_IN: Final = 2000
"""At most one pause in so many of what comes at random is told although nothing happened."""

FEWEST: Final = 8
"""Pauses that must be known before anything is said."""

LEAST: Final = 3
"""Never fewer times the longest pause than this: real pauses are less even than random ones."""

KNOWN: Final = 64
"""More known pauses than this are taken for no more."""


@cache
def times(pauses: int) -> int:
    """How many times the longest of some pauses the next may last.

    >>> times(8), times(20), times(64)
    (6, 4, 3)
    """
    known, k = min(pauses, KNOWN), LEAST
    while comb(known + k, k) < ONE_IN:
        k += 1
    return k


def patience(pauses: int, longest: int) -> int | None:
    """The longest pause that is no news yet; None while too few are known."""
    return None if pauses < FEWEST else times(pauses) * longest

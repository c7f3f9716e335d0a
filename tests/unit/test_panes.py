"""Panes: the same sums are the same bytes, however they came to be and wherever one stopped."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streams.panes import Panes

Step = tuple[str, int, int, int]
"""An addition at a bucket and cell, or a forgetting of all that lies before a bucket."""

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "take", "prune"]),
        st.integers(0, 60),
        st.integers(0, 3),
        st.integers(1, 5),
    ),
    max_size=40,
)


def done(steps: list[Step], *, restart: bool) -> Panes:
    """Panes after all of these, stored and restored between any two where that is asked."""
    panes = Panes(2)
    for what, bucket, cell, value in steps:
        if what == "prune":
            panes.prune(bucket)
        else:
            many = value if what == "add" else -value
            at = (np.array([bucket]), np.array([cell]), np.array([[many, 1]]))
            panes.add(*at)
        if restart:
            panes = Panes.load(panes.dump())
    return panes


@given(STEPS)
def test_a_restart_changes_no_byte_and_no_sum(steps: list[Step]) -> None:
    """Also where all that was known is forgotten, and what room was kept is not told."""
    one, other = done(steps, restart=False), done(steps, restart=True)
    assert one.dump() == other.dump()
    if one.sums.size:
        assert (one.window(0, 70) == other.window(0, 70)).all()


def test_what_is_forgotten_is_gone_from_the_bytes() -> None:
    """Nothing says how much room there was, or since when there is nothing."""
    long, short = Panes(1), Panes(1)
    for bucket in range(40):
        long.add(np.array([bucket]), np.array([0]), np.array([[1]]))
    long.prune(100)
    short.add(np.array([0]), np.array([0]), np.array([[1]]))
    short.prune(7)
    assert long.dump() == short.dump()

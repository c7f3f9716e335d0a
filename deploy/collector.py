"""The garbage collector, told what this program is like: many objects, hardly a cycle."""

from __future__ import annotations

import gc


def spare() -> None:
    """Leave what was made at the start alone, and look at new objects seldom.

    Events are freed by reference counting; looking for cycles among tens of thousands of them
    at every batch costs a tenth of the time of a load.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)

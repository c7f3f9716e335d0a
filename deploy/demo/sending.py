"""The order of sending: who sends which events when, as it was lived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from deploy.demo.context import context
from deploy.demo.counted import counts
from deploy.demo.days import Days
from deploy.demo.decisions import decisions
from deploy.demo.delivery import delivery
from deploy.demo.project import portfolio
from deploy.demo.region import AGENCIES
from deploy.demo.remote import remote
from deploy.demo.service import requests
from deploy.demo.story import Story
from deploy.demo.telling import randomness

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from numpy.typing import NDArray

    from deploy.demo.region import Agency

FAMILIES: Final = (context, requests, counts, portfolio, decisions, delivery, remote)
"""What each agency tells; each gives what it would have told by when."""

MAX_LINES: Final = 500
SENDINGS_A_DAY: Final = (18 * 3600 + 600,)
"""When agencies send, seconds into the local day; each some minutes later, never the same."""


class Sent(msgspec.Struct, frozen=True):
    """One sending of an agency: at most 500 CloudEvents, a line each, sent at ``sent_ms``."""

    agency: str
    sent_ms: int
    lines: list[bytes]


def events(seed: int, until: datetime) -> Iterator[Sent]:
    """All sendings of the three years up to ``until`` (with a zone), in order of time.

    The same ``seed`` and ``until`` give the same bytes. An event is ready minutes to hours
    after it happened and goes out with its agency's next sending; what would be sent after
    ``until`` is left out.
    """
    days = Days(until)
    story = Story(days)
    sent = [one for agency in AGENCIES for one in _of_agency(agency, story, seed)]
    sent.sort(key=lambda one: (one.sent_ms, one.agency))
    yield from sent


def _of_agency(agency: Agency, story: Story, seed: int) -> Iterator[Sent]:
    told = [one for family in FAMILIES for one in family(agency, story, seed)]
    silence = int(story.days.starts[story.silence])
    lines = [line for one in told for line in one.lines]
    ready = np.concatenate([one.ready for one in told])
    mute = np.concatenate(
        [np.full(len(one.lines), one.source == story.silent_source) for one in told]
    )
    times = _sendings(agency, story.days, seed)
    sending = np.searchsorted(times, ready)
    going = (sending < len(times)) & ~(mute & (ready >= silence))
    rows = np.flatnonzero(going)
    rows = rows[np.argsort(ready[rows], kind="stable")]
    edges = np.flatnonzero(np.diff(sending[rows])) + 1
    for part in np.split(rows, edges):
        at = int(times[sending[part[0]]])
        for first in range(0, len(part), MAX_LINES):
            # Two sendings of one agency never have the same time.
            chunk = part[first : first + MAX_LINES].tolist()
            yield Sent(agency.id, at + first, [lines[row] for row in chunk])


def _sendings(agency: Agency, days: Days, seed: int) -> NDArray[np.int64]:
    """When an agency sends, ms, ascending, none after the last day."""
    rng = randomness(seed, agency, "sending")
    start = np.concatenate([days.starts[:-1] + 1000 * second for second in SENDINGS_A_DAY])
    jitter = rng.integers(2 * 60, 25 * 60, len(start)) * 1000 + AGENCIES.index(agency)
    times: NDArray[np.int64] = np.sort(start + jitter)
    return times[times < days.end]

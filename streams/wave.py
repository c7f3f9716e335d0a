"""Waves: another event that begins while the alert of the one before still stands.

Snow falls on snow, and the second fall is an event of its own. Of the days of an alert:

1. It has *calmed* once the middle of the last seven days is no more than a quarter of its worst.
2. After that, two days in a row of half its worst, each more than twice what the day a week
   before was, are another event. So are, calmed or not, two in a row at four times its worst.
3. The alert that stood closes, and one of the new event opens, dated at the first of the two.

A weekend that stays away while weekdays are back is no wave: last weekend was the same. Only what
goes upwards comes in waves: a fall has a bottom, and one that comes back before its alert would
have closed is a relapse of the same.
"""

from __future__ import annotations

from statistics import median
from typing import Final

from streams.series import Bucket, Episode

WEEK: Final = 7
"""Days by whose middle an alert has calmed."""

CALM, AGAIN, BEYOND = 0.25, 0.5, 4.0
"""Shares of the worst distance: calm up to the first, another event from the others on."""

TWICE: Final = 2.0
"""Times what the day a week before was."""

IN_A_ROW: Final = 2


def begins(episode: Episode, bucket: Bucket, far: float, *, is_back: bool) -> bool:
    """Take in a day of an alert and say whether it makes another event.

    ``far`` is its distance from what was expected, in the unit of the value; 0 below it.
    """
    rises = not is_back and far > _limit(episode)
    episode.recent = [*episode.recent, far][-WEEK:]
    if not rises:
        episode.peak = max(episode.peak, episode.crest, far)
        episode.rise, episode.crest = 0, 0.0
        calm = len(episode.recent) == WEEK and median(episode.recent) <= CALM * episode.peak
        episode.calm = episode.calm or calm
        return False
    if not episode.rise:
        episode.rise_since = bucket.start
    episode.rise += 1
    episode.crest = max(episode.crest, far)
    return episode.rise >= IN_A_ROW


def _limit(episode: Episode) -> float:
    """How far a day must be to begin another event."""
    if not episode.calm:
        return BEYOND * episode.peak
    return max(AGAIN * episode.peak, TWICE * episode.recent[0])

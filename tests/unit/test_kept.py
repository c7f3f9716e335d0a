"""What was expected of each bucket, as it is kept: judged, frozen, open upwards, or not yet."""

from __future__ import annotations

import pytest

from models.calendar import Calendar
from models.expected import Expected
from models.value import Rhythm
from streams.expectation import READY
from tests.unit.test_planned import marked, taught
from tests.unit.watched import Watched, stub


def reasons(watched: Watched) -> list[str]:
    """Why each bucket was not judged; empty where it was."""
    return [one.reason for one in watched.made.expected]


def known(one: Expected) -> bool:
    """Whether anything was expected."""
    return one.expected is not None


@pytest.mark.parametrize("rhythm", ["hour", "day", "week", "month", "quarter"])
def test_the_warm_up_is_counted(rhythm: Rhythm) -> None:
    """Each bucket says how many are known, of how many; the one after the last is judged."""
    watched = Watched(stub("context"), rhythm)
    watched.next = {"hour": 429_504, "month": 576, "quarter": 192}.get(rhythm, watched.next)
    need = READY[rhythm]
    watched.feed_all([100.0] * (need + 1))
    told = [f"{have} of {need} {rhythm}s known" for have in range(1, need + 1)]
    assert reasons(watched) == [*told, ""]
    assert [known(one) for one in watched.made.expected] == [False] * need + [True]


def test_a_row_is_that_of_its_bucket() -> None:
    """Its end, cell and interval are those by which the bucket was judged."""
    watched = taught()
    watched.feed(2000.0)
    (signal, *_), row = watched.signals, watched.made.expected[-1]
    assert (row.expected, row.low, row.high) == (signal.expected, signal.low, signal.high)
    assert (row.cell, row.end, row.rhythm) == (signal.cell, signal.bucket_end, "day")
    assert (row.agency, row.indicator) == (signal.agency, signal.indicator)


def test_while_an_alert_stands_what_was_expected_is_frozen() -> None:
    """Forty days at half: each weekday is expected as it was at the onset."""
    watched = taught(direction="up")
    before = watched.made.expected[-7:]
    watched.feed_all([500.0] * 40)
    assert watched.alerts[0].state == "open"
    rows = watched.made.expected[-40:]
    assert [one.expected for one in rows] == [before[day % 7].expected for day in range(40)]


def test_what_is_no_usual_day_says_so() -> None:
    """A public holiday, a marked one, a first campaign: each has its words and no wrong bound."""
    watched = Watched(stub("context"), calendar=Calendar("UTC", "BE"))
    watched.feed_all([1000.0] * 122)
    assert reasons(watched)[-1] == "public holiday"
    marked(watched, "closure", watched.next)
    marked(watched, "campaign", watched.next + 1)
    watched.feed_all([900.0, 5000.0, 1000.0])
    closed, campaign, plain = watched.made.expected[-3:]
    assert (closed.reason, closed.expected) == ("marked in the calendar", None)
    assert campaign.reason == "a first campaign: nothing is too much"
    assert (campaign.expected, campaign.high) == (1000.0, None)
    assert campaign.low is not None
    assert (plain.reason, plain.expected) == ("", 1000.0)


def test_a_level_in_a_first_campaign_has_no_expectation() -> None:
    """Nobody said which way it goes."""
    watched = taught(detect="level")
    marked(watched, "campaign", watched.next)
    watched.feed(1500.0)
    row = watched.made.expected[-1]
    assert (row.expected, row.low, row.high, row.reason) == (None, None, None, "a first campaign")


def test_a_gap_is_measured_by_what_was_expected() -> None:
    """Empty days have their row as well."""
    watched = taught()
    watched.feed_all([0.0] * 5)
    assert [one.expected for one in watched.made.expected[-5:]] == [1000.0] * 5


def test_what_is_not_watched_has_no_row() -> None:
    """A value that may not be judged leaves nothing behind."""
    watched = taught()
    rows = len(watched.made.expected)
    watched.feed(1000.0, status="low_n")
    watched.feed(None)
    assert len(watched.made.expected) == rows

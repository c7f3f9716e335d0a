"""Who reports: parts that join, leave, come and go, and those of which nothing is sure yet."""

from __future__ import annotations

from random import Random

import pytest

from models.value import Cell, Rhythm
from streams.pause import FEWEST, ONE_IN, patience, times
from streams.roster import AWAY, NEW, News, Report, Roster

Told = list[tuple[str, str, int]]


def report(number: int, *, single: bool = False) -> Report:
    """A bucket in which a part had so many facts."""
    return Report([10 * number, number], single=single)


def seen(
    roster: Roster, days: list[dict[str, Report]], rhythm: Rhythm = "day", first: int = 100
) -> list[News]:
    """What each bucket says, one after the other; a restart between any two changes nothing."""
    found = []
    for number, here in enumerate(days, first):
        cells = {Cell(service=name): said for name, said in here.items()}
        found.append(roster.see(number, cells, rhythm))
        plain = roster.plain()
        again = Roster.of(plain)
        assert again.plain() == plain
        vars(roster).update(vars(again))
    return found


def changes(news: list[News]) -> Told:
    """Who joined and left since when, in the order in which it was said."""
    return [
        (side, one.cell.service, one.since)
        for each in news
        for side in ("joined", "left")
        for one in getattr(each, side)
    ]


def days(*patterns: str, single: bool = False, many: int = 50) -> list[dict[str, Report]]:
    """Parts a, b, c …, each reporting where its pattern has a #."""
    return [
        {
            name: report(many, single=single)
            for name, pattern in zip("abcdef", patterns, strict=False)
            if pattern[day] == "#"
        }
        for day in range(len(patterns[0]))
    ]


def test_a_part_that_stops_leaves_from_its_first_missing_bucket() -> None:
    """It is in doubt until so many are missing, is said once, and dated back."""
    pattern = "#" * 40 + "." * 10
    news = seen(Roster(), days("#" * 50, pattern))
    assert changes(news) == [("left", "b", 140)]
    assert [len(one.missing) for one in news[39:44]] == [0, 1, 1, 0, 0]
    assert news[42].left


def test_a_part_that_begins_joins_from_its_first_bucket() -> None:
    """It is coming until it has reported often enough; what was there early always was."""
    late = "." * 40 + "#" * 10
    news = seen(Roster(), days("#" * 50, late, "." * 20 + "#" * 30))
    assert changes(news) == [("joined", "b", 140)]
    assert [len(one.coming) for one in news[39:44]] == [0, 1, 1, 0, 0]


def test_who_comes_again_joins_again() -> None:
    """Left and joined, each with its own date."""
    pattern = "#" * 40 + "." * 10 + "#" * 10
    news = seen(Roster(), days("#" * 60, pattern))
    assert changes(news) == [("left", "b", 140), ("joined", "b", 150)]


def test_a_part_that_comes_and_goes_never_leaves() -> None:
    """A tax of every fourth quarter, a desk that is closed on weekends, a holiday of all."""
    yearly = "#..." * 8
    assert not changes(seen(Roster(), days("#" * 32, yearly), "quarter"))
    week = "#####.." * 12
    assert not changes(seen(Roster(), days("#" * 84, week)))
    both = "#" * 40 + "." * 20 + "#" * 10
    assert not changes(seen(Roster(), days(both, both)))


@pytest.mark.parametrize("rhythm", list(AWAY))
def test_one_missing_report_is_no_departure(rhythm: Rhythm) -> None:
    """In no rhythm: a report may be late."""
    whole = NEW[rhythm] + 40
    pattern = "#" * (whole - 5) + "." + "#" * 4
    assert not changes(seen(Roster(), days("#" * whole, pattern), rhythm))


def test_a_report_that_came_late_is_no_departure() -> None:
    """The part was there all the while, though its bucket was closed without it."""
    roster = Roster()
    pattern = "#" * 40 + "..."
    news = seen(roster, days("#" * 43, pattern))
    assert changes(news) == [("left", "b", 140)]
    roster.back(Cell(service="b"), 142)
    news = seen(roster, days("###", "###"), first=143)
    assert not changes(news)


def test_few_single_events_neither_join_nor_leave() -> None:
    """Five a day may be none for a while; fifty a day may not."""
    pattern = "#" * 60 + "." * 20
    for many, left in ((5, []), (50, [("left", "b", 160)])):
        news = seen(Roster(), days("#" * 80, pattern, single=True, many=many))
        assert changes(news) == left


def test_chance_alone_is_as_rare_as_said() -> None:
    """Exponential pauses of any rate: of 200,000, at most one in 2,000 is told, and some are."""
    random = Random(7)
    told = asked = 0
    for _ in range(4_000):
        longest, known = 0.0, 0
        rate = random.choice((0.2, 1.0, 5.0))
        for _ in range(50):
            pause = random.expovariate(rate)
            if known >= FEWEST:
                asked += 1
                told += pause > times(known) * longest
            longest, known = max(longest, pause), known + 1
    assert 0.05 / ONE_IN < told / asked < 1.1 / ONE_IN


def test_nothing_is_said_of_few_pauses() -> None:
    """And of many, no less than three times the longest."""
    assert patience(FEWEST - 1, 2) is None
    assert patience(FEWEST, 2) == 2 * times(FEWEST)
    assert times(10_000) == times(64) == 3

"""What was expected of each step: in ``headwind values --expected`` and ``headwind explain``."""

from __future__ import annotations

from tests.integration.made_store import CORRECTED, DAYS, FALL, Made
from tests.unit.events_made import BEGIN, DAY, iso


def day(number: int) -> str:
    """The moment at which a day of the made store begins."""
    return iso(BEGIN + number * DAY)


def test_what_was_expected_is_given_where_asked_for(made: Made) -> None:
    """Of a watched series, as it was decided: a correction changes nothing of it."""
    about = ("values", "--indicator", "demand", "--service", "permits", "--expected")
    rows = made.json(*about, "--agency", "parks")
    fields = ["expected", "expected_low", "expected_high", "not_expected"]
    assert [list(row)[-5:] for row in rows] == [[*fields, "service"]] * DAYS
    early, late = rows[8], rows[CORRECTED]
    assert [early[name] for name in fields] == [None, None, None, "9 of 28 days known"]
    assert late["value"] < late["expected_low"] < late["expected"] < late["expected_high"]
    assert late["not_expected"] == ""
    assert rows[FALL[-1]]["expected"] == rows[FALL[-1] - 7]["expected"]
    totals = made.json(*about[:3], "--agency", "parks", "--expected")
    assert {row["expected"] for row in totals} == {None}
    shown = made.told(*about, "--agency", "parks").splitlines()
    assert "9 of 28 days known" in shown[9]


def test_an_explanation_says_what_was_expected_or_why_nothing_was(made: Made) -> None:
    """Too early, frozen, and a total."""
    about = ("--agency", "parks", "--at")
    permits = ("--service", "permits")

    def told(indicator: str, at: int, *part: str) -> str:
        said = made.told("explain", indicator, *about, day(at), *part)
        (line,) = [one for one in said.splitlines() if one.startswith("watched")]
        return line.removeprefix("watched").strip()

    assert told("demand", 8, *permits) == "not watched yet: 9 of 28 days"
    assert "208 cases expected of this day (161" in told("demand", FALL[3], *permits)
    assert told("demand", 8) == "not watched: alerts speak of a service, name one with --service"

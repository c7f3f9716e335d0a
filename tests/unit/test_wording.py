"""An alert's sentence: how far, the number with its interval, and what it is compared with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from models.calendar import Calendar
from models.value import Cell, Value
from streams.alert import Verdict, begin
from streams.catalogue import catalogue
from streams.expectation import Expectation
from streams.look import Look
from streams.series import Bucket, Series
from streams.wording import reason

OPENS = Verdict("open", 0.29, "critical")
SINCE = 1_577_836_800_000
"""2020-01-01."""

MEASURED = Value(
    agency="parks",
    indicator="completion",
    cell=Cell(service="permits"),
    rhythm="week",
    span="bucket",
    window_start=SINCE,
    window_end=SINCE + 7 * 86_400_000,
    value=0.64,
    n=2000,
    low=0.618,
    high=0.661,
    coverage=1.0,
    status="ok",
    reason="",
    catalogue_version=1,
)


def said(
    measured: Value,
    expected: Expectation,
    verdict: Verdict = OPENS,
    direction: str = "down",
    timezone: str = "UTC",
) -> str:
    """The sentence of an alert that opens or ends with this value."""
    bucket = Bucket(1, SINCE, measured.window_end, measured.value or 0.0, measured.n or 0, 0)
    series = Series(run_since=SINCE, run_direction=direction)
    look = Look(catalogue()[measured.indicator], series, bucket, measured)
    episode = begin(series, "a", bucket.end, verdict, "open")
    episode.back_since = bucket.end
    return reason(look, expected, episode, verdict, Calendar(timezone, "").local_date)


def test_the_number_stands_with_its_own_interval() -> None:
    """Beside it what was expected, with what is usual."""
    assert said(MEASURED, Expectation(0.9, 0.88, 0.92, 0.01)) == (
        "Completion (permits) is 29% below what was expected since 2020-01-01: 64.0% (61.8% to "
        "66.1%), 90.0% expected (88.0% to 92.0%), n 2,000."
    )


@pytest.mark.parametrize("low", [None, 0.64])
def test_a_number_without_an_interval_stands_alone(low: float | None) -> None:
    """None is known, or it is no wider than the number."""
    plain = msgspec.structs.replace(MEASURED, low=low, high=low)
    assert ": 64.0%, 90.0% expected (" in said(plain, Expectation(0.9, 0.88, 0.92, 0.01))


def test_more_than_twice_as_much_is_said_in_times() -> None:
    """A unit is said once, and no number of per cent is longer than three digits."""
    many = msgspec.structs.replace(
        MEASURED, indicator="demand", value=50.0, low=37.1, high=65.9, n=50
    )
    usual = Expectation(20.0, 8.0, 32.0, 4.0)
    assert said(many, usual, Verdict("open", 1.5, "info"), "up") == (
        "Demand (permits) is 2.50 times what was expected since 2020-01-01: 50.0 cases (37.1 to "
        "65.9), 20.0 cases expected (8.00 to 32.0), n 50."
    )
    usual = Expectation(25.0, 8.0, 32.0, 4.0)
    assert "is 100% above what was" in said(many, usual, Verdict("open", 1.0, "info"), "up")


def test_a_level_is_off_by_points() -> None:
    """Its hundredths are no share of what was expected."""
    away = msgspec.structs.replace(MEASURED, indicator="presence", value=-60.0, low=None)
    told = said(away, Expectation(-10.0, -15.0, -5.0, 1.0), Verdict("open", 0.5, "info"))
    assert "is 50 points below what was expected since" in told


@pytest.mark.parametrize(
    ("timezone", "day"),
    [("UTC", "{utc}"), ("Pacific/Auckland", "{utc}"), ("America/Vancouver", "{before}")],
)
def test_days_are_those_of_the_agency(timezone: str, day: str) -> None:
    """Midnight in UTC is the day before in America, and that day already in New Zealand."""
    at = datetime.fromtimestamp(SINCE / 1000, UTC)
    assert at.hour == at.minute == 0
    days = {"utc": at.date().isoformat(), "before": (at.date() - timedelta(1)).isoformat()}
    told = said(MEASURED, Expectation(0.9, 0.85, 0.95, 0.01), timezone=timezone)
    assert f"expected since {day.format(**days)}:" in told


@pytest.mark.parametrize(("expected", "words"), [(0.70, "within what is usual: "), (0.64, ": ")])
def test_back_inside_what_is_usual_is_not_back_at_what_was_expected(
    expected: float, words: str
) -> None:
    """The sentence says which of them, so that nobody wonders about the number."""
    depth = 1 - 0.64 / expected
    told = said(
        MEASURED, Expectation(expected, 0.55, 0.85, 0.05), Verdict("close", depth, "warning")
    )
    assert f"is back {words}".replace("back : ", "back: ") in told
    assert ("(55.0% to 85.0%)" in told) is (expected == 0.70)


def test_a_pace_ends_without_the_figures_of_what_has_ended() -> None:
    """A median over weeks says nothing of how fast open work ends now."""
    waiting = msgspec.structs.replace(MEASURED, indicator="waiting", value=428.0, low=300, high=500)
    told = said(waiting, Expectation(211, 150, 280, 1), Verdict("close", 0.0, "warning"), "up")
    assert "is back. It was off from" in told
    assert "428" not in told

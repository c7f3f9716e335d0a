"""An alert's sentence: how far, the number with its interval, and what it is compared with."""

from __future__ import annotations

import msgspec
import pytest

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
    measured: Value, expected: Expectation, verdict: Verdict = OPENS, direction: str = "down"
) -> str:
    """The sentence of an alert that opens with this value."""
    bucket = Bucket(1, SINCE, measured.window_end, measured.value or 0.0, measured.n or 0, 0)
    series = Series(run_since=SINCE, run_direction=direction)
    look = Look(catalogue()[measured.indicator], series, bucket, measured)
    return reason(look, expected, begin(series, "a", bucket.end, verdict, "open"), verdict)


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

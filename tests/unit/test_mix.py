"""Channels as shares of their service: who moves is told, what the whole does is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.events.context import CalendarMarked
from models.settings import Settings
from models.value import Cell
from streams.catalogue import catalogue
from streams.indicators.demand import Demand
from streams.mix import FEWEST
from tests.unit.watched import Watched

SERVICE = Cell(service="permits")
DESK, PHONE, WEB = (Cell(service="permits", stratum=name) for name in ("desk", "phone", "web"))
WARM = 8 * 7


def lived(
    days: int, counts: Callable[[int], dict[Cell, float]], watched: Watched | None = None
) -> Watched:
    """A service and its channels, day by day: ``counts`` of each, of which the whole is the sum."""
    watched = watched or Watched(Demand())
    first = watched.next
    for day in range(days):
        here = counts(day)
        for cell, count in {SERVICE: sum(here.values()), **here}.items():
            watched.feed(count, n=int(count), cell=cell, number=first + day)
    return watched


def opened(watched: Watched, cells: Iterable[Cell] = (DESK, PHONE, WEB)) -> set[str]:
    """The channels of which an alert was opened."""
    return {one.cell.stratum for one in watched.alerts if one.cell in cells}


def moves(day: int) -> dict[Cell, float]:
    """A fifth of all people change from the desk to the web; as many come as before."""
    random = np.random.default_rng(day)
    shares = (0.6, 0.2, 0.2) if day < WARM else (0.4, 0.2, 0.4)
    counts = random.multinomial(random.poisson(2000), shares)
    return dict(zip((DESK, PHONE, WEB), counts.tolist(), strict=True))


def test_people_who_come_another_way_are_told_of_at_both_ends() -> None:
    """With the channel, as cases beside the cases that were expected of all that came."""
    watched = lived(WARM + 7, moves)
    assert opened(watched) == {"desk", "web"}
    assert not opened(watched, [SERVICE])
    web = next(one for one in watched.alerts if one.cell == WEB)
    assert web.alertname == "Share of demand off"
    assert web.severity == "info"
    found = web.evidence
    assert 700 < found["value"] < 900
    assert 350 < found["expected"] < 450
    assert found["low"] < found["expected"] < found["high"] < found["value"]
    assert 1900 < found["n"] < 2100
    assert "Share of demand (permits, web) is " in web.reason
    assert "above what was expected since 2019-02-25" in web.reason
    assert f", of {found['n']:,}." in web.reason
    assert not watched.made.shocks
    assert not watched.made.curve


def test_signals_and_intervals_are_told_in_cases() -> None:
    """What is drawn beside a channel's counts is in their unit."""
    watched = lived(WARM + 7, moves)
    signals = [one for one in watched.signals if one.cell == WEB]
    assert signals
    assert all(one.value > 600 and 300 < one.expected < 500 for one in signals)
    kept = [one for one in watched.made.expected if one.cell == WEB and one.expected is not None]
    assert kept
    assert all(300 < (one.expected or 0) < 500 for one in kept)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.2, 3.0), st.integers(0, 2**32))
def test_what_the_whole_does_moves_no_share(factor: float, seed: int) -> None:
    """A fall or a rise of all channels alike is told of the service, and once."""
    random = np.random.default_rng(seed)

    def counts(day: int) -> dict[Cell, float]:
        many = random.poisson(2000 * (1.0 if day < WARM else factor))
        return dict(zip((DESK, PHONE), random.multinomial(many, (0.6, 0.4)).tolist(), strict=True))

    assert not opened(lived(WARM + 14, counts))


def test_a_campaign_that_was_marked_moves_nobody() -> None:
    """A first one is kept and not judged; without a mark the same is told."""

    def counts(day: int) -> dict[Cell, float]:
        random = np.random.default_rng(day)
        many = random.multinomial(2000, (0.4, 0.6) if WARM <= day < WARM + 5 else (0.6, 0.4))
        return dict(zip((DESK, WEB), many.tolist(), strict=True))

    told, quiet = Watched(Demand()), Watched(Demand())
    span = {"start": told.next + WARM, "end": told.next + WARM + 5}
    start, end = (datetime.fromtimestamp(day * 86_400, UTC) for day in span.values())
    quiet.watch.plans.hear(CalendarMarked(kind="campaign", scope="permits", start=start, end=end))
    assert opened(lived(WARM + 7, counts, told)) == {"desk", "web"}
    assert not opened(lived(WARM + 7, counts, quiet))


def test_what_people_did_last_june_is_no_news_this_june() -> None:
    """A week in which they come another way, every year: told in the first year only."""

    def counts(day: int) -> dict[Cell, float]:
        random = np.random.default_rng(day)
        many = random.multinomial(2000, (0.4, 0.6) if 150 <= day % 364 < 157 else (0.6, 0.4))
        return dict(zip((DESK, WEB), many.tolist(), strict=True))

    watched = lived(2 * 364, counts)
    first = watched.calendar.start("day", 17_896 + 364)
    assert opened(watched) == {"desk", "web"}
    assert not [one for one in watched.alerts if one.cell.stratum and one.opened >= first]


def test_only_who_can_look_at_a_share_does() -> None:
    """Who was chosen for the counts of a service is not asked about the shares of its channels."""
    watched = Watched(catalogue()["demand"])
    watched.watch.detection.settings = Settings.of({"detectors": {"demand": ["g_chart"]}})
    lived(WARM + 7, moves, watched)
    assert not opened(watched)
    assert not [one for one in watched.signals if one.cell.stratum]


def test_few_cases_have_no_shares() -> None:
    """Of fewer than fifty nobody can tell where they went."""

    def counts(day: int) -> dict[Cell, float]:
        few = FEWEST - 1
        return {DESK: few if day < WARM else 0, WEB: 0 if day < WARM else few}

    watched = lived(WARM + 7, counts)
    assert not opened(watched)
    assert not [key for key in watched.watch.series if key[2].stratum]


def test_an_only_channel_is_not_watched() -> None:
    """All of it is no share; what is kept of it grows with channels that are."""
    watched = lived(WARM, lambda _: {WEB: 100})
    assert [key[2] for key in watched.watch.series] == [SERVICE]
    lived(7, lambda _: {WEB: 90, DESK: 10}, watched)
    lived(7, lambda _: {WEB: 100, DESK: 0}, watched)
    assert {len(one) for key, one in watched.watch.series.items() if key[2].stratum} == {14}


def test_a_service_counted_anew_has_new_shares() -> None:
    """Where the whole begins anew, so do its parts: another composition moves nobody."""
    watched = lived(WARM, moves)
    shares = [one for key, one in watched.watch.series.items() if key[2].stratum]
    assert all(len(one) for one in shares)
    for one in watched.watch.series.values():
        one.broken = True
    lived(7, lambda day: moves(WARM + day), watched)
    assert not opened(watched)
    assert all(len(one) == 7 for one in shares)

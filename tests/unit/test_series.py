"""The packed history of one cell."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from streams.series import KEPT, LONG_GAP, RESIDUALS, WAITING, Bucket, Episode, Series


def bucket(number: int, value: float, slot: int | None = None) -> Bucket:
    """A day; its slot is its weekday where none is given."""
    at = number * 86_400_000
    place = (number + 3) % 7 if slot is None else slot
    return Bucket(number, at, at + 86_400_000, value, 10, place)


def filled(days: int, value: float = 12345.678) -> Series:
    """A series of so many days, each learned with a residual."""
    series = Series()
    for number in range(18_000, 18_000 + days):
        series.learn(bucket(number, value), value / 10, KEPT["day"])
    return series


def test_a_daily_series_takes_some_5_kb() -> None:
    """Two years and two months of days, with residuals, stay under 5.2 KB."""
    assert len(msgspec.msgpack.encode(filled(1000))) <= 5325


def test_the_history_is_a_ring() -> None:
    """The oldest falls out, of buckets and of residuals."""
    series = filled(1000)
    assert len(series) == KEPT["day"]
    assert len(series.residuals()) == RESIDUALS
    assert series.last == 18_999


STEPS = st.lists(
    st.tuples(
        st.integers(1, 400),
        st.floats(allow_nan=False, allow_infinity=False),
        st.booleans(),
        st.integers(-1, 53),
    ),
    max_size=60,
)


def test_what_waited_for_nothing_is_learned() -> None:
    """A bucket set aside for a stretch is as if it had been learned, once that came to nothing."""
    plain, waited = filled(60), filled(60)
    for number in (18_060, 18_061):
        one = bucket(number, 700.0)
        plain.learn(one, -50.0, KEPT["day"])
        waited.set_aside(one, KEPT["day"])
        waited.wait(one, 750.0)
    assert waited.recent(None, 1) != plain.recent(None, 1)
    assert waited.residuals() != plain.residuals()
    waited.take_back()
    assert waited == plain


def test_a_stretch_without_an_end_is_learned() -> None:
    """No more than four weeks of days wait."""
    series = filled(60)
    for number in range(18_060, 18_060 + WAITING + 1):
        series.set_aside(bucket(number, 700.0), KEPT["day"])
        series.wait(bucket(number, 700.0), 750.0)
    assert not series.waiting
    assert series.value(series.recent(None, 1)[0]) == 700.0


@given(STEPS, st.integers(0, 60))
def test_storing_changes_nothing(steps: list[tuple[int, float, bool, int]], cut: int) -> None:
    """A series that was stored and restored midway is that of one that was not, byte by byte."""
    plain, stored = Series(), Series()
    number = 18_000
    for i, (gap, value, learned, slot) in enumerate(steps):
        number += gap
        for series in (plain, stored):
            if learned:
                series.learn(bucket(number, value, slot), value, 20)
            else:
                series.set_aside(bucket(number, value, slot), 20)
        if i == cut:
            stored = msgspec.msgpack.decode(msgspec.msgpack.encode(stored), type=Series)
    assert msgspec.msgpack.encode(plain) == msgspec.msgpack.encode(stored)
    assert plain == stored


def test_an_episode_is_stored_with_its_series() -> None:
    """All that an open alert needs comes back."""
    series = filled(3)
    series.episode = Episode("id", 1, 2, "down", "warning", "open", 3, told=True, worst=0.25)
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(series), type=Series)
    assert again.episode == series.episode


def test_what_was_set_aside_is_not_recalled() -> None:
    """Neither the slot's recent values nor the last values at all hold it; its place does."""
    series = filled(14, 5.0)
    series.set_aside(bucket(18_014, 99.0), KEPT["day"])
    assert [series.value(at) for at in series.recent((18_014 + 3) % 7, 8)] == [5.0, 5.0]
    assert series.recent(None, 3) == [13, 12, 11]
    assert series.value(series.between(18_014, 18_014).start) == 99.0
    assert series.away(14) == 1
    assert series.away(13) == 0


def test_places_are_found_by_number_over_gaps() -> None:
    """Numbers are kept through gaps, and not guessed behind one too long to keep."""
    series = Series()
    for number in (100, 101, 110, 110 + LONG_GAP + 5, 400):
        series.learn(bucket(number, float(number)), None, 50)
    assert [series.value(i) for i in series.between(300, 500)] == [370.0, 400.0]
    assert not series.between(0, 200)
    assert not Series().between(0, 10)

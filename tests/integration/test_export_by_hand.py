"""``headwind export --openmetrics`` of values and alerts that were put into a store by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.samples import Sample

from models import tables
from models.metrics import STATE_NUMBER
from models.store import open_store
from tests.integration.made_store import Made
from tests.integration.samples import FIGURES, days, read, shown
from tests.integration.synthetic_store import put
from tests.unit.events_made import BEGIN, DAY, HOUR


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Values and alerts that were put into a store one by one."""
    made = Made(tmp_path_factory.mktemp("hand"), "")
    database = open_store(str(made.store))
    with database.begin() as connection:
        put(connection, tables.value, [*_figures()])
        put(connection, tables.alert, [*_alerts()])
        heard = {"agency": "a", "source": "s", "type": "t", "accepted": 1}
        times = {"first_time": BEGIN, "last_time": BEGIN + 30 * DAY - HOUR, "last_received": BEGIN}
        put(connection, tables.source, [heard | times])
        put(connection, tables.source, [heard | times | {"agency": "never", "accepted": 0}])
    database.dispose()
    return made


def _figures() -> Iterator[dict[str, Any]]:
    """By the day since the beginning: rhythm, day, value, and what else is so."""
    for rhythm, day, value, more in (
        ("month", 1, 7.0, {}),
        ("week", 1, 1.0, {"low": 0.5, "high": 1.5}),
        ("week", 8, 2.5, {"status": "low_n"}),
        ("week", 15, None, {"status": "undefined"}),
        ("day", 2, 3.0, {"service": "x"}),
        ("day", 3, 4.0, {"service": "x"}),
        ("day", 9, 5.0, {"service": "x"}),
        ("day", 10, 9.0, {"service": "x", "latest": False}),
        ("day", 10, 9.0, {"service": "x", "unit": "u"}),
        ("day", 10, 9.0, {"service": "x", "stratum": "s"}),
        ("day", 10, 9.0, {"service": "x", "span": "bucket"}),
    ):
        row = {"indicator": "demand", "agency": "a", "span": "window", "status": "ok"}
        told = {"rhythm": rhythm, "window_end": BEGIN + day * DAY, "value": value, "latest": True}
        yield row | told | more


def _alerts() -> Iterator[dict[str, Any]]:
    """By the day: opened, closed, and what it is."""
    for number, (name, severity, state, opened, closed) in enumerate(
        (
            ("Demand off", "warning", "closed", 2, 6),
            ("Demand off", "critical", "closed", 4, 5),
            ("Demand off", "critical", "inhibited", 8, None),
            ("SourceStale", "warning", "open", 20, None),
            ("Demand off", "warning", "old", 10, 11),
        )
    ):
        row = {"id": str(number), "agency": "a", "alertname": name, "severity": severity}
        times = {"opened": BEGIN + opened * DAY, "closed": closed and BEGIN + closed * DAY}
        indicator = "" if name == "SourceStale" else "demand"
        held = {"state": state, "latest": state != "old", "indicator": indicator}
        yield row | times | held


@pytest.fixture
def hand_written(by_hand: Made) -> dict[str, list[Sample]]:
    """Their history."""
    by_hand.said("export", "--openmetrics", "history.txt", code=0)
    return read((by_hand.folder / "history.txt").read_text(encoding="utf-8"))


def test_how_long_a_value_holds(hand_written: dict[str, list[Sample]]) -> None:
    """Until the next; the last for two of its steps, one before a hole too; without one it ends.

    Of rhythms there is that which reaches furthest; parts, buckets and old revisions are not there.
    """
    total, service = ("a", "demand", ""), ("a", "demand", "x")
    shows = {name: hand_written[name] for name in FIGURES}
    assert days(shown(shows["headwind_indicator"], *total)) == [(1, 1), (8, 2.5), (15, -1)]
    assert days(shown(shows["headwind_indicator_low"], *total)) == [(1, 0.5), (8, -1)]
    assert days(shown(shows["headwind_indicator_high"], *total)) == [(1, 1.5), (8, -1)]
    status = [(1, 0), (8, 1), (15, 4), (29, -1)]
    assert days(shown(shows["headwind_indicator_status"], *total)) == status
    values = [(2, 3), (3, 4), (5, -1), (9, 5), (11, -1)]
    assert days(shown(shows["headwind_indicator"], *service)) == values
    keys = {tuple(sample.labels.values()) for samples in shows.values() for sample in samples}
    assert keys == {total, service}


def test_states_and_alerts_over_time(hand_written: dict[str, list[Sample]]) -> None:
    """The gravest open alert; inhibited ones and old transitions count nowhere; an end is an end."""
    state = shown(hand_written["headwind_agency_state"], "a")
    numbers = [STATE_NUMBER[name] for name in ("steady", "watch", "strained", "watch", "steady")]
    unknown = STATE_NUMBER["unknown"]
    expected = [*zip((0, 2, 4, 5, 6), numbers, strict=True), (20, unknown), (30, -1)]
    assert days(state) == expected
    count = {
        severity: days(shown(hand_written["headwind_alerts_open"], "a", severity))
        for severity in ("critical", "warning", "info")
    }
    assert count["critical"] == [(0, 0), (4, 1), (5, 0), (30, -1)]
    assert count["warning"] == [(0, 0), (2, 1), (6, 0), (20, 1), (30, -1)]
    assert count["info"] == [(0, 0), (30, -1)]
    alert = hand_written["headwind_alert_state"]
    demand, stale = ("a", "demand", "Demand off"), ("a", "", "SourceStale")
    assert days(shown(alert, *demand)) == [(2, 1), (6, 0), (30, -1)]
    assert days(shown(alert, *stale)) == [(20, 1), (30, -1)]
    agencies = {one.labels["agency"] for some in hand_written.values() for one in some}
    assert agencies == {"a"}


def test_groups_are_those_of_the_settings(by_hand: Made) -> None:
    """Whether or not anybody ever served them."""
    config = by_hand.folder / "coast.toml"
    config.write_text("[agencies.a]\ngroup = 'coast'\n", encoding="utf-8")
    for named, group in ((("--config", str(config)), "coast"), ((), "all")):
        by_hand.said("export", "--openmetrics", "groups.txt", *named, code=0)
        samples = read((by_hand.folder / "groups.txt").read_text(encoding="utf-8"))
        found = {tuple(one.labels.values()) for one in samples["headwind_agency_group"]}
        assert found == {("a", group, f"group:{group}"), ("a", "(all)", "group:(all)")}


def test_a_change_between_whole_steps_stands_at_its_own_moment(by_hand: Made) -> None:
    """And at the whole steps before and after; it is no sample too many where it is on one."""
    by_hand.said("export", "--openmetrics", "daily.txt", "--step", "P1D", code=0)
    samples = read((by_hand.folder / "daily.txt").read_text(encoding="utf-8"))
    told = shown(samples["headwind_indicator"], "a", "demand", "")
    assert [*told] == [(BEGIN + day * DAY) // 1000 for day in range(1, 15)]
    since = ("--since", "2020-03-02T07:00")
    by_hand.said("export", "--openmetrics", "daily.txt", "--step", "P1D", *since, code=0)
    samples = read((by_hand.folder / "daily.txt").read_text(encoding="utf-8"))
    told = shown(samples["headwind_indicator"], "a", "demand", "")
    first = BEGIN + DAY + 7 * HOUR
    days_after = [BEGIN + day * DAY for day in range(2, 15)]
    assert [*told] == [ms // 1000 for ms in (first, *days_after)]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((), "say what to write: --openmetrics FILE"),
        (("--openmetrics", "x", "--out", "y", "--agency", "a"), "say what to write"),
        (("--openmetrics", "x", "--step", "PT7M"), "must go into a day without a rest"),
        (("--openmetrics", "x", "--step", "PT1S"), "must go into a day without a rest"),
        (("--openmetrics", "x", "--step", "P2D"), "must go into a day without a rest"),
        (("--openmetrics", "x", "--step", "1h"), "is no duration"),
        (("--openmetrics", "x", "--until", "9999-01-01"), "lies in the future"),
        (("--openmetrics", "x", "--since", "2020-02-02", "--until", "2020-02-02"), "later than"),
        (("--openmetrics", "x", "--agency", "b"), "known: a"),
        (("--openmetrics", "x", "--since", "yesterday"), "is no date or moment"),
    ],
)
def test_wrong_use_is_told(by_hand: Made, options: tuple[str, ...], sentence: str) -> None:
    """In a sentence, and nothing is written."""
    assert sentence in by_hand.said("export", *options, code=2)
    assert not [*by_hand.folder.glob("x*")]


def test_nothing_to_write(by_hand: Made, tmp_path: Path) -> None:
    """An empty store, and a time in which nothing was: said, and no file."""
    made = Made(tmp_path, "")
    open_store(str(made.store)).dispose()
    for one, options in ((made, ()), (by_hand, ("--until", "2019-01-01"))):
        said = one.said("export", "--openmetrics", "x", *options, code=1)
        assert said == "There is no value and no alert to write."
        assert not [*one.folder.glob("x*")]


def test_a_file_that_cannot_be_written(by_hand: Made) -> None:
    """Told with its name; a full disk leaves nothing, and what was there before stays."""
    said = by_hand.said("export", "--openmetrics", "nowhere/x", code=1)
    assert said == "nowhere/x cannot be written (No such file or directory); name another file."
    said = by_hand.said("export", "--openmetrics", "/dev/full", code=1)
    assert said == "/dev/full cannot be written (No space left on device); name another file."
    assert Path("/dev/full").is_char_device()

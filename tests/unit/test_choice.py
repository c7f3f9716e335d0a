"""Who looks at an indicator: what the settings may choose, and what they are told otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deploy.options import checked_settings
from models.settings import Settings, SettingsError
from streams.catalogue import catalogue
from streams.detection import (
    DETECTORS,
    choice_faults,
    chosen,
    disarmed,
    objective,
    watchers,
)
from tests.unit.watched import Watched, stub


def faults(**told: Any) -> list[str]:
    """What is wrong with these settings, a line each."""
    return [str(one) for one in choice_faults(Settings.of(told), catalogue())]


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_what_an_indicator_names_itself_is_possible(name: str) -> None:
    """No indicator names a detector that is not meant for what it counts."""
    one = catalogue()[name]
    if not one.detect:
        return
    coarse = [each for each in one.detectors if DETECTORS[each].rhythms == ("hour",)]
    mine = [each for each in one.detectors if each not in coarse or one.step == "hour"]
    assert mine
    assert not faults(detectors={name: mine})


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (
            {"detectors": {"demnd": ["cusum"]}},
            "[detectors] demnd: is no indicator; did you mean de",
        ),
        (
            {"detectors": {"demand": ["cusums"]}},
            "[detectors] demand: names a detector that is not known; did you mean cusum?",
        ),
        (
            {"detectors": {"incidents": ["seasonal_z"]}},
            (
                "[detectors] incidents: cannot be watched by seasonal_z: that one looks at count and "
                'share and level, not at rare; write a list of "g_chart"'
            ),
        ),
        (
            {"detectors": {"demand": ["novelty"]}},
            "cannot be watched by novelty: that one looks at hour, and a day is its finest; ",
        ),
        (
            {"detectors": {"within_standard": ["burn_rate"]}},
            "that one looks at hour and day, and a week is its finest; ",
        ),
        (
            {"detectors": {"ageing_work": ["cusum"]}},
            "its values overlap in time, and nothing looks at them; take it out",
        ),
        ({"objectives": {"remote_availibility": 0.9}}, "did you mean remote_availability?"),
        ({"objectives": {"completion": 0.9}}, "[objectives] completion: has no objective; "),
    ],
)
def test_what_cannot_be_is_told(told: dict[str, Any], words: str) -> None:
    """Where it stands, why not, and what to write instead."""
    (fault,) = faults(**told)
    assert words in fault


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    """In one error that names the file, as other settings are."""
    path = tmp_path / "headwind.toml"
    path.write_text('[detectors]\ndemand = ["cusom", "noveltie"]\nincidents = ["shift"]\n')
    with pytest.raises(SettingsError) as caught:
        checked_settings(path)
    assert [fault.where for fault in caught.value.faults] == [
        "[detectors] demand",
        "[detectors] demand",
        "[detectors] incidents",
    ]
    assert str(caught.value).startswith(f"{path}: [detectors] demand: ")
    path.write_text('[detectors]\ndemand = []\nincidents = ["g_chart"]\n')
    assert checked_settings(path).detectors["demand"] == ()


def test_the_settings_come_before_the_indicator() -> None:
    """Who looks, what it is to reach, and both in words."""
    one = catalogue()["remote_availability"]
    plain = Settings()
    other = Settings.of({"objectives": {one.id: 0.98}, "detectors": {"demand": ["cusum"]}})
    assert (objective(one, plain), objective(one, other)) == (0.995, 0.98)
    assert watchers(one, plain, "day") == "burn_rate; objective 99.50%"
    assert watchers(one, other, "hour") == "burn_rate; objective 98.00%"
    assert watchers(one, plain, "week") == ""
    demand = catalogue()["demand"]
    assert chosen(demand, other) == ("cusum",)
    assert watchers(demand, other, "day") == "cusum"
    assert "novelty" not in watchers(demand, plain, "day")
    assert watchers(catalogue()["ageing_work"], plain, "day") == ""
    assert watchers(catalogue()["decision_speed"], plain, "week") == "pace"
    assert watchers(demand, Settings.of({"detectors": {"demand": []}}), "day") == ""


def test_who_looks_depends_on_the_length_of_the_bucket() -> None:
    """A control chart does not look at days, whoever names it."""
    demand, told = catalogue()["demand"], Settings.of({"detectors": {"demand": ["xmr"]}})
    assert watchers(demand, told, "day") == ""
    assert watchers(demand, told, "week") == "xmr"


@pytest.mark.parametrize(
    ("name", "some", "rhythms"),
    [
        ("completion", ["xmr", "p_prime", "shift"], ["week", "month", "quarter"]),
        ("completion", ["xmr", "cusum"], []),
        ("completion", ["floor"], []),
        ("completion", [], ["week", "month", "quarter"]),
        ("demand", ["shift"], ["day", "week", "month", "quarter"]),
        ("remote_availability", ["burn_rate"], []),
        ("remote_availability", ["shift"], ["hour", "day"]),
    ],
)
def test_who_can_open_no_alert_is_known(name: str, some: list[str], rhythms: list[str]) -> None:
    """Charts and levels are annotations: an indicator with nothing else never has an alert."""
    one = catalogue()[name]
    assert disarmed(one, Settings.of({"detectors": {name: some}})) == rhythms
    assert disarmed(one, Settings()) == []


def test_those_who_can_open_none_open_none() -> None:
    """The settings of which it is said, for a year in which a share falls by half."""
    armed = [name for name in ("seasonal_z", "cusum") if not _opened(name)]
    assert not armed
    assert not [name for name in ("xmr", "p_prime", "shift") if _opened(name)]


def _opened(name: str) -> bool:
    watched = Watched(stub("up", "share", detectors=(name,)), "week")
    watched.feed_all([0.94, 0.95, 0.96] * 12 + [0.4] * 25)
    return bool(watched.alerts)

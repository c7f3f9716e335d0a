"""What shocks, gaps and alerts say of the real records: what is found, and where it is silent.

Measured over the six files, one line each (found, of how many, and what is missed):

===============================================  ==========================================
fact of the records                              what the product says of it
===============================================  ==========================================
GP appointments fall in spring 2020, 23 areas    an alert in all 23, a shock of demand in 21,
                                                 onset 2020-03 or 04; two were a quarter worse in
                                                 one month only, and a shock takes two
video consultations do not rise                  silent
workplaces empty in 2020-03, Germany, 17 units   a shock in 16, onset 2020-03-15 to 17; not in
                                                 Hamburg: two of the four weeks behind it were
                                                 school holidays, so half of its past is as low
a second time in winter                          an alert stands in all 17, a shock of its own in
                                                 15, onset 2020-12-13 to 28; in the Saarland it
                                                 belongs to spring's, which was not over, and in
                                                 Mecklenburg to November's empty weekends
carnival, single holidays                        silent
parking reports missing 2019-05-30 to 10-01      a gap, 05-29 to 10-03; no fall, no shock
"other" stops on 2019-03-29                      a gap from 03-30 on
snow, Boston                                     found in each winter; where snow follows on
                                                 snow it is one alert, dated at the first
GOV.UK frontend through 2020                     silent
calls to a city in spring 2020                   NOT found (see ``test_real_alerts``)
tax peaks, weekends, the long decline            silent; 7 alerts in 15 years on 4 series
===============================================  ==========================================
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.records import Records

UNITS, AREAS = 17, 23


def asked(records: Records, what: str) -> list[dict[str, Any]]:
    """The JSON of a command."""
    done = records.run(what, "--format", "json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def since(alert: dict[str, Any]) -> str:
    """The day on which an alert's stretch began, UTC."""
    return str(alert["evidence"]["since"])[:10]


def test_appointments_fall_in_spring_and_come_back(gp: Records) -> None:
    """An alert in every area, a shock in at least 20, a quarter to a half deep, back by autumn."""
    assert len({alert["agency"] for alert in asked(gp, "alerts")}) == AREAS
    shocks = asked(gp, "shocks")
    assert {shock["indicator"] for shock in shocks} == {"demand"}
    onsets = [shock["onset"][:10] for shock in shocks]
    assert min(onsets) >= "2020-02-29"
    assert max(onsets) <= "2020-04-01"
    assert len({shock["agency"] for shock in shocks}) == len(shocks) >= 20
    assert all(0.25 <= shock["depth"] <= 0.5 for shock in shocks)
    back = [shock for shock in shocks if shock["recovered"]]
    assert len(back) >= 17
    assert all("2020-07-01" < shock["recovered"] < "2020-10-02" for shock in back)


def test_how_practices_record_video_is_no_finding(gp: Records) -> None:
    """A share of half a per cent that halves is not worth an alert."""
    assert {alert["indicator"] for alert in asked(gp, "alerts")} == {"demand"}


def test_workplaces_empty_twice(mobility: Records) -> None:
    """In March within three days of the 18th, in all Länder but one; again in winter."""
    shocks = asked(mobility, "shocks")
    spring = {one["unit"] for one in shocks if "2020-03-14" <= one["onset"][:10] <= "2020-03-19"}
    winter = {one["unit"] for one in shocks if "2020-12-12" <= one["onset"][:10] <= "2021-01-04"}
    assert len(spring) >= 16
    assert {"DE", "DE-BW", "DE-MV", "DE-RP", "DE-SL", "DE-SN"} <= spring
    assert len(winter) >= 15
    assert len(shocks) <= 2 * UNITS
    alerts = asked(mobility, "alerts")
    january = [one for one in alerts if one["opened"] < "2021-01-08" < (one["closed"] or "9")]
    assert len({one["evidence"]["unit"] for one in january}) == UNITS
    deepest = next(one for one in shocks if one["unit"] == "DE" and one["unit"] in spring)
    assert deepest["depth"] > 0.4


def test_carnival_and_single_holidays_are_silent(mobility: Records) -> None:
    """Nothing is told of February 2020, and no alert begins on a public holiday."""
    days = [since(alert) for alert in asked(mobility, "alerts")]
    assert min(days) >= "2020-03-10"
    assert not {"2020-04-10", "2020-04-13", "2020-05-01", "2020-05-21"} & set(days)
    assert len(days) <= 2.5 * UNITS


def test_a_gap_is_no_fall(boston: Records) -> None:
    """Parking reports are missing from 30 May to 1 October 2019: a gap, to the day or two."""
    alerts = asked(boston, "alerts")
    gaps = [one for one in alerts if one["alertname"] == "EventsVanished"]
    (summer,) = [
        one
        for one in gaps
        if one["service"] == "illegal_parking"
        and since(one) >= "2019-05-01"
        and since(one) < "2019-09"
    ]
    assert "2019-05-28" <= since(summer) <= "2019-05-31"
    assert "2019-10-01" <= summer["closed"][:10] <= "2019-10-04"
    inside = [
        one
        for one in asked(boston, "shocks")
        if one["service"] == "illegal_parking" and "2019-05-20" < one["onset"] < "2019-10-01"
    ]
    assert inside == []


def test_a_service_that_stops_is_a_gap(boston: Records) -> None:
    """The service "other" has no requests after 2019-03-29; that is told, and stays open."""
    gaps = [one for one in asked(boston, "alerts") if one["alertname"] == "EventsVanished"]
    (gone,) = [one for one in gaps if one["service"] == "other"]
    assert "2019-03-29" <= since(gone) <= "2019-03-31"
    assert gone["closed"] is None


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2015-01-25", "2015-03-10"),
        ("2017-02-10", "2017-02-18"),
        ("2017-03-15", "2017-03-18"),
        ("2018-01-02", "2018-01-11"),
        ("2019-01-22", "2019-01-23"),
        ("2019-12-18", "2019-12-21"),
    ],
)
def test_snow_is_told(boston: Records, first: str, last: str) -> None:
    """In every one of the great falls of snow an alert on sidewalks is open, upwards."""
    mine = [one for one in asked(boston, "alerts") if one["service"] == "sidewalk_not_shoveled"]
    assert any(since(one) <= last and (one["closed"] or "9")[:10] >= first for one in mine)


def test_delivery_does_not_fall(govuk: Records) -> None:
    """COVID is no fall here, nor is Christmas: no shock and no alert in fifteen years."""
    assert asked(govuk, "shocks") == []
    assert asked(govuk, "alerts") == []


def test_a_call_centre_is_quiet(vancouver: Records) -> None:
    """At most one alert a year and series: weekends, tax peaks and the decline are silent."""
    alerts = asked(vancouver, "alerts")
    assert len(alerts) <= 15
    assert [
        one for one in alerts if one["indicator"] == "demand" and since(one)[5:7] in ("06", "07")
    ] == []


def test_permits_are_quiet(permits: Records) -> None:
    """Sixteen months of permits raise at most two alerts in each way of cutting days."""
    assert len(asked(permits, "alerts")) <= 4

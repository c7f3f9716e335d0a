"""The band of what was expected behind a line, and the words where nothing was yet."""

from __future__ import annotations

import json
from typing import Any

from dashboards import chart
from dashboards.drawing import Context
from dashboards.panel import Scope
from dashboards.usual import in_words, unwatched_yet, usual_rows
from dashboards.words import Clock

DAY = 86_400_000


def context(days: int) -> Context:
    """Somebody who looks at so many days."""
    scope = Scope(since=0, until=days * DAY)
    return Context(scope, {}, {}, ["parks"], Clock("UTC"), {}, 0)


def values(days: int) -> list[dict[str, Any]]:
    """A line between 80 and 120."""
    return [
        {"rhythm": "day", "window_end": (at + 1) * DAY, "value": 100.0, "low": 80.0, "high": 120.0}
        for at in range(days)
    ]


def bucket(at: int, low: float | None = 90.0, high: float | None = 110.0, reason: str = "") -> Any:
    """What was expected of a day."""
    middle = None if reason.endswith("known") or reason == "public holiday" else 100.0
    return {
        "rhythm": "day",
        "bucket_end": (at + 1) * DAY,
        "expected": middle,
        "low": None if middle is None else low,
        "high": None if middle is None else high,
        "reason": reason,
    }


def test_a_band_goes_over_a_holiday_and_stops_at_a_hole() -> None:
    """One missing day is bridged, ten are not."""
    rows = [bucket(0), bucket(1), bucket(2, reason="public holiday"), bucket(3), bucket(14)]
    band = usual_rows(rows, values(20), context(20))["usual"]
    assert [(one["t"] // DAY, one["run"]) for one in band] == [(1, 0), (2, 0), (4, 0), (15, 1)]


def test_a_band_does_not_stretch_the_scale() -> None:
    """What lies far beyond the line is cut a little outside it, as is an open end."""
    rows = [bucket(0, 0.0, 900.0), bucket(1, 95.0, None), bucket(2, 500.0, 900.0)]
    band = usual_rows(rows, values(20), context(20))["usual"]
    assert [(one["lo"], one["hi"]) for one in band] == [
        (74.0, 126.0),
        (95.0, 126.0),
        (126.0, 126.0),
    ]


def test_many_buckets_share_their_widest_bounds() -> None:
    """No bound is drawn narrower than it was."""
    rows = [bucket(at, 90.0 - at % 7, 110.0 + at % 5) for at in range(900)]
    band = usual_rows(rows, values(900), context(900))["usual"]
    assert len(band) == 300
    assert all(one["lo"] <= 88.0 and one["hi"] >= 111.0 for one in band)
    assert band[0] == {"t": 3 * DAY, "lo": 88.0, "hi": 112.0, "run": 0}


def test_the_warm_up_says_until_when() -> None:
    """A block over the early days, whose word is the day from which they are watched."""
    early = [bucket(at, reason=f"{at + 1} of 28 days known") for at in range(28)]
    (block,) = usual_rows([*early, bucket(28)], values(60), context(60))["unwatched"]
    assert (block["t"], block["t2"], block["side"]) == (DAY, 28 * DAY, "right")
    assert block["word"].replace("\xa0", " ") == "not watched until 29 Jan 1970"
    assert unwatched_yet([*early, bucket(28)], "day") == ""


def test_a_warm_up_that_lasts_says_how_far_it_is() -> None:
    """Nobody knows the day yet."""
    early = [bucket(at, reason=f"{at + 1} of 28 days known") for at in range(9)]
    (block,) = usual_rows(early, values(9), context(9))["unwatched"]
    assert block["word"] == unwatched_yet(early, "day") == "not watched yet: 9 of 28 days"
    assert unwatched_yet(early, "week") == ""


def test_another_rhythm_is_not_drawn() -> None:
    """Days behind days, weeks behind weeks."""
    rows = [bucket(0) | {"rhythm": "week"}]
    assert usual_rows(rows, values(9), context(9)) == {"usual": [], "unwatched": []}


def test_words_stand_with_each_value() -> None:
    """The middle with its interval, an open end as such, or the reason."""
    rows = [bucket(0), bucket(1, high=None), bucket(2, reason="public holiday")]
    said = [one.replace("\xa0", " ") for one in in_words(rows, "day", "cases").values()]
    assert said[0].startswith("100 cases (90")
    assert said[1] == "100 cases (not below 90 cases)"
    assert said[2] == "public holiday"


def test_the_band_lies_behind_the_line_and_words_need_room() -> None:
    """It is drawn before the line's own interval; a low row has no room for words."""
    tall, low = (json.dumps(chart.line("cases", height)) for height in (236, 46))
    assert tall.index('"usual-edge"') < tall.index('"band"')
    assert '"unwatched"' in low
    assert (tall.count('"gap-word"'), low.count('"gap-word"')) == (3, 0)

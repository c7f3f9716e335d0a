"""Scales: ratings given in another way are a break, told once, however the log was cut."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import polars as pl
import pytest

from models.mark import Mark
from streams.scale import Rated, Scales
from tests.unit.engine_run import assert_same, cut, singly, whole
from tests.unit.events_made import BEGIN, DAY, Made, iso, line, records

_BEAT = "headwind.context.source.heartbeat.v1"
_RATED = "headwind.project.project.rated.v1"


def seen(told: Iterable[tuple[str, str, str]]) -> list[Mark]:
    """The marks of ratings (project, scale, rating), one a day."""
    scales = Scales("parks")
    return [
        mark
        for day, one in enumerate(told)
        for mark in scales.see(Rated(*one, at=BEGIN + day * DAY))
    ]


def on(scale: str, many: int, ratings: str = "rag", seed: int = 1) -> list[tuple[str, str, str]]:
    """So many ratings by chance, each of another project."""
    random = Random(f"{scale} {many} {seed}")
    return [(f"{scale}-{seed}-{n}", scale, random.choice(ratings)) for n in range(many)]


def test_another_scale_is_a_break_from_its_first_rating() -> None:
    """Named by both; a stray rating or two on another one is none."""
    (mark,) = seen([*on("five steps", 15), *on("three steps", 15)])
    assert (mark.kind, mark.label) == ("scale", "scale three steps after five steps")
    assert mark.start == BEGIN + 15 * DAY
    assert not seen([*on("five", 15), *on("three", 2), *on("five", 15)])


def test_two_scales_side_by_side_are_no_break() -> None:
    """Projects on one, programmes on the other, in turns of any length."""
    both = [*on("projects", 2), *on("programmes", 2), *on("projects", 2, seed=2)]
    turns = [
        one
        for seed in range(9)
        for one in (*on("projects", 5, seed=seed + 5), *on("programmes", 5, seed=seed + 5))
    ]
    assert not seen([*both, *turns])


def test_steps_that_vanish_are_a_break() -> None:
    """Five steps become three under the same name."""
    (mark,) = seen([*on("confidence", 100, "ABCDE"), *on("confidence", 60, "ACE", seed=2)])
    assert mark.evidence["gone"] == ["B", "D"]
    assert mark.start <= BEGIN + 101 * DAY


def test_steps_that_come_are_a_break() -> None:
    """Three become five."""
    marks = seen([*on("confidence", 100, "ACE"), *on("confidence", 60, "ABCDE", seed=2)])
    assert set(marks[0].evidence["new"]) <= {"B", "D"}
    assert len(marks) == 1


def test_what_is_said_again_counts_once() -> None:
    """One red project, rated red each month for years, and then over: red is still a step."""
    red = [("old", "confidence", "red")] * 40
    told = [*red, *on("confidence", 40, "ag"), *red[:1], *on("confidence", 200, "ag", seed=3)]
    assert not seen(told[:-150])


def test_chance_alone_is_as_rare_as_said() -> None:
    """Of 60,000 ratings on steps that do not change, fewer than one in a thousand is a break."""
    marks = 0
    for seed in range(60):
        random = Random(seed)
        weights = [random.random() for _ in range(5)]
        steps = random.choices("ABCDE", weights, k=1000)
        marks += len(seen((str(n), "x", step) for n, step in enumerate(steps)))
    assert marks < 60


@pytest.fixture(scope="module")
def gmpp(data_dir: object) -> list[Made]:
    """The major projects of the British government as one agency, rated once a year."""
    path = next(iter(data_dir.glob("*/uk_gmpp_snapshots.csv.gz")))  # type: ignore[attr-defined]
    rows = pl.read_csv(path).filter(pl.col("delivery_confidence").is_not_null())
    rows = rows.sort("snapshot_date", "department", "project")
    made = []
    for n, row in enumerate(rows.iter_rows(named=True)):
        day = f"{row['snapshot_date']}T00:00:00+00:00"
        at = int(pl.Series([day]).str.to_datetime(time_zone="UTC").dt.timestamp("ms")[0])
        data = {"project": f"{row['department']}-{row['project']}"[:100]}
        data |= {"scale": "delivery confidence", "rating": row["delivery_confidence"]}
        made.append(Made(at, "parks", "gmpp", at, line(_RATED, f"e{n}", "gmpp", at, **data)))
    end = line(_BEAT, "end", "gmpp", at + 9 * DAY, complete_to=iso(at + 9 * DAY))
    return [*made, Made(at + 9 * DAY, "parks", "gmpp", at + 9 * DAY, end)]


def test_five_steps_became_three_in_2022(gmpp: list[Made]) -> None:
    """One break, on the snapshot of 2022-03-31, no alert, no shock; cut and restarted at will."""
    told = records(gmpp)
    one = whole(told)
    (mark,) = one.marks
    assert (mark.kind, mark.start) == ("scale", 1_648_684_800_000)
    assert {"amber_green", "amber_red"} <= set(mark.evidence["gone"])
    assert not one.alerts
    assert_same(one, singly(told))
    assert_same(one, cut(told, Random(1), restart=0.2))

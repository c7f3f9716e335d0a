"""What the board says of both sides of a service, of whole organisations and of crises."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dashboards.case import sides, worst
from dashboards.drawing import Row
from dashboards.kinds import crises, wholes
from dashboards.kinds import sides as two
from tests.unit.test_shock_board import BEGIN, CONTEXT, DAY, PANEL, case, course


def beside(**courses: tuple[str, float]) -> list[dict[str, Any]]:
    """What stands beside a case, by series."""
    return [
        {"series": name, "rhythm": "day", "course": word, "level": level}
        for name, (word, level) in courses.items()
    ]


def said(kind: str, run: float, direction: str = "down", **courses: tuple[str, float]) -> str:
    """The sentence of a case."""
    evidence = {"worst_run": run, "beside": beside(**courses)}
    row = case(kind=kind, direction=direction, evidence=evidence)
    return sides(row, lambda name: name.replace("_", " ").capitalize()).replace("\u00a0", " ")


def test_demand_that_falls_while_service_holds_is_no_failure() -> None:
    """The sentence says so; what held is named, and how far it was better or worse."""
    told = said("demand", 0.68, within_standard=("rose", 1.14), completion=("held", 0.98))
    assert told == (
        "Demand fell by 32 %, service held (within standard 14 % better, completion as expected); "
        "no failure of the service."
    )


@pytest.mark.parametrize(
    ("kind", "run", "direction", "courses", "told"),
    [
        (
            "demand",
            0.68,
            "down",
            {"within_standard": ("fell", 0.6), "completion": ("held", 1.0)},
            "Demand fell by 32 %, service got worse: within standard by 40 %.",
        ),
        (
            "demand",
            0.4,
            "up",
            {"within_standard": ("held", 0.8)},
            (
                "Demand rose to 2.5 times, service held (within standard at worst 20 % below, "
                "as it often is); no failure of the service."
            ),
        ),
        (
            "service",
            0.55,
            "down",
            {"demand": ("held", 0.97)},
            "Demand held, service got worse by 45 % (within standard).",
        ),
        (
            "service",
            0.55,
            "down",
            {"demand": ("rose", 1.8)},
            "Demand rose by 80 %, service got worse by 45 % (within standard).",
        ),
        (
            "service",
            0.55,
            "down",
            {"demand": ("fell", 0.7)},
            "Demand fell by 30 %, service got worse by 45 % (within standard).",
        ),
        ("remote", 0.55, "down", {}, ""),
    ],
)
def test_each_side_is_said(
    kind: str, run: float, direction: str, courses: dict[str, tuple[str, float]], told: str
) -> None:
    """Demand comes first, whichever of them has the case."""
    assert said(kind, run, direction, **courses) == told


def test_what_is_not_known_is_not_said_to_have_held() -> None:
    """Neither without a curve nor with one that is too short."""
    assert "how the service did is not known" in said("demand", 0.68)
    assert "held" not in said("demand", 0.68, within_standard=("", 1.0))
    assert "how demand went is not known" in said("service", 0.5).lower()


@pytest.mark.parametrize(
    ("depth", "direction", "quantity", "told"),
    [
        (0.4, "down", "count", "40 % below what was expected"),
        (0.2, "up", "count", "25 % above what was expected"),
        (0.75, "up", "count", "4.0 times what was expected"),
        (1.0, "up", "count", "far above next to nothing that was expected"),
        (0.5, "down", "level", "50 points below what was expected"),
    ],
)
def test_how_far_it_was_off(depth: float, direction: str, quantity: str, told: str) -> None:
    """Upwards Q is expected / actual: a depth of three quarters is four times as much."""
    row = case(depth=depth, direction=direction, evidence={"quantity": quantity})
    assert worst(row).replace("\u00a0", " ") == told


def test_both_curves_are_drawn_on_the_same_days() -> None:
    """A line of its own kind each; a week that holds the onset begins at day 0."""
    one = course("a", 0.5, 0.6, 1.0, kind="service", recovered=BEGIN + 2 * DAY)
    file = {
        **one.case,
        "evidence": json.dumps({"worst_run": 0.5, "beside": beside(demand=("held", 1.0))}),
    }
    points: list[Row] = [
        {"shock": "a", "series": "demand", "start": BEGIN - DAY, "end": BEGIN + 6 * DAY, "q": 1.0}
    ]
    answers: dict[str, list[Row]] = {"": [file], "curves": [*one.points], "besides": points}
    drawn = two.draw(PANEL, answers, CONTEXT)
    (figure,) = drawn.figures
    assert [(row["side"], row["d"]) for row in figure.data["points"]] == [
        (0, 0.0),
        (0, 1.0),
        (0, 2.0),
        (1, 0.0),
    ]
    assert figure.data["backs"][0]["d"] == 2.0
    assert "swatch side-0" in drawn.html
    assert "swatch side-1" in drawn.html
    assert two.draw(PANEL, {**answers, "besides": []}, CONTEXT).figures == []


def _whole(**held: Any) -> dict[str, list[Any]]:
    """Three services that fell together, their file, and all curves."""
    members = [
        {
            "case": name,
            "indicator": "within_standard",
            "unit": "",
            "service": name,
            "weight": weight,
            "onset": BEGIN,
            "recovered": back and BEGIN + back * DAY,
            "state": "restored" if back else "recovering",
        }
        for name, weight, back in (("quick", 0.5, 3), ("slow", 0.3, 30), ("still", 0.2, None))
    ]
    evidence = {
        "of": "service",
        "weighted_by": "volume",
        "recovered_weight": 0.8,
        "members": members,
    }
    whole = course("w", 0.5, 0.6, kind="organisation", service="", evidence=evidence, **held)
    parts = [course(str(one["service"]), 0.4, 0.6) for one in members]
    points = [point for one in [whole, *parts] for point in one.points]
    spread = [
        {"shock": "w", "series": name, "start": BEGIN, "end": BEGIN + DAY, "q": q}
        for name, q in (("p10", 0.3), ("p90", 0.7))
    ]
    rows = {"": [whole.case], "cases": [one.case for one in parts], "curves": points}
    return {**rows, "besides": spread}


def test_a_whole_names_its_slowest_and_has_its_fan() -> None:
    """The mean with P10 and P90, its services as thin lines; who is not back says since when."""
    answers = _whole(state="recovering", recovered=None, updated=BEGIN + 40 * DAY)
    drawn = wholes.draw(PANEL, answers, CONTEXT)
    (figure,) = drawn.figures
    first, second = figure.data["fan"]
    assert (first["lo"], first["mid"], first["hi"]) == (0.3, 0.5, 0.7)
    assert second["span"] == "\u2014"
    assert {row["line"] for row in figure.data["points"]} == {"quick", "slow", "still"}
    html = drawn.html.replace("\u00a0", " ")
    assert "Slowest: still (not back after 40 days), slow (30 days) and quick (3 days)." in html
    assert "not back after 40 days, 80 % of the weight is back." in html
    assert "mean, weighted by volume" in html


def test_the_dot_of_a_whole_is_where_it_is_back() -> None:
    """On its mean."""
    answers = _whole(recovered=BEGIN + DAY)
    (figure,) = wholes.draw(PANEL, answers, CONTEXT).figures
    assert [(dot["d"], dot["q"]) for dot in figure.data["backs"]] == [(1.0, 0.6)]


def _crisis(state: str, **held: Any) -> dict[str, Any]:
    evidence = {
        "crisis": "flood",
        "required_level": 0.8,
        "ended": None,
        "declared_again": [],
        "closed_before_it_began": None,
        "answered": None,
        "adapted": {"50": None, "80": None, "95": None},
        "cases": [],
        "overlaps": [],
    } | held
    row = case(kind="crisis", state=state, service="", adapted=None, declared="flood-1")
    return {**row, "evidence": json.dumps(evidence)}


def test_a_crisis_is_a_row_whatever_showed() -> None:
    """State with its icon and meaning; what has not come is a dash with its reason."""
    rows: list[Row] = [
        _crisis("unshown"),
        _crisis(
            "showing",
            answered=BEGIN + DAY,
            cases=["a", "b"],
            adapted={"50": BEGIN, "80": None, "95": None},
        ),
        _crisis(
            "undeclared", required_level=None, declared_again=[BEGIN], closed_before_it_began=BEGIN
        ),
    ]
    html = crises.draw(PANEL, {"": rows}, CONTEXT).html.replace("\u00a0", " ")
    assert html.index("icon showing") < html.index("icon unshown")
    for part in (
        "no case in the 90 days after it began",
        "closed, never declared",
        "1 day",
        "not reached, 50 % 0 days",
        "nothing required",
        "is no end",
        "none told",
        ">2<",
    ):
        assert part in html, part

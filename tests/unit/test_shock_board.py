"""What the board of shocks draws: groups, fans, curves, sentences, breaks; no store needed."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from sqlalchemy import create_engine, insert

from dashboards import course_chart, words
from dashboards.breaks import breaks_of
from dashboards.case import told
from dashboards.chart import LANES
from dashboards.drawing import Context, Row
from dashboards.fan import Course, fan, together
from dashboards.kinds import cases, curves, recoveries
from dashboards.panel import Panel, Scope
from dashboards.shock_questions import cases as question
from dashboards.shock_questions import files
from deploy import casefile
from models.tables import metadata, shock

DAY = 86_400_000
BEGIN = 20_000 * DAY
CONTEXT = Context(
    Scope(since=BEGIN, until=BEGIN + 100 * DAY), {}, {}, [], words.Clock("UTC"), {}, 0
)
PANEL = Panel(
    id="p", kind="cases", title="Case files now", description="", unit="", question=question
)


def case(name: str = "a", day: int = 0, **held: Any) -> dict[str, Any]:
    """A case file that begins on that day and is back on its tenth."""
    onset = BEGIN + day * DAY
    evidence = {"gain": None, "answered": None} | held.pop("evidence", {})
    common = {
        "id": name,
        "agency": "parks",
        "indicator": "within_standard",
        "unit": "",
        "service": name,
        "stratum": "",
        "kind": "service",
        "direction": "down",
        "state": "restored",
        "onset": onset,
        "depth": 0.4,
        "absorbed": onset + 2 * DAY,
        "adapted": onset + 8 * DAY,
        "recovered": onset + 10 * DAY,
        "loss_service_days": 3.21,
        "declared": "",
        "updated": onset + 100 * DAY,
    }
    row = common | held | {"evidence": json.dumps(evidence)}
    return row | {"seen": row["updated"]}


def course(name: str, *q: float, day: int = 0, step: int = 1, **held: Any) -> Course:
    """A case with a curve, one bucket of ``step`` days after the other."""
    file = case(name, day, **held)
    starts = [file["onset"] + at * step * DAY for at in range(len(q))]
    points = [
        {"shock": name, "start": start, "end": start + step * DAY, "q": level}
        for start, level in zip(starts, q, strict=True)
    ]
    return Course(file, points)


def names(groups: list[list[Course]]) -> list[str]:
    """The cases of each group, as one word."""
    return ["".join(one.case["id"] for one in group) for group in groups]


# --- groups and fans --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "found"),
    [
        ((0, 3, 6, 9, 14), ["abcde"]),
        ((0, 3, 6, 9, 15), ["abcde"]),
        ((15, 0, 3, 6, 9, 14), ["bcdef", "a"]),
        ((0, 3, 6, 9, 14, 15), ["abcde", "f"]),
        ((0, 20, 21, 22, 23, 24), ["bcdef", "a"]),
        ((0, 1, 2, 3, 4, 90, 91, 92, 93, 94), ["fghij", "abcde"]),
        ((0, 40), ["ab"]),
        ((), []),
    ],
)
def test_cases_that_began_together(days: tuple[int, ...], found: list[str]) -> None:
    """Five within 14 days share a chart, the newest first; all others share the last one."""
    courses = [course("abcdefghij"[at], 0.5, day=day) for at, day in enumerate(days)]
    assert names(together(courses)) == found


def test_a_fan_is_by_day_since_each_onset() -> None:
    """P10, median and P90 of what stands on each day; a weekly bucket stands for its week."""
    courses = [
        course(name, q, q, day=at)
        for at, (name, q) in enumerate(zip("abcd", (0.1, 0.2, 0.3, 0.4), strict=True))
    ]
    courses.append(course("w", 0.5, 1.0, step=7))
    spread = fan(courses)
    assert [one.day for one in spread] == [0, 1]
    assert {one.cases for one in spread} == {5}
    assert spread[1].middle == pytest.approx(0.3)
    assert [spread[1].low, spread[1].high] == pytest.approx([0.14, 0.46])


def test_other_shocks_have_no_fan() -> None:
    """Five cases over 14 days apart are never put together, though they share a course_chart."""
    courses = [
        course(name, 0.5, 0.6, day=day) for name, day in zip("abcde", (0, 3, 6, 9, 15), strict=True)
    ]
    assert fan(courses) == []
    assert fan([*courses[:4], course("e", 0.5, 0.6, day=14)])


def test_four_services_have_no_fan() -> None:
    """Demand does not make up the number: it is context."""
    courses = [course(name, 0.5, 0.6) for name in "abcd"]
    assert fan([*courses, course("e", 0.1, 0.1, kind="demand")]) == []
    assert len(fan([*courses, course("e", 0.1, 0.1)])) == 2


def test_a_fan_ends_with_its_fifth_curve() -> None:
    """Where fewer than five curves reach there is no spread to show."""
    courses = [
        course(name, *[0.5] * length) for name, length in zip("abcde", (3, 9, 9, 9, 9), strict=True)
    ]
    assert [one.day for one in fan(courses)] == [0, 1, 2]


# --- curves -----------------------------------------------------------------------------------


def test_each_case_is_a_line_of_its_own() -> None:
    """No point is of two cases; the median is a line beside them and says what it is."""
    courses = [course(name, 0.5, 0.7, 2.4) for name in "abcde"]
    data = curves.data_of(courses, CONTEXT, 100)
    by_line: dict[str, list[float]] = {}
    for point in data["points"]:
        by_line.setdefault(point["line"], []).append(point["q"])
    assert by_line == {name: [0.5, 0.7, course_chart.MOST_Q] for name in "abcde"}
    assert data["points"][2]["level"] == "2.40 (drawn at 1.5)"
    assert data["points"][2]["day"] == "day 2"
    assert [one["word"] for one in data["middle"]] == ["median of 5 cases"]


def test_the_dot_is_on_the_line_where_it_is_back() -> None:
    """At the bucket that begins with the recovery; none while there is no recovery."""
    known = course("a", 0.5, 0.9, 1.01, recovered=BEGIN + 2 * DAY)
    (dot,) = curves.data_of([known], CONTEXT, 100)["backs"]
    assert (dot["d"], dot["q"]) == (2.0, 1.01)
    assert curves.data_of([course("b", 0.5, recovered=None)], CONTEXT, 100)["backs"] == []


def test_only_demand_by_day_is_smoothed() -> None:
    """A median of seven within one case; services, and demand by month, are drawn as they are."""
    levels = (1.0, 0.2, 1.0, 1.0, 0.3, 1.0, 1.0, 2.0, 1.0)
    assert set(curves.lines(course("d", *levels, kind="demand"))) == {1.0}
    assert curves.lines(course("s", *levels)) == [*levels]
    assert curves.lines(course("m", *levels, kind="demand", step=30)) == [*levels]


def test_services_and_demand_have_charts_of_their_own() -> None:
    """Under one another, on the same days; each says what it is."""
    group = [*(course(name, 0.5, 0.6) for name in "abcde"), course("f", 0.1, kind="demand")]
    answers = {"": [one.case for one in group], "curves": [p for one in group for p in one.points]}
    drawn = curves.draw(PANEL, answers, CONTEXT)
    services, demand = drawn.figures
    assert {one["line"] for one in services.data["points"]} == set("abcde")
    assert {one["line"] for one in demand.data["points"]} == {"f"}
    assert demand.data["fan"] == []
    assert "Demand, the context: No declared crisis" in drawn.html


# --- the table and the sentence ---------------------------------------------------------------


@pytest.mark.parametrize(("state", "word"), [("recovering", "not yet"), ("degraded", "never")])
def test_what_has_not_come_is_a_dash(state: str, word: str) -> None:
    """With "not yet" while the case is open, "never" once it is over; nowhere a nought."""
    row = case(state=state, absorbed=None, adapted=None, recovered=None)
    html = cases.draw(PANEL, {"": [row]}, CONTEXT).html
    assert html.count(f'<span>\u2014</span> <span class="small">{word}</span>') >= 3
    assert "0\u00a0days" not in html


def test_a_case_in_words() -> None:
    """Days with their word, hours below a day, a gain with sign and interval, the loss."""
    evidence = {
        "gain": -0.065,
        "gain_low": -0.109,
        "gain_high": 0.037,
        "answered": BEGIN + DAY // 2,
    }
    html = cases.draw(PANEL, {"": [case(evidence=evidence, declared="flood-1")]}, CONTEXT).html
    for part in (
        "\u22126.5\u00a0%",
        "\u221210.9 to +3.7",
        "12\u00a0hours",
        "10\u00a0days",
        ">3.2<",
        "flood-1",
        "40.0\u00a0%",
        'class="icon restored"',
        ">restored<",
    ):
        assert part in html, part


def of_demand(change: float, low: float, high: float, **held: Any) -> dict[str, Any]:
    """A surge of demand that is over, and where demand was in the 90 days after that."""
    evidence = {
        "context": True,
        "rhythm": "day",
        "quantity": "count",
        "overlaps": [],
        "change": change,
        "change_low": low,
        "change_high": high,
    }
    row = case(kind="demand", state="over", direction="up", indicator="demand", evidence=evidence)
    more = {"trough": row["onset"], "loss_service_days": None}
    return row | more | held


@pytest.mark.parametrize(
    ("change", "told_so"),
    [
        ((-0.196, -0.251, -0.146), "20 % below what it was (\u221225.1 to \u221214.6 %)"),
        ((0.233, 0.192, 0.279), "23 % above what it was (+19.2 to +27.9 %)"),
        ((0.046, -0.023, 0.11), "as it was (\u22122.3 to +11.0 %)"),
    ],
)
def test_demand_ends_without_a_verdict(change: tuple[float, float, float], told_so: str) -> None:
    """Above or below what it was, in its own direction; nothing is lost, gained or degraded."""
    row = casefile.told(of_demand(*change, loss_service_days=3.4))
    assert (row["loss_service_days"], row["evidence"]["gain"]) == (None, None)
    assert set(row["evidence"]["censored"]) == {"answered", "gain", "loss_service_days"}
    said = casefile.course(row).replace("\u00a0", " ")
    assert said.startswith("At its highest 67 % above what was expected")
    assert said.endswith(f"back after 10 days; in the 90 days after that {told_so}.")
    assert "lost" not in said


@pytest.mark.parametrize(("evidence", "lost"), [({"context": True}, None), ({}, 3.21)])
def test_the_question_has_no_loss_for_context(
    evidence: dict[str, bool], lost: float | None
) -> None:
    """As it is stored, so that page, boards and commands agree."""
    engine = create_engine("sqlite://")
    row = case(evidence=evidence)
    kept = {column.name: row.get(column.name, 0) for column in shock.c}
    kept |= {"evidence": msgspec.json.encode(json.loads(row["evidence"])).decode(), "latest": True}
    with engine.begin() as connection:
        metadata.create_all(connection)
        connection.execute(insert(shock).values(kept))
        assert connection.execute(files()).one().loss_service_days == lost
    engine.dispose()


def test_while_it_is_followed_nothing_is_said_of_what_came_after() -> None:
    """Not known yet, and why."""
    row = of_demand(0.0, 0.0, 0.0, state="recovered")
    row["evidence"] = row["evidence"].replace('"change": 0.0', '"change": null')
    known = casefile.told(row)
    assert casefile.course(known).endswith("back after 10 days.")
    assert "have not passed" in known["evidence"]["censored"]["change"]


def test_demand_in_the_table_and_in_the_sentence() -> None:
    """A dash for what it lost, where it is instead of a gain; counted apart."""
    rows: list[Row] = [of_demand(-0.196, -0.251, -0.146), case("slow")]
    html = cases.draw(PANEL, {"": rows[:1]}, CONTEXT).html.replace("\u00a0", " ")
    assert '<span>\u2014</span> <span class="small">context</span>' in html
    assert "\u221219.6 %" in html
    assert "\u221225.1 to \u221214.6, no verdict" in html
    html = recoveries.draw(PANEL, {"": rows}, CONTEXT).html
    assert "2 case files: 1 restored, 1 of context, over." in html


def test_demand_that_is_over_is_no_open_line() -> None:
    """It is drawn as quiet as what is restored, and the legend does not call it that."""
    one = course("d", 0.5, 1.0, kind="demand", state="over")
    answers = {"": [one.case], "curves": [*one.points]}
    drawn = curves.draw(PANEL, answers, CONTEXT)
    assert {point["look"] for point in drawn.figures[0].data["points"]} == {"restored"}
    assert "<span>restored</span>" not in drawn.html
    assert "<span>still followed</span>" not in drawn.html


def test_the_slowest_are_services() -> None:
    """One entry a service, its slowest case; demand and units stay out where services are."""
    rows: list[Row] = [
        case("quick", recovered=BEGIN + 3 * DAY),
        case("slow", recovered=BEGIN + 30 * DAY),
        {**case("slow", recovered=BEGIN + 50 * DAY), "id": "again"},
        case("open", state="recovering", recovered=None, updated=BEGIN + 40 * DAY),
        case("demanded", kind="demand", recovered=BEGIN + 90 * DAY),
        case("unit", service="", unit="dykes", recovered=BEGIN + 80 * DAY),
    ]
    html = recoveries.draw(PANEL, {"": rows}, CONTEXT).html.replace("\u00a0", " ")
    assert "slow (50 days), open (not back after 40 days) and quick (3 days)." in html
    assert "6 case files: 1 not back yet, 5 restored." in html
    assert 'class="sentence recovering"' in html
    rows = [case("followed", state="recovered"), rows[-1]]
    html = recoveries.draw(PANEL, {"": rows}, CONTEXT).html.replace("\u00a0", " ")
    assert "2 case files: 1 back and still followed, 1 restored." in html
    html = recoveries.draw(PANEL, {"": rows[-1:]}, CONTEXT).html.replace("\u00a0", " ")
    assert "dykes (80 days)" in html


def test_a_case_has_the_name_of_all_its_parts() -> None:
    """Agency, part and indicator, so that the pointer tells one line from another."""
    assert told(case("a", unit="north"), CONTEXT).name == "parks, north \u00b7 a, within_standard"


# --- breaks -----------------------------------------------------------------------------------


def _break(start: int, end: int | None = None, **held: Any) -> dict[str, Any]:
    kind = {"kind": "crisis", "label": "flood-1", "evidence": '{"kind": "cyber_attack"}'} | held
    return {
        "id": "m",
        "start": BEGIN + start * DAY,
        "end": None if end is None else BEGIN + end * DAY,
    } | kind


def test_a_crisis_is_marked_where_it_begins_and_ends() -> None:
    """Two rules with the kind of crisis; an end that is not known or not shown has none."""
    said = [(one["what"], one["when"][:11]) for one in breaks_of([_break(10, 50)], CONTEXT)]
    assert [what for what, _ in said] == ["cyber attack declared", "cyber attack over"]
    for row in (_break(10), _break(10, 200)):
        assert [one["what"] for one in breaks_of([row], CONTEXT)] == ["cyber attack declared"]
    assert [one["what"] for one in breaks_of([_break(-5, 50)], CONTEXT)] == ["cyber attack over"]


def test_a_changed_definition_is_marked() -> None:
    """One rule that says so; what changed stands under the pointer."""
    row = _break(10, kind="definition", label="closed cases only", evidence="{}")
    (found,) = breaks_of([row], CONTEXT)
    assert (found["word"], found["label"]) == ("definition changed", "closed cases only")


def test_a_rule_is_marked() -> None:
    """That there is another one; which it is stands under the pointer."""
    label = "working from elsewhere recommended"
    (found,) = breaks_of([_break(10, kind="policy", label=label, evidence="{}")], CONTEXT)
    assert (found["word"], found["label"]) == ("remote-work rule", label)
    assert not found["found"]


def test_words_of_breaks_do_not_lie_on_one_another() -> None:
    """Near ones stand in lanes, one at the end is written to the left; a repeat has no word."""
    found = breaks_of([_break(10, 14), _break(60), _break(95)], CONTEXT)
    assert [one["lane"] for one in found] == [0, 1, 0, 0]
    assert [one["side"] for one in found] == ["right", "right", "right", "left"]
    many = breaks_of([_break(day) for day in range(10, 15)], CONTEXT)
    assert [one["lane"] for one in many if one["word"]] == list(range(LANES))
    assert [bool(one["word"]) for one in many] == [True] * LANES + [False] * (5 - LANES)
    assert all(one["what"] for one in many)
    (silent,) = breaks_of([{**_break(10), "wordless": True}], CONTEXT)
    assert (silent["word"], silent["what"]) == ("", "cyber attack declared")

"""The parts of the page that need no store: words, states, lines, contrast."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dashboards import chart, condition, course_chart, panel, words
from dashboards.breaks import breaks_of
from dashboards.drawing import Context, Row
from dashboards.series import one_rhythm, segments, standing, thin
from dashboards.sparkline import polylines
from dashboards.theme import DARK, LIGHT, ON_COLOUR, STATE_COLOURS, Theme

DAY = 86_400_000


def _row(end: int, value: float | None, **held: Any) -> dict[str, Any]:
    common = {"agency": "a", "indicator": "i", "rhythm": "day", "status": "ok"}
    return {**common, "window_end": end, "value": value, **held}


def _alert(
    opened: int, closed: int | None, severity: str = "critical", **held: Any
) -> dict[str, Any]:
    common = {
        "alertname": "Off",
        "state": "open" if closed is None else "closed",
        "reason": "it fell",
    }
    return {**common, "opened": opened, "closed": closed, "severity": severity, **held}


def test_absent_is_a_dash() -> None:
    """A value that does not exist is written as a dash, never as a zero."""
    assert words.measure(None, "share") == "\u2014"


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (0.8734, "share", "87.3\u00a0%"),
        (-18.25, "%", "\u221218.2\u00a0%"),
        (12345.6, "days", "12,346\u00a0days"),
        (0.054, "days", "0.05\u00a0days"),
    ],
)
def test_measure(value: float, unit: str, written: str) -> None:
    """Shares become percentages, other numbers keep three or four digits and their unit."""
    assert words.measure(value, unit) == written


def test_dates_stand_in_the_zone() -> None:
    """A window that ends at local midnight is named by its last local day."""
    clock = words.Clock("Europe/Brussels")
    start = clock.start_of("2026-06-01")
    assert (
        clock.period(start, clock.start_of("2026-07-01"))
        == "1\u00a0Jun\u00a02026 to 30\u00a0Jun\u00a02026"
    )
    assert clock.axis(start) - start == 2 * 3_600_000


def test_state_over_time() -> None:
    """Overlapping alerts give the worst state of each moment, without a hole."""
    found = condition.stretches([_alert(20, 60, "warning"), _alert(30, 40)], 0, 100)
    assert [(one.state, one.start, one.end) for one in found] == [
        ("steady", 0, 20),
        ("watch", 20, 30),
        ("strained", 30, 40),
        ("watch", 40, 60),
        ("steady", 60, 100),
    ]


def test_inhibited_alerts_do_not_count() -> None:
    """An inhibited alert leaves its agency steady."""
    found = condition.stretches([_alert(20, None, state="inhibited")], 0, 100)
    assert [one.state for one in found] == ["steady"]


def test_silence_is_unknown() -> None:
    """A silent source makes the state unknown, not bad; a critical alert still outweighs it."""
    silent = _alert(0, None, "warning", alertname="SourceStale")
    assert condition.worst([silent]) == "unknown"
    assert condition.worst([silent, _alert(0, None)]) == "strained"


def test_thinning_keeps_extremes_and_gaps() -> None:
    """Thinning draws only published values and keeps the peak, a gap and the last value."""
    rows = [_row(at, float(at % 7)) for at in range(1096)]
    rows[500] = _row(500, 99.0)
    rows[700] = _row(700, None, status="undefined")
    thinned = thin(rows, 600)
    assert len(thinned) <= 600
    assert rows[500] in thinned
    assert rows[700] in thinned
    assert thinned[-1] is rows[-1]
    assert [row["window_end"] for row in thinned] == sorted(row["window_end"] for row in thinned)


def test_a_gap_breaks_the_line_and_low_n_does_not() -> None:
    """Low n changes the look at a shared point, an undefined value ends the run."""
    rows = [
        _row(0, 1.0),
        _row(1, 2.0, status="low_n"),
        _row(2, None, status="undefined"),
        _row(3, 3.0),
    ]
    runs = segments(rows)
    assert [look for look, _ in runs] == ["ok", "weak", "gap", "ok"]
    assert runs[0][1][-1] is rows[1]
    assert len(polylines(rows)) == 2


def test_one_rhythm_a_series() -> None:
    """Of a daily and a monthly series the one that reaches furthest is drawn."""
    rows = [_row(5, 1.0), _row(9, 2.0), _row(8, 3.0, rhythm="month")]
    assert [row["value"] for row in one_rhythm(rows)["a", "i"]] == [1.0, 2.0]


def _day(at: int, value: float | None, n: int) -> dict[str, Any]:
    status = "undefined" if value is None else "ok"
    return {**_row(at * 86_400_000, value, status=status), "n": n}


def test_an_empty_day_does_not_hide_the_value_before_it() -> None:
    """A Sunday shows Friday; a day that counted something, a week of silence, shows itself."""
    friday = _day(4, 1.0, 3)
    assert standing([_day(3, 0.5, 3), friday, _day(5, None, 0), _day(6, None, 0)]) is friday
    for last in (_day(6, None, 9), _day(6, 2.0, 1)):
        assert standing([friday, last]) is last
    rows = [friday, *(_day(at, None, 0) for at in range(5, 13))]
    assert standing(rows[:7]) is friday
    assert standing(rows) is rows[-1]


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_text_has_contrast(theme: Theme) -> None:
    """Every text colour stands out from page and panel by 4.5 to 1 in both themes."""
    for ink in (theme.text, theme.quiet, theme.link):
        for paper in (theme.page, theme.panel):
            assert _contrast(ink, paper) >= 4.5, (ink, paper)


def test_words_on_states_have_contrast() -> None:
    """The word on a coloured bar stands out from it by 4.5 to 1."""
    for state, colour in STATE_COLOURS.items():
        assert _contrast(ON_COLOUR[state], colour) >= 4.5, state


def test_specifications_name_their_data() -> None:
    """No row is inlined in a specification: the page can exchange all of them."""
    for spec in (
        chart.line("share", 100),
        chart.states(100),
        course_chart.resilience(100, 90),
        course_chart.sides(100, 90),
    ):
        assert "datasets" not in spec
        assert all("name" in layer["data"] for layer in spec["layer"] if "data" in layer)


def _mark(kind: str, start: int, **evidence: Any) -> dict[str, Any]:
    held = {"id": f"{kind} {start}", "end": None, "label": "left: desk"}
    return {**held, "kind": kind, "start": start, "evidence": json.dumps(evidence)}


def test_breaks_have_words_and_those_found_are_dotted() -> None:
    """Each kind its own; a change of parts that moved next to nothing is not drawn."""
    scope = panel.Scope(since=0, until=100 * DAY)
    context = Context(scope, {}, {}, [], words.Clock("UTC"), {}, 0)
    rows: list[Row] = [
        _mark("definition", 10 * DAY),
        _mark("composition", 30 * DAY, left=["desk", "post"], effect=-0.3),
        _mark("composition", 40 * DAY, joined=["app"], effect=0.001),
        _mark("scale", 60 * DAY),
        _mark("rhythm", 80 * DAY),
        _mark("composition", 200 * DAY, joined=["app"], effect=0.5),
    ]
    drawn = breaks_of(rows, context)
    assert [(one["what"], one["found"]) for one in drawn] == [
        ("definition changed", False),
        ("2 left", True),
        ("another scale", True),
        ("another rhythm", True),
    ]

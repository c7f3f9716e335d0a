"""What the engine makes of repeats, used ids, wrong clocks, corrections and silence."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from tests.unit.engine_run import Run, assert_same, decisions, singly, whole
from tests.unit.events_made import BEGIN, DAY, HOUR, Made, day_count, iso, line, record, records

_OPENED = "headwind.service.request.opened.v1"
_COUNTED = "headwind.service.transactions.counted.v1"
_BEAT = "headwind.context.source.heartbeat.v1"

# --- repeats, used ids, wrong clocks ----------------------------------------------------------


def _open(n: int, at: int, name: str = "", **more: object) -> Made:
    facts = {"request": f"r{n}", "service": "permits", **more}
    return Made(at, "parks", "crm", at, line(_OPENED, name or f"e{n}", "crm", at, **facts))


def _last_codes(run: Run) -> list[str]:
    problems = [msgspec.json.decode(told) for _, told in run.refused.values()]
    return sorted(one["code"] for some in problems for one in some)


def test_a_used_id_is_refused_and_the_first_event_stands() -> None:
    """Another event under a used id is refused as id_reused, in one batch and in two."""
    made = [_open(1, BEGIN), replace(_open(2, BEGIN, "e1"), arrival=BEGIN + HOUR), _open(3, BEGIN)]
    for run in (whole(records(made)), singly(records(made))):
        assert _last_codes(run) == ["id_reused"]
        assert len(run.engine.agencies["parks"].items["request"]) == 2


def test_an_id_may_be_used_by_two_sources() -> None:
    """The identity of an event is its source and its id."""
    other = line(_OPENED, "e1", "bus", BEGIN, request="r9", service="permits")
    run = whole(records([_open(1, BEGIN), Made(BEGIN, "parks", "bus", BEGIN, other)]))
    assert not run.refused


def test_ids_are_forgotten_at_the_same_event_however_the_log_is_cut() -> None:
    """An id is free again after retention, whether its second use comes in the same batch or not."""
    made = [_open(1, BEGIN), _open(2, BEGIN + 70 * DAY), _open(3, BEGIN + 100 * DAY)]
    made.append(_open(4, BEGIN + 101 * DAY, "e1"))
    one, other = singly(records(made)), whole([msgspec.structs.replace(r) for r in records(made)])
    assert_same(one, other)
    assert _last_codes(one) == []


def test_a_wrong_clock_cannot_run_time_forward() -> None:
    """An event from the future is refused, and closes nothing; so is one beyond retention."""
    early = replace(_open(1, BEGIN + 9 * DAY), arrival=BEGIN)
    made = [_open(2, BEGIN), early, _open(3, BEGIN + HOUR), _open(4, BEGIN - 61 * DAY)]
    run = whole(records(sorted(made, key=lambda one: one.arrival)))
    assert _last_codes(run) == ["future"]
    run.apply(records([replace(_open(5, BEGIN - 61 * DAY), arrival=BEGIN + HOUR)]))
    assert _last_codes(run) == ["beyond_retention", "future"]
    assert {one[-1] for one in run.table() if one[-1] > BEGIN + HOUR} == set()
    assert len(run.engine.agencies["parks"].items["request"]) == 3


def test_a_heartbeat_cannot_run_time_forward() -> None:
    """Complete to a day that has not come closes nothing that is still to come."""
    beat = line(_BEAT, "b", "crm", BEGIN, complete_to=iso(BEGIN + 900 * DAY))
    made = [_open(1, BEGIN), Made(BEGIN, "parks", "crm", BEGIN, beat), _open(2, BEGIN + 3 * DAY)]
    run = whole(records(made))
    ends = {one[-1] for one in run.table() if one[0] == "demand"}
    assert max(ends) <= BEGIN + 3 * DAY


def test_a_source_whose_events_are_all_refused_may_fall_silent() -> None:
    """Its silence is told; there is no last event to name."""
    wrong = replace(_open(1, BEGIN + 9 * DAY), arrival=BEGIN)
    run = whole([*records([wrong]), record([Made(BEGIN + 30 * DAY)])])
    assert [one.alertname for one in run.alerts] == ["SourceStale"]


# --- corrections ------------------------------------------------------------------------------


def _daily(day: int, number: int, name: str = "", **more: object) -> Made:
    start = BEGIN + day * DAY
    data = day_count(start, number) | {"recorded": start + DAY} | more
    body = line(_COUNTED, name or f"d{day}", "crm", start, **data)
    return Made(start + DAY, "parks", "crm", start, body)


def _decided() -> Run:
    """Ninety quiet days and a fall: signals and an alert stand."""
    days = [_daily(day, 500 + day % 7) for day in range(90)]
    days += [_daily(day, 50) for day in range(90, 96)]
    return whole(records(days))


def test_a_correction_restates_and_decides_nothing_anew() -> None:
    """The value gets a revision, the old row stays, signals and alerts are what they were."""
    run = _decided()
    before = decisions(run)
    assert run.signals
    assert any(one.alertname != "SourceStale" for one in run.alerts)
    late = replace(_daily(91, 600, "again", recorded=BEGIN + 99 * DAY), arrival=BEGIN + 97 * DAY)
    run.apply(records([late]))
    run.apply([record([Made(BEGIN + 97 * DAY)])])
    demand = {
        one[-1]: rows for one, rows in run.table().items() if one[:4] == ("demand", "parks", "", "")
    }
    changed = [rows for rows in demand.values() if len(rows) > 1]
    assert [[row.value for row in rows] for rows in changed] == [[100.0, 1200.0]]
    assert [row.revision for row in changed[0]] == [0, 1]
    assert decisions(run) == before


def test_an_older_correction_does_not_win() -> None:
    """Of two corrections the one recorded later stands, in whatever order they come."""
    newer = _daily(1, 70, "newer", recorded=BEGIN + 9 * DAY)
    older = _daily(1, 60, "older", recorded=BEGIN + 8 * DAY)
    for made in ([_daily(1, 50), newer, older], [older, newer, _daily(1, 50)]):
        later = [replace(one, arrival=BEGIN + 5 * DAY) for one in made]
        run = whole(records([*later, replace(_daily(4, 1), arrival=BEGIN + 5 * DAY)]))
        shown = {one[-1]: rows[-1].value for one, rows in run.table().items() if one[0] == "demand"}
        assert 140.0 in shown.values()


# --- absence is never zero --------------------------------------------------------------------


def test_a_silent_source_is_stale_and_not_zero() -> None:
    """Its cells have no value, SourceStale opens and closes, and nothing waits for it."""
    run = Run()
    other = [
        Made(
            at,
            "parks",
            "bus",
            at,
            line(_OPENED, f"b{at}", "bus", at, request=f"q{at}", service="x"),
        )
        for at in range(BEGIN, BEGIN + 20 * DAY, DAY)
    ]
    run.apply(records(sorted([_open(1, BEGIN), *other[:8]], key=lambda one: one.arrival)))
    ends = {one[-1] for one in run.table() if one[0] == "demand"}
    assert max(ends, default=0) <= BEGIN + DAY
    run.apply([record([Made(BEGIN + 8 * DAY)])])
    assert [(one.alertname, one.state) for one in run.alerts] == [("SourceStale", "open")]
    assert {one[-1] for one in run.table() if one[0] == "demand"} == ends
    run.apply(records(other[8:]))
    cells = {one: rows[-1] for one, rows in run.table().items() if one[0] == "demand"}
    silent = [
        row for one, row in cells.items() if one[3] == "permits" and one[-1] > BEGIN + 2 * DAY
    ]
    assert len(silent) > 5
    assert {(row.status, row.value, row.n) for row in silent} == {("stale", None, None)}
    assert max(one[-1] for one in cells) > BEGIN + 15 * DAY
    run.apply(records([_open(2, BEGIN + 21 * DAY)]))
    assert [one.state for one in run.alerts] == ["open", "closed"]
    assert len({one.id for one in run.alerts}) == 1


def test_silence_later_on_takes_no_value_back() -> None:
    """Late news of one service leave another's old values as they were, though it is silent now."""
    run = Run()
    made = [_open(n, BEGIN + n * DAY) for n in range(8)]
    made += [
        Made(
            at,
            "parks",
            "bus",
            at,
            line(_OPENED, f"b{at}", "bus", at, request=f"q{at}", service="x"),
        )
        for at in range(BEGIN, BEGIN + 30 * DAY, DAY)
    ]
    run.apply(records(sorted(made, key=lambda one: one.arrival)))
    run.apply([record([Made(BEGIN + 30 * DAY)])])
    before = {k: rows[-1] for k, rows in run.table().items() if k[3] == "permits"}
    assert any(row.value for row in before.values())
    at = BEGIN + DAY
    late = line(_OPENED, "late", "bus", at, request="late", service="x")
    run.apply(records([Made(BEGIN + 30 * DAY, "parks", "bus", at, late)]))
    run.apply([record([Made(BEGIN + 31 * DAY)])])
    for name, row in before.items():
        if name[0] == "demand" and name[-1] <= BEGIN + 7 * DAY:
            assert run.table()[name][-1] == row

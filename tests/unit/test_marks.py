"""Marks of what an agency plans: closures and freezes, however the log was cut."""

from __future__ import annotations

from models.record import Record
from tests.unit.engine_run import Run
from tests.unit.events_made import BEGIN, DAY, iso, line

MARKED = "headwind.context.calendar.marked.v1"


def planned(number: int, kind: str, scope: str = "") -> bytes:
    """One span of a day, a week ahead."""
    span = {"from": iso(BEGIN + 7 * DAY), "to": iso(BEGIN + 8 * DAY)}
    return line(MARKED, f"e{number}", "office", BEGIN, kind=kind, scope=scope, **span)


def record(position: int, *lines: bytes) -> Record:
    """One record of these events."""
    body = b"".join(one + b"\n" for one in lines)
    return Record(
        agency="parks",
        received=BEGIN + DAY,
        kind="events",
        events=len(lines),
        body=body,
        position=position,
    )


def test_closures_and_freezes_are_marked() -> None:
    """Each with its span and scope; a holiday, a deadline and a campaign are not."""
    kinds = ("closure", "holiday", "release_freeze", "deadline", "campaign")
    run = Run()
    run.apply([record(1, *(planned(i, kind, "pool") for i, kind in enumerate(kinds)))])
    assert [(mark.kind, mark.cell.service) for mark in run.marks] == [
        ("closure", "pool"),
        ("release_freeze", "pool"),
    ]
    assert {(mark.agency, mark.start, mark.end) for mark in run.marks} == {
        ("parks", BEGIN + 7 * DAY, BEGIN + 8 * DAY)
    }


def test_rules_on_working_from_elsewhere_are_marked() -> None:
    """From their own time on, in words of ours; whom they bind is kept beside it."""
    rules = [
        line(
            "headwind.remote.policy.changed.v1", f"p{level}", "office", BEGIN - level * DAY, **said
        )
        for level, said in ((2, {"level": 2}), (9, {"level": 9, "scope": "whole agency"}))
    ]
    run = Run()
    run.apply([record(1, *rules)])
    assert [(mark.kind, mark.label, mark.start, mark.end) for mark in run.marks] == [
        ("policy", "working from elsewhere required of some", BEGIN - 2 * DAY, None),
        ("policy", "working from elsewhere under a rule of level 9", BEGIN - 9 * DAY, None),
    ]
    assert [mark.evidence for mark in run.marks] == [
        {"level": 2, "scope": ""},
        {"level": 9, "scope": "whole agency"},
    ]


def test_a_repeat_is_marked_once_and_two_alike_are_two() -> None:
    """The event's identity is the mark's; a replay gives the same, in other records too."""
    lines = [planned(1, "closure"), planned(2, "closure"), planned(1, "closure")]
    one, other = Run(), Run()
    one.apply([record(1, *lines)])
    for position, each in enumerate(lines, 1):
        other.apply([record(position, each)])
    assert len({mark.id for mark in one.marks}) == len(one.marks) == 2
    assert one.marks == other.marks

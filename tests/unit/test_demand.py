"""Demand that stops: none at all is a number, and the deepest fall of all."""

from __future__ import annotations

import pytest

from tests.unit.engine_run import Run, whole
from tests.unit.events_made import BEGIN, DAY, HOUR, Made, line, records

_OPENED = "headwind.service.request.opened.v1"
_BEAT = "headwind.context.source.heartbeat.v1"
FELL = 90


def asked(after: int) -> Run:
    """Ninety days of thirty requests, then ten with ``after``; the source lives through all."""
    made = []
    for day in range(FELL + 10):
        start = BEGIN + day * DAY
        for n in range(30 if day < FELL else after):
            at, name = start + n * HOUR // 2, f"{day}-{n}"
            body = line(_OPENED, name, "crm", at, request=name, service="permits")
            made.append(Made(at, "parks", "crm", at, body))
        at = start + 23 * HOUR
        made.append(Made(at, "parks", "crm", at, line(_BEAT, f"b{day}", "crm", at)))
    return whole(records(made))


@pytest.mark.parametrize("after", [0, 1])
def test_no_demand_is_a_number(after: int) -> None:
    """Where the source says that it lives, a day without any request is a count like any other."""
    days = {
        name[-1]: rows[-1]
        for name, rows in asked(after).table().items()
        if name[0] == "demand" and name[3] == "permits" and name[-1] > BEGIN + (FELL + 1) * DAY
    }
    assert {(row.value, row.n, row.status) for row in days.values()} == {(after, after, "ok")}


def test_a_fall_to_nothing_is_told_like_a_fall_to_one() -> None:
    """The last request a day makes no difference to who is alarmed."""
    nothing, one = ([(each.alertname, each.state) for each in asked(n).alerts] for n in (0, 1))
    assert nothing == one
    assert [state for _, state in nothing] == ["open"]

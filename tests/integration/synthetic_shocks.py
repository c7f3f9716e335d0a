"""Invented case files with their curves, and the breaks that explain them."""

from __future__ import annotations

import json
from typing import Any

from tests.integration.synthetic_facts import INJECTION

DAY = 86_400_000

SERVICES = ("moorings", "pilotage", "bridge openings", "berth permits", "dredging", "waste water")
"""Six services of one agency that a flood hits within a week."""


def shocks(end: int, *, injected: bool) -> list[dict[str, Any]]:
    """A flood with six services and its demand, a case still open, and one that is better."""
    flood = end - 500 * DAY
    found = [
        _case(f"flood-{at}", flood + at * DAY, service, (20 + 6 * at, 0.3 + 0.05 * at))
        for at, service in enumerate(SERVICES)
    ]
    found.append(_case("flood-d", flood, SERVICES[0], (9, 0.6), kind="demand", indicator="demand"))
    found.append(_better(_case("better", end - 300 * DAY, "maps", (12, 0.4), agency="permits")))
    found.append(_still(_case("open", end - 30 * DAY, "extracts", (40, 0.5), agency="registry")))
    if injected:
        hostile = {"agency": INJECTION, "declared": "<img src=x onerror=alert(3)>"}
        found.append(_case("hostile", end - 200 * DAY, INJECTION, (10, 0.4), **hostile))
    return found


def _case(
    name: str, onset: int, service: str, course: tuple[int, float], **held: Any
) -> dict[str, Any]:
    """A case that is back after so many days and was so deep at worst, and ended as restored."""
    days, depth = course
    evidence = {
        "rhythm": "day",
        "buckets": days + 90,
        "answered": onset + DAY // 2,
        "level_shift": False,
        "overlaps": [],
        "gain": -0.004,
        "gain_low": -0.021,
        "gain_high": 0.013,
        "gain_n": 90,
    }
    return {
        "id": name,
        "transition": 3,
        "agency": "harbour",
        "indicator": "within_standard",
        "service": service,
        "kind": "service",
        "direction": "down",
        "state": "restored",
        "onset": onset,
        "trough": onset + 3 * DAY,
        "depth": depth,
        "absorbed": onset + 4 * DAY,
        "adapted": onset + (days - 2) * DAY,
        "recovered": onset + days * DAY,
        "loss_service_days": days * depth / 2,
        "declared": "flood-2025" if name.startswith("flood") else "",
        "evidence": json.dumps(evidence),
        "updated": onset + (days + 90) * DAY,
        "latest": True,
        **held,
    }


def _better(case: dict[str, Any]) -> dict[str, Any]:
    gain = {"gain": 0.05, "gain_low": 0.02, "gain_high": 0.08}
    evidence = json.dumps({**json.loads(case["evidence"]), **gain})
    return {**case, "state": "thriving", "evidence": evidence}


def _still(case: dict[str, Any]) -> dict[str, Any]:
    nothing = {"gain": None, "gain_low": None, "gain_high": None, "answered": None}
    evidence = json.dumps({**json.loads(case["evidence"]), **nothing})
    updated = case["onset"] + 30 * DAY
    open_times = {"adapted": None, "recovered": None, "state": "recovering", "updated": updated}
    return {**case, **open_times, "evidence": evidence}


def earlier(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A state that each of them had before, which still stands in the table."""
    return [{**case, "transition": 1, "state": "absorbing", "latest": False} for case in cases]


def curves(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A bucket a day: down to the depth in three days, straight up to the recovery, then level."""
    return [
        {"shock": case["id"], "start": start, "end": start + DAY, "q": _q(case, start)}
        for case in cases
        for start in range(case["onset"], case["updated"], DAY)
    ]


def _q(case: dict[str, Any], start: int) -> float:
    day = (start - case["onset"]) / DAY
    back = 40.0 if case["recovered"] is None else (case["recovered"] - case["onset"]) / DAY
    if day <= 3:
        return float(1 - case["depth"] * (0.6 + 0.4 * day / 3))
    return float(1 - case["depth"] * max(back - day, 0) / (back - 3))


def marks(end: int) -> list[dict[str, Any]]:
    """The flood, declared and then over, a definition that changed, and a new baseline."""
    flood = {
        "id": "mark-1",
        "agency": "harbour",
        "kind": "crisis",
        "label": "flood-2025",
        "start": end - 200 * DAY,
        "evidence": json.dumps({"kind": "flood", "required_level": 0.8}),
    }
    return [
        flood,
        {**flood, "transition": 1, "end": end - 165 * DAY, "latest": True},
        {
            "id": "mark-2",
            "agency": "harbour",
            "kind": "definition",
            "indicator": "waiting",
            "label": "waiting counted from the first contact",
            "start": end - 90 * DAY,
            "evidence": "{}",
            "latest": True,
        },
        {
            "id": "mark-3",
            "agency": "harbour",
            "kind": "rebase",
            "indicator": "remote_readiness",
            "label": "laptops for all",
            "start": end - 43 * 7 * DAY,
            "evidence": "{}",
            "latest": True,
        },
    ]

"""A store filled with synthetic values: four agencies, twelve indicators, three years."""

from __future__ import annotations

import json
import math
import random
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, insert

from models import tables
from tests.integration.synthetic_facts import CATALOGUE, INJECTION, TITLES, Facts
from tests.integration.synthetic_shocks import curves, earlier, marks, shocks

if TYPE_CHECKING:
    from pathlib import Path

DAY = 86_400_000
END = 1_795_478_400_000  # 2026-11-24T00:00:00Z
DAYS = 3 * 365
_WEEKLY = {"exploit_speed", "decision_speed", "ageing_work", "remote_readiness"}


def new_store(path: Path) -> Engine:
    """An empty store in a file."""
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")

    tables.metadata.create_all(engine)
    return engine


def fill(engine: Engine, *, injected: bool = False) -> None:
    """Four agencies (a fifth with a hostile name when asked for), alerts, signals, sources."""
    names = [*TITLES, *([INJECTION] if injected else [])]
    rng = random.Random(7)
    with engine.begin() as connection:
        for at, agency in enumerate(names):
            for facts in CATALOGUE:
                if agency == "transport" and facts.id == "exploit_speed":
                    continue
                rows = list(_values(agency, at, facts, rng))
                put(connection, tables.value, rows)
            put(connection, tables.value, list(_buckets(agency)))
            put(connection, tables.source, _sources(agency))
            put(connection, tables.refused, _refusals(agency))
        put(connection, tables.alert, _alerts(injected=injected))
        put(connection, tables.signal, _signals())
        cases = shocks(END, injected=injected)
        put(connection, tables.shock, [*cases, *earlier(cases)])
        put(connection, tables.quality, curves(cases))
        put(connection, tables.mark, marks(END))
        put(connection, tables.position, [{"stage": 1, "applied": 1000, "snapshot": 900}])


def put(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Rows of a table, what they do not mention filled in."""
    connection.execute(insert(table), [whole(table, row) for row in rows])


def whole(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """The row with an empty text, nought or no in every column it does not mention."""
    empty = {
        column.name: None if column.nullable else column.type.python_type()
        for column in table.columns
    }
    return {**empty, **row}


def _values(agency: str, at: int, facts: Facts, rng: random.Random) -> Any:
    step = 7 if facts.id in _WEEKLY else 1
    level = facts.level * (1 + 0.09 * (at - 1.5) * (1 if facts.level > 0 else -1))
    drift = 0.0
    for day in range(DAYS - DAYS % step, -1, -step):
        drift = 0.97 * drift + rng.gauss(0, 0.22)
        season = 0.5 * math.sin((DAYS - day) / 365 * 2 * math.pi + at)
        shock = 0.0
        if agency == "harbour":
            shock = 5.5 * math.exp(-(((day - 30) / 22) ** 2)) + 6 * math.exp(
                -(((day - 610) / 40) ** 2)
            )
        sign = -1 if facts.direction == "up" else 1
        value: float | None = level * (1 + facts.spread * (drift + season + sign * shock))
        n = max(3, int(facts.cases * (1 + 0.1 * rng.gauss(0, 1)) * (0.25 if at == 2 else 1)))
        status, reason = "ok", ""
        if n < facts.min_n:
            status, reason = "low_n", f"n {n} is below the minimum of {facts.min_n}"
        if facts.id == "exploit_speed" and 400 < day < 520 and at == 1:
            value, status, reason = None, "undefined", "the median was not reached in the window"
        if facts.id == "within_standard" and 150 < day < 190 and at == 2:
            value, status, reason = None, "undefined", "no request was closed in the window"
        half = 0.0
        if value is not None and facts.unit == "share":
            value = min(max(value, 0.01), 0.99)
            half = min(1.96 * math.sqrt(value * (1 - value) / n), value, 1 - value)
        elif value is not None:
            half = 1.96 * abs(value) * 0.8 / math.sqrt(n)
        end = END - day * DAY
        yield _row(agency, facts.id, end, (value, half), (n, status, reason))


def _row(
    agency: str,
    indicator: str,
    end: int,
    valued: tuple[float | None, float],
    judged: tuple[int, str, str],
) -> dict[str, Any]:
    value, half = valued
    n, status, reason = judged
    return {
        "indicator": indicator,
        "agency": agency,
        "rhythm": "week" if indicator in _WEEKLY else "day",
        "span": "window",
        "window_end": end,
        "window_start": end - 28 * DAY,
        "value": value,
        "n": n,
        "low": None if value is None else value - half,
        "high": None if value is None else value + half,
        "coverage": 1.0,
        "status": status,
        "reason": reason,
        "catalogue_version": 1,
        "recorded": end,
        "latest": True,
    }


def _buckets(agency: str) -> Any:
    """Weeks of readiness: a step with a new baseline, a rise, a fall at last, a young agency."""
    rng = random.Random(agency)
    weeks = 9 if agency == "transport" else DAYS // 7
    for week in range(weeks, -1, -1):
        level = {"harbour": 0.6, "permits": 0.75}.get(agency, 0.78)
        if agency == "harbour" and week < 43:
            level = 0.82
        if agency == "permits" and week < 9:
            level = 0.8
        if agency == "registry" and week == 0:
            level = 0.6
        value = level + rng.gauss(0, 0.015)
        row = _row(
            agency, "remote_readiness", END - week * 7 * DAY, (value, 0.02), (1900, "ok", "")
        )
        yield row | {"span": "bucket", "window_start": row["window_end"] - 7 * DAY}


def _sources(agency: str) -> list[dict[str, Any]]:
    common = {"agency": agency, "repeats": 4, "late": 2, "first_time": END - DAYS * DAY}
    found = [
        {
            **common,
            "source": f"urn:{'case-system' if kind == 'service' else kind}",
            "type": f"headwind.{kind}.counted.v1",
            "accepted": 48_213,
            "last_time": END - hours * 3_600_000,
            "last_received": END,
            "stale": agency == "registry" and kind == "remote",
        }
        for kind, hours in (("service", 5), ("project", 22), ("remote", 30))
    ]
    if agency == "registry":
        found[2]["last_time"] = END - 19 * DAY
    return found


def _refusals(agency: str) -> list[dict[str, Any]]:
    problems = (
        (
            "no_time_zone",
            "/time",
            "Send the time with its zone, for instance 2026-01-31T09:00:00Z.",
        ),
        ("part_exceeds_whole", "/data/completed", "completed is larger than started."),
        ("person_like", "/data", "A field may hold a person's data: leave it out."),
    )
    return [
        {
            "id": f"{agency[:8]}-{at}",
            "agency": agency,
            "received": END - at * 3_600_000,
            "origin": "door",
            "event_source": "urn:case-system",
            "event_id": f"e{at}",
            "event_type": "headwind.service.request.opened.v1",
            "problems": json.dumps(
                [dict(zip(("code", "pointer", "message"), problems[at % 5 % 3], strict=True))]
            ),
            "payload": None,
        }
        for at in range(23)
    ]


def _alert(at: int, agency: str, indicator: str, **held: Any) -> dict[str, Any]:
    opened = END - held.pop("days") * DAY
    lasting = held.pop("lasting", None)
    closed = None if lasting is None else opened + lasting * DAY
    return {
        "id": f"alert-{at}",
        "transition": 1,
        "alertname": held.pop("alertname", "IndicatorOffCourse"),
        "agency": agency,
        "indicator": indicator,
        "unit": "",
        "service": "",
        "stratum": "",
        "severity": held.pop("severity"),
        "state": "open" if closed is None else "closed",
        "old_state": "",
        "reason": held.pop("reason"),
        "evidence": "{}",
        "opened": opened,
        "updated": END if closed is None else closed,
        "closed": closed,
        "epoch": 0,
        "latest": True,
    }


def _alerts(*, injected: bool) -> list[dict[str, Any]]:
    fell = "within standard fell to 71.4 % where 84.9 % was expected; waiting confirms it"
    found = [
        _alert(1, "harbour", "within_standard", days=24, severity="critical", reason=fell),
        _alert(
            2,
            "harbour",
            "waiting",
            days=21,
            severity="critical",
            reason="waiting rose to 18.2 days where 11.1 was expected, five days in a row",
        ),
        _alert(
            3,
            "harbour",
            "within_standard",
            days=640,
            lasting=75,
            severity="critical",
            reason="within standard fell by a fifth",
        ),
        _alert(
            4,
            "permits",
            "decision_speed",
            days=9,
            severity="warning",
            reason="decisions took 24 days where 17 was expected",
        ),
        _alert(
            5,
            "permits",
            "ageing_work",
            days=250,
            lasting=60,
            severity="warning",
            reason="ageing work stood above its limit",
        ),
        _alert(
            6,
            "registry",
            "",
            days=16,
            severity="warning",
            alertname="SourceStale",
            reason="urn:remote has been silent for 19 days; it may be quiet for 3",
        ),
        _alert(
            7,
            "transport",
            "completion",
            days=200,
            lasting=21,
            severity="critical",
            reason="completion fell to 61 % where 78 % was expected",
        ),
        _alert(
            8,
            "transport",
            "waiting",
            days=120,
            lasting=30,
            severity="warning",
            reason="waiting rose to 15 days where 12 was expected",
        ),
    ]
    if injected:
        found.append(
            _alert(
                9,
                INJECTION,
                "waiting",
                days=5,
                severity="critical",
                reason="<img src=x onerror=alert(2)> rose",
            )
        )
    return found


def _signals() -> list[dict[str, Any]]:
    spots = (
        ("harbour", "within_standard", 27, "down"),
        ("harbour", "waiting", 25, "up"),
        ("harbour", "within_standard", 300, "up"),
        ("permits", "decision_speed", 11, "up"),
        ("transport", "completion", 200, "down"),
        ("transport", "demand", 100, "up"),
    )
    return [
        {
            "id": f"signal-{at}",
            "agency": agency,
            "indicator": indicator,
            "unit": "",
            "service": "",
            "stratum": "",
            "rhythm": "day",
            "bucket_start": END - (days + 1) * DAY,
            "bucket_end": END - days * DAY,
            "detector": "seasonal_z",
            "direction": direction,
            "score": 4.1,
            "value": 0.71 if indicator != "waiting" else 18.2,
            "expected": 0.85 if indicator != "waiting" else 11.1,
            "low": 0.8,
            "high": 0.9,
            "n": 210,
            "false_alarm_rate": 0.001,
            "epoch": 0,
        }
        for at, (agency, indicator, days, direction) in enumerate(spots)
    ]

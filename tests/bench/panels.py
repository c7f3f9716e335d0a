"""``make bench-panels``: how long Grafana's questions take on ten million values.

A PostgreSQL is started for it and filled by itself: twelve agencies, three years, hours, days
and weeks, sixty services. Every target of every board is asked for each agency, over 90 days and
over three years; a panel takes as long as its targets together.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import psycopg
from sqlalchemy import Engine

from deploy.gauges import Gauges
from deploy.servers import MissingServerError
from deploy.servers.postgresql import Postgresql
from models.partition import ensure_months
from models.store import open_store
from tests.contract.test_grafana_boards import BOARDS
from tests.integration import filled_in

BEGIN: Final = 1_672_531_200_000
HOUR: Final = 3_600_000
DAY: Final = 24 * HOUR
END: Final = BEGIN + 3 * 365 * DAY
AGENCIES: Final = 12
BUDGET: Final = {"90 days": 100.0, "3 years": 300.0}
"""What 95 of 100 questions may take (ms)."""

VALUES: Final = """
INSERT INTO value
SELECT i.name, 'agency-' || a, CASE WHEN i.unit_of = '' OR part = 0 THEN '' ELSE i.unit_of || part END,
       CASE WHEN i.unit_of <> '' OR part = 0 THEN '' ELSE 'service-' || part END, '', i.rhythm,
       'window', t, 0, t - i.covers, 0.5 + 0.4 * sin(t / 1e10 + a + part), 400 + part, 0.4, 0.95,
       1.0, CASE WHEN (t / i.step + part) % 40 = 0 THEN 'low_n' ELSE 'ok' END, '', 1, t, '{{}}', true
FROM (VALUES {kinds}) AS i (name, rhythm, step, covers, parts, unit_of),
     generate_series(1, {agencies}) AS a, generate_series(0, i.parts) AS part,
     generate_series({begin} + i.step, {end}, i.step) AS t
"""

WEEKLY: Final = (
    *("ageing_work", "change_lead_time", "completion", "decision_speed", "deployment_frequency"),
    *("digital_take_up", "exploit_speed", "remote_readiness", "waiting", "within_standard"),
)


class Kind(NamedTuple):
    """Values of one indicator: step and window (ms), parts, and what a part is."""

    name: str
    rhythm: str
    step: int
    covers: int
    parts: int
    part: str = ""


def kinds(scale: float) -> list[Kind]:
    """About ten million rows at scale 1."""
    few, many = round(20 * scale), round(60 * scale)
    return [
        Kind("remote_availability", "hour", HOUR, 672 * HOUR, few, "unit-"),
        Kind("presence", "day", DAY, DAY, round(40 * scale), "unit-"),
        Kind("demand", "day", DAY, DAY, many),
        Kind("incidents", "day", DAY, 28 * DAY, many),
        *(Kind(name, "week", 7 * DAY, 28 * DAY, many) for name in WEEKLY),
    ]


def fill(server: Postgresql, scale: float) -> tuple[str, int]:
    """A full database: its address, and the number of its values."""
    address = server.database()
    engine: Engine = open_store(address)
    with engine.begin() as connection:
        ensure_months(connection, range(BEGIN, END + 40 * DAY, 10 * DAY))
    engine.dispose()
    with psycopg.connect(address, autocommit=True) as connection:
        for kind in kinds(scale):
            row = (
                f"('{kind.name}', '{kind.rhythm}', {kind.step}::bigint, {kind.covers}::bigint, "
                f"{kind.parts}, '{kind.part}')"
            )
            text = VALUES.format(kinds=row, agencies=AGENCIES, begin=BEGIN, end=END)
            connection.execute(text.encode())
        for statement in OTHERS:
            connection.execute(statement.format(n=AGENCIES, begin=BEGIN, end=END).encode())
        connection.execute("VACUUM ANALYZE")
        many = connection.execute("SELECT count(*) FROM value").fetchone()
    assert many is not None
    return address, int(many[0])


OTHERS: Final = (
    (
        "INSERT INTO source SELECT 'agency-' || a, 'source-' || s, 'type', 1000000, 3, 4, {begin}, "
        "{end}, {end}, false FROM generate_series(1, {n}) a, generate_series(1, 6) s"
    ),
    (
        "INSERT INTO expected SELECT indicator, agency, unit, service, stratum, rhythm, window_end, "
        "value, low, high, '' FROM value WHERE rhythm = 'day' AND service <> ''"
    ),
    (
        "INSERT INTO alert SELECT gen_random_uuid()::text, 0, 'ServiceDegraded', 'agency-' || a, "
        "'within_standard', '', 'service-' || s, '', 'warning', 'closed', 'open', 'it fell', '{{}}', "
        "{begin} + s * 10 * 86400000::bigint, {end}, {begin} + (s * 10 + 4) * 86400000::bigint, 0, true "
        "FROM generate_series(1, {n}) a, generate_series(1, 60) s"
    ),
    (
        "INSERT INTO signal SELECT gen_random_uuid()::text, 'agency-' || a, 'within_standard', '', "
        "'service-' || s, '', 'week', t - 604800000, t, 'seasonal_z', t, 'down', 4.0, 0.4, 0.8, 0.7, "
        "0.9, 400, 0.001, 0 FROM generate_series(1, {n}) a, generate_series(1, 60) s, "
        "generate_series({begin}, {end}, 2592000000) t"
    ),
)


def asked(panel: dict[str, Any], agency: str, time_: tuple[int, int]) -> Iterator[str]:
    """The texts of a panel's questions, filled in."""
    choices = {"agency": agency, "indicator": "remote_availability"}
    choices |= dict.fromkeys(("group", "unit", "service", "stratum"), "(all)")
    for target in panel.get("targets", []):
        if "rawSql" in target:
            yield filled_in.sql(target["rawSql"], choices, *time_)


def measure(address: str) -> dict[str, dict[str, list[float]]]:
    """Milliseconds of every panel with SQL, by range and ``board: title``."""
    found: dict[str, dict[str, list[float]]] = {name: {} for name in BUDGET}
    # As deploy/grafana/reader.sql has it for whoever reads boards.
    with psycopg.connect(
        address, autocommit=True, options="-c jit=off -c max_parallel_workers_per_gather=0"
    ) as connection:
        for name, days in (("90 days", 90), ("3 years", 3 * 365)):
            for board in BOARDS.values():
                if board["uid"].endswith(("-kiosk", "-public", "-prometheus")):
                    continue
                for panel in board["panels"]:
                    took = [
                        _timed(connection, [*asked(panel, f"agency-{a}", (END - days * DAY, END))])
                        for a in range(1, AGENCIES + 1)
                    ]
                    if any(took):
                        found[name][f"{board['uid']}: {panel['title']}"] = took
    return found


def _timed(connection: psycopg.Connection[Any], texts: list[str]) -> float:
    if not texts:
        return 0.0
    began = time.perf_counter()
    for text in texts:
        connection.execute(text.encode()).fetchall()
    return (time.perf_counter() - began) * 1000


def scraped(address: str) -> tuple[float, float]:
    """Milliseconds of a first answer of /metrics, and of the next one."""
    gauges = Gauges(open_store(address, make=False))
    took = []
    for _ in range(2):
        began = time.perf_counter()
        gauges.text()
        took.append((time.perf_counter() - began) * 1000)
    gauges.database.dispose()
    return took[0], took[1]


def main() -> None:
    """Fill, ask, print a table; exit code 1 where a range is over its budget."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="1 is ten million values")
    parser.add_argument("--slowest", type=int, default=8, help="panels to name")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="headwind-panels-") as folder:
        Path(folder).chmod(0o711)
        inner = Path(folder) / "postgresql"
        inner.mkdir()
        try:
            server = Postgresql(inner)
        except MissingServerError as error:
            sys.exit(str(error))
        try:
            began = time.perf_counter()
            address, many = fill(server, options.scale)
            print(f"{many:,} values, made in {time.perf_counter() - began:.0f} s")
            first, following = scraped(address)
            print(f"a scrape of /metrics: {following:.0f} ms, the first one {first:.0f} ms")
            over = [_report(name, took, options.slowest) for name, took in measure(address).items()]
        finally:
            server.stop()
    sys.exit(any(over))


def _report(name: str, panels: dict[str, list[float]], slowest: int) -> bool:
    every = [one for took in panels.values() for one in took]
    p50, p95, worst = np.percentile(every, [50, 95, 100])
    budget = BUDGET[name]
    print(f"{name}: {len(panels)} panels, p50 {p50:.1f} ms, p95 {p95:.1f} ms, worst {worst:.1f} ms")
    order = sorted(panels, key=lambda title: -float(np.percentile(panels[title], 95)))
    for title in order[:slowest]:
        print(f"    {np.percentile(panels[title], 95):8.1f} ms  {title}")
    return bool(np.percentile(panels[order[0]], 95) > budget)


if __name__ == "__main__":
    main()

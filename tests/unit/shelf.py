"""A publisher in memory, and small files for the tests that load them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connectors._mapping import Mapping, parse_mapping
from connectors.file import load

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from connectors._publish import Batch
    from connectors._report import LoadReport, Progress

NOW = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp() * 1000)

CASES = """
source = "desk"
timezone = "Europe/Brussels"
key = ["case"]

[[event]]
type = "headwind.service.request.opened.v1"
time = "opened"
data.request = "case"
data.service = "service"

[[event]]
type = "headwind.service.request.closed.v1"
when = "closed IS NOT NULL"
time = "closed"
data.request = "case"
data.service = "service"
"""

COUNTS = """
source = "calls"
timezone = "Europe/Brussels"
key = ["day"]

[[event]]
type = "headwind.service.transactions.counted.v1"
data.service = { const = "Calls" }
data.from = "day"
data.to = { column = "day", plus = "P1D" }
data.started = "offered"
data.completed = "handled"
"""

HEADER = "case,service,opened,closed\n"
GOOD = HEADER + (
    "a-1,Permits,2020-03-02T10:00:00Z,2020-03-05T12:00:00Z\n"
    "a-2,Permits,2020-03-01T08:30:00Z,\n"
    "a-3,Passports,2020-03-03T09:00:00+01:00,2020-03-03T11:00:00+01:00\n"
)


class Shelf:
    """A publisher that keeps what it is given, and can break after some calls."""

    def __init__(self, breaks_after: int = 1 << 30) -> None:
        """``breaks_after`` calls it raises."""
        self.batches: list[Batch] = []
        self.calls = 0
        self.breaks_after = breaks_after
        self.loads: dict[str, tuple[int, bool]] = {}

    def publish(self, batches: Sequence[Batch]) -> None:
        """Keep the batches."""
        if self.calls >= self.breaks_after:
            raise KeyboardInterrupt
        self.calls += 1
        self.batches += batches
        for batch in batches:
            assert len(batch.lines) <= 500
            if batch.load is not None:
                self.loads[batch.load[0]] = batch.load[2:]

    @property
    def events(self) -> list[dict[str, Any]]:
        """All events sent, heartbeats left out."""
        events = [json.loads(line) for batch in self.batches for line in batch.lines]
        return [event for event in events if "heartbeat" not in event["type"]]

    @property
    def beats(self) -> list[dict[str, Any]]:
        """All heartbeats sent."""
        events = [json.loads(line) for batch in self.batches for line in batch.lines]
        return [event for event in events if "heartbeat" in event["type"]]


def send(
    path: Path,
    text: str | None = CASES,
    shelf: Shelf | None = None,
    *,
    agency: str | None = "town",
    dry_run: bool = False,
    restart: bool = False,
    seen: list[Progress] | None = None,
) -> tuple[LoadReport, Shelf]:
    """Load one file."""
    shelf = shelf or Shelf()
    mapping: Mapping | None = parse_mapping(text) if text else None
    report = load(
        [path],
        mapping=mapping,
        agency=agency,
        publisher=shelf,
        clock=lambda: NOW,
        dry_run=dry_run,
        progress=(seen if seen is not None else []).append,
        checkpoint=shelf.loads.get,
        restart=restart,
    )
    return report, shelf


def write(folder: Path, body: str | bytes, name: str = "cases.csv") -> Path:
    """Write a file."""
    path = folder / name
    path.write_bytes(body.encode() if isinstance(body, str) else body)
    return path


def reasons(report: LoadReport) -> list[tuple[int, str, str]]:
    """Row, column and code of everything refused."""
    return [(one.row, one.column, one.code) for one in report.refused]

"""SourceStale: the alert of a source that has been quiet beyond its allowance."""

from __future__ import annotations

from uuid import uuid5

from models.alert import Alert
from streams.detection import NAMESPACE
from streams.source import Source
from streams.wording import Day, silence

SOURCE_STALE = "SourceStale"


def stale(agency: str, source: Source, now: int, day: Day) -> Alert:
    """The alert as it opens at ``now`` (ms)."""
    return Alert(
        id=str(uuid5(NAMESPACE, f"stale {agency} {source.name} {source.last_received}")),
        alertname=SOURCE_STALE,
        agency=agency,
        reason=silence(source, day),
        evidence={
            "source": source.name,
            "last_received": source.last_received,
            "last_event": source.last_time,
            "quiet_after_ms": source.allowed,
        },
        opened=now,
        updated=now,
    )

"""The counter as Faust's documentation has it: a Table, at least once. Run by the test beside it.

Arguments: broker, name of the app and topic, partitions, and the file that it notes what it read.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import faust


def main(broker: str, name: str, partitions: int, notes: Path) -> None:
    """Count each event by its key, and note the count, until killed."""
    app = faust.App(
        name,
        broker=f"kafka://{broker}",
        store="memory://",
        processing_guarantee="at_least_once",
        topic_partitions=partitions,
        topic_replication_factor=1,
        broker_session_timeout=3.0,
        broker_heartbeat_interval=0.5,
        broker_commit_interval=1.0,
        web_enabled=False,
    )
    topic = app.topic(name, key_type=bytes, value_type=bytes, value_serializer="raw")
    counts = app.Table(f"{name}-counts", default=int, partitions=partitions)

    async def count(stream: Any) -> None:
        with notes.open("w", buffering=1, encoding="ascii") as noted:
            async for event in stream.events():
                key = event.key.decode()
                counts[key] += 1
                where = f"{event.message.partition} {event.message.offset}"
                noted.write(f"{where} {key} {counts[key]}\n")

    app.agent(topic)(count)
    app.finalize()
    faust.Worker(app, loglevel="ERROR").execute_from_commandline()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))

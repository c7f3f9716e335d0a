"""The real records in a store, loaded as a user would, and what tests read from it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import NamedTuple, SupportsFloat, cast

import polars as pl

from tests.conftest import ROOT

MAPS = ROOT / "tests" / "maps"
SETTINGS = Path(__file__).with_name("records.toml")
HEADWIND = Path(sys.executable).with_name("headwind")
RECEIVED = "2026-09-01T00:00:00Z"
"""Stamped on every record, after the last of the events: the store is the same whenever made."""


def environment() -> dict[str, str]:
    """What a command is started with: a wide terminal and no settings but its options."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("HEADWIND_")}
    return kept | {"COLUMNS": "500", "NO_COLOR": "1"}


def headwind(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [HEADWIND, *arguments],
        env=environment(),
        cwd=cwd,
        capture_output=True,
        check=False,
        text=True,
        timeout=1800,
    )


class Records(NamedTuple):
    """One data set: its file as plain text columns, and the store that holds it."""

    name: str
    file: Path
    store: Path
    agency: str
    zone: str
    said: str
    """What the load printed."""

    @property
    def frame(self) -> pl.DataFrame:
        """The file, every column as text."""
        return pl.read_csv(self.file, infer_schema=False)

    def run(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command over this store."""
        options = ["--store", str(self.store)]
        if command == "replay":
            options += ["--config", str(SETTINGS)]
        return headwind(command, *arguments, *options)

    def values(
        self,
        indicator: str,
        *,
        agency: str | None = None,
        unit: str | None = "",
        service: str | None = "",
        stratum: str | None = "",
        span: str = "window",
    ) -> pl.DataFrame:
        """Latest values in order of time; ``None`` means every one (of agencies: the only one).

        ``day`` is the local day on which the window begins, ``end`` that on which the next does.
        """
        wanted = {
            "agency": agency or self.agency or None,
            "unit": unit,
            "service": service,
            "stratum": stratum,
        }
        named = {name: text for name, text in wanted.items() if text is not None}
        where = "".join(f" AND {name} = :{name}" for name in named)
        columns = "agency, unit, service, stratum, rhythm, value, n, low, high, status, reason"
        question = (
            f"SELECT {columns}, detail, window_start, window_end FROM value WHERE latest "
            f"AND indicator = :indicator AND span = :span{where} ORDER BY window_end"
        )
        rows = self.rows(question, {"indicator": indicator, "span": span, **named})
        schema = [*columns.split(", "), "detail", "day", "end"]
        frame = pl.DataFrame(rows, schema=schema, orient="row", infer_schema_length=None)
        assert len(frame), f"no value of {indicator} where {named}"
        return frame.with_columns(
            pl.from_epoch(name, time_unit="ms")
            .dt.replace_time_zone("UTC")
            .dt.convert_time_zone(self.zone)
            .dt.date()
            for name in ("day", "end")
        )

    def accepted(self, event_type: str) -> int:
        """How many events of a type the engine took, over all agencies but the second reading."""
        question = "SELECT SUM(accepted) FROM source WHERE type = :type AND agency <> 'nl-utc'"
        return int(figure(self.rows(question, {"type": event_type})[0][0]))

    def rows(self, question: str, values: dict[str, str] | None = None) -> list[tuple[object, ...]]:
        """Ask the store, which cannot be changed through this."""
        with closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)) as connection:
            return connection.execute(question, values or {}).fetchall()


def figure(told: object) -> float:
    """A number that a library gives as anything."""
    return float(cast("SupportsFloat", told))


def load_into(store: Path, file: Path, name: str, agency: str) -> subprocess.CompletedProcess[str]:
    """``headwind load`` of a file under the map of that name."""
    whose = ["--agency", agency] if agency else []
    options = ["--store", str(store), "--config", str(SETTINGS), "--received", RECEIVED]
    return headwind("load", file, "--map", MAPS / f"{name}.toml", *whose, *options)

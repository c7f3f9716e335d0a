"""What several commands ask for in the same words."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from models.value import Cell

Store = Annotated[
    str,
    typer.Option(
        "--store", envvar="HEADWIND_STORE", help="Where everything is kept.", show_envvar=True
    ),
]
Config = Annotated[
    Path,
    typer.Option("--config", envvar="HEADWIND_CONFIG", help="Settings; absent means defaults."),
]
STORE = "headwind.db"
CONFIG = Path("headwind.toml")

Agency = Annotated[str, typer.Option("--agency", help="Only this agency (or group:NAME).")]
IndicatorId = Annotated[str, typer.Option("--indicator", help="Only this indicator.")]
Service = Annotated[str | None, typer.Option("--service", help="Only this service.")]
Unit = Annotated[str | None, typer.Option("--unit", help="Only this unit.")]
Stratum = Annotated[
    str | None, typer.Option("--stratum", help="Only this stratum (channel, class …).")
]
Since = Annotated[
    str, typer.Option("--since", help="From this day or moment on, ISO 8601, UTC if unsaid.")
]
AsOf = Annotated[
    str, typer.Option("--as-of", help="As it was known at this moment, before later revisions.")
]


class Format(StrEnum):
    """How results are written."""

    table = "table"
    json = "json"
    csv = "csv"


FormatOption = Annotated[Format, typer.Option("--format", help="How results are written.")]


def moment(text: str, option: str) -> int | None:
    """ISO 8601 text as ms; None for ""; tells the user what to write where it is neither."""
    if not text:
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is no date or moment. Write 2018-06-30 or 2018-06-30T12:00:00Z."
        raise typer.BadParameter(message, param_hint=option) from None
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    return int(parsed.timestamp() * 1000)


def iso(ms: int | None) -> str | None:
    """Milliseconds as ISO 8601 UTC."""
    if ms is None:
        return None
    text = datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds")
    return text.replace("+00:00", "Z")


def cell_of(unit: str | None, service: str | None, stratum: str | None) -> Cell:
    """The cell that these options name; what is not named is "all"."""
    return Cell(unit or "", service or "", stratum or "")

"""What several commands ask for in the same words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from models.fault import Fault, nearest, place
from models.settings import Settings, SettingsError
from models.value import Cell
from streams.catalogue import catalogue
from streams.detection import choice_faults

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
StoodAt = Annotated[
    str, typer.Option("--as-of", help="As things stood at this moment, by the time of events.")
]


class Format(StrEnum):
    """How results are written."""

    table = "table"
    json = "json"
    csv = "csv"


FormatOption = Annotated[Format, typer.Option("--format", help="How results are written.")]


def moment(text: str, option: str, zone: tzinfo = UTC) -> int | None:
    """ISO 8601 text as ms; None for ""; tells the user what to write where it is neither."""
    if not text:
        return None
    try:
        parsed = datetime.fromisoformat(text)
        if parsed.tzinfo is None:
            parsed = parsed.replace(tzinfo=zone)
        return int(parsed.timestamp() * 1000)
    except (ValueError, OverflowError):
        message = f"{text!r} is no date or moment. Write 2018-06-30 or 2018-06-30T12:00:00Z."
        raise typer.BadParameter(message, param_hint=option) from None


def iso(ms: int | None) -> str | None:
    """Milliseconds as ISO 8601 UTC; None for none, and for a moment that no calendar has."""
    if ms is None:
        return None
    try:
        text = datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        # "Never" and "not yet" stand in the store as moments far outside of any calendar.
        return None
    return text.replace("+00:00", "Z")


def read_settings(config: Path) -> Settings:
    """The settings; every problem with them is one of wrong use."""
    if config != CONFIG and not config.exists():
        message = f"there is no file {config}; only headwind.toml may be absent."
        raise typer.BadParameter(message, param_hint="--config")
    try:
        return checked_settings(config)
    except SettingsError as error:
        raise typer.BadParameter(str(error), param_hint="--config") from None


def _target_faults(settings: Settings) -> Iterator[Fault]:
    """A target for what does not exist, or cannot be, would have no effect."""
    charted = {name: one for name, one in catalogue().items() if "xmr" in one.detectors}
    for name, target in settings.targets.items():
        where = place(("targets", name))
        if name not in charted:
            what = "has no control chart that a target could be set against"
            yield Fault(where, what, nearest(name, charted))
        elif charted[name].unit == "share" and not 0 <= target <= 1:
            yield Fault(where, "is no share", "write 0.9 for 90 %")


def _catalogue_faults(settings: Settings) -> Iterator[Fault]:
    yield from _target_faults(settings)
    yield from choice_faults(settings, catalogue())


def checked_settings(config: Path) -> Settings:
    """A file of settings, what it chooses from the catalogue too. Raises :class:`SettingsError`."""
    return Settings.load(config, _catalogue_faults)


def cell_of(unit: str | None, service: str | None, stratum: str | None) -> Cell:
    """The cell that these options name; what is not named is "all"."""
    return Cell(unit or "", service or "", stratum or "")

"""Settings: everything an operator may say in ``headwind.toml``.

A settings file is checked as a whole: every problem is told at once, each with where it is,
what is wrong and what to write instead. Durations are ISO 8601 (``PT1H``, ``P3D``). Secrets
are never in the file; a ``token_file`` names the file that holds one.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Literal
from zoneinfo import available_timezones

import msgspec

DAY_MS = 86_400_000
_DURATION = re.compile(
    r"P(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)
_UNIT_MS = {"weeks": 7 * DAY_MS, "days": DAY_MS, "hours": 3_600_000, "minutes": 60_000, "seconds": 1000}


class SettingsError(Exception):
    """The settings cannot be used; the message lists every problem, a line each."""


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all tables of the settings share: an unknown name is an error."""


class OrganisationSettings(Part, frozen=True, kw_only=True):
    """The whole: its zone and holidays hold for every agency that names none of its own."""

    name: str = ""
    timezone: str = "UTC"
    holidays: str = ""
    invented: str = ""
    """Shown as a ribbon on every screen: the data is made up."""


class AgencySettings(Part, frozen=True, kw_only=True):
    """One agency. Empty means: as the organisation."""

    title: str = ""
    timezone: str = ""
    holidays: str = ""
    group: str = "all"


class GroupSettings(Part, frozen=True, kw_only=True):
    """A group of agencies that are shown together."""

    title: str = ""


class SourceSettings(Part, frozen=True, kw_only=True):
    """One feed: how late its events may come, and how long it may keep silent."""

    lateness: str = "PT0S"
    quiet_after: str = "P3D"

    @property
    def lateness_ms(self) -> int:
        """Lateness in milliseconds."""
        return duration_ms(self.lateness)

    @property
    def quiet_after_ms(self) -> int:
        """Allowed silence in milliseconds."""
        return duration_ms(self.quiet_after)


class PrivacySettings(Part, frozen=True, kw_only=True):
    """Where the impact assessment and the talks with staff are on file.

    Without both, indicators about the workforce do not start.
    """

    dpia_ref: str = ""
    social_dialogue_ref: str = ""


class DoorSettings(Part, frozen=True, kw_only=True):
    """The HTTP door; sizes in bytes."""

    host: str = "127.0.0.1"
    port: int = 8080
    max_body: int = 8 * 1024 * 1024
    max_event: int = 64 * 1024
    rate_per_second: int = 500


class NotifySettings(Part, frozen=True, kw_only=True):
    """One receiver of notifications."""

    url: str
    kind: Literal["webhook"] = "webhook"
    token_file: str = ""
    agencies: tuple[str, ...] = ()
    min_severity: Literal["critical", "warning", "info"] = "info"


class RetentionSettings(Part, frozen=True, kw_only=True):
    """How long state is kept for late events and repeats; results and log stay."""

    days: int = 800


class Settings(Part, frozen=True, kw_only=True):
    """The whole file."""

    organisation: OrganisationSettings = OrganisationSettings()
    agencies: dict[str, AgencySettings] = {}
    groups: dict[str, GroupSettings] = {}
    sources: dict[str, SourceSettings] = {}
    privacy: PrivacySettings = PrivacySettings()
    door: DoorSettings = DoorSettings()
    notify: dict[str, NotifySettings] = {}
    retention: RetentionSettings = RetentionSettings()
    standards: dict[str, str] = {}

    @classmethod
    def load(cls, path: Path | None) -> Settings:
        """Read a file; one that is absent means defaults. Raises :class:`SettingsError`."""
        if path is None or not path.exists():
            return cls()
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            message = f"{path}: not TOML: {error}"
            raise SettingsError(message) from None
        return cls.of(raw, str(path))

    @classmethod
    def of(cls, raw: dict[str, Any], where: str = "settings") -> Settings:
        """Check what a file held. Raises :class:`SettingsError` with every problem."""
        problems = list(_shape_problems(raw))
        settings = cls()
        if not problems:
            settings = msgspec.convert(raw, cls)
            problems = list(settings.problems())
        if problems:
            raise SettingsError("\n".join(f"{where}: {problem}" for problem in problems))
        return settings

    def problems(self) -> list[str]:
        """What is wrong with values that have the right shape."""
        found = []
        zones = {"organisation": self.organisation.timezone}
        zones |= {f"agencies.{name}": one.timezone for name, one in self.agencies.items()}
        known = available_timezones()
        for where, zone in zones.items():
            if zone and zone not in known:
                found.append(f'[{where}] timezone "{zone}" is unknown; write one like "Europe/Brussels"')
        lengths = {f"standards.{name}": text for name, text in self.standards.items()}
        for name, one in self.sources.items():
            lengths |= {f"sources.{name} lateness": one.lateness}
            lengths |= {f"sources.{name} quiet_after": one.quiet_after}
        for where, text in lengths.items():
            try:
                duration_ms(text)
            except ValueError as error:
                found.append(f"[{where}] {error}")
        for name, agency in self.agencies.items():
            if self.groups and agency.group not in self.groups:
                found.append(
                    f'[agencies.{name}] group "{agency.group}" is not among [groups.…]; add it there'
                )
        return found

    def agency(self, name: str) -> AgencySettings:
        """An agency's settings, filled in from the organisation's."""
        own = self.agencies.get(name, AgencySettings())
        return msgspec.structs.replace(
            own,
            title=own.title or name,
            timezone=own.timezone or self.organisation.timezone,
            holidays=own.holidays or self.organisation.holidays,
        )

    def source(self, name: str) -> SourceSettings:
        """A source's settings."""
        return self.sources.get(name, SourceSettings())

    def standard_ms(self, service: str) -> int | None:
        """How long a request for a service may take where it has no due date of its own."""
        text = self.standards.get(service)
        return None if text is None else duration_ms(text)


def duration_ms(text: str) -> int:
    """ISO 8601 duration of weeks, days, hours, minutes and seconds as milliseconds.

    >>> duration_ms("P1DT2H")
    93600000
    """
    match = _DURATION.fullmatch(text)
    if match is None or text in ("P", "PT") or text.endswith("T"):
        message = f'"{text}" is no duration; write one like "PT1H" or "P3D"'
        raise ValueError(message)
    return sum(int(number) * _UNIT_MS[unit] for unit, number in match.groupdict("0").items())


def _shape_problems(raw: dict[str, Any]) -> list[str]:
    """Every table that does not have its shape; each is tried on its own."""
    found = []
    shapes = {field.name: field.type for field in msgspec.structs.fields(Settings)}
    for name, table in raw.items():
        if name not in shapes:
            known = ", ".join(sorted(shapes))
            found.append(f"[{name}] is not known; the tables are {known}")
            continue
        inner = table if _is_map(shapes[name]) and isinstance(table, dict) else {"": table}
        kind = shapes[name].__args__[1] if _is_map(shapes[name]) else shapes[name]
        for key, one in inner.items():
            where = f"{name}.{key}" if key else name
            try:
                msgspec.convert(one, kind)
            except msgspec.ValidationError as error:
                found.append(f"[{where}] {error}")
    return found


def _is_map(shape: Any) -> bool:
    return getattr(shape, "__origin__", None) is dict



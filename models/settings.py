"""Settings: everything an operator may say in ``headwind.toml``.

A settings file is checked as a whole: every problem is told at once, each with where it is,
what is wrong and what to write instead. Durations are ISO 8601 (``PT1H``, ``P3D``). Secrets
are never in the file; a ``token_file`` or ``url_file`` names the file that holds one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import msgspec
from msgspec import Meta

from models.duration import Duration, duration_ms
from models.fault import Fault, nearest, parted, place
from models.grafana import GrafanaSettings
from models.kafka import KafkaSettings
from models.metrics import ALL_GROUPS
from models.secret import secret_file

Name = Annotated[str, Meta(min_length=1, max_length=128, description="text of 1 to 128 characters")]
Size = Annotated[int, Meta(ge=1024, le=2**30, description="bytes, from 1024 to 1073741824")]
Port = Annotated[int, Meta(ge=0, le=65_535, description="a port, 0 (any free one) to 65535")]
Rate = Annotated[int, Meta(ge=0, le=1_000_000, description="a whole number, 0 for no limit")]
Days = Annotated[int, Meta(ge=1, le=36_500, description="whole days, from 1 to 36500")]
Target = Annotated[float, Meta(ge=-1e12, le=1e12, description="a number such as 0.9")]
_URL = r"^https?://[^\s/@]+(/\S*)?$"
_SUCH = 'an address such as "https://alerts.example.org/hook"'
Address = Annotated[str, Meta(pattern=rf"{_URL}|^$", description=f"{_SUCH}, without a password")]
Hours = Annotated[
    str,
    Meta(
        pattern=r"^(([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d)?$",
        description='hours such as "20:00-07:00"',
    ),
]
_DAY = "(mon|tue|wed|thu|fri|sat|sun)"
Weekly = Annotated[
    str,
    Meta(
        pattern=rf"^(daily|{_DAY}(,{_DAY})*) ([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$",
        description='days and hours such as "sun 02:00-04:00", "sat,sun 22:00-01:00" or '
        '"daily 03:00-03:30"',
    ),
]
Objective = Annotated[
    float, Meta(ge=0.5, lt=1, description="a share from 0.5 to below 1, such as 0.995")
]
Holidays = Annotated[
    str,
    Meta(
        pattern=r"^([A-Z]{2}(-[A-Z0-9]{1,3})?)?$",
        description='a country or a part of one by ISO 3166, such as "BE" or "US-MA"',
    ),
]


_P = TypeVar("_P", bound=msgspec.Struct)

Check: TypeAlias = "Callable[[Settings], Iterator[Fault]]"
"""What finds faults in settings that have the right shape."""


class SettingsError(Exception):
    """The settings cannot be used; ``faults`` holds every problem, the message a line each."""

    def __init__(self, file: str, found: Iterable[Fault]) -> None:
        """Join ``found`` into one message about ``file``."""
        self.faults = tuple(found)
        super().__init__("\n".join(f"{file}: {fault}" for fault in self.faults))


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all tables of the settings share: an unknown name is an error."""


class OrganisationSettings(Part, frozen=True, kw_only=True):
    """The whole: its zone and holidays hold for every agency that names none of its own."""

    name: str = ""
    """What people call it; shown on top of every screen."""
    timezone: str = "UTC"
    """IANA name of the zone in which its days, weeks and months begin."""
    holidays: Holidays = ""
    """Whose public holidays hold; "" for none."""
    invented: str = ""
    """Shown on every screen in a ribbon, behind "Invented data": the data is made up."""


class AgencySettings(Part, frozen=True, kw_only=True):
    """One agency. Empty means: as the organisation."""

    title: str = ""
    """What people call it."""
    timezone: str = ""
    """IANA name of its own zone."""
    holidays: Holidays = ""
    """Its own public holidays."""
    group: Name = "all"
    """Group whose figures it adds to."""


class GroupSettings(Part, frozen=True, kw_only=True):
    """A group of agencies that are shown together."""

    title: str = ""
    """What people call it; commands show it beside ``group:NAME``."""


class SourceSettings(Part, frozen=True, kw_only=True):
    """One feed: how late its events may come, and how long it may keep silent."""

    lateness: Duration = "PT0S"
    """How long after it happened an event may still come; buckets wait for so long."""
    quiet_after: Duration = "P3D"
    """Silence after which the source counts as stale, and holds no bucket back."""

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
    """Reference of the data protection impact assessment."""
    social_dialogue_ref: str = ""
    """Reference of what was agreed with those who speak for the staff."""


class DoorSettings(Part, frozen=True, kw_only=True):
    """The HTTP door: where it listens, and how much it takes."""

    host: Name = "127.0.0.1"
    """Address it listens on; any but this machine's own needs a key to be issued first."""
    port: Port = 8080
    """Port it listens on; 0 takes one that is free."""
    max_body: Size = 8 * 1024 * 1024
    """Largest request, in bytes, before and after unpacking."""
    public_url: Address = ""
    """Address at which people reach the page; links in notifications begin with it."""
    rate_per_second: Rate = 500
    """Requests that one agency may send in a second; 0 for no limit."""


class NotifySettings(Part, frozen=True, kw_only=True):
    """One receiver of notifications."""

    url: Address = ""
    """Address of a webhook or an Alertmanager; what holds a secret goes into url_file."""
    url_file: str = ""
    """File that holds the address, or those of Apprise; HEADWIND_NOTIFY_NAME_URL may hold these."""
    kind: Literal["webhook", "alertmanager", "apprise"] = "webhook"
    """A webhook of Alertmanager's version 4, an Alertmanager, or people's channels by Apprise."""
    token_file: str = ""
    """File that holds the bearer token; else HEADWIND_NOTIFY_NAME_TOKEN may hold one."""
    agencies: tuple[Name, ...] = ()
    """Agencies it is told about; none named means all of them."""
    min_severity: Literal["critical", "warning", "info"] = "info"
    """What is milder than this is not told."""
    group_wait: Duration = "PT0S"
    """How long the first alert of an agency's indicator waits for others, to be told as one."""
    quiet_hours: Hours = ""
    """Hours of the organisation's zone in which alerts wait, to be told as one when they end."""
    quiet_critical: bool = False
    """Whether critical alerts wait for the end of the quiet hours as well."""
    repeat: Duration = "PT0S"
    """After how long an alert that is open and not acknowledged is told again; PT0S for never."""
    watchdog: bool = False
    """Whether it gets the alert that always fires, whose absence means that the monitor is down."""
    watchdog_every: Duration = "PT1M"
    """How often it gets that one."""

    def token(self) -> str | None:
        """The bearer token; None if none is named. Raises SecretError if it cannot be read."""
        return secret_file(Path(self.token_file), "token_file") if self.token_file else None

    def faults(self, path: tuple[str, ...]) -> Iterator[Fault]:
        """What does not fit together."""
        for name, (what, hint) in self._odd():
            yield Fault(place((*path, name)), what, hint)

    def _odd(self) -> Iterator[tuple[str, tuple[str, str]]]:
        if self.url and self.url_file:
            yield "url_file", ("says the same as url", "take one of them out")
        if self.kind != "apprise" and not self.url and not self.url_file:
            yield "url", ("is missing", f"write {_SUCH}")
        if self.kind == "apprise" and self.url:
            hint = "write it into a file, and name that with url_file"
            yield "url", ("holds secrets, which do not belong into this file", hint)
        if self.kind == "apprise" and self.watchdog:
            yield "watchdog", ("is not for people", "give it to a webhook or an Alertmanager")
        if self.kind == "alertmanager":
            hint = "take it out here, and see deploy/alertmanager/alertmanager.yml"
            for name in ("group_wait", "quiet_hours", "quiet_critical", "repeat"):
                if getattr(self, name) != getattr(_DEFAULTS, name):
                    yield name, ("is what an Alertmanager does itself", hint)
        if self.quiet_hours and len({*self.quiet_hours.split("-")}) == 1:
            yield "quiet_hours", ("is the whole day", 'write hours such as "20:00-07:00"')
        if not duration_ms(self.watchdog_every):
            yield "watchdog_every", ("is no time at all", 'write a duration such as "PT1M"')


_DEFAULTS = NotifySettings()


class MaintenanceSettings(Part, frozen=True, kw_only=True):
    """Maintenance that comes again: what opens meanwhile is told when it ends, if it still stands."""

    every: Weekly
    """When, in the organisation's zone."""
    agencies: tuple[Name, ...] = ()
    """Agencies whose alerts it holds back; none named means all of them."""
    services: tuple[Name, ...] = ()
    """Services or units that it touches; none named means all of them."""
    why: str = ""
    """For whoever reads ``headwind silence list``; it is not sent."""


class RetentionSettings(Part, frozen=True, kw_only=True):
    """How long state is kept for late events and repeats; results and log stay."""

    days: Days = 800
    """Older events are kept in the log, and counted no more."""


def _nothing(_settings: Settings) -> Iterator[Fault]:
    return iter(())


class Settings(Part, frozen=True, kw_only=True):
    """The whole file; every table and every name in it may be left out."""

    organisation: OrganisationSettings = OrganisationSettings()
    """``[organisation]``: the whole that agencies are part of."""
    agencies: dict[Name, AgencySettings] = {}
    """``[agencies.NAME]``: what is particular to one; any other may send as well."""
    groups: dict[Name, GroupSettings] = {}
    """``[groups.NAME]``: groups that agencies name."""
    sources: dict[Name, SourceSettings] = {}
    """``[sources.NAME]``: feeds, by the ``source`` of their events."""
    privacy: PrivacySettings = PrivacySettings()
    """``[privacy]``: papers without which indicators of the workforce stay off."""
    door: DoorSettings = DoorSettings()
    """``[door]``: the HTTP door."""
    notify: dict[Name, NotifySettings] = {}
    """``[notify.NAME]``: receivers of notifications."""
    maintenance: dict[Name, MaintenanceSettings] = {}
    """``[maintenance.NAME]``: hours of the week in which alerts are held back."""
    retention: RetentionSettings = RetentionSettings()
    """``[retention]``: how far back late events count."""
    kafka: KafkaSettings = KafkaSettings()
    """``[kafka]``: brokers, where the engine runs as workers beyond one machine."""
    grafana: GrafanaSettings = GrafanaSettings()
    """``[grafana]``: a Grafana in which marks are drawn, and boards published."""
    standards: dict[Name, Duration] = {}
    """Per service: how long a request may take where it has no due date of its own."""
    targets: dict[Name, Target] = {}
    """Per indicator: what is to be reached, in its unit (0.9 for 90 %)."""
    detectors: dict[Name, tuple[Name, ...]] = {}
    """Per indicator: the detectors that look at it instead of its own; an empty list for none."""
    objectives: dict[Name, Objective] = {}
    """Per indicator that has one: the share that it is to reach."""

    @classmethod
    def load(cls, path: Path | None, further: Check = _nothing) -> Settings:
        """Read a file; one that is absent means defaults. Raises :class:`SettingsError`.

        ``further`` finds what else is wrong: what only a layer above can know.
        """
        if path is None or not path.exists():
            return cls()
        try:
            raw = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
        except OSError as error:
            fault = Fault("the file", f"cannot be read ({error.strerror})", "make it readable")
        except UnicodeDecodeError:
            fault = Fault("the file", "is not text in UTF-8", "save it as UTF-8")
        except tomllib.TOMLDecodeError as error:
            fault = Fault("the file", f"is not TOML: {error}", "put that place right first")
        else:
            return _resolved(cls.of(raw, str(path), further), path.parent)
        raise SettingsError(str(path), [fault])

    @classmethod
    def of(
        cls, raw: Mapping[str, Any], where: str = "settings", further: Check = _nothing
    ) -> Settings:
        """Check what a file held. Raises :class:`SettingsError` with every problem."""
        rest, found = parted(raw, cls)
        settings = msgspec.convert(rest, cls)
        found += [*settings.faults(), *further(settings)]
        if found:
            raise SettingsError(where, found)
        return settings

    def faults(self) -> Iterator[Fault]:
        """What is wrong with values that each have the right shape."""
        yield from _zone_faults(self.organisation, ("organisation",))
        for name, agency in self.agencies.items():
            yield from _zone_faults(agency, ("agencies", name))
            if agency.group == ALL_GROUPS or "\\" in agency.group:
                where = place(("agencies", name, "group"))
                yield Fault(where, "is no name for a group", "write letters, such as north")
            elif self.groups and agency.group not in {*self.groups, "all"}:
                where = place(("agencies", name, "group"))
                yield Fault(where, "is not among [groups.…]", nearest(agency.group, self.groups))
        yield from self.kafka.faults()
        yield from self.grafana.faults()
        for name, receiver in self.notify.items():
            yield from receiver.faults(("notify", name))
            yield from self._unknown(("notify", name), receiver.agencies)
        for name, planned in self.maintenance.items():
            yield from self._unknown(("maintenance", name), planned.agencies)
            begin, end = planned.every.split(" ")[1].split("-")
            if begin == end:
                where = place(("maintenance", name, "every"))
                yield Fault(where, "begins when it ends", 'write hours such as "02:00-04:00"')

    def _unknown(self, path: tuple[str, str], named: Iterable[str]) -> Iterator[Fault]:
        """Agencies that are named, and are not among those that the settings list."""
        for agency in named:
            if self.agencies and agency not in self.agencies:
                what = "names one that is not among [agencies.…]"
                yield Fault(place((*path, "agencies")), what, nearest(agency, self.agencies))

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


def _resolved(settings: Settings, folder: Path) -> Settings:
    """Paths in the file count from the folder it stands in, wherever the command is started."""
    notify = {name: _beside(one, folder) for name, one in settings.notify.items()}
    kafka, grafana = _beside(settings.kafka, folder), _beside(settings.grafana, folder)
    return msgspec.structs.replace(settings, notify=notify, kafka=kafka, grafana=grafana)


def _beside(part: _P, folder: Path) -> _P:
    files = [name for name in part.__struct_fields__ if name.endswith("_file")]
    named = {name: str(folder / getattr(part, name)) for name in files if getattr(part, name)}
    return msgspec.structs.replace(part, **named)


def _zone_faults(
    facts: OrganisationSettings | AgencySettings, path: tuple[str, ...]
) -> Iterator[Fault]:
    try:
        ZoneInfo(facts.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = nearest(facts.timezone, available_timezones())
        if "?" not in hint:
            hint = 'write one such as "Europe/Brussels"'
        yield Fault(place((*path, "timezone")), "is no time zone that is known", hint)
    if facts.holidays and not _has_holidays(facts.holidays):
        hint = 'write a country or a part of one by ISO 3166, such as "BE" or "US-MA"'
        yield Fault(place((*path, "holidays")), "are not known", hint)


def _has_holidays(code: str) -> bool:
    """Whether the package knows them; it is large, so it is loaded only where one is named."""
    import holidays

    country, _, part = code.partition("-")
    try:
        holidays.country_holidays(country, subdiv=part or None)
    except NotImplementedError:
        return False
    return True

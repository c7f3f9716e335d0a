"""What surrounds the numbers: shocks, calendars, definitions, size, and signs of life."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from msgspec import field

from models.events import ORDERED, Count, Data, Id, Instant, Meta, Name, Rule, Share

Shock = Annotated[Id, Meta(description="Shock; the same when declared and when closed.")]
Scope = Annotated[Name, Meta(description='Part of the agency it is about; "" is all of it.')]


class ShockDeclared(Data, frozen=True, kw_only=True):
    """Somebody responsible declared a crisis; ``time`` is when it began."""

    TYPE: ClassVar[str] = "headwind.context.shock.declared.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "shock": "covid-19-spring",
        "kind": "pandemic",
        "required_level": 0.8,
    }

    shock: Shock
    kind: Annotated[
        Id, Meta(description="Kind of crisis: pandemic, flood, cyber_attack, strike, outage …")
    ]
    scope: Scope = ""
    required_level: Annotated[
        Share | None,
        Meta(description="Share of normal service that must be kept up, 0 to 1; absent: not set."),
    ] = None


class ShockClosed(Data, frozen=True, kw_only=True):
    """A declared crisis was declared over; ``time`` is when."""

    TYPE: ClassVar[str] = "headwind.context.shock.closed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {"shock": "covid-19-spring"}

    shock: Shock


class CalendarMarked(Data, frozen=True, kw_only=True):
    """A span in which numbers are expected to differ; announced at ``time``, best before it begins."""

    TYPE: ClassVar[str] = "headwind.context.calendar.marked.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "kind": "release_freeze",
        "from": "2020-12-18T00:00:00Z",
        "to": "2021-01-04T00:00:00Z",
    }
    RULES: ClassVar[tuple[Rule, ...]] = (ORDERED,)

    kind: Annotated[
        Literal["holiday", "closure", "deadline", "campaign", "release_freeze"],
        Meta(
            description="Why numbers are expected to differ: holiday and closure are not judged, "
            "deadline and campaign are compared with earlier ones of the same kind and scope, a "
            "release_freeze silences what releases move."
        ),
    ]
    start: Annotated[Instant, Meta(description="Start of the span, included.")] = field(name="from")
    end: Annotated[Instant, Meta(description="End of the span, excluded.")] = field(name="to")
    scope: Scope = ""


class DefinitionChanged(Data, frozen=True, kw_only=True):
    """From ``time`` on the numbers mean something else: a break, never a shock."""

    TYPE: ClassVar[str] = "headwind.context.definition.changed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "what": "closed now includes duplicates",
        "service": "Pothole repair",
    }

    what: Annotated[Id, Meta(description="What changed, in a few words; nothing about a person.")]
    indicator: Annotated[Name, Meta(description='Indicator it touches; "" is all.')] = ""
    service: Annotated[Name, Meta(description='Service it touches; "" is all.')] = ""


class BaselineRebased(Data, frozen=True, kw_only=True):
    """Somebody responsible judges a series by a new baseline, which begins at ``time``."""

    TYPE: ClassVar[str] = "headwind.context.baseline.rebased.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "indicator": "within_standard",
        "service": "Pothole repair",
        "why": "two crews instead of one",
    }

    indicator: Annotated[Id, Meta(description="Indicator whose baseline begins anew.")]
    service: Annotated[Name, Meta(description='Service it touches; "" is all.')] = ""
    why: Annotated[
        Id, Meta(description="What changed for good, in a few words; nothing about a person.")
    ]


class HeadcountSet(Data, frozen=True, kw_only=True):
    """Size of a unit from ``time`` on, to weigh and to suppress small groups by."""

    TYPE: ClassVar[str] = "headwind.context.headcount.set.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {"unit": "permits", "fte": 87.5, "parent": "urban-planning"}

    unit: Annotated[Id, Meta(description="Organisational unit.")]
    fte: Annotated[float, Meta(ge=0, le=1e9, description="Posts in full-time equivalents.")]
    parent: Annotated[Name, Meta(description='Unit it is part of; "" is the agency.')] = ""


class SourceHeartbeat(Data, frozen=True, kw_only=True):
    """A source is alive and says how far its data are complete."""

    TYPE: ClassVar[str] = "headwind.context.source.heartbeat.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "complete_to": "2020-03-31T22:00:00Z",
        "lateness_s": 86400,
        "quiet_after_s": 259200,
    }

    complete_to: Annotated[
        Instant | None, Meta(description="All events before this instant have been sent.")
    ] = None
    lateness_s: Annotated[
        Count | None,
        Meta(description="How late an event of this source may arrive, seconds."),
    ] = None
    quiet_after_s: Annotated[
        Count | None,
        Meta(description="Silence after which the source counts as stale, seconds."),
    ] = None

"""Working from elsewhere: counts of posts, sessions and cases, never anything about a person."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from models.events import (
    PERIOD,
    Count,
    Counted,
    Data,
    Id,
    Meta,
    Name,
    Rule,
    Share,
    at_most,
)

Outage = Annotated[Id, Meta(description="Access outage; the same in started and ended.")]


class ReadinessCounted(Counted, frozen=True, kw_only=True):
    """How many posts that could be done from elsewhere are equipped for it."""

    TYPE: ClassVar[str] = "headwind.remote.readiness.counted.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "unit": "permits",
        "from": "2020-03-01T00:00:00Z",
        "to": "2020-04-01T00:00:00Z",
        "posts_teleworkable": 240,
        "ready": 175,
    }
    RULES: ClassVar[tuple[Rule, ...]] = (*PERIOD, at_most("ready", "posts_teleworkable"))

    posts_teleworkable: Annotated[
        Count, Meta(description="Posts (not people) whose tasks can be done from elsewhere.")
    ]
    ready: Annotated[
        Count, Meta(description="Of those, posts with equipment, access and permission.")
    ]


class SessionsCounted(Counted, frozen=True, kw_only=True):
    """How many remote sessions were tried in a period and how many came about."""

    TYPE: ClassVar[str] = "headwind.remote.sessions.counted.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "from": "2020-03-16T00:00:00Z",
        "to": "2020-03-17T00:00:00Z",
        "attempted": 910,
        "succeeded": 702,
    }
    RULES: ClassVar[tuple[Rule, ...]] = (*PERIOD, at_most("succeeded", "attempted"))

    attempted: Annotated[Count, Meta(description="Sessions tried in the period.")]
    succeeded: Annotated[Count, Meta(description="Of those, sessions that came about.")]


class AccessOutageStarted(Data, frozen=True, kw_only=True):
    """Remote access failed, in whole or in part; ``time`` is when."""

    TYPE: ClassVar[str] = "headwind.remote.access_outage.started.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {"outage": "vpn-2020-07", "share_affected": 0.6}

    outage: Outage
    share_affected: Annotated[
        Share, Meta(description="Share of the posts working remotely that is affected, 0 to 1.")
    ]


class AccessOutageEnded(Data, frozen=True, kw_only=True):
    """Remote access works again; ``time`` is when."""

    TYPE: ClassVar[str] = "headwind.remote.access_outage.ended.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {"outage": "vpn-2020-07"}

    outage: Outage


class CaseloadCounted(Counted, frozen=True, kw_only=True):
    """How many cases came in and were closed in a period, by mode of working."""

    TYPE: ClassVar[str] = "headwind.remote.caseload.counted.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "service": "Building permits",
        "from": "2020-03-16T00:00:00Z",
        "to": "2020-03-23T00:00:00Z",
        "cases_in": 310,
        "cases_closed": 265,
        "mode": "remote",
    }

    service: Annotated[Name, Meta(description='Service the cases belong to; "" is all.')] = ""
    cases_in: Annotated[Count, Meta(description="Cases that arrived in the period.")]
    cases_closed: Annotated[
        Count, Meta(description="Cases closed in the period, whenever they arrived.")
    ]
    mode: Annotated[
        Name, Meta(description='How the work was done: remote, on_site, mixed; "" is not known.')
    ] = ""


class PresenceCounted(Counted, frozen=True, kw_only=True):
    """How much presence at places of work differed from a baseline in a period."""

    TYPE: ClassVar[str] = "headwind.remote.presence.counted.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "from": "2020-03-23T00:00:00Z",
        "to": "2020-03-24T00:00:00Z",
        "change_from_baseline": -41.0,
        "posts": 1200,
    }

    change_from_baseline: Annotated[
        float,
        Meta(
            ge=-100,
            le=1e6,
            description="Change against the source's own baseline, in percent: -41 is 41 % less.",
        ),
    ]
    posts: Annotated[
        Count | None, Meta(description="Posts the figure is about; absent: unknown.")
    ] = None


class PolicyChanged(Data, frozen=True, kw_only=True):
    """A rule on working from elsewhere took effect; ``time`` is when."""

    TYPE: ClassVar[str] = "headwind.remote.policy.changed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {"level": 3, "scope": "whole agency"}

    level: Annotated[
        Count,
        Meta(description="How strict: 0 no rule, 1 recommended, 2 required for some, 3 for all."),
    ]
    scope: Annotated[Name, Meta(description='Whom it binds; "" is the whole agency.')] = ""

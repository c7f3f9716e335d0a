"""CDEvents for changes, deployments and incidents, taken as they are (https://cdevents.dev).

Only the parts that Headwind reads are declared; the rest is let through and ignored, except
what may hold a person's data (``description`` of an incident, for one), which is refused.
One class a subject and predicate is written below; the types with their version are made of
these, since CDEvents puts its version into the type.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import msgspec

from models.events import Data, Id, Instant, Meta, Name

VERSIONS = ("0.1.0", "0.1.1", "0.1.2", "0.2.0", "0.2.1", "0.3.0")
"""Versions of an event type that are understood: the fields read are the same in all."""

Text = Annotated[str, Meta(max_length=512)]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of the data of a CDEvent."""


class Context(_Part, frozen=True, kw_only=True):
    """The sender's own envelope, repeated in the data; not read."""

    version: Annotated[Name, Meta(description="Version of CDEvents up to 0.4.")] = ""
    specversion: Annotated[Name, Meta(description="Version of CDEvents from 0.5 on.")] = ""
    id: Annotated[Text, Meta(description="Id of the event; the envelope's counts.")] = ""
    source: Annotated[Text, Meta(description="Source; the envelope's counts.")] = ""
    type: Annotated[Name, Meta(description="Type; the envelope's counts.")] = ""
    timestamp: Annotated[
        Instant | None, Meta(description="When it happened; the envelope's time counts.")
    ] = None
    chain: Annotated[Text, Meta(description="Chain of events it belongs to; not read.")] = (
        msgspec.field(name="chainId", default="")
    )
    schema: Annotated[Text, Meta(description="Schema the sender wrote to; not read.")] = (
        msgspec.field(name="schemaUri", default="")
    )


class Reference(_Part, frozen=True, kw_only=True):
    """Another subject that the event points to."""

    id: Annotated[Text, Meta(min_length=1, description="Id of the subject at its source.")]
    source: Annotated[Text, Meta(description="Who gave the id.")] = ""
    type: Annotated[Name, Meta(description="Kind of subject.")] = ""


class Content(_Part, frozen=True, kw_only=True):
    """What CDEvents says of the subject; not read."""

    environment: Annotated[
        Reference | None, Meta(description="Where the service runs or the incident is.")
    ] = None
    repository: Annotated[Reference | None, Meta(description="Repository of the change.")] = None
    service: Annotated[Reference | None, Meta(description="Service that has the incident.")] = None
    artifact: Annotated[Text, Meta(description="Package URL of what was deployed.")] = (
        msgspec.field(name="artifactId", default="")
    )


class Subject(_Part, frozen=True, kw_only=True):
    """What the event is about."""

    id: Annotated[
        Id, Meta(description="Id of the change, deployment or incident; the same through its life.")
    ]
    type: Annotated[Name, Meta(description="Kind of subject; not read.")] = ""
    source: Annotated[Text, Meta(description="Who gave the id; not read.")] = ""
    content: Content = msgspec.field(default_factory=Content)


class ChangeFacts(_Part, frozen=True, kw_only=True):
    """What Headwind needs of a change beyond CDEvents."""

    created_at: Annotated[
        Instant | None,
        Meta(description="Time of the first commit, where lead time begins; absent: unknown."),
    ] = None
    service: Annotated[Name, Meta(description='Service it is for; "" is not known.')] = ""
    unit: Annotated[Name, Meta(description='Unit that works on it; "" is not known.')] = ""


class DeploymentFacts(_Part, frozen=True, kw_only=True):
    """What Headwind needs of a deployment beyond CDEvents."""

    change_ids: Annotated[
        list[Id],
        Meta(max_length=1000, description="Subject ids of the changes that went out with it."),
    ] = []
    outcome: Annotated[
        Literal["success", "failure"] | None,
        Meta(description="Whether it took; absent: not said."),
    ] = None
    service: Annotated[Name, Meta(description='Service deployed; "" is not known.')] = ""
    unit: Annotated[Name, Meta(description='Unit that deployed; "" is not known.')] = ""


class IncidentFacts(_Part, frozen=True, kw_only=True):
    """What Headwind needs of an incident beyond CDEvents."""

    service: Annotated[Name, Meta(description='Service hit; "" is not known.')] = ""
    unit: Annotated[Name, Meta(description='Unit that handles it; "" is not known.')] = ""
    deployment: Annotated[
        Name, Meta(description='Subject id of the deployment that caused it; "" is none known.')
    ] = ""


class _CDEvent(Data, frozen=True, kw_only=True):
    """A CDEvent as the data of a CloudEvent."""

    VERSIONS: ClassVar[tuple[str, ...]] = VERSIONS

    context: Annotated[Context | None, Meta(description="CDEvents' own envelope; not read.")] = None
    subject: Annotated[Subject, Meta(description="What the event is about.")]
    content_type: Annotated[
        Name, Meta(description="Media type of customData; only JSON objects are read.")
    ] = msgspec.field(name="customDataContentType", default="")


class _Change(_CDEvent, frozen=True, kw_only=True):
    custom: Annotated[
        ChangeFacts | None, Meta(description="Facts that CDEvents has no field for.")
    ] = msgspec.field(name="customData", default=None)


class _Deployment(_CDEvent, frozen=True, kw_only=True):
    custom: Annotated[
        DeploymentFacts | None, Meta(description="Facts that CDEvents has no field for.")
    ] = msgspec.field(name="customData", default=None)


class _Incident(_CDEvent, frozen=True, kw_only=True):
    custom: Annotated[
        IncidentFacts | None, Meta(description="Facts that CDEvents has no field for.")
    ] = msgspec.field(name="customData", default=None)


_CHANGE: dict[str, Any] = {
    "subject": {
        "id": "pr-1742",
        "type": "change",
        "content": {"repository": {"id": "permits-portal", "source": "https://git.example.org"}},
    },
    "customData": {"created_at": "2020-03-02T09:14:00Z", "service": "Building permits online"},
}
_DEPLOYMENT: dict[str, Any] = {
    "subject": {
        "id": "deploy-2020-118",
        "type": "service",
        "content": {"environment": {"id": "production"}, "artifactId": "pkg:oci/permits@2.14.0"},
    },
    "customData": {
        "change_ids": ["pr-1742", "pr-1750"],
        "outcome": "success",
        "service": "Building permits online",
    },
}
_INCIDENT: dict[str, Any] = {
    "subject": {
        "id": "inc-0077",
        "type": "incident",
        "content": {"environment": {"id": "production"}, "service": {"id": "permits"}},
    },
    "customData": {"service": "Building permits online", "deployment": "deploy-2020-118"},
}


class ChangeCreated(_Change, frozen=True, kw_only=True):
    """A change was proposed (a pull or merge request was opened)."""

    TYPE: ClassVar[str] = "dev.cdevents.change.created"
    EXAMPLE: ClassVar[dict[str, Any]] = _CHANGE


class ChangeMerged(_Change, frozen=True, kw_only=True):
    """A change became part of the main line."""

    TYPE: ClassVar[str] = "dev.cdevents.change.merged"
    EXAMPLE: ClassVar[dict[str, Any]] = _CHANGE


class ChangeAbandoned(_Change, frozen=True, kw_only=True):
    """A change was closed without becoming part of the main line."""

    TYPE: ClassVar[str] = "dev.cdevents.change.abandoned"
    EXAMPLE: ClassVar[dict[str, Any]] = _CHANGE


class ServiceDeployed(_Deployment, frozen=True, kw_only=True):
    """A version of a service was deployed where none ran."""

    TYPE: ClassVar[str] = "dev.cdevents.service.deployed"
    EXAMPLE: ClassVar[dict[str, Any]] = _DEPLOYMENT


class ServiceUpgraded(_Deployment, frozen=True, kw_only=True):
    """A running service was replaced by a later version."""

    TYPE: ClassVar[str] = "dev.cdevents.service.upgraded"
    EXAMPLE: ClassVar[dict[str, Any]] = _DEPLOYMENT


class ServiceRolledback(_Deployment, frozen=True, kw_only=True):
    """A service was put back to an earlier version; the subject is the deployment undone."""

    TYPE: ClassVar[str] = "dev.cdevents.service.rolledback"
    EXAMPLE: ClassVar[dict[str, Any]] = _DEPLOYMENT


class IncidentDetected(_Incident, frozen=True, kw_only=True):
    """A monitor found that a service does not work as it should."""

    TYPE: ClassVar[str] = "dev.cdevents.incident.detected"
    EXAMPLE: ClassVar[dict[str, Any]] = _INCIDENT


class IncidentReported(_Incident, frozen=True, kw_only=True):
    """Somebody registered an incident."""

    TYPE: ClassVar[str] = "dev.cdevents.incident.reported"
    EXAMPLE: ClassVar[dict[str, Any]] = _INCIDENT


class IncidentResolved(_Incident, frozen=True, kw_only=True):
    """A service works again as it should."""

    TYPE: ClassVar[str] = "dev.cdevents.incident.resolved"
    EXAMPLE: ClassVar[dict[str, Any]] = _INCIDENT

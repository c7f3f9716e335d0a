"""What the door answers: every body it sends, as Structs; OpenAPI is written from them."""

from __future__ import annotations

import msgspec

from models.check import Problem


class RefusedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event of the request that was refused, and everything that is wrong with it.

    ``index`` counts the events of the request from 0. ``id`` is empty where the event had
    none, or one that looked like a person's data.
    """

    index: int
    id: str
    problems: list[Problem]


class Receipt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How many events were accepted, and each one that was not.

    ``accepted`` events are durable when this is read. ``dry_run`` true: nothing was stored.
    """

    accepted: int
    refused: list[RefusedEvent]
    dry_run: bool = False


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request as a whole was not taken (RFC 9457): a title and a sentence on what to do."""

    title: str
    status: int
    detail: str


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who a key belongs to: agency, families it may send (null: all), its end, the door's time."""

    agency: str
    key: str
    families: list[str] | None
    expires: str | None
    time: str


class QuarantinedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A refused event as it was kept. ``payload`` is null where it might hold a person's data."""

    id: str
    received: str
    origin: str
    event_source: str
    event_id: str
    event_type: str
    problems: list[Problem]
    payload: str | None


class Quarantine(msgspec.Struct, frozen=True, kw_only=True):
    """A page of refused events, oldest first; ``next`` goes into ``after`` for the next page."""

    refused: list[QuarantinedEvent]
    next: str | None


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """``ok``: the door can read its store and write to it."""

    status: str


class SchemaLink(msgspec.Struct, frozen=True, kw_only=True):
    """A type of event and where its JSON Schema is."""

    type: str
    href: str


class SchemaList(msgspec.Struct, frozen=True, kw_only=True):
    """Every type of event the door takes."""

    schemas: list[SchemaLink]

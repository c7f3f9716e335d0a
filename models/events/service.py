"""Service delivery: what citizens and firms ask for, how it is handled, what it costs."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, ClassVar

import msgspec

from models.events import (
    PERIOD,
    Count,
    Counted,
    Currency,
    Data,
    Id,
    Instant,
    Meta,
    Name,
    Rule,
    Service,
    Share,
    at_most,
)

Channel = Annotated[
    Name, Meta(description='How it was asked: web, app, phone, counter, post …; "" is not known.')
]
Request = Annotated[
    Id, Meta(description="Case number; the same in opened and closed, and unique in the agency.")
]
Dataset = Annotated[Id, Meta(description="Data set, as the register of data names it.")]
Access = Annotated[
    Id, Meta(description="Request for access to data; the same when requested and when decided.")
]
LegalBasis = Annotated[Name, Meta(description='Law or article that allows it; "" is not said.')]
Outage = Annotated[Id, Meta(description="Outage; the same in started and ended.")]


class RequestOpened(Data, frozen=True, kw_only=True):
    """A citizen or firm asked for something; ``time`` is when it arrived."""

    TYPE: ClassVar[str] = "headwind.service.request.opened.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "request": "bos-000001",
        "service": "Pothole repair",
        "channel": "app",
        "due": "2018-07-02T16:00:00Z",
    }

    request: Request
    service: Service
    channel: Channel = ""
    due: Annotated[
        Instant | None,
        Meta(description="When the service standard asks it to be handled; absent: no promise."),
    ] = None


class RequestClosed(Data, frozen=True, kw_only=True):
    """A request was handled; ``time`` is when it was closed."""

    TYPE: ClassVar[str] = "headwind.service.request.closed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "request": "bos-000001",
        "service": "Pothole repair",
        "channel": "app",
        "outcome": "done",
    }

    request: Request
    service: Service
    channel: Channel = ""
    outcome: Annotated[
        Name, Meta(description="How it ended, as a short code: done, rejected, withdrawn …")
    ] = ""


def _completed_and_failed(completed: int, failed: int, started: int) -> bool:
    return completed + failed <= started


class TransactionsCounted(Counted, frozen=True, kw_only=True):
    """How many transactions were begun in a period and what became of them."""

    TYPE: ClassVar[str] = "headwind.service.transactions.counted.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "service": "Passport renewal",
        "channel": "web",
        "from": "2020-03-01T00:00:00Z",
        "to": "2020-04-01T00:00:00Z",
        "started": 1200,
        "completed": 1020,
        "failed": 60,
        "within_standard": 960,
    }
    RULES: ClassVar[tuple[Rule, ...]] = (
        *PERIOD,
        Rule(
            fields=("completed", "failed", "started"),
            holds=_completed_and_failed,
            code="part_exceeds_whole",
            pointer="/completed",
            message='"completed" and "failed" together may not exceed "started"; count all '
            "three over the same transactions, those that were started in the period.",
        ),
        at_most("within_standard", "completed"),
    )

    service: Service
    channel: Channel = ""
    started: Annotated[Count, Meta(description="Transactions begun in the period.")]
    completed: Annotated[Count, Meta(description="Of those, how many reached their end.")]
    failed: Annotated[
        Count,
        Meta(description="Of those started, how many failed or missed the attempt."),
    ] = 0
    within_standard: Annotated[
        Count | None,
        Meta(description="Of those completed, how many met the service standard; absent: unknown."),
    ] = None


class Band(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How many waits lasted ``at_least_s`` <= wait < ``below_s`` seconds."""

    at_least_s: Annotated[Count, Meta(description="Shortest wait of the band, included, seconds.")]
    below_s: Annotated[
        Count | None, Meta(description="Longest wait, excluded, seconds; null: no upper end.")
    ] = None
    count: Annotated[Count, Meta(description="Waits that ended in this band.")]


def _ascending(bands: list[Band]) -> bool:
    open_end = any(band.below_s is None for band in bands[:-1])
    return not open_end and all(
        band.below_s is not None and band.below_s <= following.at_least_s
        for band, following in pairwise(bands)
    )


def _not_empty(bands: list[Band]) -> bool:
    return all(band.below_s is None or band.at_least_s < band.below_s for band in bands)


class WaitingCounted(Counted, frozen=True, kw_only=True):
    """How long people waited for a service in a period, in bands."""

    TYPE: ClassVar[str] = "headwind.service.waiting.counted.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "service": "General practice",
        "channel": "counter",
        "from": "2020-03-01T00:00:00Z",
        "to": "2020-04-01T00:00:00Z",
        "bands": [
            {"at_least_s": 0, "below_s": 86400, "count": 410},
            {"at_least_s": 86400, "below_s": 604800, "count": 380},
            {"at_least_s": 604800, "below_s": None, "count": 45},
        ],
    }
    RULES: ClassVar[tuple[Rule, ...]] = (
        *PERIOD,
        Rule(
            fields=("bands",),
            holds=_not_empty,
            code="end_before_start",
            pointer="/bands",
            message='In each band "below_s" must be larger than "at_least_s".',
        ),
        Rule(
            fields=("bands",),
            holds=_ascending,
            code="out_of_range",
            pointer="/bands",
            message="Send the bands in ascending order without overlap; only the last one may "
            'have "below_s": null.',
        ),
    )

    service: Service
    channel: Channel = ""
    bands: Annotated[
        list[Band],
        Meta(min_length=1, description="Waits by duration, ascending, without overlap."),
    ]


class FeedbackCounted(Counted, frozen=True, kw_only=True):
    """How satisfied users said they were, counted by rating."""

    TYPE: ClassVar[str] = "headwind.service.feedback.counted.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "service": "Passport renewal",
        "channel": "web",
        "from": "2020-03-01T00:00:00Z",
        "to": "2020-04-01T00:00:00Z",
        "ratings": [12, 9, 31, 104, 216],
    }

    service: Service
    channel: Channel = ""
    ratings: Annotated[
        list[Count],
        Meta(
            min_length=5,
            max_length=5,
            description="Answers by rating: five counts, from 1 (very dissatisfied) to 5.",
        ),
    ]


class CostPosted(Counted, frozen=True, kw_only=True):
    """What a service cost in a period."""

    TYPE: ClassVar[str] = "headwind.service.cost.posted.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "service": "Passport renewal",
        "channel": "web",
        "from": "2020-01-01T00:00:00Z",
        "to": "2020-04-01T00:00:00Z",
        "amount": 184250.75,
        "currency": "EUR",
    }

    service: Service
    channel: Channel = ""
    amount: Annotated[
        float,
        Meta(
            ge=-1e15,
            le=1e15,
            description="Cost in units of the currency; negative for a credit.",
        ),
    ]
    currency: Currency


class FormsCounted(Counted, frozen=True, kw_only=True):
    """How many form fields were asked of people that the administration knew already (once only)."""

    TYPE: ClassVar[str] = "headwind.service.forms.counted.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "service": "Passport renewal",
        "from": "2020-03-01T00:00:00Z",
        "to": "2020-04-01T00:00:00Z",
        "prefilled": 5200,
        "asked": 9800,
    }
    RULES: ClassVar[tuple[Rule, ...]] = (*PERIOD, at_most("prefilled", "asked"))

    service: Service
    prefilled: Annotated[Count, Meta(description="Of those asked, fields filled in beforehand.")]
    asked: Annotated[Count, Meta(description="Fields shown in all forms of the period.")]


class DatasetRegistered(Data, frozen=True, kw_only=True):
    """A data set was entered in the register of data."""

    TYPE: ClassVar[str] = "headwind.service.dataset.registered.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "dataset": "business-register",
        "priority": True,
        "authoritative": True,
        "entity_kind": "enterprise",
    }

    dataset: Dataset
    priority: Annotated[bool, Meta(description="True where the plan names it a priority.")] = False
    authoritative: Annotated[
        bool, Meta(description="True where it is the one source of truth for its subject.")
    ] = False
    entity_kind: Annotated[
        Name, Meta(description="Kind of thing it describes: enterprise, parcel, permit …")
    ] = ""


class DatasetAccessed(Counted, frozen=True, kw_only=True):
    """How often a unit read a shared data set in a period."""

    TYPE: ClassVar[str] = "headwind.service.dataset.accessed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "dataset": "business-register",
        "consumer_unit": "permits",
        "from": "2020-03-01T00:00:00Z",
        "to": "2020-04-01T00:00:00Z",
        "count": 3100,
    }

    dataset: Dataset
    consumer_unit: Annotated[Id, Meta(description="Unit or agency that read it.")]
    count: Annotated[Count, Meta(description="Reads in the period.")]


class DataAccessRequested(Data, frozen=True, kw_only=True):
    """Somebody asked to use a data set; ``time`` is when."""

    TYPE: ClassVar[str] = "headwind.service.data_access.requested.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {"access": "acc-017", "dataset": "business-register"}

    access: Access
    dataset: Dataset
    legal_basis: LegalBasis = ""


class DataAccessGranted(Data, frozen=True, kw_only=True):
    """A request to use a data set was granted; ``time`` is when."""

    TYPE: ClassVar[str] = "headwind.service.data_access.granted.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "access": "acc-017",
        "dataset": "business-register",
        "legal_basis": "Data Act art. 15",
    }

    access: Access
    dataset: Dataset
    legal_basis: LegalBasis = ""


class DataAccessRefused(Data, frozen=True, kw_only=True):
    """A request to use a data set was refused; ``time`` is when."""

    TYPE: ClassVar[str] = "headwind.service.data_access.refused.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {"access": "acc-018", "dataset": "tax-assessments"}

    access: Access
    dataset: Dataset
    legal_basis: LegalBasis = ""


class OutageStarted(Data, frozen=True, kw_only=True):
    """A service became unavailable, in whole or in part."""

    TYPE: ClassVar[str] = "headwind.service.outage.started.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "outage": "out-2020-031",
        "service": "Passport renewal",
        "share_affected": 0.4,
    }

    outage: Outage
    service: Service
    share_affected: Annotated[
        Share, Meta(description="Share of the service's users affected, 0 to 1.")
    ]


class OutageEnded(Data, frozen=True, kw_only=True):
    """A service is available again."""

    TYPE: ClassVar[str] = "headwind.service.outage.ended.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {"outage": "out-2020-031", "service": "Passport renewal"}

    outage: Outage
    service: Service

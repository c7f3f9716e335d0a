"""What OpenAPI cannot see in the door's types: request bodies, keys, and the usual faults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from litestar.openapi import ResponseSpec
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import (
    Components,
    Example,
    OpenAPIFormat,
    OpenAPIMediaType,
    OpenAPIType,
    Operation,
    Reference,
    RequestBody,
    Schema,
    SecurityScheme,
)

from connectors._answers import Fault, Receipt
from models.envelope import BATCH, BINARY, NDJSON, STRUCTURED

if TYPE_CHECKING:
    from collections.abc import Mapping

PROBLEM = "application/problem+json"
KEY: list[dict[str, list[str]]] = [{"agencyKey": []}]

_SAMPLE = {
    "id": "req-1",
    "source": "crm",
    "specversion": "1.0",
    "type": "headwind.service.request.opened.v1",
    "time": "2018-06-30T00:00:00Z",
    "data": {"request": "req-1", "service": "permits"},
}


def faults(*statuses: int) -> dict[int, ResponseSpec]:
    """The documentation of answers that turn a whole request away."""
    return {
        status: ResponseSpec(
            Fault, description=_FAULTS[status], media_type=PROBLEM, generate_examples=False
        )
        for status in statuses
    }


def receipts() -> Mapping[int, ResponseSpec]:
    """The documentation of every answer of ``POST /events``."""
    texts = {
        200: "Dry run: all events would be accepted; nothing was stored.",
        207: "Some events were accepted and are durable; the others are listed with reasons.",
        422: "Every event was refused; each is listed with all its reasons.",
    }
    specs = {
        status: ResponseSpec(Receipt, description=words, generate_examples=False)
        for status, words in texts.items()
    }
    return specs | faults(400, 401, 413, 415, 429, 503)


_FAULTS = {
    400: "The request cannot be understood; the sentence says why.",
    401: "No key, or one that is not accepted.",
    404: "There is no such thing.",
    413: "The body, or what it unpacks to, is too large.",
    415: "A content type or encoding that is not understood.",
    429: "Too many requests for now; Retry-After says when to go on.",
    503: "The store cannot be used just now; nothing was kept; Retry-After says when to try again.",
}


def _event_schema() -> Schema:
    text = Schema(type=OpenAPIType.STRING, min_length=1, max_length=256)
    return Schema(
        type=OpenAPIType.OBJECT,
        description="A CloudEvents 1.0 event; GET /schemas lists the types and their data.",
        required=["id", "source", "specversion", "type", "time", "data"],
        properties={
            "id": text,
            "source": text,
            "specversion": Schema(type=OpenAPIType.STRING, const="1.0"),
            "type": text,
            "time": Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.DATE_TIME),
            "data": Schema(type=OpenAPIType.OBJECT),
        },
    )


@dataclass
class PostEvents(Operation):
    """``POST /events`` with its four kinds of body."""

    def __post_init__(self) -> None:
        """Add the body: the handler reads it raw, so that it is not seen in its signature."""
        event = _event_schema()
        lines = Schema(type=OpenAPIType.STRING, description="One event a line.")
        one: dict[str, Example | Reference] = {"one event": Example(value=_SAMPLE)}
        self.request_body = RequestBody(
            required=True,
            description="Up to 10,000 events; gzip is welcome (Content-Encoding: gzip).",
            content={
                STRUCTURED: OpenAPIMediaType(schema=event, examples=one),
                BATCH: OpenAPIMediaType(
                    schema=Schema(type=OpenAPIType.ARRAY, items=event, min_items=1),
                    examples={"a batch": Example(value=[_SAMPLE])},
                ),
                NDJSON: OpenAPIMediaType(schema=lines),
                BINARY: OpenAPIMediaType(
                    schema=Schema(
                        type=OpenAPIType.OBJECT,
                        description="The data alone; the attributes are in ce-* headers.",
                    )
                ),
            },
        )


def openapi_config(version: str) -> OpenAPIConfig:
    """The configuration of the application that mounts the door: title and kind of key."""
    return OpenAPIConfig(
        title="Headwind",
        version=version,
        components=Components(
            security_schemes={
                "agencyKey": SecurityScheme(
                    type="http", scheme="bearer", description="An agency's key: hwk_…"
                )
            }
        ),
    )

"""The door's routes on Litestar: what stands at which address, and how a fault is told."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

import structlog
from litestar import Litestar, Request, Response, Router, get, post, route
from litestar.di import NamedDependency, Provide
from litestar.enums import HttpMethod, MediaType
from litestar.exceptions import HTTPException
from litestar.params import FromPath, FromQuery, QueryParameter, SkipValidation

from connectors._answers import Caller, Fault, Health, Quarantine, Receipt, SchemaLink, SchemaList
from connectors._door_openapi import KEY, PROBLEM, PostEvents, faults, openapi_config, receipts
from connectors._reception import DoorFault, Meter, Reception, unavailable
from models.collector import spare
from models.event import DATA_TYPES, json_schema
from models.settings import DoorSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from litestar.types import ExceptionHandlersMap
    from sqlalchemy import Engine

    from connectors._publish import Publisher

_log = structlog.get_logger(__name__)

AnyRequest = Request[Any, Any, Any]
TheDoor = NamedDependency[SkipValidation[Reception]]


@post(
    "/events",
    status_code=202,
    operation_class=PostEvents,
    operation_id="postEvents",
    responses=receipts(),
    security=KEY,
    summary="Send events",
    response_description="All events were accepted and are durable.",
)
async def post_events(
    request: AnyRequest, door: TheDoor, dry_run: FromQuery[bool] = False
) -> Response[Receipt]:
    """Take CloudEvents one by one or in batches; `dry_run=true` checks and stores nothing."""
    status, receipt = await door.receive(request, dry_run=dry_run)
    return Response(receipt, status_code=status)


@route(
    "/events",
    http_method=[HttpMethod.OPTIONS],
    status_code=200,
    operation_id="handshake",
    summary="CloudEvents webhook handshake",
    media_type=MediaType.TEXT,
)
async def handshake(request: AnyRequest, door: TheDoor) -> Response[str]:
    """Allow any origin that asks: what protects the door is the key, not the origin."""
    headers = {"Allow": "OPTIONS, POST"}
    if "webhook-request-origin" in request.headers:
        headers["WebHook-Allowed-Origin"] = "*"
        headers["WebHook-Allowed-Rate"] = str(door.allowed_rate or "*")
    return Response("", status_code=200, headers=headers, media_type=MediaType.TEXT)


@post(
    "/ping",
    status_code=200,
    operation_id="ping",
    responses=faults(401, 503),
    security=KEY,
    summary="Who am I?",
)
async def ping(request: AnyRequest, door: TheDoor) -> Caller:
    """Say whose key this is and what it may send; a first call to try a connection with."""
    return door.caller(request.headers)


@get(
    "/refused",
    operation_id="getRefused",
    responses=faults(400, 401, 503),
    security=KEY,
    summary="What was refused, and why",
    sync_to_thread=True,
)
def get_refused(
    request: AnyRequest,
    door: TheDoor,
    since: Annotated[datetime | None, QueryParameter(description="ISO 8601 with a zone.")] = None,
    after: Annotated[
        str, QueryParameter(max_length=64, description="`next` of the last page.")
    ] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=500)] = 100,
) -> Quarantine:
    """List the agency's own refused events, oldest first."""
    if since is not None and since.tzinfo is None:
        sentence = "since needs a time zone, as in 2018-06-30T00:00:00Z."
        raise DoorFault(400, sentence)
    start = 0 if since is None else int(since.timestamp() * 1000)
    return door.quarantine(request.headers, since=start, after=after, limit=limit)


@get(
    "/healthz",
    operation_id="health",
    responses=faults(503),
    summary="Is the door open?",
    sync_to_thread=True,
)
def health(door: TheDoor) -> Health:
    """Say ok when events can be taken."""
    if not door.healthy():
        why = "cannot be used just now"
        raise unavailable(why, 5)
    return Health(status="ok")


@get("/schemas", operation_id="listSchemas", summary="Types of events", sync_to_thread=False)
def list_schemas() -> SchemaList:
    """List every type of event with the address of its JSON Schema."""
    return SchemaList(
        schemas=[SchemaLink(type=name, href=f"/schemas/{name}") for name in sorted(DATA_TYPES)]
    )


@get(
    "/schemas/{event_type:str}",
    operation_id="getSchema",
    responses=faults(404),
    summary="JSON Schema of one type",
    media_type="application/schema+json",
    sync_to_thread=False,
)
def get_schema(event_type: FromPath[str]) -> dict[str, Any]:
    """Give the JSON Schema (2020-12) of one type of event."""
    if event_type not in DATA_TYPES:
        sentence = "There is no such type of event; GET /schemas lists them all."
        raise DoorFault(404, sentence)
    return json_schema(event_type)


def tell_fault(_request: AnyRequest, error: HTTPException) -> Response[Fault]:
    """Tell a fault as problem+json; Litestar's own texts may repeat input, so they are not used."""
    status = HTTPStatus(error.status_code)
    detail = error.detail if isinstance(error, DoorFault) else _SENTENCES.get(status, status.phrase)
    headers = {**(error.headers or {}), "Content-Type": PROBLEM}
    return Response(
        Fault(title=status.phrase, status=status, detail=detail),
        status_code=status,
        headers=headers,
        media_type=PROBLEM,
    )


def tell_surprise(_request: AnyRequest, error: Exception) -> Response[Fault]:
    """Tell an error of our own; only its kind is logged, since its text may hold parts of events."""
    _log.error("door failed", error=type(error).__name__, where=_where(error))
    sentence = "The door failed at this request; nothing of it was confirmed. Try again later."
    return Response(
        Fault(title="Internal Server Error", status=500, detail=sentence),
        status_code=500,
        media_type=PROBLEM,
    )


EXCEPTION_HANDLERS: ExceptionHandlersMap = {HTTPException: tell_fault, Exception: tell_surprise}

_SENTENCES = {
    HTTPStatus.BAD_REQUEST: "A query parameter or header cannot be understood; see /schema.",
    HTTPStatus.NOT_FOUND: "There is nothing at this address; events go to POST /events.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take that method; see /schema.",
}


def create_door(
    engine: Engine,
    publisher: Publisher,
    settings: DoorSettings,
    *,
    clock: Callable[[], int],
    meter: Meter | None = None,
) -> tuple[Reception, Router]:
    """The door and its routes, to be mounted in an application; call ``door.close`` at its end.

    ``clock`` gives milliseconds since the epoch. The application should use
    ``EXCEPTION_HANDLERS`` too, so that unknown addresses answer in the same shape.
    """
    door = Reception(engine, publisher, settings, clock=clock, meter=meter)
    router = Router(
        "/",
        route_handlers=[
            # Before post_events: a path's first handler decides whether Litestar adds an
            # OPTIONS answer of its own.
            handshake,
            post_events,
            ping,
            get_refused,
            health,
            list_schemas,
            get_schema,
        ],
        dependencies={"door": Provide(lambda: door, sync_to_thread=False)},
        exception_handlers=EXCEPTION_HANDLERS,
        # The door bounds bodies itself: before and after unpacking.
        request_max_body_size=None,
    )
    return door, router


def door_app(  # noqa: PLR0913 (as create_door, and the version)
    engine: Engine,
    publisher: Publisher,
    settings: DoorSettings,
    *,
    clock: Callable[[], int],
    meter: Meter | None = None,
    version: str = "0",
) -> Litestar:
    """An application that is nothing but the door; it closes the door when it ends."""
    door, router = create_door(engine, publisher, settings, clock=clock, meter=meter)
    return Litestar(
        [router],
        openapi_config=openapi_config(version),
        exception_handlers=EXCEPTION_HANDLERS,
        on_startup=[spare],
        on_shutdown=[door.close],
        # Litestar would set up the logging of the whole process.
        logging_config=None,
    )


def _where(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}"

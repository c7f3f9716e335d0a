"""The built-in page: HTML for people, JSON that keeps it fresh, and its static files."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

import msgspec
from litestar import Request, Response, get
from litestar.exceptions import NotFoundException

from dashboards import notice, screen
from dashboards.assets import asset, warm
from dashboards.board import Board, boards
from dashboards.reader import PATHS, Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from litestar.handlers import HTTPRouteHandler
    from sqlalchemy import Engine

    from dashboards.facts import IndicatorFacts, PageSettings

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}


def _html(body: str, status: int = 200) -> Response[str]:
    return Response(body, media_type="text/html", status_code=status, headers=HEADERS)


def _chosen(request: Request[Any, Any, Any], **fixed: str) -> dict[str, str]:
    return {**request.query_params, **fixed}


def _tail(request: Request[Any, Any, Any], prefix: str) -> str:
    """What follows the prefix in the address as it was sent: a name may hold any character."""
    raw = request.scope.get("raw_path") or request.scope["path"].encode()
    path = bytes(raw).split(b"?", 1)[0]
    return unquote_to_bytes(path).decode("utf-8", "replace").removeprefix(prefix)


def _answer(reader: Reader, board: Board, chosen: Mapping[str, str]) -> Response[str]:
    try:
        return _html(reader.page(board, chosen))
    except screen.BadChoiceError as problem:
        return _html(notice.bad_choice(reader, str(problem)), 400)
    except notice.EmptyStoreError:
        return _html(notice.empty_store(reader))
    except notice.UnknownNameError as problem:
        return _html(notice.unknown_name(reader, problem), 404)


def create_page(
    engine: Engine, settings: PageSettings, catalogue: Iterable[IndicatorFacts]
) -> list[HTTPRouteHandler]:
    """The route handlers of the page, for a Litestar application.

    ``catalogue`` has the facts of every indicator in the order to show them; where
    ``settings.organisation.invented`` says so, every screen is labelled.
    """
    reader = Reader(engine, settings, list(catalogue))
    Thread(target=warm, name="page-warm", daemon=True).start()

    @get("/", sync_to_thread=True, include_in_schema=False)
    def overview(request: Request[Any, Any, Any]) -> Response[str]:
        return _answer(reader, boards()["headwind-overview"], _chosen(request))

    @get("/agency/{agency:path}", sync_to_thread=True, include_in_schema=False)
    def agency_board(request: Request[Any, Any, Any]) -> Response[str]:
        chosen = _chosen(request, agency=_tail(request, "/agency/"))
        return _answer(reader, boards()["headwind-agency"], chosen)

    @get("/indicator/{indicator:path}", sync_to_thread=True, include_in_schema=False)
    def indicator_board(request: Request[Any, Any, Any]) -> Response[str]:
        chosen = _chosen(request, indicator=_tail(request, "/indicator/"))
        return _answer(reader, boards()["headwind-indicator"], chosen)

    @get("/board/{name:str}", sync_to_thread=True, include_in_schema=False)
    def feed(request: Request[Any, Any, Any], name: str) -> Response[bytes]:
        board = boards().get(name.removesuffix(".json"))
        if board is None or not name.endswith(".json"):
            raise NotFoundException(detail="No such board.")
        return _feed(reader, board, _chosen(request), request.headers.get("if-none-match", ""))

    @get("/static/{name:str}", sync_to_thread=True, include_in_schema=False)
    def static(name: str) -> Response[bytes]:
        found = asset(name)
        if found is None:
            raise NotFoundException(detail="No such file.")
        body, kind = found
        return Response(body, media_type=kind, headers={**HEADERS, **_FOREVER})

    return [
        overview,
        agency_board,
        indicator_board,
        *(_board_at(reader, path, uid) for uid, path in PATHS.items()),
        feed,
        static,
    ]


def _board_at(reader: Reader, path: str, uid: str) -> HTTPRouteHandler:
    """A board that has a path of its own."""

    @get(path, sync_to_thread=True, include_in_schema=False)
    def drawn(request: Request[Any, Any, Any]) -> Response[str]:
        board = boards()[uid]
        return _answer(reader, board, _chosen(request))

    return drawn


def _feed(reader: Reader, board: Board, chosen: Mapping[str, str], known: str) -> Response[bytes]:
    try:
        version, body = reader.feed(board, chosen, known)
    except screen.BadChoiceError as problem:
        return _json({"error": str(problem)}, 400)
    except (notice.EmptyStoreError, notice.UnknownNameError) as problem:
        return _json({"error": str(problem)}, 404)
    headers = {**HEADERS, "ETag": version}
    if body is None:
        return Response(b"", status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def _json(content: dict[str, str], status: int) -> Response[bytes]:
    body = msgspec.json.encode(content)
    return Response(body, media_type="application/json", status_code=status, headers=HEADERS)

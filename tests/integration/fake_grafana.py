"""A Grafana on loopback that answers as 12.4 was seen to answer, with its oddities, and worse on demand.

What it knows outlives it: another one on the same port goes on with it, as after a restart.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests.integration.listening import listening

EDITOR, ADMIN, VIEWER = "glsa_editor", "glsa_admin", "glsa_viewer"

Said = dict[str, Any]
Answer = tuple[int, Any]


class Odd(NamedTuple):
    """One answer that is unlike the usual; ``done`` says that what was asked is done all the same.

    ``how`` is "" for a whole answer, "slow" for none while the test lasts, "close" for none at
    all, "half" for a body that breaks off.
    """

    status: int = 200
    body: bytes = b""
    how: str = ""
    done: bool = False
    headers: tuple[tuple[str, str], ...] = ()


class Known:
    """All that a Grafana keeps; ``odd`` are the next answers, ``always`` every one if it is set."""

    def __init__(self) -> None:
        self.tokens = {EDITOR: "Editor", ADMIN: "Admin", VIEWER: "Viewer"}
        self.anonymous = True
        self.annotations: dict[int, Said] = {}
        self.folders: dict[str, str] = {}
        self.boards: dict[str, Said] = {}
        self.files: set[str] = set()
        """Uids of boards that files own."""
        self.accounts: list[Said] = []
        self.names: set[str] = set()
        """Of tokens."""
        self.odd: list[Odd] = []
        self.always: Odd | None = None
        self.seen: list[tuple[str, str]] = []
        self.bodies: list[Any] = []
        self.lock = threading.RLock()
        self.over = threading.Event()
        """The test is over: nobody needs to be slow any more."""
        self.wrote: Callable[[], None] = lambda: None
        """Called after each annotation that was written."""
        self._numbers = iter(range(1, 1_000_000))

    def count(self, method: str, begins: str = "/") -> int:
        """How many calls of a kind there were."""
        return sum(m == method and path.startswith(begins) for m, path in self.seen)

    def texts(self) -> list[str]:
        """What the annotations say, in the order in which they came."""
        return [one["text"] for one in self.annotations.values()]

    def next(self) -> int:
        """A number nobody has."""
        return next(self._numbers)


class Fake(ThreadingHTTPServer):
    """One running; it listens below /grafana if it is told so."""

    def __init__(self, known: Known, port: int = 0, path: str = "") -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.known = known
        self.path = path

    @property
    def url(self) -> str:
        """Where it begins."""
        return f"http://127.0.0.1:{self.server_port}{self.path}"


@contextmanager
def running(known: Known, port: int = 0, path: str = "") -> Iterator[Fake]:
    """Run one while the block lasts."""
    known.over.clear()
    with listening(Fake(known, port, path)) as server:
        try:
            yield server
        finally:
            known.over.set()


@pytest.fixture
def known() -> Known:
    """What the Grafana of a test keeps, over its restarts."""
    return Known()


@pytest.fixture
def grafana(known: Known) -> Iterator[Fake]:
    """A running one."""
    with running(known) as fake:
        yield fake


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Fake
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Every method goes one way."""
        self._any()

    do_POST = do_PATCH = do_DELETE = do_PUT = do_GET  # noqa: N815 (named by the library)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _any(self) -> None:
        known = self.server.known
        text = self.rfile.read(int(self.headers.get("content-length") or 0))
        body = json.loads(text) if text else None
        path = self.path.removeprefix(self.server.path)
        with known.lock:
            known.seen.append((self.command, path.removeprefix("/api")))
            known.bodies.append(body)
            odd = known.always or (known.odd.pop(0) if known.odd else None)
            status, said = 0, None
            if odd is None or odd.done:
                status, said = self._done(path, body)
        if odd is None:
            self._answer(status, json.dumps(said).encode())
        elif odd.how:
            self._broken(odd)
        else:
            self._answer(odd.status, odd.body, dict(odd.headers))

    def _broken(self, odd: Odd) -> None:
        self.close_connection = True
        if odd.how == "slow":
            self.server.known.over.wait(30)
        elif odd.how == "half":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"[")

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if status != 204 else b"")

    def _done(self, path: str, body: Any) -> Answer:
        if not path.startswith("/api/"):
            return 404, {"message": "Not found"}
        parts = urlsplit(path.removeprefix("/api"))
        ask = {name: some[0] for name, some in parse_qs(parts.query).items()}
        known = self.server.known
        token = (self.headers.get("authorization") or "").removeprefix("Bearer ")
        role = known.tokens.get(token, "Viewer" if known.anonymous else "")
        request = Request(known, role, token in known.tokens, body, ask)
        if parts.path == "/health":
            return 200, {"database": "ok", "version": "12.4.0", "commit": "invented"}
        if not role:
            return 401, {"message": "Unauthorized"}
        return request.answer(self.command, [unquote(part) for part in parts.path.split("/")[1:]])


class Request(NamedTuple):
    """What was asked, by whom."""

    known: Known
    role: str
    named: bool
    body: Any
    ask: dict[str, str]

    def answer(self, method: str, path: list[str]) -> Answer:
        """The status and the body."""
        denied = 403, {"message": "You'll need additional permissions to perform this action."}
        if method != "GET" and self.role == "Viewer":
            return denied
        match method, path:
            case "GET", ["user"]:
                who = {"login": f"sa-{self.role.lower()}", "name": self.role}
                return (200, who) if self.named else (401, {"message": "Unauthorized"})
            case "GET", ["access-control", "user", "permissions"]:
                return 200, _permissions(self.role)
            case _, ["annotations", *rest]:
                return self._annotations(method, rest)
            case _, ["serviceaccounts", *rest]:
                return self._accounts(method, rest) if self.role == "Admin" else denied
        return self._boards(method, path)

    # --- annotations ------------------------------------------------------------------------------

    def _annotations(self, method: str, rest: list[str]) -> Answer:
        match method, rest:
            case "GET", []:
                return 200, self._found()
            case "POST", []:
                return self._posted()
            case "PATCH", [number] if int(number) in self.known.annotations:
                one = self.known.annotations[int(number)]
                # What does not come along is wiped, though only the text was meant.
                tags = _pairs(self.body.get("tags") or [])
                given = {
                    name: self.body[name]
                    for name in ("text", "time", "timeEnd")
                    if self.body.get(name)
                }
                one.update(given | {"tags": tags})
                _straighten(one)
                return 200, {"message": "Annotation patched"}
            case "DELETE", [number]:
                self.known.annotations.pop(int(number), None)
                return 200, {"message": "Annotation deleted"}
        return 404, {"message": "Annotation not found"}

    def _posted(self) -> Answer:
        if not self.body.get("text"):
            return 400, {"message": "Failed to save annotation: text should not be empty"}
        if self.body.get("dashboardUID") and self.body["dashboardUID"] not in self.known.boards:
            return 500, {"message": "Failed to save annotation"}
        if len(json.dumps(self.body.get("tags"), separators=(",", ":"))) > 500:
            return 400, {"message": "tags length exceeds the maximum allowed"}
        number = self.known.next()
        one = {
            "id": number,
            "alertId": 0,
            "text": self.body["text"],
            "time": self.body.get("time") or 1,
            "timeEnd": self.body.get("timeEnd") or 0,
            "tags": _pairs(self.body.get("tags") or []),
        }
        _straighten(one)
        self.known.annotations[number] = one
        self.known.wrote()
        return 200, {"message": "Annotation added", "id": number}

    def _found(self) -> list[Said]:
        since, until = int(self.ask.get("from", 0)), int(self.ask.get("to", 0))
        found = []
        for one in self.known.annotations.values():
            within = one["time"] <= until and one["timeEnd"] >= since
            # A tag without a colon is met by any of that key.
            keys = {tag.split(":", 1)[0] for tag in one["tags"]}
            if (not (since and until) or within) and self.ask.get("tags") in {*one["tags"], *keys}:
                found.append(one)
        found.sort(key=lambda one: (-one["timeEnd"], -one["time"]))
        return found[: int(self.ask.get("limit") or 100)]

    # --- boards -----------------------------------------------------------------------------------

    def _boards(self, method: str, path: list[str]) -> Answer:
        known = self.known
        match method, path:
            case "GET", ["folders", uid] if uid in known.folders:
                return 200, {"uid": uid, "title": known.folders[uid], "canSave": True}
            case "POST", ["folders"]:
                return self._folder(self.body["uid"], self.body["title"])
            case "GET", ["dashboards", "uid", uid] if uid in known.boards:
                held = known.boards[uid]
                meta = {"provisioned": uid in known.files, "folderUid": held["folder"]}
                return 200, {"dashboard": held["board"], "meta": meta}
            case "POST", ["dashboards", "db"]:
                return self._saved()
            case "GET", ["search"]:
                return 200, [{"uid": uid, "type": "dash-db"} for uid in known.boards]
        return 404, {"message": "Not found"}

    def _folder(self, uid: str, title: str) -> Answer:
        known = self.known
        if uid in known.folders or title in known.folders.values():
            return 412, {"message": "a folder with that name or uid already exists"}
        known.folders[uid] = title
        return 200, {"id": known.next(), "uid": uid, "title": title}

    def _saved(self) -> Answer:
        board, folder = self.body["dashboard"], self.body.get("folderUid", "")
        uid = board["uid"]
        if uid in self.known.files:
            return 400, {"message": "Cannot save provisioned dashboard"}
        if folder and folder not in self.known.folders:
            return 400, {"message": "folder not found"}
        before = self.known.boards.get(uid)
        if before is not None and not self.body.get("overwrite"):
            return 412, {"message": "The dashboard has been changed by someone else"}
        version = 1 if before is None else before["board"]["version"] + 1
        kept = {**board, "id": self.known.next(), "version": version}
        self.known.boards[uid] = {"board": kept, "folder": folder}
        return 200, {"uid": uid, "version": version, "status": "success"}

    # --- service accounts -------------------------------------------------------------------------

    def _accounts(self, method: str, rest: list[str]) -> Answer:
        known = self.known
        match method, rest:
            case "GET", ["search"]:
                asked = self.ask.get("query", "").lower()
                found = [one for one in known.accounts if asked in one["name"].lower()]
                return 200, {"totalCount": len(found), "serviceAccounts": found}
            case "POST", []:
                if any(one["name"] == self.body["name"] for one in known.accounts):
                    return 400, {"message": "service account already exists"}
                known.accounts.append({"id": known.next(), **self.body})
                return 201, known.accounts[-1]
            case "POST", [number, "tokens"]:
                (account,) = [one for one in known.accounts if one["id"] == int(number)]
                if self.body["name"] in known.names:
                    return 409, {"message": "service account token already exists"}
                known.names.add(self.body["name"])
                key = f"glsa_made_{known.next()}"
                known.tokens[key] = account["role"]
                return 200, {"id": known.next(), "name": self.body["name"], "key": key}
        return 404, {"message": "Not found"}


def _straighten(one: Said) -> None:
    one["timeEnd"] = one["timeEnd"] or one["time"]
    if one["timeEnd"] < one["time"]:
        one["time"], one["timeEnd"] = one["timeEnd"], one["time"]


def _pairs(tags: list[str]) -> list[str]:
    """Tags as they come back: cut at their first colon, trimmed, none of them twice."""
    found = []
    for tag in tags:
        key, _, held = (part.strip() for part in tag.partition(":"))
        found.append(f"{key}:{held}" if held else key)
    return [*dict.fromkeys(tag for tag in found if tag)]


def _permissions(role: str) -> dict[str, list[str]]:
    if role == "Viewer":
        return {
            "annotations:create": ["annotations:type:dashboard"],
            "annotations:read": ["annotations:*"],
        }
    return {
        "annotations:create": ["annotations:*"],
        "annotations:write": ["annotations:*"],
        "dashboards:create": ["folders:uid:general"],
        "folders:create": ["folders:uid:general"],
    }

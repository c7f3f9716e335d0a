"""A running Grafana: what is asked of it and what is done there, one method each.

An annotation is always sent whole: one that is sent with a new text alone loses its tags. Boards
and folders go by their uid, for their numbers change when the server starts anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple, Self, TypeVar

from dashboards.annotations import Annotation
from dashboards.grafana_call import TIMEOUT_S, GrafanaCall, GrafanaError, printed

AT_ONCE = 5000
"""Annotations asked for in one piece; of more of them the time is cut in two."""

NEEDED: Final = (
    ("annotations:create", "annotations:type:organization"),
    ("annotations:write", "annotations:type:organization"),
    ("dashboards:create", ""),
    ("folders:create", ""),
)
"""What a token must be allowed, and of which annotations; the role Editor has all of it."""

Owner = Literal["files", "api"]


class Answering(NamedTuple):
    """A Grafana that answers: its version, as whom we came in, and what we may not do there.

    ``lacks`` is None where it does not say.
    """

    version: str
    name: str
    lacks: tuple[str, ...] | None


class Standing(NamedTuple):
    """A board that is there: whose it is, the uid of its folder, and its JSON."""

    owner: Owner
    folder: str
    board: dict[str, Any]


_T = TypeVar("_T")


class GrafanaServer:
    """One Grafana, as the owner of one token. To be closed; not to be shared between threads.

    Every method raises GrafanaError. ``pause`` waits so many seconds and says whether to give up.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timeout_s: float = TIMEOUT_S,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        """Nothing is sent yet. Raises GrafanaError where the token cannot be one."""
        self.url = url.rstrip("/")
        self._call = GrafanaCall(self.url, token, timeout_s=timeout_s, pause=pause)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the network."""
        self._call.close()

    def check(self) -> Answering:
        """Whether it answers, knows the token and lets us do what we need.

        Where anybody may look without a name, a wrong token is taken for no token by every other
        GET; only who one is, is told to nobody else.
        """
        health = self._a(dict, self._call("GET", "/health"))
        if "database" not in health:
            raise GrafanaError(self._call.no_grafana())
        user = self._a(dict, self._call("GET", "/user"))
        name = str(user.get("login") or user.get("name") or "")
        return Answering(str(health.get("version", "")), printed(name), self._lacks())

    def annotations(self, tag: str, since: int, until: int) -> list[tuple[int, Annotation]]:
        """All with this tag that touch the time (ms, above 0), each with its number."""
        return sorted(self._annotations(tag, since, until).items())

    def annotate(self, one: Annotation) -> None:
        """Write one more annotation; never tried again where it may have been written."""
        self._call("POST", "/annotations", _sent(one))

    def renew(self, number: int, one: Annotation) -> None:
        """Write an annotation anew, all of it."""
        self._call("PATCH", "/annotations/{number}", _sent(one), number=number)

    def withdraw(self, number: int) -> None:
        """Take an annotation away."""
        self._call("DELETE", "/annotations/{number}", number=number)

    def folder(self, uid: str, title: str) -> str:
        """Make a folder unless one of this uid is there, whatever it is called; its uid."""
        if self._found("/folders/{uid}", uid=uid) is None:
            try:
                self._call("POST", "/folders", {"uid": uid, "title": title})
            except GrafanaError:
                # Somebody else may have made it in between.
                if self._found("/folders/{uid}", uid=uid) is None:
                    raise
        return uid

    def board(self, uid: str) -> Standing | None:
        """A board that is there, or None."""
        found = self._found("/dashboards/uid/{uid}", uid=uid)
        if found is None:
            return None
        meta = self._a(dict, self._a(dict, found).get("meta"))
        owner: Owner = "files" if meta.get("provisioned") else "api"
        board = self._a(dict, found.get("dashboard"))
        return Standing(owner, str(meta.get("folderUid", "")), board)

    def board_owner(self, uid: str) -> Owner | None:
        """Who may change a board: files of the server, or whoever asks it; None without a board."""
        standing = self.board(uid)
        return None if standing is None else standing.owner

    def boards(self) -> list[str]:
        """The uids of all boards that we may see, up to five thousand."""
        found = self._a(list, self._call("GET", "/search?type=dash-db&limit=5000"))
        return sorted(str(self._a(dict, one).get("uid", "")) for one in found)

    def save_board(self, board: Mapping[str, Any], folder_uid: str, message: str) -> None:
        """Save a board over one of the same uid; refused by the server where files own that."""
        body = {
            "dashboard": {**board, "id": None},
            "folderUid": folder_uid,
            "message": message,
            "overwrite": True,
        }
        self._call("POST", "/dashboards/db", body)

    def service_account(self, name: str, role: str) -> int:
        """The number of the service account of this name, which is made if it is not there."""
        route = "/serviceaccounts/search?query={name}&perpage=100"
        said = self._a(dict, self._call("GET", route, name=name))
        found = self._a(list, said.get("serviceAccounts"))
        for one in found:
            if one.get("name") == name:
                if one.get("role") != role:
                    message = (
                        f"Grafana at {self.url} has a service account {name} of another role than "
                        f"{role}: change its role there, or choose another name"
                    )
                    raise GrafanaError(message)
                return self._a(int, one.get("id"))
        made = self._call("POST", "/serviceaccounts", {"name": name, "role": role})
        return self._a(int, self._a(dict, made).get("id"))

    def token_for(self, account: int, name: str) -> str:
        """A new token of a service account, which Grafana shows this once."""
        route = "/serviceaccounts/{number}/tokens"
        made = self._a(dict, self._call("POST", route, {"name": name}, number=account))
        return self._a(str, made.get("key"))

    def _lacks(self) -> tuple[str, ...] | None:
        found = self._found("/access-control/user/permissions")
        if found is None:
            return None
        have = self._a(dict, found)
        return tuple(
            action
            for action, what in NEEDED
            if action not in have or not _covers(have[action] or [""], what)
        )

    def _annotations(self, tag: str, since: int, until: int) -> dict[int, Annotation]:
        route = "/annotations?tags={tag}&from={since}&to={until}&limit={limit}&type=annotation"
        said = self._call("GET", route, tag=tag, since=since, until=until, limit=AT_ONCE)
        found = dict(self._read(one) for one in self._a(list, said))
        if len(found) < AT_ONCE:
            return found
        if since == until:
            message = f"Grafana at {self.url} has too many annotations {tag} at one moment"
            raise GrafanaError(message)
        middle = (since + until) // 2
        earlier = self._annotations(tag, since, middle)
        return earlier | self._annotations(tag, middle + 1, until)

    def _read(self, said: Any) -> tuple[int, Annotation]:
        one = self._a(dict, said)
        start = self._a(int, one.get("time"))
        tags = tuple(map(str, one.get("tags") or ()))
        end = self._a(int, one.get("timeEnd") or start)
        return self._a(int, one.get("id")), Annotation(start, end, tags, str(one.get("text", "")))

    def _a(self, kind: type[_T], said: Any) -> _T:
        """What was said, which must be of this kind: nothing may be taken for an empty list."""
        if not isinstance(said, kind):
            raise GrafanaError(self._call.no_grafana())
        return said

    def _found(self, route: str, **names: object) -> Any:
        """What is there; None where nothing is."""
        try:
            return self._call("GET", route, **names)
        except GrafanaError as error:
            if error.status == 404:
                return None
            raise


def _covers(scopes: Any, wanted: str) -> bool:
    """Whether one of these scopes, in which * stands for any end, holds what is wanted."""
    return not wanted or any(
        scope == wanted or (scope.endswith("*") and wanted.startswith(scope[:-1]))
        for scope in map(str, scopes)
    )


def _sent(one: Annotation) -> dict[str, Any]:
    return {"time": one.start, "timeEnd": one.end, "tags": list(one.tags), "text": one.text}

"""One call to a running Grafana, through the package ``grafana-api``: only this file knows it.

The package is used to send, on a session of its own; what it makes of an answer is not believed:

1. An answer without a body (204) is an error to it, though the deed was done.
2. An error whose body is text or ``null`` becomes a TypeError that hides the status.
3. What befalls the network comes out as whatever the library below raises; nothing is tried again.
4. It follows a redirect and makes a GET of a POST, so that nothing is done and all seems well.

So the answer is kept as it comes in, and read here; redirects are refused; what may pass is tried
again with a growing pause, unless that could do a deed twice. Only what stands in :data:`ROUTES`
is ever called.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from string import Formatter
from typing import Any, Final
from urllib.parse import quote, urlsplit

import requests
from grafana_api.grafana_api import GrafanaException  # type: ignore[import-untyped]
from grafana_api.grafana_face import GrafanaFace  # type: ignore[import-untyped]
from urllib3.exceptions import NewConnectionError

TIMEOUT_S: Final = 10.0
"""To connect, and between two pieces of an answer."""

PAUSES_S: Final = (0.5, 2.0, 8.0)
"""Before the second, third and fourth try."""

LONGEST_PAUSE_S: Final = 30.0
"""However long the server asks to wait."""

ROUTES: Final = frozenset(
    {
        ("GET", "/health"),
        ("GET", "/user"),
        ("GET", "/access-control/user/permissions"),
        ("GET", "/annotations?tags={tag}&from={since}&to={until}&limit={limit}&type=annotation"),
        ("POST", "/annotations"),
        ("PATCH", "/annotations/{number}"),
        ("DELETE", "/annotations/{number}"),
        ("GET", "/folders/{uid}"),
        ("POST", "/folders"),
        ("GET", "/dashboards/uid/{uid}"),
        ("POST", "/dashboards/db"),
        ("GET", "/search?type=dash-db&limit=5000"),
        ("GET", "/serviceaccounts/search?query={name}&perpage=100"),
        ("POST", "/serviceaccounts"),
        ("POST", "/serviceaccounts/{number}/tokens"),
    }
)
"""Every call there is. All are there in Grafana 12.4; none goes by the number of a board or folder."""

ONCE: Final = frozenset({"/annotations", "/serviceaccounts", "/serviceaccounts/{number}/tokens"})
"""What would be there twice if it were posted twice; boards and folders are known by their uid."""


class GrafanaError(Exception):
    """Grafana did not do what was asked; the message says what, where and what to do about it.

    ``status`` is that of its answer, None where none came. ``passes`` where the same may go well
    later; ``undone`` where it is sure that nothing was done.
    """

    def __init__(
        self, said: str, *, status: int | None = None, passes: bool = False, undone: bool = False
    ) -> None:
        super().__init__(said)
        self.status = status
        self.passes = passes
        self.undone = undone
        self.wait_s = 0.0
        """How long it asked to be left alone."""


class GrafanaCall:
    """Calls one Grafana as the owner of one token. To be closed; not to be shared by threads.

    ``pause`` waits so many seconds, and says whether to give up.
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
        if not re.fullmatch(r"[!-~]+", token):
            message = (
                "the token for Grafana holds a blank, or more than ASCII: copy it again from the "
                "page of its service account"
            )
            raise GrafanaError(message)
        self.url = url.rstrip("/")
        self._token = token
        self._timeout_s = timeout_s
        self._pause = pause
        self._answer: requests.Response | None = None
        parts = urlsplit(self.url)
        self._face = GrafanaFace(
            token,
            host=parts.netloc,
            protocol=parts.scheme,
            url_path_prefix=f"{parts.path.strip('/')}/".lstrip("/"),
            timeout=timeout_s,
        )
        session: requests.Session = self._face.api.s
        session.max_redirects = 0
        session.hooks["response"].append(self._keep)

    def close(self) -> None:
        """Let go of the network."""
        self._face.api.s.close()

    def __call__(self, method: str, route: str, body: object = None, **names: object) -> Any:
        """One call, tried again while what hinders it may pass; its answer, None for an empty one.

        Raises GrafanaError.
        """
        if (method, route) not in ROUTES:
            message = f"{method} {route} is not among the routes that are called"
            raise LookupError(message)
        path = _path(route, names)
        for wait in _waits():
            try:
                return self._once(method, path, body)
            except GrafanaError as error:
                twice = method == "POST" and route in ONCE and not error.undone
                if wait is None or not error.passes or twice:
                    raise
                if self._pause(max(wait, error.wait_s)):
                    raise
        raise AssertionError

    def _once(self, method: str, path: str, body: object) -> Any:
        self._answer = None
        try:
            getattr(self._face.api, method)(path, json=body)
        except (GrafanaException, TypeError, requests.JSONDecodeError, requests.TooManyRedirects):
            if self._answer is None:
                raise
        except requests.RequestException as error:
            raise self._unreached(error) from None
        return self._understood(method, path, self._answer)

    def _keep(self, answer: requests.Response, *_: object, **__: object) -> None:
        self._answer = answer

    def _understood(self, method: str, path: str, answer: requests.Response | None) -> Any:
        """What an answer means; it is what the package got, whatever the package says of it."""
        if answer is None:
            raise AssertionError
        status = answer.status_code
        if status < 300:
            if not answer.content.strip():
                return None
            try:
                return answer.json()
            except ValueError:
                raise GrafanaError(self.no_grafana(), status=status) from None
        error = GrafanaError(
            self._refusal(method, path, answer),
            status=status,
            passes=status >= 500 or status == 429,
            undone=status < 500,
        )
        error.wait_s = _retry_after(answer)
        raise error

    # --- what is said where it goes wrong ---------------------------------------------------------

    def _refusal(self, method: str, path: str, answer: requests.Response) -> str:
        status, here = answer.status_code, f"Grafana at {self.url}"
        if status < 400:
            return f"{here} sends elsewhere: write the address it sends to as url under [grafana]"
        if status == 401:
            return f"{here} does not know the token: make another one with headwind boards token"
        what = f"{method} {path.partition('?')[0]}"
        if status == 403:
            return f"{here} does not let the token do {what}: give its account the role Editor"
        if status == 429 or status >= 500:
            return f"{here} answered {status} to {what}: look at its log if that lasts"
        said = printed(_message(answer).replace(self._token, "…"))[:200]
        return f"{here} answered {status} to {what}: {said or 'it does not say why'}"

    def no_grafana(self) -> str:
        """What to say where something else than a Grafana answers."""
        return (
            f"what answers at {self.url} is no Grafana: write where Grafana begins as url under "
            "[grafana], and see that nothing asks for a login before it"
        )

    def _unreached(self, error: requests.RequestException) -> GrafanaError:
        """No answer; nothing of the error itself is told, which may hold what was sent."""
        here = f"Grafana at {self.url}"
        if isinstance(error, requests.exceptions.SSLError):
            said = (
                f"{here} shows a certificate that is not trusted: name the file of those that "
                "vouch for it in REQUESTS_CA_BUNDLE"
            )
            return GrafanaError(said, undone=True)
        if isinstance(error, requests.ConnectTimeout) or _is_refused(error):
            said = f"{here} cannot be reached: start it, or mend the url under [grafana]"
            return GrafanaError(said, passes=True, undone=True)
        if isinstance(error, requests.Timeout):
            said = f"{here} did not answer within {self._timeout_s:g} s: look at its load"
            return GrafanaError(said, passes=True)
        if isinstance(error, requests.ConnectionError | requests.exceptions.ChunkedEncodingError):
            said = f"{here} broke off in the middle: look at its log, and at proxies before it"
            return GrafanaError(said, passes=True)
        said = f"{here} cannot be asked ({type(error).__name__}): mend the url under [grafana]"
        return GrafanaError(said, undone=True)


def _waits() -> Iterator[float | None]:
    yield from PAUSES_S
    yield None


def _path(route: str, names: Mapping[str, object]) -> str:
    """A route with its names filled in, each quoted."""
    wanted = {name for _, name, _, _ in Formatter().parse(route) if name}
    if wanted != {*names}:
        message = f"{route} takes {', '.join(sorted(wanted)) or 'nothing'}"
        raise LookupError(message)
    return route.format_map({name: quote(str(one), safe="") for name, one in names.items()})


def _is_refused(error: requests.RequestException) -> bool:
    """Whether no connection came about, so that nothing can have been done."""
    return any(isinstance(getattr(one, "reason", None), NewConnectionError) for one in error.args)


def _message(answer: requests.Response) -> str:
    """What the server says of it; a page that something before it draws says nothing."""
    try:
        said = answer.json()
    except ValueError:
        return "" if answer.text.lstrip().startswith("<") else answer.text
    return str(said.get("message", "")) if isinstance(said, dict) else ""


def printed(text: str) -> str:
    """One line of what can be printed: names and answers come from outside."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _retry_after(answer: requests.Response) -> float:
    said = answer.headers.get("retry-after", "")
    return min(float(said[:9]), LONGEST_PAUSE_S) if said.isascii() and said.isdigit() else 0.0

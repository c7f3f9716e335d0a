"""One post over HTTP to a receiver, and what its answer means."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import httpx
import msgspec

from models.secret import SecretError
from streams.notify.channel import Answer, Receiver

TIMEOUT_S = 10.0
"""To connect, to write and to read, each."""

_AGAIN = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
"""Answers below 500 that may be better next time."""


class Post:
    """Posts JSON; one connection a notification, so that none is found dead."""

    def __init__(self) -> None:
        limits = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.Client(timeout=TIMEOUT_S, limits=limits)

    def __call__(self, receiver: Receiver, body: Any, path: str = "") -> Answer:
        """Post below the receiver's address. A missing secret refuses: nothing is sent without it.

        What it says names neither the address nor the token nor the receiver's words.
        """
        headers = {"content-type": "application/json"}
        try:
            token = receiver.token()
            if token is not None:
                headers["authorization"] = f"Bearer {token}"
            (url,) = receiver.urls()
            url = url.rstrip("/") + path if path else url
            answer = self._client.post(url, content=msgspec.json.encode(body), headers=headers)
        except SecretError as error:
            return Answer(ok=False, permanent=False, says=str(error))
        except UnicodeEncodeError:
            return Answer(ok=False, permanent=False, says="the token holds more than ASCII")
        except ValueError:
            return Answer(ok=False, permanent=False, says="url_file must hold one address")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Answer(ok=False, permanent=False, says=type(error).__name__)
        if answer.is_success:
            return Answer(ok=True, permanent=False, says="")
        again = answer.status_code in _AGAIN or answer.is_server_error
        wait = _wait_ms(answer.headers.get("retry-after", "")) if again else 0
        return Answer(
            ok=False, permanent=not again, says=f"HTTP {answer.status_code}", wait_ms=wait
        )

    def close(self) -> None:
        """Let go of the network."""
        self._client.close()


def _wait_ms(said: str) -> int:
    """Retry-After, which is seconds or a date; 0 where it says neither."""
    if said.isascii() and said.isdigit():
        return int(said[:9]) * 1000
    try:
        at = parsedate_to_datetime(said)
    except ValueError:
        return 0
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(int((at - datetime.now(UTC)).total_seconds() * 1000), 0)
